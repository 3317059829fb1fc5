"""Full Fashion-MNIST, convolutional, 32 numbers, ten epochs on two threads; the same network in pythae's AE
and VAE beside it.

One network, one batch size and learning rate, the same rows; MSE and 5-NN accuracy are taken on test rows,
which neither sees. The variational pair has pythae's bound: Gaussian with variance 1, no warm-up.
"""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.family import mean_sd, run, state_seconds
from benchmarks.others import HOW
from benchmarks.size import is_toy, python_with, sized
from benchmarks.table import Row, left_out
from benchmarks.throughput import run_code

SEEDS = sized((0, 1, 2), (0,))
THREADS, BATCH, RATE, EPOCHS = sized(2, 1), 128, 0.002, sized(10, 1)
# At toy size made-up images of the same shape.
SOURCE = sized("fashion-mnist", "made-up")
OUR_COLUMNS = ("test_mse", "knn_accuracy", "seconds")
THEIR_COLUMNS = tuple(f"pythae_{name}" for name in OUR_COLUMNS)
COLUMNS = OUR_COLUMNS + THEIR_COLUMNS
SPEC: dict[str, Any] = {
    "data": {"source": SOURCE},
    "model": {"kind": "convolutional", "channels": [16, 32], "code": 32},
    "train": {
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "learning_rate": RATE,
        "threads": THREADS,
        "device": "cpu",
    },
}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "AE": {"kind": "reconstruction", "loss": "mse"},
    "VAE": {"kind": "variational", "loss": "mse", "variance": 1.0, "warmup_epochs": 0},
}
PYTHAE = """
import sys, time, json, tempfile, logging, numpy as np, torch
logging.disable(logging.CRITICAL)
from torch import nn
from pythae.models import AE, AEConfig, VAE, VAEConfig
from pythae.models.nn import BaseEncoder, BaseDecoder
from pythae.models.base.base_utils import ModelOutput
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.data.datasets import BaseDataset
arrays, out, kind, seed, threads, batch, rate, epochs = sys.argv[1:]
torch.set_num_threads(int(threads)); torch.manual_seed(int(seed))
data = np.load(arrays)
x = torch.from_numpy(data["x"]).float().div_(255).reshape(-1, 1, 28, 28)
train, test = torch.from_numpy(data["train"]), torch.from_numpy(data["test"])
class Encoder(BaseEncoder):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.mean, self.log_variance = nn.Linear(1568, 32), nn.Linear(1568, 32) if kind == "VAE" else None
    def forward(self, x):
        h = self.net(x)
        if kind == "AE":
            return ModelOutput(embedding=self.mean(h))
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_variance(h))
class Decoder(BaseDecoder):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(32, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 16, 3, 2, 1, 1), nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 3, 2, 1, 1), nn.Sigmoid())
    def forward(self, z):
        return ModelOutput(reconstruction=self.net(z))
Model, Config = {"AE": (AE, AEConfig), "VAE": (VAE, VAEConfig)}[kind]
model = Model(Config(input_dim=(1, 28, 28), latent_dim=32), Encoder(), Decoder())
config = BaseTrainerConfig(output_dir=tempfile.mkdtemp(), num_epochs=int(epochs),
    per_device_train_batch_size=int(batch), per_device_eval_batch_size=int(batch), learning_rate=float(rate),
    optimizer_cls="Adam", no_cuda=True, seed=int(seed))
dataset = BaseDataset(x[train], torch.zeros(len(train)))
trainer = BaseTrainer(model=model, train_dataset=dataset, training_config=config)
began = time.perf_counter()
trainer.train()
seconds = time.perf_counter() - began
model = model.eval()
with torch.inference_mode():
    codes = torch.cat([model.encoder(part).embedding for part in x.split(1000)])
    rebuilt = torch.cat([model.decoder(part).reconstruction for part in codes[test].split(1000)])
    mse = float((rebuilt.reshape(len(test), -1) - x[test].reshape(len(test), -1)).square().mean())
np.save(out, codes.numpy())
print(json.dumps({"seconds": seconds, "mse": mse}))
"""


