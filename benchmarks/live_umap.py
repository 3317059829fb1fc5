"""Training of a run while someone watches its UMAP ÷ while no one does: seconds of whole runs, in turn."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from benchmarks.served import serve
from benchmarks.size import is_toy, sized
from benchmarks.table import Row, percentile, spread
from selfsup_core.errors import StudioError
from selfsup_core.inspection.client import LabClient
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor

ROUNDS = sized(4, 1)
PRESET, SETTINGS = sized(
    ("emoji", {"train.epochs": 12, "train.threads": 1}),
    ("dense-64-32-16", {"train.epochs": 2, "data.source": "digits"}),
)
COLUMNS = ("watched_over_alone", "layouts")
ASK_SECONDS = 0.8  # as the stage does


def watch(client: LabClient, folder: RunFolder, ended: threading.Event) -> None:
    """Ask for the newest layout again and again, as a page does."""
    while not ended.wait(ASK_SECONDS):
        try:
            client.ask(Subject("run", folder.id), "umap", {})
        except StudioError:
            continue  # no epoch yet


def train(workspace: Path, client: LabClient | None) -> tuple[float, int]:
    """(seconds of training, layouts that were made)."""
    folder = submit(workspace, preset_spec(PRESET, SETTINGS))
    ensure_supervisor(workspace)
    ended = threading.Event()
    if client:
        threading.Thread(target=watch, args=(client, folder, ended), daemon=True).start()
    while read_state(folder)["status"] not in ENDED:
        time.sleep(0.05)
    ended.set()
    state = read_state(folder)
    if state["status"] != "finished":
        raise RuntimeError(f"the run has {state['status']}: {state['error']}")
    made = client.ask(Subject("run", folder.id), "umap", {}).about["made"] if client else 0
    return state["seconds"], made


def measure() -> list[Row]:
    ratios, layouts = [], []
    with serve() as served:
        client = LabClient(served.workspace, "maps")
        if not is_toy():
            train(served.workspace, client)  # what is compiled and read once
        for _ in range(ROUNDS):
            alone, _ = train(served.workspace, None)
            watched, made = train(served.workspace, client)
            ratios.append(watched / alone)
            layouts.append(made)
    ratio = percentile(ratios, 0.5)
    return [
        Row(
            "training while its UMAP is watched / alone",
            f"{spread(ratios)}, {min(layouts)} or more layouts each",
            "at most 1.05",
            ratio <= 1.05,
            {"watched_over_alone": ratio, "layouts": min(layouts)},
        )
    ]
