"""Runs as they look on disk, without training them, and lessons as texts."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from selfsup_core.data.sources import SOURCES
from selfsup_core.files import write_json
from selfsup_core.inspection.model_at import Kits
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.spaces import Spaces
from selfsup_core.lessons.checks.mapped import MappedConfig
from selfsup_core.lessons.evidence import Looking
from selfsup_core.lessons.reading import read_lesson
from selfsup_core.projection.config import MapConfig, what_counts
from selfsup_core.projection.maps import Made
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec

PRESET = "dense-64-32-16"
UMAP_OF_DIGITS = Path(__file__).parents[1] / "fixtures" / "umap-digits.npy"


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


def place_map(
    workspace: Path, data: str = "digits", kind: str = "umap", kept: float | None = None, **settings: Any
) -> str:
    """A map of a data set as it lies on disk, and how far it can be trusted; returns its key."""
    config = what_counts(MapConfig.model_validate({"kind": kind, **settings}))
    key = sha256(json.dumps([data, config]).encode()).hexdigest()[:16]
    folder = layouts.folder_of(workspace, key)
    folder.mkdir(parents=True, exist_ok=True)
    about: layouts.MapAbout = {
        "key": key,
        "space": f"data:{data}",
        "source": data,
        "title": SOURCES[data].title,
        "kind": SOURCES[data].kind,
        "classes": [],
        "config": config,
        "epochs": [0],
        "done": [0],
        "rows": 3,
        "total": 3,
        "width": 64,
        "notes": [],
        "explained": {},
        "can_decode": False,
    }
    write_json(folder / layouts.ABOUT, dict(about))
    layouts.save_array(layouts.layout_path(folder, 0), np.zeros((3, 2), np.float32))
    if kept is not None:
        trust = {"trustworthiness": 0.9, "continuity": 0.8, "kept": kept}
        layouts.save_trust(folder, {"epoch": 0, "neighbors": 15, **trust})
    return key


def pass_mapped(workspace: Path, check: MappedConfig) -> Looking:
    """The maps that pass a check, as they are on the screen."""
    kept = None
    if check.metric:
        kept = check.below / 2 if check.below is not None else (check.above or 0) * 1.2
    keys = [place_map(workspace, check.data, check.map, kept, **check.set)]
    if check.beside:
        keys.append(place_map(workspace, check.data, check.map, **check.set | check.beside))
    return Looking(maps=tuple(keys))


def draw_ahead(workspace: Path, check: MappedConfig) -> None:
    """The maps that a task asks for, so that the app finds them: a UMAP takes it a minute of a core.

    That of the digits was drawn by it, with seed 0; of others, and with other seeds, points lie at random.
    """

    def make(x: np.ndarray, config: MapConfig, **_: Any) -> Made:
        if len(x) == 1797 and config.seed == 0:
            return Made(np.load(UMAP_OF_DIGITS).astype(np.float32))
        return Made(np.random.default_rng(config.seed).normal(size=(len(x), 2)).astype(np.float32))

    with patch("selfsup_core.inspection.space.spaces.make_map", make):
        for changes in ({}, check.beside) if check.beside else ({},):
            config = MapConfig.model_validate({"kind": check.map, **check.set, **changes})
            Spaces(workspace, Kits(workspace)).start(f"data:{check.data}", config, wait=True)


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
