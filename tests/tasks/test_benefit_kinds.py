"""Did it help, and by what? Of each kind of network that learns from views, at tiny size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.kinds import TEXTS, make_posts
from selfsup_core.errors import RunError
from selfsup_core.evaluate.benefit import Cell
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from selfsup_core.runs import benefit as asking
from selfsup_core.runs.ablation import variants_of
from selfsup_core.runs.benefit import BenefitConfig, read_benefit
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.runs.weights import read_weights
from selfsup_core.tasks.parts import benefit_rows
from selfsup_core.tasks.parts.benefit import Measuring
from selfsup_core.tasks.parts.code_of import build_encoder
from tests.helpers import make_run, run_here
from tests.tasks.views_helpers import tiny

TWO = BenefitConfig(labels=(2,), draws=2)
USUAL = {"probe", "finetuned", "scratch", "autoencoder", "pca", "raw"}
VIT = {"kind": "vit", "size": 16, "depth": 1, "heads": 2}
SIMCLR = {"kind": "simclr", "projector": [16, 8]}
IMAGES = {
    "vit": (VIT, SIMCLR),
    "resnet18": ({"kind": "resnet18", "width": 8}, SIMCLR),
    "jepa": (VIT, {"kind": "jepa", "predictor_size": 8, "predictor_depth": 1}),
    "jepa, varied": (VIT, {"kind": "jepa", "predictor_size": 8, "predictor_depth": 1, "augmented": True}),
    "rotation": (VIT, {"kind": "rotation", "augmented": False}),
}
MEASURED = ("vit", "jepa", "rotation")  # others with `--thorough`
TRAIN = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 16, "device": "cpu", "threads": 1}
needs_minilm = pytest.mark.skipif(ENCODERS["minilm"].find() is None, reason="the encoder is not installed")


def spec_of(source: str, model: dict[str, Any], objective: dict[str, Any]) -> RunSpec:
    parts = {"data": {"source": source}, "model": model, "objective": objective, "train": TRAIN}
    return make_spec(parts | {"frames": {"samples": 24, "tiles": 4}})


def simcse(tuning: str, **objective: Any) -> RunSpec:
    model = {"kind": "text-encoder", "tuning": tuning, "lora_rank": 2, "most_tokens": 8}
    return spec_of(TEXTS, model, SIMCLR | {"augment": {"kind": "text"}} | objective)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name in ("LEAST_STEPS", "MOST_STEPS"):
        monkeypatch.setattr(asking, name, 2)
    for name in ("POOL_ROWS", "HELD_ROWS", "TEST_ROWS"):
        monkeypatch.setattr(benefit_rows, name, 40)
    monkeypatch.setattr("selfsup_core.tasks.parts.represent.BUDGET", {"train.epochs": 1})


def answer_of(workspace: Path, spec: RunSpec) -> Measuring:
    """A run, and its question answered; what was measured is that run's own code."""
    folder = make_run(workspace, spec)
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    measuring = Measuring(workspace, folder, TWO)
    assert list(measuring.steps())
    weights = read_weights(folder.weights, measuring.epoch)
    with torch.inference_mode():
        codes = build_encoder(spec, measuring.data.item_shape, weights).encode(measuring.x["test"])
    np.testing.assert_allclose(measuring.codes["probe"]["test"], codes.numpy(), atol=1e-4)
    return measuring


def cells_of(measuring: Measuring) -> list[Cell]:
    cells: list[Cell] = json.loads((measuring.folder.path / asking.FILE).read_bytes())["cells"]
    return cells


@pytest.mark.parametrize(
    "name",
    [name if name in MEASURED else pytest.param(name, marks=pytest.mark.thorough) for name in IMAGES],
)
def test_each_network_of_images_is_measured(workspace: Path, name: str):
    measuring = answer_of(workspace, spec_of("digits", *IMAGES[name]))
    found = read_benefit(measuring.folder)
    assert {p["method"] for p in found["points"]} == USUAL
    assert all(0 <= p["accuracy"] <= 1 for p in found["points"])
    assert "MiniLM" not in " ".join(found["notes"])
    # Only what varies its pictures is tried on varied ones as well.
    assert len(measuring._ways(0)) == (1 if name in ("jepa", "rotation") else 2)
    assert {c["setting"] for c in cells_of(measuring) if c["method"] == "scratch"} <= {0.0, 1.0}


