"""A run with everything recorded ÷ Keras 3 (torch backend) `fit` and ÷ pythae's trainer: same model, data,
batch size.

They live in an environment of their own, named by BENCH_PYTHON.
"""

from __future__ import annotations

import shutil
import tempfile

from benchmarks.made_up import ROWS
from benchmarks.size import is_toy, python_with, sized
from benchmarks.table import Row, left_out, percentile, spread
from benchmarks.throughput import RUN, run_code

ROUNDS, TRAIN_ROWS = sized(2, 1), int(0.8 * ROWS)
COLUMNS = ("our_images_per_s", "over_keras", "over_pythae")
HOW = (
    "python -m venv ENV; ENV/bin/pip install torch==2.13.0; ENV/bin/pip install keras==3.15.1 pythae==0.1.2; "
    "BENCH_PYTHON=ENV/bin/python"
)
KERAS = """
import sys, time, json, numpy as np, torch, keras
torch.set_num_threads(1)
count = int(sys.argv[2])
x = np.load(sys.argv[1])[:count].reshape(count, -1).astype("float32") / 255
widths = [64, 32, 16, 32, 64]
hidden = [keras.layers.Dense(w, "relu") for w in widths]
model = keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(784, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x[:2560], x[:2560], batch_size=256, epochs=1, verbose=0)
began = time.perf_counter()
model.fit(x, x, batch_size=256, epochs=2, verbose=0)
print(json.dumps({"rate": 2 * len(x) / (time.perf_counter() - began)}))
"""
PYTHAE = """
import sys, time, json, tempfile, logging, numpy as np, torch
logging.disable(logging.CRITICAL)
from torch import nn
from pythae.models import AE, AEConfig
from pythae.models.nn import BaseEncoder, BaseDecoder
from pythae.models.base.base_utils import ModelOutput
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.data.datasets import BaseDataset
torch.set_num_threads(1)
count = int(sys.argv[2])
x = torch.from_numpy(np.load(sys.argv[1])[:count].reshape(count, -1).astype("float32") / 255)
class Encoder(BaseEncoder):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
    def forward(self, x):
        return ModelOutput(embedding=self.net(x))
class Decoder(BaseDecoder):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 784), nn.Sigmoid())
    def forward(self, z):
        return ModelOutput(reconstruction=self.net(z))
model = AE(AEConfig(input_dim=(784,), latent_dim=16), Encoder(), Decoder())
config = BaseTrainerConfig(output_dir=tempfile.mkdtemp(), num_epochs=2, per_device_train_batch_size=256,
    per_device_eval_batch_size=256, learning_rate=1e-3, optimizer_cls="Adam", no_cuda=True,
    keep_best_on_train=False)
trainer = BaseTrainer(model=model, train_dataset=BaseDataset(x, torch.zeros(len(x))), training_config=config)
began = time.perf_counter()
trainer.train()
print(json.dumps({"rate": 2 * len(x) / (time.perf_counter() - began)}))
"""


def measure() -> list[Row]:
    asked = {"Keras": (KERAS, python_with("keras"), 3.0), "pythae": (PYTHAE, python_with("pythae"), 2.0)}
    for _, path, _ in asked.values():
        if path and shutil.which(path) is None:
            raise FileNotFoundError(f"BENCH_PYTHON names {path}, and there is no such program")
    ratios: dict[str, list[float]] = {}
    rates, rows = [], []
    with tempfile.TemporaryDirectory() as workspace:
        if not is_toy() and any(python for _, python, _ in asked.values()):
            run_code(RUN, workspace)  # makes the data, warms the disk cache
        arrays = f"{workspace}/datasets/made-up-v1/x.npy"
        for _ in range(ROUNDS):
            ours = run_code(RUN, workspace)["whole"]
            rates.append(ours)
            for name, (code, python, _) in asked.items():
                if python is None:
                    continue
                rate = run_code(code, arrays, str(TRAIN_ROWS), python=python)["rate"]
                ratios.setdefault(name, []).append(ours / rate)
                rows.append(Row(f"  ours, {name}", f"{ours:,.0f}, {rate:,.0f} images/s"))
    middle = percentile(rates, 0.5)
    claim = "whole run with everything recorded"
    rows.append(Row(claim, f"{middle:,.0f} images/s", figures={"our_images_per_s": middle}))
    for name, (_, _, least) in asked.items():
        column = f"over_{name.lower()}"
        if name not in ratios:
            rows.append(left_out(f"  {claim} / {name}", f"it is not installed; {HOW}", (column,)))
            continue
        found = percentile(ratios[name], 0.5)
        rows.append(
            Row(
                f"{claim} / {name}",
                spread(ratios[name]),
                f"at least {least}",
                found >= least,
                {column: found},
            )
        )
    return rows
