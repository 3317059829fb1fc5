"""The same recipe with other seeds (split, labels, first weights), and the joint result of all of them.

Labels made by hand belong to one split, so a run with them is repeated on the same split: only the training
differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Required

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import RunError
from selfsup_core.evaluate.tested import read_tested
from selfsup_core.evaluate.words.few_rows import say_few_per_class
from selfsup_core.pseudo.audit import Verdict, compare_seeds, verdict
from selfsup_core.runs.family import members
from selfsup_core.runs.folder import RunFolder, read_rows, read_state, update_state
from selfsup_core.runs.queue import LOCAL, submit
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.translation import tr

Name = Literal["accuracy", "twin_accuracy", "ceiling_accuracy"]
NAMES: tuple[Name, ...] = ("accuracy", "twin_accuracy", "ceiling_accuracy")
MOST = 20
OTHERS = 5  # splits beside the run's own, where its test rows are few
TIE = 1e-9


class Band(TypedDict):
    """What pseudo-labels brought in single runs, as shares; ahead, behind: runs in which the student is
    better, or worse.
    """

    mean: float
    low: float
    high: float
    ahead: int
    behind: int
    runs: int


class Seeds(TypedDict, total=False):
    """What the runs of a group say together; of the accuracies mean and deviation at each of `epochs`."""

    runs: Required[int]
    waiting: Required[int]
    same_split: Required[bool]
    verdict: Required[Verdict | None]
    band: Required[Band | None]
    epochs: list[int]
    accuracy: tuple[list[float], list[float]]
    twin_accuracy: tuple[list[float], list[float]]
    ceiling_accuracy: tuple[list[float], list[float]]


def keeps_split(spec: RunSpec) -> bool:
    """Whether its repetitions have the same split, since labels by hand belong to it."""
    return bool(getattr(spec.objective, "hand", ()))


def seeded(spec: RunSpec, offset: int) -> RunSpec:
    """The same spec with `offset` added to the seed and, unless it has labels by hand, to the split's
    seed.
    """
    seed, split = spec.seed + offset, spec.data.split_seed + (0 if keeps_split(spec) else offset)
    name = f"{spec.name.split(' · seed')[0]} · seed {seed}"[:120]
    return make_spec(spec.as_dict(), {"seed": seed, "data.split_seed": split, "name": name})


def start_seeds(folder: RunFolder, count: int, submission: str, owner: str = LOCAL) -> list[str]:
    """Queue the runs missing from `count` seeds; returns their ids. The same submission gives the same runs.

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


def over_seeds(folder: RunFolder) -> Seeds | None:
    """What the runs of a run's group say together; None without a group.

    The verdict is over the finished runs, of which there must be two.
    """
    group = read_state(folder).get("group", "")
    found = members(folder.workspace, group) if group else []
    if len(found) < 2:
        return None
    curves: dict[Name, list[dict[int, float]]] = {name: [] for name in NAMES}
    ends: dict[Name, list[float]] = {name: [] for name in NAMES}
    waiting = 0
    for member in found:
        state = read_state(member)
        if state["status"] != "finished":
            waiting += state["status"] in ("queued", "starting", "running", "paused")
            continue
        rows = epoch_rows(read_rows(member.metrics))
        for name in NAMES:
            if (end := state["metrics"].get(name)) is not None:
                curves[name].append({r["epoch"]: value for r in rows if (value := r.get(name)) is not None})
                ends[name].append(end)
    said: Seeds = {
        "runs": len(ends["accuracy"]),
        "waiting": waiting,
        "verdict": None,
        "band": None,
        "same_split": keeps_split(read_spec(folder.spec)),
    }
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
        band = band_of(ends["accuracy"], ends["twin_accuracy"])
        together = verdict(compared, means["accuracy"], means["twin_accuracy"], means.get("ceiling_accuracy"))
        together["text"] += f" {say_band(band, same_split=said['same_split'])}"
        said |= {"band": band, "verdict": together}
    return said


def band_of(student: list[float], twin: list[float]) -> Band:
    """Accuracies of the same runs → mean and range of what pseudo-labels brought in them."""
    gain = np.asarray(student, float) - np.asarray(twin, float)
    return {
        "mean": float(gain.mean()),
        "low": float(gain.min()),
        "high": float(gain.max()),
        "ahead": int((gain > TIE).sum()),
        "behind": int((gain < -TIE).sum()),
        "runs": len(gain),
    }


def say_band(band: Band, *, same_split: bool = False) -> str:
    """The range over single runs, in words."""
    noun = "seeds" if same_split else "splits"
    if band["high"] - band["low"] < TIE:
        return tr("All {noun} say the same.").format(noun=noun)
    low, high = (round(100 * band[end], 1) + 0.0 for end in ("low", "high"))
    ahead, behind, runs = band["ahead"], band["behind"], band["runs"]
    said = tr(
        "Single {noun} range from {low:+.1f} to {high:+.1f} points: better in {ahead} of {runs}, worse in "
        "{behind}"
    ).format(noun=noun, low=low, high=high, ahead=ahead, runs=runs, behind=behind)
    equal = runs - ahead - behind
    return tr("{said}, the same in {equal}.").format(said=said, equal=equal) if equal else f"{said}."


def offer_splits(folder: RunFolder) -> str:
    """Why a finished run with pseudo-labels should be repeated with other splits; "" where its test rows are
    enough.

    Nothing is offered where they have been repeated, where labels by hand hold the split, and where no
    pseudo-label was used.
    """
    state = read_state(folder)
    said = state.get("verdict")
    if state.get("task") != "pseudo" or state["status"] != "finished":
        return ""
    if said is None or said["outcome"] == "not used":
        return ""
    group = state.get("group", "")
    if keeps_split(read_spec(folder.spec)) or (group and len(members(folder.workspace, group)) > OTHERS):
        return ""
    tested = read_tested(folder.path)
    if tested is None or "student" not in tested:
        return ""
    counts = [sum(row) for row in tested["student"]["confusion"]]
    return say_few_per_class(dict(zip(tested["classes"], counts, strict=False)))


def describe_seeds(same_split: bool) -> str:
    """What differs between the runs of a group."""
    if same_split:
        return tr(
            "All have the same split, since the labels by hand belong to it; only the training seed differs."
        )
    return tr("Each has its own split, labels and first weights.")


def workspace_run(workspace: Path, run: str) -> RunFolder:
    """A run with pseudo-labels. Raises RunError when it is none."""
    from selfsup_core.runs.folder import open_run

    folder = open_run(workspace, run)
    if read_state(folder).get("task") != "pseudo":
        raise RunError(
            tr("The run {id} does not use pseudo-labels.").format(id=folder.id), code="no-pseudo-labels"
        )
    return folder
