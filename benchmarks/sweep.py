"""A sweep of short runs against the same runs by hand, one after another: what handing them in costs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.size import sized
from benchmarks.table import Row
from selfsup_core.runs.folder import ENDED, list_states, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.sweeps.config import SweepConfig
from selfsup_core.runs.sweeps.folder import read_sweep_state, start_sweep
from selfsup_core.runs.sweeps.plan import Plan, read_plan
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from selfsup_core.workers.sweeper import begin
from selfsup_core.workers.sweeper_start import stop_sweeper

ROUNDS = sized(2, 1)
RECIPE = {"train.epochs": sized(10, 1), "data.source": sized("mnist-5k", "wine")}
VARY = sized(
    {"train.learning_rate": "3e-4,1e-3,3e-3,1e-2", "train.batch_size": "64,128"},
    {"train.learning_rate": "1e-3,3e-3"},
)
SEEDS = sized(2, 1)
POLL_SECONDS = 0.02
MOST = 1.10
COLUMNS = ("sweep_over_by_hand", "sweep_s", "by_hand_s")


def by_hand(workspace: Path, plan: Plan) -> float:
    """Seconds for all runs, each handed in when the one before has ended."""
    began = time.perf_counter()
    for place, seed in plan.order():
        folder = submit(workspace, plan.spec_of(plan.points[place], seed))
        while read_state(folder)["status"] not in ENDED:
            time.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def by_sweep(workspace: Path, plan: Plan) -> float:
    began = time.perf_counter()
    folder = start_sweep(workspace, plan.spec, plan.config)
    begin(folder)
    while read_sweep_state(folder)["status"] == "running":
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def measure() -> list[Row]:
    spec = preset_spec(sized("dense-64-32-16", "dense-table"), RECIPE)
    plan = read_plan(spec, SweepConfig(vary=VARY, seeds=SEEDS))
    swept, handed = [], []
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        ensure_supervisor(workspace)
        try:
            while not (supervisor_info(workspace) or {}).get("ready"):
                time.sleep(POLL_SECONDS)
            by_hand(workspace, read_plan(spec, SweepConfig(vary={"train.beta2": "0.99"}, seeds=1)))  # warm
            for turn in range(ROUNDS):  # in turns, since other work on the machine comes and goes
                for act, times in ((by_sweep, swept), (by_hand, handed))[:: 1 if turn % 2 else -1]:
                    times.append(act(workspace, plan))
            ended = [state["status"] for state in list_states(workspace)]
        finally:
            stop_sweeper(workspace)
            stop_supervisor(workspace)
    assert set(ended) == {"finished"}, ended
    ratio = min(swept) / min(handed)
    return [
        Row(
            f"sweep of {plan.runs} short runs / the same by hand",
            f"{ratio:.2f} ({min(swept):.1f} s and {min(handed):.1f} s, best of {ROUNDS})",
            f"at most {MOST:.2f}",
            ratio <= MOST,
            {"sweep_over_by_hand": ratio, "sweep_s": min(swept), "by_hand_s": min(handed)},
        )
    ]
