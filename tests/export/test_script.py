"""The exported script, run on its own: it ends with the losses of the run it came from."""

from __future__ import annotations

import ast
import io
import re
import runpy
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.export.script import pytorch_script, script_archive
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.spec import RunSpec, make_spec
from tests.helpers import make_run, run_here

DENSE = {"kind": "dense", "widths": [24, 8], "code_activation": "linear"}
SIGMOID = DENSE | {"code_activation": "sigmoid", "activation": "gelu"}
CASES = {
    "plain": (DENSE, {"kind": "reconstruction", "loss": "mse"}),
    "one-layer": (DENSE | {"widths": [12]}, {"kind": "reconstruction"}),
    "convolutional": ({"kind": "convolutional", "channels": [4, 6], "code": 8}, {"kind": "reconstruction"}),
    "gaussian noise": (DENSE, {"kind": "denoising", "noise": "gaussian"}),
    "masking noise": (DENSE, {"kind": "denoising", "noise": "masking"}),
    "salt and pepper": (DENSE, {"kind": "denoising", "noise": "salt-and-pepper"}),
    "sparse, L1": (DENSE, {"kind": "sparse"}),
    "sparse, KL": (SIGMOID, {"kind": "sparse", "penalty": "kl"}),
    "contractive": (SIGMOID, {"kind": "contractive", "weight": 0.1}),
    "variational": (DENSE, {"kind": "variational", "beta": 2.0, "warmup_epochs": 1.5}),
    "variational, MSE": (
        {"kind": "convolutional", "channels": [4], "code": 3},
        {"kind": "variational", "loss": "mse"},
    ),
    "vector-quantized": (DENSE, {"kind": "vector-quantized", "codes": 8}),
    "residual": (
        {"kind": "convolutional", "channels": [4, 6], "code": 4, "residual": True},
        {"kind": "reconstruction"},
    ),
    "masked": (
        {"kind": "patches", "patch": 2, "size": 16, "heads": 2, "depth": 2, "decoder_size": 8},
        {"kind": "masked"},
    ),
}


# Cases whose script also gets a process of its own.
ALONE = ("plain", "masked")


def digits_spec(model: dict, objective: dict, **changes) -> RunSpec:
    return make_spec(
        {
            "data": {"source": "digits"},
            "model": model,
            "objective": objective,
            "seed": 3,
            "train": {"epochs": 2, "batch_size": 64, "device": "cpu", "threads": 1},
            "frames": {"samples": 60, "tiles": 8},
        }
        | changes
    )


def digits_run(workspace: Path, model: dict, objective: dict, **changes) -> RunFolder:
    folder = make_run(workspace, digits_spec(model, objective, **changes))
    assert run_here(folder)["status"] == "finished"
    return folder


