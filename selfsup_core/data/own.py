"""A person's own data sets in a workspace: bring in, check, mend, split, rename, delete with undo, take away."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from pydantic import ValidationError

from selfsup_core.data.config import DataConfig
from selfsup_core.data.dataset import Dataset, load_dataset
from selfsup_core.data.importing.child import run_job
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.data.sources import OWN_NAME, find_source, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.files import read_json, sha256, write_json
from selfsup_core.settings import explain

CHUNK = 1 << 20
SPLIT_SETTINGS = ("validation", "test", "split_seed", "labels_per_class", "labels_fraction")


def safe_name(name: str) -> str:
    """A file name without folders or odd characters, its ending kept."""
    base = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[^\w.\- ]", "_", base).strip(". ")[-100:] or "file"


def keep_upload(workspace: Path, files: Iterable[tuple[str, IO[bytes]]]) -> list[Path]:
    """Stream uploaded files to disk, into a folder named by their content.

    Args:
        files: (name, open file) pairs.

    Raises:
        DataError: too many or too large; nothing of them stays.
        OSError: the disk is full; nothing of them stays.
    """
    uploads = workspace / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    sweep_uploads(workspace)
    temporary = uploads / f".{uuid.uuid4().hex}.tmp"
    temporary.mkdir()
    total, digest, names = 0, hashlib.sha256(), []
    try:
        for name, source in files:
            if len(names) >= LIMITS.files:
                raise DataError(
                    f"More than {LIMITS.files} files at once.", code="too-many-files",
                    remedy="Put them into one ZIP.",
                )  # fmt: skip
            name = unused(safe_name(name), names)
            names.append(name)
            digest.update(f"\0{name}\0".encode())
            size = 0
            with open(temporary / name, "wb") as target:
                while block := source.read(CHUNK):
                    size += len(block)
                    if size > LIMITS.file_bytes:
                        raise DataError(
                            f"{name} has more than {LIMITS.file_bytes // MB} MB.", code="file-too-large",
                            remedy="Split it or take a sample.",
                        )  # fmt: skip
                    digest.update(block)
                    target.write(block)
            total += size
            if total > LIMITS.total_bytes:
                raise DataError(
                    f"The files have more than {LIMITS.total_bytes // MB} MB together.",
                    code="too-large", remedy="Take a sample.",
                )  # fmt: skip
        if not names:
            raise DataError("No file was given.", code="no-file", remedy="Choose at least one.")
        folder = uploads / digest.hexdigest()[:20]
        try:
            os.rename(temporary, folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    os.utime(folder)
    return [folder / name for name in names]


def unused(name: str, names: list[str]) -> str:
    stem, dot, ending = name.partition(".")
    count = 2
    while name in names:
        name, count = f"{stem}-{count}{dot}{ending}", count + 1
    return name


def sweep_uploads(workspace: Path, *, hours: float = 12.0) -> None:
    """Remove what uploads left behind: half-written ones after an hour, unused ones after half a day."""
    for entry in (workspace / "uploads").glob("*"):
        try:
            age = time.time() - entry.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > (3600 if entry.name.startswith(".") else hours * 3600):
            shutil.rmtree(entry, ignore_errors=True)


def drop_upload(workspace: Path, files: list[Path]) -> None:
    """Remove uploaded files that were imported or are not wanted; originals are not kept."""
    uploads = (workspace / "uploads").resolve()
    for file in files:
        inside = file.resolve().relative_to(uploads).parts
        shutil.rmtree(uploads / inside[0], ignore_errors=True)


def inspect(
    workspace: Path, files: list[Path], config: ImportConfig | None = None
) -> dict[str, Any]:
    """What the files hold, as `importing.inspect.inspect_files` says it. Raises DataError."""
    values = (config or ImportConfig()).model_dump()
    return run_job("inspect", workspace, files=[str(f) for f in files], config=values)


def import_files(workspace: Path, files: list[Path], config: ImportConfig | None = None) -> str:
    """Make a data set of files; the same content with the same settings is the one that is there already.

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
        run_job(
            "build", workspace, files=[str(f) for f in files], config=config.model_dump(), name=name
        )
    except DataError:
        if (workspace / "datasets" / name / "dataset.json").exists():
            return name  # two people imported the same content at once
        raise
    return name


