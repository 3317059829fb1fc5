"""Built-in data: each source is one file here that registers a `Source`; the arrays are made at first use.

A person's own sets are folders of the workspace, named `my-…`; `find_source` knows both.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.data.dataset import (
    Dataset,
    Kind,
    load_dataset,
    read_about,
    save_dataset,
    share_dataset,
)
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import check_shape
from selfsup_core.registry import Registry
from selfsup_core.shared import host_of
from selfsup_core.translation import tr


@dataclass(frozen=True)
class Source:
    """What is known of a built-in set before its arrays are made.

    Attributes:
        build: makes the data set in memory.
        missing: why it cannot be made on this machine and how to mend that, or "".
        version: raised when `build` makes other arrays, so that old ones are not taken for new.
        origin: which release of what the data are, as in the data set's provenance.
        beside: names of the texts of `Dataset.extra`, such as the translation of each row ("target").
    """

    title: str
    kind: Kind
    samples: int
    shape: tuple[int, ...]
    classes: int
    licence: str
    about: str
    build: Callable[[], Dataset]
    missing: Callable[[], str] = lambda: ""
    version: int = 1
    origin: str = ""
    beside: tuple[str, ...] = ()


class OwnSize(TypedDict):
    """What is read of the details of an own set."""

    rows: Annotated[int, Field(ge=1)]
    shape: list[Annotated[int, Field(ge=1)]]


TEXTS = ".text.npy"
OWN_NAME = re.compile(r"my-[a-z0-9-]{1,80}")
SOURCES: Registry[Source] = Registry("data source", "sources")


def find_source(name: str, workspace: Path) -> Source:
    """What is known of a built-in set or of one of the workspace's own.

    Raises:
        SettingError: no built-in set is called so.
        DataError: there is no such own set, or its description is damaged. DamagedFile: the same, of its
        details.
    """
    if not OWN_NAME.fullmatch(name):
        return SOURCES[name]
    about = read_about(workspace / "datasets" / name)
    if about is None:
        raise DataError(
            tr("There is no data set {name!r} in this workspace.").format(name=name),
            code="no-data",
            remedy=tr("It may have been deleted; see the Data page, or `data list`."),
        )
    size = check_shape(about["details"], OwnSize, f"dataset.json of {name!r}")
    return Source(
        title=about["title"],
        kind=about["kind"],
        samples=size["rows"],
        shape=tuple(size["shape"]),
        classes=len(about["classes"]),
        licence=about["provenance"].get("licence", ""),
        about=about["provenance"].get("source", ""),
        build=lambda: load_dataset(workspace / "datasets" / name),
        origin=about["provenance"].get("source", ""),
        beside=tuple(name.removesuffix(TEXTS) for name in about["digests"] if name.endswith(TEXTS)),
    )


def own_folders(workspace: Path) -> list[Path]:
    """Folders of the workspace's own sets, newest first."""

    def made(folder: Path) -> float:
        try:
            return folder.stat().st_mtime
        except OSError:  # deleted by another process meanwhile
            return 0.0

    folders = [f for f in (workspace / "datasets").glob("my-*") if OWN_NAME.fullmatch(f.name) and f.is_dir()]
    return sorted(folders, key=made, reverse=True)


def list_damaged_sources(workspace: Path) -> dict[str, str]:
    """Own sets that cannot be read: name → what is wrong."""
    found = {}
    for folder in own_folders(workspace):
        try:
            find_source(folder.name, workspace)
        except StudioError as error:
            if error.code != "no-data":
                found[folder.name] = error.message
    return found


def list_sources(workspace: Path) -> dict[str, Source]:
    """Every set that a run may name: one's own, newest first, then the built-in ones."""
    found = {}
    for folder in own_folders(workspace):
        # Deleted by another process meanwhile, or damaged: it cannot be chosen.
        with contextlib.suppress(StudioError):
            found[folder.name] = find_source(folder.name, workspace)
    return found | dict(SOURCES.items())


def open_source(name: str, workspace: Path, *, verify: bool = False) -> Dataset:
    """The data set of a built-in source, made in the workspace when it is not there yet.

    Raises:
        SettingError: no such source.
        DataError: a package that holds the data is missing, or the stored arrays are damaged.
    """
    source = find_source(name, workspace)
    if OWN_NAME.fullmatch(name):
        return load_dataset(workspace / "datasets" / name, verify=verify)
    folder = workspace / "datasets" / f"{name}-v{source.version}"
    if not (folder / "dataset.json").exists():
        host = host_of(workspace)
        # Another process may be quicker; its arrays are the same.
        with contextlib.suppress(FileExistsError):
            if host == workspace:
                make(source, folder)
            else:  # thirty people open it at once: it is made once, and takes its place once
                open_source(name, host)
                share_dataset(host / "datasets" / folder.name, folder)
    return load_dataset(folder, verify=verify)


def make(source: Source, folder: Path) -> None:
    """Build a set and write it down. Raises FileExistsError: the folder is there already."""
    save_dataset(source.build(), folder)
