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

from tests.helpers import ROOT

QUICK = (
    "dense-64-32-16",
    "convolutional",
    "denoising",
    "vae",
    "contractive",
    "classify-conv",
    "classify-table",
)
TEXTS = ("gpt-words", "masked-lora")
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
