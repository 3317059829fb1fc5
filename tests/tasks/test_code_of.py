"""A classifier on the code of an autoencoder's run: features, leaks refused, whole without that run,
export.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.data.sources import open_source
from selfsup_core.export.portable_classifier import load_classifier
from selfsup_core.export.run_classifier import export_classifier, load_run
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here

SPLIT = {"source": "digits", "validation": 0.2, "test": 0.2}
QUICK = {"epochs": 3, "batch_size": 64, "learning_rate": 0.01, "device": "cpu", "threads": 1}


def classifier(run: str, *, kind: str = "pseudo-labels", **data):
    return make_spec(
        {
            "data": SPLIT | {"labels_per_class": 10, "code_of": run} | data,
            "model": {"kind": "head"},
            "objective": {"kind": kind},
            "train": QUICK | {"steps_per_epoch": 40, "learning_rate": 0.05},
        }
    )


@pytest.fixture
def autoencoder(workspace: Path):
    changed = {f"data.{k}": v for k, v in SPLIT.items()} | {f"train.{k}": v for k, v in QUICK.items()}
    folder = make_run(workspace, preset_spec("dense-64-32-16", changed))
    assert run_here(folder)["status"] == "finished"
    return folder


@pytest.mark.parametrize("kind", ["cross-entropy", "pseudo-labels"])
def test_it_learns_on_the_code_and_is_whole_by_itself(autoencoder, workspace: Path, tmp_path: Path, kind):
    folder = make_run(workspace, classifier(autoencoder.id, kind=kind))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert f"the code of the run {autoencoder.id}: 16 numbers" in " ".join(state["notices"])
    assert state["metrics"]["val_accuracy"] > 0.4
    shutil.rmtree(autoencoder.path)  # its encoder was copied
    found, _ = load_run(workspace, folder.id)
    export_classifier(workspace, folder.id, tmp_path / "out")
    digits = open_source("digits", workspace)
    items = [np.asarray(digits.x[i]) for i in range(200)]
    again = load_classifier(tmp_path / "out").logits(items)
    torch.testing.assert_close(found.logits(items), again, rtol=1e-4, atol=1e-4)
    assert (again.argmax(dim=1).numpy() == np.asarray(digits.y)[:200]).mean() > 0.3


def test_an_encoder_that_learned_from_views_gives_features_too(workspace: Path, tmp_path: Path):
    changed = {f"data.{k}": v for k, v in SPLIT.items()} | {f"train.{k}": v for k, v in QUICK.items()}
    changed |= {"objective.kind": "byol", "model.channels": [8, 16]}
    encoder = make_run(workspace, preset_spec("views-fashion", changed))
    assert run_here(encoder)["status"] == "finished"
    folder = make_run(workspace, classifier(encoder.id))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert f"the code of the run {encoder.id}: 16 numbers" in " ".join(state["notices"])
    assert state["metrics"]["val_accuracy"] > 0.4
    shutil.rmtree(encoder.path)
    found, _ = load_run(workspace, folder.id)
    export_classifier(workspace, folder.id, tmp_path / "out")
    digits = open_source("digits", workspace)
    items = [np.asarray(digits.x[i]) for i in range(50)]
    again = load_classifier(tmp_path / "out").logits(items)
    torch.testing.assert_close(found.logits(items), again, rtol=1e-4, atol=1e-4)


def test_what_could_leak_or_does_not_fit_is_refused(autoencoder, workspace: Path):
    for spec, said in (
        (classifier(autoencoder.id, split_seed=1), "data.split_seed is 0; here it is 1"),
        (classifier("no-such-run"), "no run"),
        (classifier(autoencoder.id, source="wine"), "for images and sounds only"),
    ):
        state = run_here(make_run(workspace, spec))
        assert state["status"] == "failed"
        assert said in state["error"]["message"]
    own = make_run(workspace, classifier(""))
    run_here(own)
    state = run_here(make_run(workspace, classifier(own.id)))
    assert "is not an autoencoder" in state["error"]["message"]
