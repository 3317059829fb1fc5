"""Built-in data: each source is one file here that registers a `Source`; the arrays are made at first use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.data.dataset import Dataset, Kind, load_dataset, save_dataset
from selfsup_core.registry import Registry


@dataclass(frozen=True)
class Source:
    """What is known of a built-in set before its arrays are made.

    Attributes:
        build: makes the data set in memory.
        missing: why it cannot be made on this machine and how to mend that, or "".
        version: raised when `build` makes other arrays, so that old ones are not taken for new.
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


SOURCES: Registry[Source] = Registry("data source", "selfsup_core.data.sources")


def open_source(name: str, workspace: Path, *, verify: bool = False) -> Dataset:
    """The data set of a built-in source, made in the workspace when it is not there yet.

    Raises:
        SettingError: no such source.
        DataError: a package that holds the data is missing, or the stored arrays are damaged.
    """
    source = SOURCES[name]
    folder = workspace / "datasets" / f"{name}-v{source.version}"
    if not (folder / "dataset.json").exists():
        # Another process may be quicker; its arrays are the same.
        with contextlib.suppress(FileExistsError):
            save_dataset(source.build(), folder)
    return load_dataset(folder, verify=verify)
