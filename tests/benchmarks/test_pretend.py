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

# One of each way to train; `--thorough` takes more, and `python -m benchmarks gpu` all kinds.
QUICK = ("vae", "classify-table", "views-swav")
MORE_QUICK = ("dense-64-32-16", "convolutional", "denoising", "contractive", "classify-conv", "views-jepa")
HAS_MINILM = ENCODERS["minilm"].find() is not None
TEXTS = ("gpt-words", "masked-lora", *(["views-simcse"] if HAS_MINILM else []))
WAITING = ("pseudo-fixmatch", "gpt-words")
MORE_WAITING = ("vq", "masked", *TEXTS[1:])


def quick(config: pytest.Config) -> tuple[str, ...]:
    return QUICK + (MORE_QUICK if config.option.thorough else ())


def all_names(config: pytest.Config) -> tuple[str, ...]:
    return quick(config) + WAITING + (MORE_WAITING if config.option.thorough else ())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture, names in (("quick_name", quick), ("name", all_names)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, names(metafunc.config))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, dict]:
    out = tmp_path_factory.mktemp("pretended") / "found.json"
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.pretend_runs", str(out), *all_names(pytestconfig)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return json.loads(Path(out).read_bytes())


def test_a_whole_run_ends_as_on_the_cpu(found, name: str):
    made = found[name]
    assert made["status"] == "finished", made["error"]
    # Attention is computed by another method there, and Adam makes much of small differences in its first
    # steps.
    most = 5e-3 if name in TEXTS else 1e-5
    assert made["val_loss"] == pytest.approx(made["cpu_val_loss"], rel=most)


def test_a_step_does_not_wait_for_the_device(found, quick_name: str):
    """The CPU must run ahead of a GPU: whatever reads a number of the device in a step stops it."""
    assert found[quick_name]["waits"] == {}


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
