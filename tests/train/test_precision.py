"""bf16 or float32: decided by what is set, by the device, and on a CPU by a measurement."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.pseudo.objectives.pseudo_labels import ONLINE
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.train import precision
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import DeviceChoice
from selfsup_core.train.precision import StepTimes, choose_precision, may_profit, time_steps
from tests.helpers import kill_and_resume, last_tensors, make_run, rows_without_times, run_here, same
from tests.objectives.helpers import make
from tests.objectives.view_helpers import noisy

CPU = DeviceChoice("cpu", 1, False, True, "CPU, 1 thread", "The CPU was asked for.")
CUDA = DeviceChoice("cuda", 1, True, True, "Card", "A card.")
OLD = DeviceChoice("cuda", 1, False, True, "Old card", "A card.")
QUICKER, SLOWER = StepTimes(0.1, 0.061), StepTimes(0.1, 0.097)


@pytest.fixture
def capable(monkeypatch):
    monkeypatch.setattr(precision, "half_type", lambda device: torch.bfloat16)


def never() -> StepTimes:
    raise AssertionError("nothing is to be measured")


def chosen(choice: DeviceChoice = CPU, wanted: str = "auto", **about) -> DeviceChoice:
    return choose_precision(
        TrainConfig(precision=wanted), choice, **{"steps": 1000, "measure": never, **about}
    )


def test_a_measured_gain_decides_and_is_said(capable):
    quick = chosen(measure=lambda: QUICKER)
    assert quick.uses_bf16
    assert quick.label == "CPU, 1 thread, bf16"
    assert quick.reason == (
        "The CPU was asked for. In bf16: a step takes 61% of its time in float32 on this processor."
    )
    slow = chosen(measure=lambda: SLOWER)
    assert not slow.uses_bf16
    assert slow.label == CPU.label
    assert "In float32: in bf16 a step takes 97% of its time in float32" in slow.reason
    assert slow.reason.endswith("which is not worth it.")
    assert chosen(measure=lambda: StepTimes(0.1, 0.08)).uses_bf16
    assert not chosen(measure=lambda: StepTimes(0.1, 0.081)).uses_bf16


def test_a_processor_without_bf16_is_not_measured(monkeypatch):
    monkeypatch.setattr(precision, "half_type", lambda device: None)
    found = chosen()
    assert not found.uses_bf16
    assert found.reason.endswith("In float32, since this processor has no bf16 arithmetic.")


def test_what_is_short_or_has_nothing_to_gain_is_not_measured(capable):
    assert chosen(steps=99) == CPU
    assert chosen(measure=None) == CPU
    assert chosen(measure=lambda: StepTimes(0.001, None)) == CPU
    assert chosen(CUDA) == CUDA
    assert chosen(OLD) == OLD


def test_what_is_set_is_done():
    assert chosen(wanted="bf16").uses_bf16
    assert not chosen(wanted="float32").uses_bf16
    assert not chosen(CUDA, "float32").uses_bf16
    assert chosen(CUDA, "bf16").uses_bf16
    with pytest.raises(SettingError, match="Old card has none"):
        chosen(OLD, "bf16")


def test_a_resumed_run_keeps_to_what_was_decided(capable):
    for measured in (QUICKER, SLOWER):
        first = chosen(measure=lambda measured=measured: measured)
        assert chosen(known=first.as_dict()) == first
    earlier = CPU.as_dict()
    del earlier["precision"]  # of version 0.1
    assert chosen(known=earlier) == CPU
    assert chosen(known=CUDA.as_dict(), measure=lambda: QUICKER).uses_bf16  # it goes on elsewhere


def test_timing_changes_nothing(monkeypatch):
    monkeypatch.setattr(precision, "LEAST_SECONDS", 0.0)
    objective, model = make(
        {"kind": "byol", "projector": (8, 4)}, {"kind": "residual", "channels": (4, 8)}, (8, 8)
    )
    objective.make_views = noisy
    objective.begin(model)
    model.train()
    assert may_profit(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    x = torch.rand(16, 64)
    torch.set_rng_state(random)
    found = time_steps(model, objective, lambda rows: x[rows], torch.arange(8))
    assert found.float32 > 0
    assert found.bf16 > 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    monkeypatch.setattr(precision, "LEAST_SECONDS", 1e9)
    assert time_steps(model, objective, lambda rows: x[rows], torch.arange(8)).bf16 is None


DIGITS = {
    "data.source": "digits",
    "model.channels": [4, 8],
    "objective.projector": [16, 8],
    "objective.augment.flip": 0.0,
    "train.epochs": 3,
    "train.steps_per_epoch": 5,
    "train.batch_size": 32,
    "train.threads": 1,
    "train.device": "cpu",
    "train.checkpoint_seconds": 1e-6,
    "frames.samples": 60,
    "frames.tiles": 8,
}


LEARNED = DIGITS | {"train.steps_per_epoch": 30, "train.checkpoint_seconds": 20.0}


def test_a_run_in_bf16_is_resumed_in_bf16_bit_for_bit(capable, workspace: Path, monkeypatch):
    measured = iter([QUICKER, QUICKER])  # a third measurement would end the test
    monkeypatch.setattr(precision, "LEAST_STEPS", 1)
    monkeypatch.setattr("selfsup_core.workers.precision.time_steps", lambda *_: next(measured))
    spec = preset_spec("views-fashion", DIGITS)
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=4)
    assert first["status"] == "finished", first["error"]
    assert first["device"] == again["device"]
    assert first["device"]["uses_bf16"]
    assert "a step takes 61% of its time" in first["device"]["reason"]
    assert same(last_tensors(whole), last_tensors(cut))
    assert rows_without_times(whole) == rows_without_times(cut)


def test_bf16_computes_otherwise_and_learns_as_well(workspace: Path):
    found = {}
    for name in ("float32", "bf16"):
        folder = make_run(workspace, preset_spec("views-fashion", LEARNED | {"train.precision": name}))
        state = run_here(folder)
        assert state["status"] == "finished", state["error"]
        found[name] = state["metrics"]
    assert found["float32"]["train_loss"] != found["bf16"]["train_loss"]
    assert found["bf16"]["train_loss"] == pytest.approx(found["float32"]["train_loss"], rel=0.1)
    # Of 269 validation rows; the sd over seeds is about .03.
    assert found["bf16"]["probe_accuracy"] == pytest.approx(found["float32"]["probe_accuracy"], abs=0.08)


@pytest.mark.parametrize("preset", ["convolutional", "classify-conv"])
def test_autoencoders_and_classifiers_are_measured_too(preset, capable, workspace: Path, monkeypatch):
    seen = []

    def timed(model, objective, values, rows):
        seen.append(len(rows))
        terms = objective.step(model, values(rows), torch.Generator().manual_seed(0))
        assert terms["loss"].requires_grad
        return QUICKER

    monkeypatch.setattr("selfsup_core.workers.precision.time_steps", timed)
    monkeypatch.setattr(precision, "LEAST_STEPS", 1)
    small = {"train.epochs": 1, "train.steps_per_epoch": 2, "train.device": "cpu", "data.source": "digits"}
    state = run_here(make_run(workspace, preset_spec(preset, small)))
    assert state["status"] == "finished", state["error"]
    assert state["device"]["uses_bf16"]
    assert seen


FEW = {"data.labels_per_class": 3, "model.channels": [4]}


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("convolutional", {"model.channels": [4]}),
        ("classify-conv", {"model.channels": [4]}),
        *(("pseudo-fixmatch", FEW | {"objective.method": name}) for name in ONLINE),
        ("views-fashion", {"objective.kind": "byol", "model.channels": [4, 8], "frames.samples": 60}),
    ],
)
def test_a_measured_run_goes_as_one_that_was_not(preset, changes, capable, workspace: Path, monkeypatch):
    """Steps are tried on copies that leave nothing behind, whatever an objective remembers or asks for."""
    small = {"train.epochs": 2, "train.steps_per_epoch": 2, "train.batch_size": 32, "train.device": "cpu"}
    spec = preset_spec(preset, small | {"data.source": "digits", "train.threads": 1} | changes)
    monkeypatch.setattr(precision, "LEAST_STEPS", 1)
    monkeypatch.setattr(precision, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(precision, "MOST_SHARE", 0.0)  # whatever is found, float32 stays
    measured = make_run(workspace, spec)
    state = run_here(measured)
    assert state["status"] == "finished", state["error"]
    assert "of its time in float32" in state["device"]["reason"]
    train = spec.train.model_copy(update={"precision": "float32"})
    plain = make_run(workspace, spec.model_copy(update={"train": train}))
    assert run_here(plain)["status"] == "finished"
    assert same(last_tensors(measured), last_tensors(plain))
    assert rows_without_times(measured) == rows_without_times(plain)
