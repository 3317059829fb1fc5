"""Training on a device other than the CPU, without one: every tensor, index and generator must be on the device that it is for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

# Models that transformers loads are left out: their buffers come out as noise on the pretended device.
QUICK = (
    "dense-64-32-16",
    "convolutional",
    "denoising",
    "vae",
    "contractive",
    "gpt-words",
    "classify-conv",
    "classify-table",
)
WAITING = ("vq", "masked", "masked-text", "pseudo-table", "pseudo-fixmatch", "pseudo-mixmatch")


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
    assert made["val_loss"] == pytest.approx(made["cpu_val_loss"], rel=1e-5)


@pytest.mark.parametrize("name", QUICK)
def test_a_step_does_not_wait_for_the_device(found, name: str):
    """The CPU must run ahead of a GPU: whatever reads a number of the device in a step stops it."""
    assert found[name]["waits"] == {}
