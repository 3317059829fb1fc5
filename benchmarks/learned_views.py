"""Learning from views: does the code help with ten labels per class, what a step costs with everything
recorded, and do taken-away safeguards raise their alarm.

Each preset over seeds, everything else as it ships: a linear probe on validation rows with ten labels per
class, on the code, the raw input, PCA of the same size, the same network untrained, and an autoencoder's
code; each probe chooses how it scales its columns on training rows. Settings were chosen on seed 0 of the
split; the seeds here draw another split and other labels.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.size import sized
from benchmarks.table import Row
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec
from selfsup_core.workers.worker import Worker

SEEDS = int(os.environ.get("BENCH_SEEDS") or sized(3, 1))
LABELS = 10
PRESETS = {"views-fashion": "convolutional", "views-emoji": "emoji", "views-sound": "convolutional"}
PRESETS |= {"views-table": "dense-table", "views-text": "dense-table"}
TOY: dict[str, object] = {"train.epochs": 1, "train.steps_per_epoch": 2, "frames.samples": 40}
LEAST_SHARE = 0.95
MEASURED = ("code", "raw", "pca", "untrained", "autoencoder")
COLUMNS = (
    *(f"{name}_{part}" for name in MEASURED for part in ("mean", "sd")),
    "seconds",
    "loop_over_bare",
    "whole_over_bare",
    "alarms",
    "false_alarms",
)
# What is broken, and whether something must be seen to collapse.
BROKEN: tuple[tuple[dict[str, object], bool], ...] = (
    ({"objective.kind": "simsiam"}, False),
    ({"objective.kind": "simsiam", "objective.stop_gradient": False}, True),
    ({"objective.kind": "simsiam", "objective.predictor": False}, True),
    ({"objective.kind": "vicreg"}, False),
    ({"objective.kind": "vicreg", "objective.variance": 0.0}, True),
    ({"objective.kind": "vicreg", "objective.covariance": 0.0}, True),
    ({"objective.kind": "barlow-twins"}, False),
    ({"objective.kind": "barlow-twins", "objective.redundancy": 0.0}, True),
    ({"objective.kind": "simclr"}, False),
    ({"objective.kind": "byol"}, False),
)
BROKEN_EPOCHS = 4


def measure() -> list[Row]:
    """A row for each preset, one for the step, one for the alarms."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        presets = sized(PRESETS, {"views-table": "dense-table"})
        cases = {name: partial(probe_row, root, name, other) for name, other in presets.items()}
        cases |= {"step": partial(step_row, root), "alarms": partial(alarm_row, root)}
        only = os.environ.get("BENCH_ONLY", "")
        return [case() for name, case in cases.items() if only in name]


def trained(root: Path, spec: RunSpec) -> RunFolder:
    """A run in this process. Raises RuntimeError when it failed."""
    folder = submit(root, spec)
    withdraw(folder)
    folder.control.mkdir()
    Worker(folder).run()
    state = read_state(folder)
    if state["status"] != "finished":
        raise RuntimeError(str(state["error"]))
    return folder


def spec_of(preset: str, changes: dict[str, object]) -> RunSpec:
    return preset_spec(preset, changes | sized({}, TOY) | {"train.device": "cpu"})


def probe_row(root: Path, preset: str, autoencoder: str) -> Row:
    """Accuracies of the probe over seeds, mean ± sd."""
    found: dict[str, list[float]] = {name: [] for name in MEASURED}
    seconds = []
    data: dict[str, object] = {
        f"data.{name}": value
        for name, value in preset_spec(preset).data.model_dump().items()
        if name in ("source", "text_features")
    }
    for seed in range(1, SEEDS + 1):
        own: dict[str, object] = {"seed": seed, "data.split_seed": seed, "data.labels_per_class": LABELS}
        state = read_state(trained(root, spec_of(preset, own)))
        other = read_state(trained(root, spec_of(autoencoder, own | data)))
        metrics: dict[str, Any] = state["metrics"]
        seconds.append(state["seconds"])
        found["code"].append(metrics["probe_accuracy"])
        for name in ("raw", "pca", "untrained"):
            found[name].append(metrics[f"{name}_probe_accuracy"])
        found["autoencoder"].append(other["metrics"]["probe_accuracy"] or float("nan"))
    figures = {"seconds": float(np.mean(seconds))}
    for name, values in found.items():
        figures |= {f"{name}_mean": float(np.mean(values)), f"{name}_sd": float(np.std(values))}
    said = ", ".join(
        f"{name} {figures[f'{name}_mean']:.3f} ± {figures[f'{name}_sd']:.3f}" for name in MEASURED
    )
    others = max(figures[f"{name}_mean"] for name in MEASURED[1:])
    return Row(
        f"{preset}: probe, {LABELS} labels per class",
        f"{said}; {figures['seconds']:.0f} s a run",
        "code best",
        figures["code_mean"] > others,
        figures,
    )


