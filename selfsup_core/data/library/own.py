"""A person's own data sets in a workspace: bring in, check, mend, split, rename, delete with undo, export."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydantic import ValidationError
from typing_extensions import TypedDict

from selfsup_core.data.config import KeptSplit, SplitConfig
from selfsup_core.data.dataset import load_dataset, read_about
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.child import run_job
from selfsup_core.data.library.turns import Say, Tell
from selfsup_core.data.sources import OWN_NAME, find_source, list_sources, open_source
from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.files import read_shaped, sha256, write_json
from selfsup_core.settings import explain
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.data.importing.plan import ImportPlan
    from selfsup_core.data.importing.preview import ImportPreview
    from selfsup_core.data.library.health.finding import FindingAbout

CHUNK = 1 << 20
MOST_LETTERS = 80  # of a title
SPLIT_SETTINGS = tuple(KeptSplit.__annotations__)


def inspect(
    workspace: Path, files: list[Path], config: ImportConfig | None = None, *, tell: Tell | None = None
) -> ImportPlan:
    """What the files hold, as `importing.inspect.inspect_files` says it; `tell` as of `run_job`. Raises
    DataError.
    """
    values = (config or ImportConfig()).model_dump()
    plan: ImportPlan = run_job("inspect", workspace, tell=tell, files=[str(f) for f in files], config=values)
    return plan


def preview(
    workspace: Path, files: list[Path], config: ImportConfig | None = None, *, tell: Tell | None = None
) -> ImportPreview:
    """The plan, some samples as they would become, and what would be left out; `tell` as of `run_job`. Raises
    DataError.
    """
    values = (config or ImportConfig()).model_dump()
    named = [str(f) for f in files]
    seen: ImportPreview = run_job("preview", workspace, tell=tell, files=named, config=values)
    return seen


def import_files(
    workspace: Path, files: list[Path], config: ImportConfig | None = None, *, tell: Tell | None = None
) -> str:
    """Make a data set of files; the same content with the same settings is the one that already exists.

    Where another set has its title, it gets a number: "Pets (2)".

    Args:
        tell: as of `run_job`.

    Returns: its name.

    Raises:
        DataError: nothing can be made of them.
    """
    config = config or ImportConfig()
    digest = hashlib.sha256(config.model_dump_json(exclude={"name"}).encode())
    for file in files:
        # Of one file only the ending says anything of its content; of several the names may carry the labels.
        digest.update(f"\0{file.suffix if len(files) == 1 else file.name}\0".encode())
        with open(file, "rb") as source:
            while block := source.read(CHUNK):
                digest.update(block)
    title = config.name or files[0].name.split(".")[0]
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "data"
    mark = digest.hexdigest()[:8]
    for folder in (workspace / "datasets").glob(f"my-*-{mark}"):
        if (folder / "dataset.json").exists():
            return folder.name
    name = f"my-{slug}-{mark}"
    try:
        values = config.model_dump()
        run_job("build", workspace, tell=tell, files=[str(f) for f in files], config=values, name=name)
    except DataError:
        if (workspace / "datasets" / name / "dataset.json").exists():
            return name  # two people imported the same content at once
        raise
    claim_title(workspace, name)
    return name


@contextmanager
def titles_lock(workspace: Path) -> Iterator[None]:
    """Held while titles are compared and one is written."""
    from filelock import FileLock

    with FileLock(workspace / "datasets" / ".titles.lock"):
        yield


def find_title(workspace: Path, title: str, *, but: str) -> str:
    """Name of the set that is called so, upper and lower case and spaces aside; "" when none but `but` is."""
    wanted = fold_title(title)
    found = (n for n, s in list_sources(workspace).items() if n != but and fold_title(s.title) == wanted)
    return next(found, "")


def fold_title(title: str) -> str:
    return " ".join(title.split()).casefold()


def claim_title(workspace: Path, name: str) -> str:
    """Number the title of a set that has just been made or brought back, when another one has it. Returns the
    title.
    """
    path = workspace / "datasets" / name / "dataset.json"
    with titles_lock(workspace):
        about = read_about(path.parent)
        if about is None:  # deleted this very moment
            return ""
        own: str = about["title"]
        title, number = own, 1
        while find_title(workspace, title, but=name):
            number += 1
            mark = f" ({number})"
            title = own[: MOST_LETTERS - len(mark)] + mark
        if title != own:
            write_json(path, about | {"title": title}, durable=True)
    return title


def folder_of(workspace: Path, name: str) -> Path:
    """Where a data set lies; a built-in one is made when it is not there yet. Raises DataError,
    SettingError.
    """
    source = find_source(name, workspace)
    if OWN_NAME.fullmatch(name):
        return workspace / "datasets" / name
    open_source(name, workspace)
    return workspace / "datasets" / f"{name}-v{source.version}"


def check(
    workspace: Path, name: str, *, tell: Tell | None = None, say: Say | None = None
) -> list[FindingAbout]:
    """Health findings; looked for once and kept beside the arrays, which never change; `tell` and `say` as of
    `run_job`. Raises DataError.
    """
    folder = folder_of(workspace, name)
    from selfsup_core.data.library.health.finding import FindingAbout

    known = read_shaped(folder / "health.json", list[FindingAbout])
    if known is None:
        found: list[FindingAbout] = run_job("check", workspace, tell=tell, say=say, folder=str(folder))
        known = found
        write_json(folder / "health.json", known)
    return known


def mend(workspace: Path, name: str, mends: list[str], *, tell: Tell | None = None) -> str:
    """A new version with safe mends. Returns its name; the same mend again gives the existing version."""
    folder = folder_of(workspace, name)
    mark = sha256(f"{name} {' '.join(mends)}".encode())[:8]
    base = re.sub(r"-[0-9a-f]{8}$", "", name.removeprefix("my-"))[:50]
    new = f"my-{base}-{mark}"
    if not (workspace / "datasets" / new / "dataset.json").exists():
        run_job("mend", workspace, tell=tell, folder=str(folder), mends=mends, name=new)
        claim_title(workspace, new)
    return new


def save_split(workspace: Path, name: str, **values: Any) -> SplitConfig:
    """Set the split and the label budget that new runs on this data set begin with.

    Raises:
        SettingError: a share or a number is out of bounds.
        DataError: the data set is too small for it.
    """
    from selfsup_core.data.splits import split_rows

    try:
        config = SplitConfig(**{**read_split(workspace, name), **values, "source": name})
    except ValidationError as error:
        raise explain(error, SplitConfig, "data.") from error
    split_rows(
        open_source(name, workspace),
        validation=config.validation,
        test=config.test,
        seed=config.split_seed,
    )
    write_json(folder_of(workspace, name) / "split.json", config.model_dump(include=set(SPLIT_SETTINGS)))
    return config


def read_split(workspace: Path, name: str) -> KeptSplit:
    """The settings kept by `save_split`, or {}."""
    source = find_source(name, workspace)
    folder = name if OWN_NAME.fullmatch(name) else f"{name}-v{source.version}"
    kept = read_shaped(workspace / "datasets" / folder / "split.json", KeptSplit) or {}
    try:
        config = SplitConfig.model_validate({**kept, "source": name})
    except (ValidationError, StudioError):
        return {}  # damaged: runs begin with the defaults, as before anything was set
    return cast("KeptSplit", config.model_dump(include=set(kept)))


def require_own(name: str) -> None:
    if not OWN_NAME.fullmatch(name):
        raise DataError(
            tr("{name} is built in and cannot be changed.").format(name=name),
            code="built-in",
            remedy=tr("Only your own data sets can be renamed or deleted."),
        )


def rename(workspace: Path, name: str, title: str) -> None:
    """Give a data set another title; its name, which runs refer to, stays.

    Raises:
        DataError: there is no such set, or it is built in.
        SettingError: the title is empty, too long, or that of another set.
    """
    require_own(name)
    title = " ".join(title.split())
    if not 1 <= len(title) <= 80:
        raise SettingError(tr("A title has 1 to 80 characters; found {count}.").format(count=len(title)))
    path = workspace / "datasets" / name / "dataset.json"
    with titles_lock(workspace):
        about = read_about(path.parent)
        if about is None:
            raise DataError(
                tr("There is no data set {name!r}.").format(name=name),
                code="no-data",
                remedy=tr("It may have been deleted."),
            )
        if other := find_title(workspace, title, but=name):
            raise SettingError(
                tr("Another data set is called {title!r}: {other}.").format(title=title, other=other),
                remedy=tr("Choose another title."),
            )
        write_json(path, about | {"title": title}, durable=True)


def delete(workspace: Path, name: str) -> None:
    """Move a data set to the trash, where it stays for seven days. Raises DataError."""
    require_own(name)
    trash = workspace / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    if not (workspace / "datasets" / name).is_dir():
        raise DataError(tr("{name} is already deleted.").format(name=name), code="already-deleted")
    # The name tells the content: what lies there under it is an older copy, deleted before.
    shutil.rmtree(trash / name, ignore_errors=True)
    try:
        os.rename(workspace / "datasets" / name, trash / name)
    except FileNotFoundError as error:
        raise DataError(tr("{name} is already deleted.").format(name=name), code="already-deleted") from error
    os.utime(trash / name)


def restore(workspace: Path, name: str) -> None:
    """Undo a deletion; the title gets a number when another set has it by now. Raises DataError."""
    require_own(name)
    if (workspace / "datasets" / name).is_dir():
        raise DataError(tr("{name} already exists.").format(name=name), code="already-there")
    try:
        os.rename(workspace / "trash" / name, workspace / "datasets" / name)
    except OSError as error:
        raise DataError(tr("{name} is not in the trash.").format(name=name), code="not-in-trash") from error
    claim_title(workspace, name)


class DatasetSummary(TypedDict):
    """A data set in plain values. classes: rows of each. set_aside: reason for each member. split: what
    `read_split` says.
    """

    dataset: str
    title: str
    kind: str
    rows: int
    classes: dict[str, int]
    unlabeled: int
    shape: list[int]
    columns: list[str]
    notes: list[str]
    set_aside: dict[str, str]
    recipe: list[str]
    provenance: dict[str, str]
    split: KeptSplit


def summarize(workspace: Path, name: str) -> DatasetSummary:
    """What `data add` and `data show` print: {"dataset", "kind", "rows", "classes", "shape", …}."""
    dataset = load_dataset(folder_of(workspace, name))
    labels = np.asarray(dataset.y) if dataset.y is not None else np.zeros(0, int)
    counts = np.bincount(labels[labels >= 0], minlength=len(dataset.classes)).tolist()
    return {
        "dataset": name,
        "title": dataset.title,
        "kind": dataset.kind,
        "rows": len(dataset),
        "classes": dict(zip(dataset.classes, counts, strict=True)),
        "unlabeled": int((labels < 0).sum()) if dataset.y is not None else len(dataset),
        "shape": list(dataset.item_shape),
        "columns": list(dataset.columns),
        "notes": dataset.details.get("notes", []),
        "set_aside": dataset.details.get("aside", {}),
        "recipe": dataset.details.get("recipe", []),
        "provenance": dataset.provenance,
        "split": read_split(workspace, name),
    }


def act_on_rows(workspace: Path, name: str, rows: list[int], label: str | None) -> str:
    """A new version in which these rows have another label ("" takes it away), or without them where label is
    None.

    Returns: its name; the same change again gives the existing version.

    Raises:
        DataError: a row is not there, or nothing would be left. SettingError: the label is too long.
    """
    from selfsup_core.data.dataset import save_dataset
    from selfsup_core.data.library.mends import give_label, leave_rows_out

    dataset = load_dataset(folder_of(workspace, name))
    wrong = [row for row in rows if not 0 <= row < len(dataset)]
    if wrong or not rows:
        raise DataError(
            tr("Row {wrong} is not in {title}, which has rows 0 to {count}.").format(
                wrong=wrong[0] if wrong else "–", title=dataset.title, count=len(dataset) - 1
            ),
            code="no-row",
        )
    mark = sha256(f"{name} {label!r} {sorted(rows)}".encode())[:8]
    base = re.sub(r"-[0-9a-f]{8}$", "", name.removeprefix("my-"))[:50]
    new = f"my-{base}-{mark}"
    if not (workspace / "datasets" / new / "dataset.json").exists():
        act = leave_rows_out if label is None else give_label
        made = act(dataset, np.array(sorted(set(rows))), *(() if label is None else (label,)))
        save_dataset(replace(made, id=new), workspace / "datasets" / new)
        claim_title(workspace, new)
    return new