def ours(workspace: Path, kind: str, seed: int) -> tuple[float, float, float]:
    """(test MSE, 5-NN accuracy on test rows, seconds of the whole run with everything recorded)."""
    import torch

    from selfsup_core.inspection.model_at import RunKit
    from selfsup_core.runs.spec import make_spec

    folder = run(workspace, make_spec(SPEC | {"objective": OBJECTIVES[kind]}, {"seed": seed}))
    kit = RunKit(folder)
    at, data = kit.at(None), kit.data
    test = data.values(data.rows(data.split.test))
    parts = np.array_split(np.arange(len(data.y)), 70)
    with torch.inference_mode():
        codes = torch.cat([at.model.encode(data.values(data.rows(part))) for part in parts])
        mse = float((at.model.decode(at.model.encode(test)) - test).square().mean())
    save_rows(workspace, data)
    return mse, neighbors(codes.numpy(), data), state_seconds(folder)


def save_rows(workspace: Path, data: Any) -> None:
    """What the other library trains on: the same images and rows."""
    if not (workspace / "rows.npz").exists():
        x = (data.values(data.rows(np.arange(len(data.y)))).numpy() * 255).round().astype(np.uint8)
        np.savez(workspace / "rows.npz", x=x, train=data.split.train, test=data.split.test)


def neighbors(codes: np.ndarray, data: Any) -> float:
    import torch

    from selfsup_core.evaluate.neighbors import knn_accuracy

    split, y = data.split, torch.from_numpy(data.y.astype(np.int64))
    known, queries = torch.from_numpy(codes[split.train]), torch.from_numpy(codes[split.test])
    return float(knn_accuracy(queries, y[split.test], known, y[split.train]))


def theirs(workspace: Path, python: str, data: Any, kind: str, seed: int) -> tuple[float, ...]:
    out = workspace / f"{kind}-{seed}.npy"
    arguments = (str(workspace / "rows.npz"), str(out), kind, *map(str, (seed, THREADS, BATCH, RATE, EPOCHS)))
    found = run_code(PYTHAE, *arguments, python=python)
    return found["mse"], neighbors(np.load(out), data), found["seconds"]


def words(found: list[tuple[float, ...]]) -> str:
    mse, accuracy, seconds = ([row[i] for row in found] for i in range(3))
    return f"{mean_sd(mse)}, {mean_sd(accuracy, 3)}, {mean_sd(seconds, 0)} s"


def figures(found: list[tuple[float, ...]], columns: tuple[str, ...]) -> dict[str, float]:
    """Means over the seeds."""
    return {name: float(np.mean([row[i] for row in found])) for i, name in enumerate(columns)}


def measure() -> list[Row]:
    from selfsup_core.data.sources import SOURCES
    from selfsup_core.inspection.model_at import RunKit
    from selfsup_core.runs.folder import RunFolder

    if is_toy():
        importlib.import_module("benchmarks.made_up")  # registers the images
    if missing := SOURCES[SOURCE].missing():
        return [left_out("full Fashion-MNIST", missing, COLUMNS)]
    python, rows = python_with("pythae"), []
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        found: dict[str, list[tuple[float, ...]]] = {}
        data = None
        for seed in SEEDS:
            for kind in list(OBJECTIVES)[: sized(None, 1)]:
                found.setdefault(f"{kind}, ours", []).append(ours(workspace, kind, seed))
                if python:
                    data = data or RunKit(RunFolder(next((workspace / "runs").iterdir()))).data
                    found.setdefault(f"{kind}, pythae", []).append(
                        theirs(workspace, python, data, kind, seed)
                    )
    for label, results in found.items():
        columns = THEIR_COLUMNS if label.endswith("pythae") else OUR_COLUMNS
        title = f"{SOURCES[SOURCE].title}, {label}: test MSE, 5-NN, seconds"
        rows.append(Row(title, words(results), figures=figures(results, columns)))
    if not python:
        rows.append(left_out("the same network in pythae", f"not installed; {HOW}", THEIR_COLUMNS))
    return rows
