"""Training on a device other than the CPU, without one: every tensor, index and generator must be on the
device that it is for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import kinds
from benchmarks.gpu_checks import BF16_KINDS, CAPTURED, RESUMED
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from tests.helpers import ROOT

QUICK = (
    "dense-64-32-16",
    "convolutional",
    "denoising",
    "vae",
    "contractive",
    "classify-conv",
    "classify-table",
    "views-swav",
    "views-jepa",
)
HAS_MINILM = ENCODERS["minilm"].find() is not None
TEXTS = ("gpt-words", "masked-lora", *(["views-simcse"] if HAS_MINILM else []))
# One of each way to train; `python -m benchmarks gpu` has all kinds.
WAITING = ("vq", "masked", "pseudo-fixmatch", *TEXTS)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    out = tmp_path_factory.mktemp("pretended") / "found.json"
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.pretend_runs", str(out), *QUICK, *WAITING],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return json.loads(Path(out).read_bytes())


@pytest.mark.parametrize("name", [*QUICK, *WAITING])
def test_a_whole_run_ends_as_on_the_cpu(found, name: str):
    made = found[name]
    assert made["status"] == "finished", made["error"]
    # Attention is computed by another method there, and Adam makes much of small differences in its first
    # steps.
    most = 5e-3 if name in TEXTS else 1e-5
    assert made["val_loss"] == pytest.approx(made["cpu_val_loss"], rel=most)


@pytest.mark.parametrize("name", QUICK)
def test_a_step_does_not_wait_for_the_device(found, name: str):
    """The CPU must run ahead of a GPU: whatever reads a number of the device in a step stops it."""
    assert found[name]["waits"] == {}


def test_the_checks_on_a_gpu_have_every_network_and_the_teachers_and_queues_of_views(workspace: Path):
    specs = {name: kinds.spec_of(name, workspace, "cpu") for name in kinds.names()}
    views = {n: s for n, s in specs.items() if OBJECTIVES[s.objective.kind].task == "views"}
    assert {s.model.kind for s in views.values()} == {
        "residual",
        "resnet18",
        "vit",
        "perceptron",
        "text-encoder",
    }
    assert {"simclr", "dino", "swav", "jepa"} <= {s.objective.kind for s in views.values()}
    assert set(RESUMED + BF16_KINDS + CAPTURED) <= set(specs)
    assert {"dino", "swav", "jepa"} <= {specs[name].objective.kind for name in RESUMED}
