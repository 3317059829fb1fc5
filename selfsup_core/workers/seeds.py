"""The same recipe with other seeds: another split, other labels, other first weights; and what all of them say together.

Labels made by hand belong to one split, so a run with them is repeated on the same split: only the training differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import RunError
from selfsup_core.pseudo.audit import compare_seeds, verdict
from selfsup_core.runs.family import members
from selfsup_core.runs.folder import RunFolder, read_rows, read_state, update_state
from selfsup_core.runs.queue import LOCAL, submit
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.workers.live import epoch_rows

NAMES = ("accuracy", "twin_accuracy", "ceiling_accuracy")
MOST = 20


def keeps_split(spec: RunSpec) -> bool:
    """Whether its repetitions have the same split, since labels by hand belong to it."""
    return bool(getattr(spec.objective, "hand", ()))


def seeded(spec: RunSpec, offset: int) -> RunSpec:
    """The same spec with `offset` added to the seed and, unless it has labels by hand, to the split's seed."""
    seed, split = spec.seed + offset, spec.data.split_seed + (0 if keeps_split(spec) else offset)
    name = f"{spec.name.split(' · seed')[0]} · seed {seed}"[:120]
    return make_spec(spec.as_dict(), {"seed": seed, "data.split_seed": split, "name": name})


def start_seeds(folder: RunFolder, count: int, submission: str, owner: str = LOCAL) -> list[str]:
    """Queue what lacks of `count` seeds beside a run; ids of the new runs. The same submission gives the same runs.

    When the queue is full, what fits in is queued; asking again later queues the rest.

    Raises:
        RunError: the queue is full before the first.
    """
    state, spec = read_state(folder), read_spec(folder.spec)
    group = state.get("group") or folder.id
    if not state.get("group"):
        update_state(folder, group=group)
    there = {read_spec(m.spec).seed for m in members(folder.workspace, group)}
    made: list[str] = []
    for offset in range(1, min(count, MOST)):
        one = seeded(spec, offset)
        if one.seed in there:
            continue
        try:
            run = submit(
                folder.workspace,
                one,
                owner=owner,
                preset=state["preset"],
                group=group,
                submission=f"{submission}-{offset}",
            )
        except RunError as error:
            if error.code != "queue-full" or not made:
                raise
            break
        made.append(run.id)
    return made


def over_seeds(folder: RunFolder) -> dict[str, Any] | None:
    """Of a run's group: {"runs", "waiting", "same_split", "epochs", name → (mean, deviation) by epoch, "verdict"}; None without a group.

    The verdict is over the finished runs, of which there must be two.
    """
    group = read_state(folder).get("group", "")
    found = members(folder.workspace, group) if group else []
    if len(found) < 2:
        return None
    curves: dict[str, list[dict[int, float]]] = {name: [] for name in NAMES}
    ends: dict[str, list[float]] = {name: [] for name in NAMES}
    waiting = 0
    for member in found:
        state = read_state(member)
        if state["status"] != "finished":
            waiting += state["status"] in ("queued", "starting", "running", "paused")
            continue
        rows = epoch_rows(read_rows(member.metrics))
        for name in NAMES:
            if (end := state["metrics"].get(name)) is not None:
                curves[name].append({r["epoch"]: r[name] for r in rows if r.get(name) is not None})
                ends[name].append(end)
    said: dict[str, Any] = {"runs": len(ends["accuracy"]), "waiting": waiting, "verdict": None}
    said["same_split"] = keeps_split(read_spec(folder.spec))
    if said["runs"]:
        shared = sorted(set.intersection(*(set(c) for c in curves["accuracy"])))
        said["epochs"] = shared
        for name in NAMES:
            if curves[name]:
                values = np.array([[c[e] for e in shared] for c in curves[name]])
                said[name] = (
                    values.mean(axis=0).tolist(),
                    values.std(axis=0, ddof=min(1, len(values) - 1)).tolist(),
                )
    if said["runs"] >= 2:
        means = {name: float(np.mean(v)) for name, v in ends.items() if v}
        compared = compare_seeds(ends["accuracy"], ends["twin_accuracy"])
        said["verdict"] = verdict(
            compared, means["accuracy"], means["twin_accuracy"], means.get("ceiling_accuracy")
        )
    return said


def describe_seeds(same_split: bool) -> str:
    """What differs between the runs of a group."""
    if same_split:
        return (
            "All have the same split, since the labels by hand belong to it; only the training seed differs."
        )
    return "Each has its own split, labels and first weights."


def workspace_run(workspace: Path, run: str) -> RunFolder:
    """A run with pseudo-labels. Raises RunError when it is none."""
    from selfsup_core.runs.folder import open_run

    folder = open_run(workspace, run)
    if read_state(folder).get("task") != "pseudo":
        raise RunError(f"The run {folder.id} does not use pseudo-labels.", code="no-pseudo-labels")
    return folder