def last_epoch(folder: RunFolder) -> dict:
    return [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"][-1]


def run_script(archive: bytes, place: Path) -> tuple[float, float]:
    """(train loss, validation loss) of the last line that the script prints, in a process that sees nothing
    else.
    """
    zipfile.ZipFile(io.BytesIO(archive)).extractall(place)
    done = subprocess.run(
        [sys.executable, "-I", "train.py"], cwd=place, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return losses_of(done.stdout)


def run_script_here(archive: bytes, place: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """The same within this process, which is seconds faster; what the script imports shows that it stands
    alone.
    """
    zipfile.ZipFile(io.BytesIO(archive)).extractall(place)
    source = (place / "train.py").read_text()
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or "."] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert names <= {"torch", "numpy"} | sys.stdlib_module_names
    monkeypatch.chdir(place)
    threads = torch.get_num_threads()
    said = io.StringIO()
    try:
        with redirect_stdout(said), torch.random.fork_rng(devices=[]):
            runpy.run_path("train.py", run_name="__main__")
    finally:
        torch.set_num_threads(threads)
    return losses_of(said.getvalue())


def losses_of(said: str) -> tuple[float, float]:
    found = re.findall(r"train loss (\S+), validation loss (\S+)", said.splitlines()[-1])
    return tuple(float(value) for value in found[0])


@pytest.mark.parametrize("case", CASES)
def test_the_script_ends_with_the_losses_of_the_run(workspace: Path, tmp_path: Path, monkeypatch, case: str):
    folder = digits_run(workspace, *CASES[case])
    last = last_epoch(folder)
    archive = script_archive(folder)
    if case in ALONE:
        found = run_script(archive, tmp_path)
    else:
        found = run_script_here(archive, tmp_path, monkeypatch)
    assert found == pytest.approx((last["train_loss"], last["val_loss"]), rel=1e-4)


@pytest.mark.parametrize("objective", ["reconstruction", "variational"])
def test_a_table_with_categories(workspace: Path, tmp_path: Path, monkeypatch, objective: str):
    random = np.random.default_rng(0)
    level = np.eye(3)[random.integers(0, 3, 120)]
    level[5] = 0  # an empty cell
    x = np.concatenate([random.normal(size=(120, 2)), level], axis=1).astype(np.float32)
    about = [
        {"name": "a", "role": "number"},
        {"name": "b", "role": "number"},
        {"name": "color", "role": "category"},
    ]
    dataset = Dataset(
        id="my-table",
        kind="table",
        title="Table",
        x=x,
        details={"columns": about, "rows": 120, "shape": [5]},
        columns=("a", "b", "color=red", "color=green", "color=blue"),
    )
    save_dataset(dataset, workspace / "datasets" / "my-table")
    values = {"kind": objective, "loss": "mse"}
    folder = digits_run(workspace, DENSE, values, data={"source": "my-table"})
    last = last_epoch(folder)
    archive = script_archive(folder)
    assert "GROUPS = [[2, 3, 4]]" in zipfile.ZipFile(io.BytesIO(archive)).read("train.py").decode()
    found = run_script_here(archive, tmp_path, monkeypatch)
    assert found == pytest.approx((last["train_loss"], last["val_loss"]), rel=1e-4)


def test_a_learning_rate_changed_while_the_run_was_on_is_changed_in_the_script(
    workspace: Path, tmp_path: Path, monkeypatch
):
    spec = digits_spec(*CASES["plain"])
    folder = make_run(workspace, spec)
    send(folder, "set", name="learning_rate", value=0.02)
    run_here(folder)
    last = last_epoch(folder)
    found = run_script_here(script_archive(folder), tmp_path, monkeypatch)
    assert found == pytest.approx((last["train_loss"], last["val_loss"]), rel=1e-4)
    assert "RATES" not in pytorch_script(spec, (8, 8))


def test_a_run_that_stopped_early_has_a_script_that_stops_there(workspace: Path, tmp_path: Path, monkeypatch):
    train = {"epochs": 30, "patience": 1, "learning_rate": 0.3, "batch_size": 64, "threads": 1}
    folder = digits_run(workspace, *CASES["plain"], train=train | {"device": "cpu"})
    last = last_epoch(folder)
    assert last["epoch"] < 30
    found = run_script_here(script_archive(folder), tmp_path, monkeypatch)
    assert found == pytest.approx((last["train_loss"], last["val_loss"]), rel=1e-4)


def test_the_archive_holds_no_test_rows_and_is_the_same_each_time(workspace: Path):
    folder = digits_run(workspace, *CASES["plain"])
    archive = script_archive(folder)
    assert archive == script_archive(folder)
    files = zipfile.ZipFile(io.BytesIO(archive))
    data = np.load(io.BytesIO(files.read("data.npz")))
    used = set(data["train"].tolist()) | set(data["validation"].tolist())
    rest = sorted(set(range(len(data["x"]))) - used)
    assert len(rest) > 100
    assert data["x"][rest].max() == 0
    assert "selfsup_core" not in files.read("train.py").decode()


def test_it_is_short_and_has_no_branch_that_the_run_does_not_need():
    text = pytorch_script(make_spec({}), (28, 28))
    assert len(text.splitlines()) <= 70
    assert "codebook" not in text
    assert "head" in text
    spec = make_spec({"objective": {"kind": "variational"}})
    assert pytorch_script(spec, (28, 28)).count("head = ") == 1, "the point head is not left in"


def test_a_name_cannot_become_code():
    spec = make_spec({"name": '"""\nimport os; os.abort()\n"""\\'})
    compiled = compile(pytorch_script(spec, (8, 8)), "train.py", "exec")
    assert compiled.co_names[0] != "os"
    assert "import os; os.abort()" in compiled.co_consts[0], "it stays inside the docstring"
    assert compile(pytorch_script(make_spec({"name": "a\x00b"}), (8, 8)), "train.py", "exec")
