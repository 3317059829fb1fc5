"""Language models of one's own runs: the network at any kept epoch, and as a folder in Hugging Face's layout."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.thinned import list_frames


def list_language_runs(workspace: Path) -> list[dict[str, Any]]:
    """Runs whose network can be looked into, newest first: run, name, status, epochs (kept ones), objective."""
    found = []
    for state in list_states(workspace):
        if state.get("task") != "language":
            continue
        folder = RunFolder(workspace / "runs" / state["run"])
        if epochs := list_frames(folder.weights):
            found.append(
                {
                    "run": state["run"],
                    "name": state["name"],
                    "status": state["status"],
                    "epochs": epochs,
                    "objective": state["objective"],
                }
            )
    return found


def export_model(workspace: Path, run: str, target: Path, epoch: int | None = None) -> int:
    """Write a run's model as a folder that plain transformers loads; the epoch it is of.

    Raises:
        RunError, DataError: as `load_run_model`, or the folder is there already.
    """
    if target.exists():
        raise DataError(f"{target.name} is there already.", code="exists", remedy="Choose another folder.")
    from selfsup_core.tasks.parts.language_loading import load_run_model

    model, tokenizer, used = load_run_model(workspace, run, epoch)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        model.save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return used
