"""SimCLR with everything recorded ÷ lightly's transforms, loader and loss: images a second with the same
network, batch size and strengths, each on one core.

lightly lives in an environment of its own, named by BENCH_PYTHON. Where torchvision's compiled part does not
fit the build of torch there, what it would declare is declared here: no transformation needs it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.learned_views import spec_of, trained
from benchmarks.size import python_with, sized
from benchmarks.table import Row, left_out, percentile, spread
from benchmarks.throughput import run_code
from selfsup_core.data.sources import open_source
from selfsup_core.runs.folder import read_state

ROUNDS, EPOCHS, LEAST = sized(3, 1), sized(2, 1), 3.0
SOURCE = sized("fashion-5k", "digits")
COLUMNS = ("our_views_images_per_s", "over_lightly", "over_lightly_with_worker")
HOW = (
    "python -m venv ENV; ENV/bin/pip install torch==2.13.0 lightly==1.6.0 pydantic; "
    "BENCH_PYTHON=ENV/bin/python"
)
LIGHTLY = """
import json, sys, time
import numpy as np, torch
library = torch.library.Library("torchvision", "DEF")
try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    for name in ("nms", "qnms"):
        library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from lightly.loss import NTXentLoss
from lightly.transforms import SimCLRTransform
from PIL import Image
from selfsup_core.models.modules.encoder import ResidualBody, make_head

class Images(torch.utils.data.Dataset):
    def __init__(self, x, transform):
        self.x, self.transform = x, transform
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.transform(Image.fromarray(self.x[i]))

torch.set_num_threads(1)
x, epochs, workers = np.load(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
transform = SimCLRTransform(
    input_size=x.shape[1], cj_prob=1.0, cj_bright=.7, cj_contrast=.7, cj_sat=.4, cj_hue=.1, min_scale=.3,
    random_gray_scale=0, gaussian_blur=0, hf_prob=.5, normalize=None)
loader = torch.utils.data.DataLoader(
    Images(x, transform), batch_size=128, shuffle=True, drop_last=True, num_workers=workers,
    persistent_workers=workers > 0)
channels = (16, 32, 64, 128)
body = ResidualBody(x.shape[1:], channels)
model = torch.nn.Sequential(torch.nn.Flatten(), body, make_head((channels[-1], 256, 128)))
optimizer, criterion = torch.optim.Adam(model.parameters(), 2e-3), NTXentLoss(temperature=.2)
next(iter(loader))
count, began = 0, time.perf_counter()
for epoch in range(epochs):
    for one, two in loader:
        optimizer.zero_grad()
        criterion(model(one), model(two)).backward()
        optimizer.step()
        count += len(one)
print(json.dumps({"rate": count / (time.perf_counter() - began)}))
"""


def measure() -> list[Row]:
    python = python_with("lightly")
    ours, ratios, helped = [], [], []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        images = root / "images.npy"
        x = np.array(open_source(SOURCE, root).x)
        np.save(images, (x * (255 / x.max())).astype(np.uint8))
        spec = spec_of(
            "views-fashion",
            {
                "data.source": SOURCE,
                "train.epochs": EPOCHS + 1,
                "train.threads": 1,
                "objective.twin": False,
            },
        )
        for _ in range(ROUNDS):
            state = read_state(trained(root, spec))
            ours.append(state["samples_per_second"] or 0.0)
            if python is None:
                continue
            for workers, found in ((0, ratios), (1, helped)):
                rate = run_code(LIGHTLY, str(images), str(EPOCHS), str(workers), python=python)["rate"]
                found.append(ours[-1] / rate)
    claim = "SimCLR with everything recorded, on one core"
    middle = percentile(ours, 0.5)
    rows = [Row(claim, f"{middle:,.0f} images/s", figures={"our_views_images_per_s": middle})]
    if not ratios:
        return [*rows, left_out(f"{claim} / lightly", f"it is not installed; {HOW}", COLUMNS[1:])]
    found = percentile(ratios, 0.5)
    return [
        *rows,
        Row(
            f"{claim} / lightly",
            spread(ratios),
            f"at least {LEAST:g}",
            found >= LEAST,
            {"over_lightly": found},
        ),
        Row(
            "  / lightly with a process more for its loader",
            spread(helped),
            figures={"over_lightly_with_worker": percentile(helped, 0.5)},
        ),
    ]
