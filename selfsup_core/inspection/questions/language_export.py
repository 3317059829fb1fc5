"""A run's language model as files to export; made once for an epoch."""

from __future__ import annotations

import shutil
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.errors import SettingError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import NoAsk
from selfsup_core.inspection.kinds import Named, about_model_name
from selfsup_core.inspection.loaded import RUN, split_run
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.loaded import Models

FOLDER = "exports"


@about_model_name("export", NoAsk)
def export(model: Named[Models], ask: NoAsk) -> Answer:
    """Write a run's model as a ZIP of a folder that plain transformers loads."""
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.weights import nearest_epoch
    from selfsup_core.tasks.parts.language_runs import export_model

    if not model.name.startswith(RUN):
        raise SettingError(
            tr("{name!r} is not a run of your own, but already a folder.").format(name=model.name),
            remedy=tr("Export run:ID."),
        )
    run, epoch = split_run(model.name)
    workspace = model.holder.workspace
    folder = open_run(workspace, run)
    used = nearest_epoch(folder.weights, epoch)
    path = workspace / FOLDER / f"{folder.id}-epoch-{used}.zip"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}")
        try:
            export_model(workspace, folder.id, made, used)
            pack(made, made.with_suffix(".tmp"), name=path.stem)
            made.with_suffix(".tmp").rename(path)
        finally:
            shutil.rmtree(made, ignore_errors=True)
            made.with_suffix(".tmp").unlink(missing_ok=True)
    return Answer(about={"file": f"{FOLDER}/{path.name}", "bytes": path.stat().st_size, "epoch": used})


def pack(folder: Path, target: Path, *, name: str) -> None:
    """A folder as a ZIP, under a name; weights do not get smaller, so nothing is compressed."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{name}/{file.name}")
