"""A run with everything recorded ÷ a bare hand-written PyTorch loop on the same tensors, threads and batch
size.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from benchmarks.size import is_toy, sized
from benchmarks.table import Row, percentile, spread

ROUNDS = sized(3, 1)
COLUMNS = ("bare_images_per_s", "loop_over_bare", "whole_over_bare")
RUN = """
import sys, time, json, pathlib
import benchmarks.made_up as made_up
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.workers.worker import Worker
from selfsup_core.files import read_json
overrides = {"train." + k: v for k, v in made_up.TRAIN.items()} | {"data.source": "made-up"}
folder = submit(pathlib.Path(sys.argv[1]), preset_spec("dense-64-32-16", overrides))
withdraw(folder)
Worker(folder).run()
state = read_json(folder.state)
assert state["status"] == "finished", state["error"]
rows = 0.8 * made_up.ROWS * made_up.EPOCHS
print(json.dumps({"whole": rows / state["seconds"], "loop": state["samples_per_second"]}))
"""
BARE = """
import sys, time, json, pathlib, torch
import benchmarks.made_up as made_up
from torch import nn
from selfsup_core.data.sources import open_source
torch.set_num_threads(1)
data = open_source("made-up", pathlib.Path(sys.argv[1]))
count = int(0.8 * made_up.ROWS)
x = torch.from_numpy(data.x[:count].reshape(count, -1).copy()).float().div_(255)
sizes = [784, 64, 32, 16, 32, 64, 784]
layers = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())][:-1]
model = nn.Sequential(*layers)
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
loss_of = nn.BCEWithLogitsLoss()
began = time.perf_counter()
for epoch in range(made_up.EPOCHS):
    order = torch.randperm(len(x))
    for i in range(0, len(x), made_up.BATCH):
        batch = x[order[i : i + made_up.BATCH]]
        optimizer.zero_grad()
        loss_of(model(batch), batch).backward()
        optimizer.step()
print(json.dumps({"bare": len(x) * made_up.EPOCHS / (time.perf_counter() - began)}))
"""


def run_code(code: str, *arguments: str, python: str = sys.executable) -> dict[str, float]:
    """The JSON that a fresh interpreter prints last; quiet OpenMP, one thread. At toy size, where imports
    would take longer than the rest, our own interpreter runs it here.
    """
    environment = {
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "0",
        "OMP_NUM_THREADS": "1",
        "KERAS_BACKEND": "torch",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    if is_toy() and python == sys.executable:
        said = io.StringIO()
        with (
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", ["-c", *arguments]),
            contextlib.redirect_stdout(said),
        ):
            exec(code, {"__name__": "__main__"})
        return json.loads(said.getvalue().splitlines()[-1])
    done = subprocess.run(
        [python, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def measure() -> list[Row]:
    whole, loop, rate = [], [], []
    with tempfile.TemporaryDirectory() as workspace:
        if not is_toy():
            run_code(BARE, workspace)  # makes the data, warms the disk cache
        for _ in range(ROUNDS):
            bare = run_code(BARE, workspace)["bare"]
            ours = run_code(RUN, workspace)
            whole.append(ours["whole"] / bare)
            loop.append(ours["loop"] / bare)
            rate.append(bare)
    return [
        Row(
            "bare PyTorch loop, 1 thread, batch 256",
            f"{percentile(rate, 0.5):,.0f} images/s",
            figures={"bare_images_per_s": percentile(rate, 0.5)},
        ),
        Row("our loop / bare loop", spread(loop), figures={"loop_over_bare": percentile(loop, 0.5)}),
        Row(
            "whole run with everything recorded / bare loop",
            spread(whole),
            "at least 0.95",
            percentile(whole, 0.5) >= 0.95,
            {"whole_over_bare": percentile(whole, 0.5)},
        ),
    ]