def folder_of(workspace: Path, name: str) -> Path:
    """Where a data set lies; a built-in one is made when it is not there yet. Raises DataError, SettingError."""
    source = find_source(name, workspace)
    if OWN_NAME.fullmatch(name):
        return workspace / "datasets" / name
    open_source(name, workspace)
    return workspace / "datasets" / f"{name}-v{source.version}"


def check(workspace: Path, name: str) -> list[dict[str, Any]]:
    """Health findings; looked for once and kept beside the arrays, which never change. Raises DataError."""
    folder = folder_of(workspace, name)
    known = read_json(folder / "health.json")
    if known is None:
        known = run_job("check", workspace, folder=str(folder))
        write_json(folder / "health.json", known)
    return known


def mend(workspace: Path, name: str, mends: list[str]) -> str:
    """A new version with safe mends. Returns its name; the same mend again is the version that is there."""
    folder = folder_of(workspace, name)
    mark = sha256(f"{name} {' '.join(mends)}".encode())[:8]
    base = re.sub(r"-[0-9a-f]{8}$", "", name.removeprefix("my-"))[:50]
    new = f"my-{base}-{mark}"
    if not (workspace / "datasets" / new / "dataset.json").exists():
        run_job("mend", workspace, folder=str(folder), mends=mends, name=new)
    return new


def save_split(workspace: Path, name: str, **values: Any) -> DataConfig:
    """Set the split and the label budget that new runs on this data set begin with.

    Raises:
        SettingError: a share or a number is out of bounds.
        DataError: the data set is too small for it.
    """
    from selfsup_core.data.splits import split_rows

    try:
        config = DataConfig(**(read_split(workspace, name) | values | {"source": name}))
    except ValidationError as error:
        raise explain(error, DataConfig, "data.") from error
    split_rows(
        open_source(name, workspace), validation=config.validation, test=config.test,
        seed=config.split_seed,
    )  # fmt: skip
    write_json(
        folder_of(workspace, name) / "split.json", config.model_dump(include=set(SPLIT_SETTINGS))
    )
    return config


def read_split(workspace: Path, name: str) -> dict[str, Any]:
    """The settings kept by `save_split`, or {}."""
    source = find_source(name, workspace)
    folder = name if OWN_NAME.fullmatch(name) else f"{name}-v{source.version}"
    kept = read_json(workspace / "datasets" / folder / "split.json") or {}
    return {key: kept[key] for key in SPLIT_SETTINGS if key in kept}


def require_own(name: str) -> None:
    if not OWN_NAME.fullmatch(name):
        raise DataError(f"{name} is built in and stays as it is.", code="built-in",
                        remedy="Only your own data sets can be renamed or deleted.")  # fmt: skip


def rename(workspace: Path, name: str, title: str) -> None:
    """Give a data set another title; its name, which runs refer to, stays. Raises DataError, SettingError."""
    require_own(name)
    title = " ".join(title.split())
    if not 1 <= len(title) <= 80:
        raise SettingError(f"A title has 1 to 80 characters; found {len(title)}.")
    path = workspace / "datasets" / name / "dataset.json"
    about = read_json(path)
    if about is None:
        raise DataError(
            f"There is no data set {name!r}.", code="no-data", remedy="It may be deleted."
        )
    write_json(path, about | {"title": title}, durable=True)


def delete(workspace: Path, name: str) -> None:
    """Move a data set to the trash, where it stays for seven days. Raises DataError."""
    require_own(name)
    trash = workspace / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    if not (workspace / "datasets" / name).is_dir():
        raise DataError(f"{name} is already deleted.", code="already-deleted")
    # The name tells the content: what lies there under it is an older copy, deleted before.
    shutil.rmtree(trash / name, ignore_errors=True)
    try:
        os.rename(workspace / "datasets" / name, trash / name)
    except FileNotFoundError as error:
        raise DataError(f"{name} is already deleted.", code="already-deleted") from error
    os.utime(trash / name)


