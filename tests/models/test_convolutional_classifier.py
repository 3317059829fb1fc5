"""The convolutional classifier: shapes, counts, what it refuses, and a run with its export."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.export.portable_classifier import load_classifier
from selfsup_core.export.run_classifier import export_classifier, load_run
from selfsup_core.models import MODELS
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (9, 13), (16, 16, 3), (4, 4)])
def test_shapes_and_counts(shape):
    network = MODELS["conv-classifier"]
    config = network.config(channels=(8, 12, 16))
    model = network.build(config, (*shape, 5))
    size = 1
    for side in shape:
        size *= side
    assert model(torch.rand(3, size)).shape == (3, 5)
    assert sum(p.numel() for p in model.parameters()) == network.parameters(config, (*shape, 5))
    # A row's scores do not depend on the rest of the batch.
    x = torch.rand(6, size)
    torch.testing.assert_close(model(x)[:2], model(x[:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(13,), (3, 9)])
def test_what_is_no_image_is_refused(shape):
    network = MODELS["conv-classifier"]
    with pytest.raises(SettingError, match=r"model\.kind = head"):
        network.build(network.config(), (*shape, 3))
    with pytest.raises(SettingError, match=r"model\.channels: each must be at least 1"):
        make_spec(
            {"model": {"kind": "conv-classifier", "channels": [0]}, "objective": {"kind": "cross-entropy"}}
        )


def test_a_run_and_its_folder_name_the_same(workspace: Path, tmp_path: Path):
    spec = make_spec(
        {
            "data": {"source": "digits", "labels_per_class": 10},
            "model": {"kind": "conv-classifier", "channels": [8, 16]},
            "objective": {"kind": "cross-entropy"},
            "train": {
                "epochs": 3,
                "batch_size": 50,
                "steps_per_epoch": 20,
                "learning_rate": 0.01,
                "device": "cpu",
                "threads": 1,
            },
        }
    )
    folder = make_run(workspace, spec)
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["test_accuracy"] > 0.5
    found, _ = load_run(workspace, folder.id)
    export_classifier(workspace, folder.id, tmp_path / "out")
    again = load_classifier(tmp_path / "out")
    items = [torch.randint(0, 17, (8, 8), dtype=torch.uint8).numpy() for _ in range(3)]
    torch.testing.assert_close(found.logits(items), again.logits(items), rtol=1e-4, atol=1e-4)