def test_the_pictures_of_labels_are_varied_and_nothing_of_them_is_hidden(workspace: Path):
    """Two views of I-JEPA, which gauges compare, have gray blocks; what labels are learned from has none."""
    measuring = answer_of(workspace, spec_of("digits", *IMAGES["jepa"]))
    x = measuring.x["test"]
    assert torch.equal(measuring.objective.vary(x, torch.Generator().manual_seed(0)), x)


@needs_minilm
@pytest.mark.parametrize("tuning", ["lora", pytest.param("full", marks=pytest.mark.thorough)])
def test_a_text_encoder_is_compared_with_what_it_was_before(workspace: Path, tuning: str):
    make_posts(workspace)
    measuring = answer_of(workspace, simcse(tuning))
    found = read_benefit(measuring.folder)
    assert {p["method"] for p in found["points"]} == USUAL | {"untrained"}
    assert "MiniLM had learned from other texts before this run" in " ".join(found["notes"])
    # Of texts, raw input are their features, not the numbers of their tokens.
    assert measuring.codes["raw"]["test"].shape[1] == measuring.raw.width != measuring.data.width == 8
    before, after = measuring.codes["untrained"]["test"], measuring.codes["probe"]["test"]
    assert before.shape == after.shape == (len(measuring.rows.test), 384)
    assert not np.allclose(before, after)
    # Dropout alone makes no other text of a text, so there is nothing to try.
    assert measuring._ways(0) == (0.0,)
    # The twin begins with a probe on MiniLM's own code, so it is not worse than that on validation rows.
    validation = {(c["draw"], c["method"]): c["validation"] for c in cells_of(measuring)}
    for draw in range(2):
        assert validation[draw, "scratch"] >= validation[draw, "untrained"] - 1e-9


@pytest.mark.parametrize("name", ["jepa", "rotation"])
def test_what_varies_nothing_has_no_augmentation_to_compare(workspace: Path, name: str):
    folder = make_run(workspace, spec_of("digits", *IMAGES[name]))
    with pytest.raises(RunError, match=r"varies nothing else\. There is no augmentation to compare"):
        variants_of(read_spec(folder.spec), folder)


def test_i_jepa_on_varied_pictures_has_one(workspace: Path):
    folder = make_run(workspace, spec_of("digits", *IMAGES["jepa, varied"]))
    kinds = {one.kind for one in variants_of(read_spec(folder.spec), folder)}
    assert kinds == {"all", "without", "alone", "none"}


def test_with_dropout_alone_there_is_nothing_to_leave_out(workspace: Path):
    make_posts(workspace)
    folder = make_run(workspace, simcse("lora"))
    with pytest.raises(RunError, match="Dropout in the network is all that tells two views of a text apart"):
        variants_of(read_spec(folder.spec), folder)
    plain = make_run(workspace, make_spec({"data": {"source": "digits"}}))
    with pytest.raises(RunError, match="does not learn from views"):
        variants_of(read_spec(plain.spec), plain)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_word_deletion_can_be_left_out_where_dropout_stays(workspace: Path, dropout: float):
    make_posts(workspace)
    model = {"kind": "perceptron", "widths": [16, 8], "dropout": dropout}
    text = {"augment": {"kind": "text", "deletion": 0.3}}
    folder = make_run(workspace, spec_of(TEXTS, model, SIMCLR | text))
    if dropout:
        assert [one.kind for one in variants_of(read_spec(folder.spec), folder)] == ["all", "without"]
        return
    with pytest.raises(RunError, match="would be the same, since dropout is off"):
        variants_of(read_spec(folder.spec), folder)


def test_a_table_still_varies(workspace: Path):
    folder = make_run(workspace, tiny())
    assert run_here(folder)["status"] == "finished"
    assert Measuring(workspace, folder, TWO)._ways(0) == (0.0, 1.0)