def step_row(root: Path) -> Row:
    """A run's steps with everything recorded, and the whole run, against a loop without any of it."""
    source = sized("fashion-5k", "digits")
    spec = spec_of("views-fashion", {"train.epochs": sized(3, 1), "data.source": source})
    state = read_state(trained(root, spec))
    assert state["device"], "a finished run has a device"
    steps = (state["steps_per_epoch"] or 1) * spec.train.epochs
    bare = bare_rate(root, spec, steps, state["device"]["threads"])
    rate = state["samples_per_second"] or 0.0
    rows = sized(spec.train.batch_size * steps, spec.train.batch_size * 2)
    whole = rows / state["seconds"]
    figures = {"loop_over_bare": rate / bare, "whole_over_bare": whole / bare}
    return Row(
        "training step on views ÷ bare loop",
        f"{rate / bare:.2f}; the whole run, with gauges and frames, {whole / bare:.2f} of {bare:,.0f} rows/s",
        f"≥ {LEAST_SHARE:g}",
        rate / bare >= LEAST_SHARE,
        figures,
    )


def bare_rate(root: Path, spec: RunSpec, steps: int, threads: int) -> float:
    """Rows a second of SimCLR as one writes it by hand, on the same network, views and batch size."""
    import torch
    from torch.nn import functional

    from selfsup_core.augment.pipeline import two_views
    from selfsup_core.data.sources import open_source
    from selfsup_core.models.modules.encoder import ResidualBody, make_head

    config: Any = spec.objective
    channels: tuple[int, ...] = spec.model.channels  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
    data = open_source(spec.data.source, root)
    x = torch.from_numpy(np.array(data.x).reshape(len(data), -1)).float() * data.scale
    model = torch.nn.Sequential(
        ResidualBody(data.item_shape, channels), make_head((channels[-1], *config.projector))
    )
    optimizer = torch.optim.Adam(model.parameters(), spec.train.learning_rate, fused=True)
    generator, size = torch.Generator().manual_seed(0), spec.train.batch_size
    target = (torch.arange(2 * size) + size) % (2 * size)
    began = time.perf_counter()
    for step in range(steps):
        if step * size % len(x) < size:
            order = torch.randperm(len(x))
        batch = x[order[step * size % (len(x) - size) :][:size]]
        one, two = two_views(batch, config.augment, generator, data.item_shape)
        optimizer.zero_grad()
        z = functional.normalize(model(torch.cat([one, two])), dim=1)
        logits = (z @ z.T / config.temperature).fill_diagonal_(-torch.inf)
        functional.cross_entropy(logits, target).backward()
        optimizer.step()
    return size * steps / (time.perf_counter() - began)


def alarm_row(root: Path) -> Row:
    """Broken runs must be said to collapse, intact ones must not."""
    cases = sized(BROKEN, BROKEN[:2])
    right, wrong, missed = 0, 0, []
    for changes, is_broken in cases:
        epochs: dict[str, object] = {"train.epochs": BROKEN_EPOCHS, "frames.samples": 600}
        epochs |= sized({}, {"data.source": "digits"})
        folder = trained(root, spec_of("views-fashion", epochs | changes))
        rows = epoch_rows(read_rows(folder.metrics))
        codes = {sign["code"] for row in rows for sign in row.get("signs", [])}
        has_collapsed = bool(codes & {"complete-collapse", "dimensional-collapse"})
        right += has_collapsed and is_broken
        wrong += has_collapsed and not is_broken
        if has_collapsed != is_broken:
            missed.append(str(changes))
    broken = sum(is_broken for _, is_broken in cases)
    return Row(
        "collapse alarms",
        f"{right} of {broken} broken runs, {wrong} of {len(cases) - broken} intact ones {' '.join(missed)}",
        "all, and none",
        right == broken and not wrong,
        {"alarms": right / broken, "false_alarms": wrong / (len(cases) - broken)},
    )