def restore(workspace: Path, name: str) -> None:
    """Undo a deletion. Raises DataError."""
    require_own(name)
    if (workspace / "datasets" / name).is_dir():
        raise DataError(f"{name} is there already.", code="already-there")
    try:
        os.rename(workspace / "trash" / name, workspace / "datasets" / name)
    except OSError as error:
        raise DataError(f"{name} is not in the trash.", code="not-in-trash") from error


def label_names(dataset: Dataset) -> list[str]:
    if dataset.y is None:
        return [""] * len(dataset)
    return [dataset.classes[i] if i >= 0 else "" for i in np.asarray(dataset.y)]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def export(workspace: Path, name: str) -> tuple[str, bytes]:
    """(file name, content): texts and tables as Parquet, images and sounds as a ZIP with folder = class."""
    dataset = load_dataset(folder_of(workspace, name))
    labels = label_names(dataset)
    mark = f"{name}-{dataset.digest[:8]}"
    buffer = io.BytesIO()
    if dataset.kind in ("text", "table"):
        import pyarrow as pa
        from pyarrow import parquet

        if isinstance(dataset.x, Texts):
            columns = {"text": pa.array(list(dataset.x), pa.large_string())}
        else:
            columns = {c: np.asarray(dataset.x[:, i]) for i, c in enumerate(dataset.columns)}
        if dataset.y is not None:
            columns[free_name("label", columns)] = pa.array([label or None for label in labels])
        parquet.write_table(pa.table(columns), buffer)
        return f"{mark}.parquet", buffer.getvalue()
    from PIL import Image

    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        lines = io.StringIO()
        writer = csv.writer(lines)
        writer.writerow(("file", "label"))
        for row in range(len(dataset)):
            folder = re.sub(r"[^\w\- ]", "_", labels[row]) or "unlabeled"
            picture = io.BytesIO()
            if dataset.kind == "sound":
                from scipy.io import wavfile

                file = f"{folder}/{row:06d}.wav"
                wavfile.write(
                    picture, int(dataset.details["rate"]), np.asarray(dataset.extra["audio"][row])
                )
            else:
                file = f"{folder}/{row:06d}.png"
                values = np.round(np.asarray(dataset.x[row], np.float32) * dataset.scale * 255)
                Image.fromarray(values.astype(np.uint8)).save(picture, "PNG")
            archive.writestr(file, picture.getvalue())
            writer.writerow((file, harmless(labels[row])))
        archive.writestr("labels.csv", lines.getvalue())
        archive.writestr("about.json", json.dumps(dataset.provenance, ensure_ascii=False))
    return f"{mark}.zip", buffer.getvalue()


def free_name(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name


def summarize(workspace: Path, name: str) -> dict[str, Any]:
    """What `data add` and `data show` print: {"dataset", "kind", "rows", "classes", "shape", …}."""
    dataset = load_dataset(folder_of(workspace, name))
    labels = np.asarray(dataset.y) if dataset.y is not None else np.zeros(0, int)
    return {
        "dataset": name,
        "title": dataset.title,
        "kind": dataset.kind,
        "rows": len(dataset),
        "classes": dict(
            zip(dataset.classes, np.bincount(labels[labels >= 0], minlength=len(dataset.classes)).tolist(), strict=True)
        ),
        "unlabeled": int((labels < 0).sum()) if dataset.y is not None else len(dataset),
        "shape": list(dataset.item_shape),
        "columns": list(dataset.columns),
        "notes": dataset.details.get("notes", []),
        "set_aside": dataset.details.get("aside", {}),
        "recipe": dataset.details.get("recipe", []),
        "provenance": dataset.provenance,
        "split": read_split(workspace, name),
    }  # fmt: skip
