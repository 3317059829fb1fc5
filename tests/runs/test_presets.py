"""Smoke: every preset trains a little on its own data, and gives what the stage shows of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.recipes import answers_of, list_presets, preset_spec, questions_of
from selfsup_core.runs.spec import value_at
from selfsup_core.runs.thinned import frame_path
from tests.helpers import make_run, run_here

TERMS = {
    "reconstruction": set(),
    "denoising": set(),
    "sparse": {"reconstruction", "sparsity"},
    "contractive": {"reconstruction", "contraction"},
    "variational": {"reconstruction", "kl", "negative_elbo"},
    "vector-quantized": {"reconstruction", "commitment", "perplexity"},
    "masked": set(),
}


@pytest.mark.parametrize("preset", list(list_presets()))
def test_a_preset_trains(workspace: Path, preset: str):
    small = {
        "train.epochs": 1,
        "train.threads": 2,
        "train.device": "cpu",
        "train.batch_size": 256,
        "data.test": 0.45,
        "data.validation": 0.45,
        "frames.samples": 200,
    }
    folder = make_run(workspace, preset_spec(preset, small))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    rows = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
    assert rows[-1]["val_loss"] < rows[0]["val_loss"]
    terms = TERMS[state["objective"]]
    for name in terms | {"loss"}:
        assert np.isfinite(rows[-1][f"train_{name}"])
        assert np.isfinite(rows[-1][f"val_{name}"])
    frame = read_frame(frame_path(folder.frames, 1))
    assert {"reconstructions", "map"} <= frame.keys()
    assert all(np.isfinite(values).all() for values in frame.values())
    assert ("corrupted" in frame) == (state["objective"] in ("denoising", "masked"))


def test_an_answer_brings_its_settings_along_and_what_is_chosen_wins():
    asked = {"objective.prior": "even"}
    spec = preset_spec("pseudo-table", asked)
    assert (spec.objective.prior, spec.objective.keep, spec.objective.vote) == ("even", "top-k", "mean")
    assert preset_spec("pseudo-table", asked | {"objective.keep": "fixed"}).objective.keep == "fixed"
    other = preset_spec("pseudo-table", {"objective.prior": "estimated"})
    assert (other.objective.prior, other.objective.keep) == ("estimated", "class-share")


@pytest.mark.parametrize("name", [n for n, preset in list_presets("").items() if "when" in preset])
def test_each_answer_of_a_preset_is_a_valid_spec(name: str):
    preset = list_presets("")[name]
    for path, answers in questions_of(preset).items():
        assert answers[0] == value_at(preset_spec(name), path)
        for answer in answers[1:]:
            spec = preset_spec(name, {path: answer})
            assert answers_of(preset, spec) == {path: answer}
            assert spec != preset_spec(name)
