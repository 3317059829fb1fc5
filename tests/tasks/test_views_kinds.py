"""Learning from views: broken runs raise their alarm, odd data and every preset are learned from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.wording import inline
from tests.helpers import (
    make_run,
    run_here,
)
from tests.tasks.views_helpers import tiny

LIKE_OTHERS = ("views-emoji", "views-resnet")  # tried with `--thorough`
DIGITS = {
    "data.source": "digits",
    "model.channels": [8, 16, 32],
    "objective.projector": [64, 32],
    "objective.augment.flip": 0.0,
    "objective.augment.color": 0.8,
    "objective.augment.brightness": 0.4,
    "objective.augment.contrast": 0.4,
    "train.epochs": 5,
    "train.batch_size": 64,
    "train.learning_rate": 0.003,
    "train.threads": 1,
    "train.device": "cpu",
    "data.labels_per_class": 0,
    "frames.samples": 200,
    "frames.tiles": 8,
}


@pytest.mark.parametrize(
    ("kind", "broken", "wanted"),
    [
        ("simclr", {}, None),
        ("simsiam", {}, None),
        ("simsiam", {"stop_gradient": False}, "complete"),
        ("vicreg", {}, None),
        ("vicreg", {"variance": 0.0}, "complete"),
        ("vicreg", {"covariance": 0.0}, "dimensional"),
        ("sigreg", {"weight": 0.0}, "complete"),
    ],
)
def test_a_broken_run_raises_its_alarm_and_an_intact_one_none(kind, broken, wanted, workspace: Path):
    changes = DIGITS | {f"objective.{name}": value for name, value in {"kind": kind, **broken}.items()}
    if kind == "simsiam":  # where views differ more, agreement by collapse comes sooner
        changes |= {"objective.augment.brightness": 0.7, "objective.augment.contrast": 0.7}
        changes["objective.augment.color"] = 1.0
    folder = make_run(workspace, preset_spec("views-fashion", changes))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    signs = [sign for row in epoch_rows(read_rows(folder.metrics)) for sign in row.get("signs", [])]
    found = {sign["code"] for sign in signs if sign["code"].endswith("collapse")}
    assert found == ({f"{wanted}-collapse"} if wanted else set())
    if wanted:
        breaks = OBJECTIVES[kind].breaks.values()
        (safeguard,) = [one for one in breaks if one.settings == broken]
        assert safeguard.expected in (wanted, "either")
        assert all(inline(safeguard.title) in sign["remedy"] for sign in signs if sign["code"] in found)
        assert f"a {wanted} collapse" in state["verdict"]["text"]
    else:
        assert state["metrics"]["probe_accuracy"] > state["metrics"]["untrained_probe_accuracy"]


@pytest.mark.parametrize("name", ["negatives", "temperature", "augmentation"])
def test_what_only_weakens_is_said_from_the_first_epoch(name, workspace: Path):
    safeguard = OBJECTIVES["simclr"].breaks[name]
    changes = {f"objective__{key}": value for key, value in safeguard.settings.items()}
    folder = make_run(workspace, tiny(train__epochs=1, **changes))
    run_here(folder)
    before, after = epoch_rows(read_rows(folder.metrics))
    assert "signs" not in before
    assert [sign["code"] for sign in after["signs"]] == ["safeguard-off"]
    assert safeguard.theory in after["signs"][0]["text"]


def few(data):
    return dataclasses.replace(data, x=data.x[:9], y=data.y[:9], groups=None)


def one_class(data):
    return dataclasses.replace(data, x=data.x[:60], y=np.zeros(60, np.int32), classes=("all",))


def constant(data):
    return dataclasses.replace(data, x=np.full_like(data.x[:60], 7), y=data.y[:60])


def large_in_color(data):
    x = np.repeat(np.repeat(data.x[:40], 16, axis=1), 16, axis=2)
    return dataclasses.replace(data, x=np.stack([x] * 3, axis=3), y=data.y[:40])


def many_classes(data):
    y = np.arange(200, dtype=np.int32) % 50
    return dataclasses.replace(data, x=data.x[:200], y=y, classes=tuple(map(str, range(50))))


@pytest.mark.parametrize("change", [few, one_class, constant, large_in_color, many_classes])
@pytest.mark.parametrize("kind", ["simclr", pytest.param("vicreg", marks=pytest.mark.thorough)])
def test_small_and_odd_data_are_learned_from(change, kind, workspace: Path, monkeypatch):
    from selfsup_core.tasks import views

    real = views.open_source
    monkeypatch.setattr(views, "open_source", lambda *a, **k: change(real(*a, **k)))
    changes = DIGITS | {"objective.kind": kind, "train.epochs": 2, "model.channels": [4, 8]}
    state = run_here(make_run(workspace, preset_spec("views-fashion", changes)))
    assert state["status"] == "finished", state["error"]
    assert state["verdict"]["text"]
    assert state["metrics"]["rankme"] >= 0.99


# Of `views-simcse` there is a test of its own, with fewer texts.
@pytest.mark.parametrize(
    "preset",
    [
        pytest.param(name, marks=[pytest.mark.thorough] * (name in LIKE_OTHERS))
        for name in list_presets("views")
        if name != "views-simcse"
    ],
)
def test_every_preset_trains_on_its_data(preset, workspace: Path):
    few = {"train.epochs": 1, "train.steps_per_epoch": 2, "train.device": "cpu", "train.threads": 1}
    folder = make_run(workspace, preset_spec(preset, few | {"frames.samples": 100, "frames.tiles": 8}))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["probe_accuracy"] > 0
    assert state["verdict"]["text"]
