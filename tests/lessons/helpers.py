"""Runs as they look on disk, without training them, and lessons as texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selfsup_core.lessons.reading import read_lesson
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec

PRESET = "dense-64-32-16"


def place_run(
    workspace: Path,
    preset: str = PRESET,
    losses: tuple[float, ...] = (0.7, 0.5, 0.3),
    *,
    status: str = "finished",
    signs: dict[int, str] | None = None,
    created: str = "",
    metric: str = "val_loss",
    **overrides: Any,
) -> RunFolder:
    """A run of a preset on Digits with a validation loss, or another metric, per epoch.

    Args:
        signs: epoch → code of a sign of trouble. overrides: `train__epochs=5`.
    """
    changes = {path.replace("__", "."): value for path, value in overrides.items()}
    spec = preset_spec(preset, {"data.source": "digits", "train.epochs": len(losses) - 1} | changes)
    # Made elsewhere and moved here whole, so that no supervisor sees it in its queue.
    made = submit(workspace.parent / "made-up", spec, preset=preset)
    assert withdraw(made)
    rows = [
        {"kind": "epoch", "epoch": epoch, "step": epoch, metric: loss, "signs": signs_at(signs, epoch)}
        for epoch, loss in enumerate(losses)
    ]
    made.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    more = {"created": created} if created else {}
    update_state(made, status=status, epoch=len(losses) - 1, **more)
    (workspace / "runs").mkdir(parents=True, exist_ok=True)
    return RunFolder(made.path.rename(workspace / "runs" / made.id))


def pass_check(workspace: Path, check: Any) -> list[RunFolder]:
    """Runs that pass the check of a task."""
    if check.kind == "compared":
        values = (0.03, 0.01) if check.lower == "second" else (0.01, 0.03)
        return [
            place_wanted(workspace, wish, value=value, metric=check.metric, epochs=2)
            for wish, value in zip((check.first, check.second), values, strict=True)
        ]
    if check.kind == "metric":
        value = check.below / 2 if check.below is not None else check.above * 2
        return [place_wanted(workspace, check, value=value, metric=check.metric, epochs=2)]
    if check.kind == "sign":
        return [place_wanted(workspace, check, value=0.1, epochs=2, signs={1: check.code})]
    assert check.kind == "finished", check.kind
    return [place_wanted(workspace, check, value=0.1, epochs=check.epochs or 2)]


def place_wanted(workspace: Path, wish: Any, *, value: float, epochs: int, **more: Any) -> RunFolder:
    changes = {path.replace(".", "__"): setting for path, setting in wish.set.items()}
    if wish.data:
        changes["data__source"] = wish.data
    return place_run(workspace, wish.preset, tuple([value] * (epochs + 1)), **more, **changes)


def signs_at(signs: dict[int, str] | None, epoch: int) -> list[dict[str, str]]:
    code = (signs or {}).get(epoch)
    return [{"code": code, "text": f"Seen: {code}.", "remedy": ""}] if code else []


def write_lesson(tmp_path: Path, body: str, name: str = "07-made-up.md") -> Any:
    """The lesson that a text is read as."""
    folder = tmp_path / "lessons" / "en"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"---\ntitle: Made up\nabout: For a test.\n---\n{body}", "utf-8")
    return read_lesson(path)
