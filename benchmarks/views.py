"""Augmentation lab: from a changed switch to the drawn views, on the server; and views made per second."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.size import sized
from benchmarks.table import Row, percentile
from pages.parts.views.drawn import pictures_html, titles_of
from selfsup_core.augment.config import ImageAugmentation
from selfsup_core.augment.transformations import settings_of
from selfsup_core.inspection.client import LabClient, stop_lab
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.workspace import open_workspace

TARGET_MS = 150
REPEATS = sized(40, 3)
BATCH, BATCHES = 256, sized(40, 2)
DATA = {
    "emoji": "image",
    "fashion-5k": "image",
    "spoken-words": "sound",
    "wine": "table",
    "tang-poems": "text",
}
USUAL = {"text": {"deletion": 0.2, "swap": 0.2}}
COLUMNS = ("redraw_p95_ms", "first_ms", "usual_per_second", "all_per_second")


def redraws(client: LabClient, data: str, kind: str) -> list[float]:
    """Milliseconds from the settings to the page's HTML (of images and sounds) or to the answer."""
    found = []
    settings: dict[str, Any] = {name: s.default for name, s in settings_of(kind).items()}
    for seed in range(REPEATS):
        asked = {"settings": settings | USUAL.get(kind, {}), "seed": seed, "samples": 4, "views": 5}
        began = time.perf_counter()
        answer = client.ask(Subject("data", data), "views", asked)
        if kind in ("image", "sound"):
            about = answer.about
            titles = titles_of(about["rows"], about["labels"], about["names"])
            pictures_html(answer.arrays["values"], titles)
        found.append(1000 * (time.perf_counter() - began))
    return found


def per_second(config: ImageAugmentation) -> float:
    """Color pictures of 32 × 32, two views each, on one thread; views a second."""
    import torch

    from selfsup_core.augment.pipeline import two_views

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((BATCH, 32 * 32 * 3), generator=generator)
    times = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        two_views(x, config, generator, (32, 32, 3))
        times.append(time.perf_counter() - began)
    torch.set_num_threads(before)
    return 2 * BATCH / percentile(times, 0.5)


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder))
        client = LabClient(workspace)
        try:
            for data, kind in DATA.items():
                times = redraws(client, data, kind)
                p95 = percentile(times[1:], 0.95)
                rows.append(
                    Row(
                        f"{data}: views redrawn, p95",
                        f"{p95:.0f} ms; the first {times[0]:.0f} ms",
                        f"{TARGET_MS} ms",
                        p95 <= TARGET_MS,
                        {"redraw_p95_ms": p95, "first_ms": times[0]},
                    )
                )
        finally:
            stop_lab(workspace)
    usual = per_second(ImageAugmentation())
    everything = {"blur": 0.5, "solarize": 0.2, "rotation": 20.0, "shift": 0.1, "noise": 0.05, "cutout": 0.3}
    most = per_second(ImageAugmentation.model_validate(everything))
    figures = {"usual_per_second": usual, "all_per_second": most}
    found = f"{usual:,.0f} as by default, {most:,.0f} with every transformation on"
    rows.append(Row("views of 32 × 32 color pictures a second, one thread", found, figures=figures))
    return rows
