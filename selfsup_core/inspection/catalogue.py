"""All language models that can be named here: built-in ones, those fetched from the Hub, and one's own
trained runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import NotRequired

from typing_extensions import TypedDict

from selfsup_core.environment import machine_folder
from selfsup_core.errors import DataError
from selfsup_core.inspection.loaded import RUN
from selfsup_core.inspection.measure import Measured, recall
from selfsup_core.pretrained.hub import HUB, folder_of, list_fetched
from selfsup_core.pretrained.language_models import (
    BUILT_IN,
    explain_missing,
    find_file,
    is_prepared,
    ready_folder,
)
from selfsup_core.pretrained.model_folder import (
    architecture_of,
    check_folder,
    kind_of,
    measure_folder,
    read_config,
)
from selfsup_core.translation import tr

RUN_KINDS = {"causal-language": "causal", "masked-language": "masked"}


class ModelEntry(TypedDict):
    """A language model in lists; what is not known is None or "".

    Attributes:
        model: its name, by which questions are asked. where: its folder or file.
        prepared: whether it can be loaded at once. missing: why it cannot be used, or "".
        status, epochs: of a run; measured: how fast it was the last time.
    """

    model: str
    title: str
    origin: str
    kind: str
    about: str
    licence: str
    languages: str
    parameters: int | None
    where: str
    prepared: bool
    missing: str
    status: NotRequired[str]
    epochs: NotRequired[list[int]]
    measured: NotRequired[Measured | None]


def list_models(workspace: Path) -> list[ModelEntry]:
    """Built-in ones, those of the Hub, and runs; with what was measured of each."""
    entries = [*list_built_in(workspace), *list_from_hub(workspace), *list_runs(workspace)]
    return [{**entry, "measured": recall(workspace, entry["model"])} for entry in entries]


def list_built_in(workspace: Path) -> list[ModelEntry]:
    found: list[ModelEntry] = []
    for m in BUILT_IN.values():
        folder = ready_folder(m, workspace) if is_prepared(m, workspace) else None
        source = folder or find_file(m)
        found.append(
            {
                "model": m.name,
                "title": m.title,
                "origin": tr("built in"),
                "kind": m.kind,
                "about": m.about,
                "licence": m.licence,
                "languages": m.languages,
                "parameters": m.parameters,
                "where": str(source) if source else "",
                "prepared": folder is not None,
                "missing": explain_missing(m),
            }
        )
    return found


def list_from_hub(workspace: Path) -> list[ModelEntry]:
    found: list[ModelEntry] = []
    for mark in list_fetched(workspace):
        folder = folder_of(mark["id"], workspace)
        try:
            config = read_config(folder / "config.json")
            kind = kind_of(config, mark["id"])
        except DataError:
            continue  # removed or changed this very moment
        found.append(
            {
                "model": HUB + mark["id"],
                "title": mark["id"],
                "origin": tr("Hugging Face Hub"),
                "kind": kind,
                "about": f"{architecture_of(config)}, revision {mark['revision'][:7]}.",
                "licence": mark["licence"],
                "languages": "",
                "parameters": mark.get("parameters"),
                "where": str(folder),
                "prepared": True,
                "missing": "",
            }
        )
    return found


def list_runs(workspace: Path) -> list[ModelEntry]:
    from selfsup_core.tasks.parts.language_runs import list_language_runs

    found: list[ModelEntry] = []
    for run in list_language_runs(workspace):
        folder = workspace / "runs" / run["run"]
        found.append(
            {
                "model": RUN + run["run"],
                "title": run["name"] or run["run"],
                "origin": tr("own run"),
                "kind": RUN_KINDS.get(run["objective"], "causal"),
                "about": tr("Your own run: {status}, {count} epochs kept.").format(
                    status=run["status"], count=len(run["epochs"])
                ),
                "licence": "",
                "languages": "",
                "parameters": None,
                "where": str(folder),
                "prepared": True,
                "missing": "",
                "status": run["status"],
                "epochs": run["epochs"],
            }
        )
    return found


def describe_folder(path: str) -> ModelEntry:
    """What a person's own folder holds, in the words of `list_models`.

    Raises:
        DataError: why it is refused.
    """
    folder = machine_folder(path)
    if not path or not folder.is_dir():
        raise DataError(tr("There is no folder {path!r} on this machine.").format(path=path), code="no-model")
    config = check_folder(folder)
    size = measure_folder(folder)
    return {
        "model": str(folder),
        "title": folder.name,
        "origin": tr("a folder"),
        "kind": kind_of(config, folder.name),
        "about": f"{architecture_of(config)}.",
        "licence": "",
        "languages": "",
        "parameters": size.parameters,
        "where": str(folder),
        "prepared": True,
        "missing": "",
    }
