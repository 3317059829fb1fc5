"""Branches: a new run that goes on from an epoch of another one, with the same or with changed settings.

A branch gets the parent's rows, frames and weights up to that epoch. From a checkpoint it goes on as a run
that is resumed, so an unchanged branch computes on the CPU what its parent has computed, bit for bit. Of an
epoch without a checkpoint the kept weights are taken: they are in half precision, and the optimizer begins
anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import MOST_WEIGHTS, read_file, read_json, sha256
from selfsup_core.runs.folder import RunFolder, encode_row, list_states, read_rows, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import RunSpec, digest_of, known_settings, make_spec, read_spec, value_at
from selfsup_core.runs.thinned import early_path, frame_path, list_early, list_frames
from selfsup_core.translation import tr

MOST_NAME = 120
FILES = ("tensors.safetensors", "state.json")  # of a checkpoint, as in train/checkpoint.py
# Tasks that can go on from weights alone; others have more in their state than a network.
FROM_WEIGHTS = ("autoencoder", "language", "classify")
# What the network, its optimizer's memory and the position in the data belong to.
FIXED = ("data.", "model.", "objective.kind", "seed", "train.steps_per_epoch", "train.batch_size")


@dataclass(frozen=True)
class Start:
    """The end of an epoch from which a run can go on.

    Attributes:
        step: steps that are done there. path: of the checkpoint; None where only weights are kept.
    """

    epoch: int
    step: int
    path: Path | None


class Node(TypedDict):
    """A run in a tree of branches. at: the epoch of its parent that it goes on from; None of the first."""

    run: str
    name: str
    status: str
    at: int | None
    depth: int


def list_starts(folder: RunFolder) -> list[Start]:
    """Where a run can be branched, in the order of its epochs."""
    found = {}
    if read_state(folder)["task"] in FROM_WEIGHTS:
        steps = {row["epoch"]: row["step"] for row in read_rows(folder.metrics) if row["kind"] == "epoch"}
        kept = [epoch for epoch in list_frames(folder.weights) if epoch in steps]
        found = {epoch: Start(epoch, steps[epoch], None) for epoch in kept if epoch > 0}
    for path in sorted(folder.checkpoints.glob("step-*")):
        if position := read_position(path):
            epoch, index, step = position
            if index == 0:
                found[epoch] = Start(epoch, step, path)
    return [found[epoch] for epoch in sorted(found)]


def read_position(checkpoint: Path) -> tuple[int, int, int] | None:
    """(epoch, rows done in the next one, step) of a checkpoint; None where it is damaged."""
    try:
        state: Any = read_json(checkpoint / "state.json")
        loop = dict(dict(state["$items"])["loop"]["$items"])
        position = dict(loop["position"]["$items"])
        epoch, index, step = (int(position[name]) for name in ("epoch", "index", "step"))
    except (KeyError, TypeError, ValueError, OSError):
        return None
    return epoch, index, step


def find_start(folder: RunFolder, epoch: int | None) -> Start:
    """The place at the end of an epoch; the newest one if none is given.

    Raises:
        RunError: nothing is kept of that epoch; the epochs of which something is kept are told.
    """
    starts = list_starts(folder)
    if not starts:
        raise RunError(
            tr("The run {id!r} keeps no checkpoint or weights of an epoch, so it cannot be branched.").format(
                id=folder.id
            ),
            code="no-start",
            remedy=tr("Let it train on, or repeat it."),
        )
    if epoch is None:
        return starts[-1]
    for start in starts:
        if start.epoch == epoch:
            return start
    known = ", ".join(str(start.epoch) for start in starts)
    raise RunError(
        tr("The run {id!r} keeps no checkpoint or weights of epoch {epoch}.").format(
            id=folder.id, epoch=epoch
        ),
        code="no-start",
        remedy=tr("Epochs to go on from: {known}.").format(known=known),
    )


def branch(
    folder: RunFolder,
    epoch: int | None = None,
    changes: Mapping[str, object] | None = None,
    *,
    submission: str = "",
    owner: str = "",
) -> RunFolder:
    """Queue a run that goes on from an epoch of another one.

    Args:
        epoch: the newest that is kept if not given.
        changes: settings by their paths; those of data, network and objective's kind stay.
        submission: the same one again gives the same run.

    Raises:
        RunError: nothing is kept of this epoch, or it is damaged. SettingError: a setting cannot be
        changed in a branch, or its value is not allowed.
    """
    start = find_start(folder, epoch)
    spec, state = read_spec(folder.spec), read_state(folder)
    made = branched_spec(spec, start, dict(changes or {}), state["name"])
    kept = [start.path] if start.path else []
    kept += [one for one in folder.checkpoints.glob("best-*") if one.name <= f"best-{start.epoch:06d}"]
    files = {path.name: checkpoint_for(path, made) for path in kept}

    def fill(path: Path) -> None:
        copy_past(folder, RunFolder(path), start, keeps_rate=not changes_rate(spec, made))
        for checkpoint, contents in files.items():
            target = path / "checkpoints" / checkpoint
            target.mkdir(parents=True)
            for name, data in contents.items():
                (target / name).write_bytes(data)

    past: dict[str, Any] = {
        "parent": folder.id,
        "branched_at": start.epoch,
        "epoch": start.epoch,
        "step": start.step,
        "steps_per_epoch": state["steps_per_epoch"],
        "baseline": state["baseline"],
        "seconds": seconds_at(folder, start.step),
    }
    return submit(
        folder.workspace,
        made,
        owner=owner or state["owner"],
        preset=state["preset"],
        submission=submission,
        past=past,
        fill=fill,
    )


def branched_spec(spec: RunSpec, start: Start, changes: dict[str, object], name: str) -> RunSpec:
    """The spec of a branch. Raises SettingError when a setting cannot be changed in one."""
    if "name" not in changes:
        said = [f"{path.split('.')[-1].replace('_', ' ')} {value}" for path, value in changes.items()]
        words = " · ".join(
            [name.split(" · from epoch ")[0], tr("from epoch {epoch}").format(epoch=start.epoch), *said]
        )
        changes["name"] = words[:MOST_NAME]
    made = make_spec(spec.as_dict(), changes)
    for path, setting in {**known_settings(spec), **known_settings(made)}.items():
        if path.startswith(FIXED) and value_at(spec, path) != value_at(made, path):
            raise SettingError(
                tr(
                    "{title} ({path}) cannot be changed in a branch: the network that goes on was made "
                    "with it."
                ).format(title=setting.title, path=path),
                remedy=tr("Start a new run instead."),
            )
    if start.path and bool(spec.train.weight_decay) != bool(made.train.weight_decay):
        raise SettingError(
            tr(
                "Weight decay (train.weight_decay) cannot be switched on or off in a branch: the optimizer's "
                "memory has another form then."
            ),
            remedy=tr("Start a new run instead."),
        )
    if made.train.epochs <= start.epoch:
        raise SettingError(
            tr(
                "Epochs (train.epochs) must be above {epoch}, from which the branch goes on; found {epochs}."
            ).format(epoch=start.epoch, epochs=made.train.epochs),
            remedy=tr("Add --set train.epochs={epoch}.").format(epoch=start.epoch + max(1, start.epoch // 2)),
        )
    return made


def checkpoint_for(path: Path, spec: RunSpec) -> dict[str, bytes]:
    """The files of a checkpoint, as those of a run with another spec. Raises RunError when it is damaged."""
    manifest: Any = read_json(path / "manifest.json")
    try:
        files = {name: read_file(path / name, MOST_WEIGHTS) for name in FILES}
        is_whole = all(sha256(data) == manifest["files"][name] for name, data in files.items())
        belongs = {**manifest["belongs"], "spec": digest_of(spec.as_dict())}
    except (OSError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise RunError(
            tr("The checkpoint {name} is damaged.").format(name=path.name),
            code="damaged-checkpoint",
            remedy=tr("Branch from another epoch."),
        )
    return {**files, "manifest.json": json.dumps({**manifest, "belongs": belongs}).encode()}


def seconds_at(folder: RunFolder, step: int) -> float:
    """How long a run had trained at a step."""
    times = [row.get("seconds", 0.0) for row in read_rows(folder.metrics) if row["step"] <= step]
    return float(times[-1]) if times else 0.0


def changes_rate(spec: RunSpec, made: RunSpec) -> bool:
    return spec.train.learning_rate != made.train.learning_rate


def copy_past(parent: RunFolder, child: RunFolder, start: Start, *, keeps_rate: bool) -> None:
    """What the parent has written up to the start.

    Args:
        keeps_rate: whether learning rates that were changed by hand hold for the branch.
    """
    for name in ("metrics.jsonl", "changes.jsonl"):
        rows = [row for row in read_rows(parent.path / name) if row["step"] <= start.step]
        if not keeps_rate:
            rows = [row for row in rows if row.get("name") != "learning_rate"]
        if rows:
            (child.path / name).write_bytes(b"".join(encode_row(row) for row in rows))
    for name in ("frames", "weights"):
        source, target = parent.path / name, child.path / name
        kept = [frame_path(source, epoch) for epoch in list_frames(source) if epoch <= start.epoch]
        kept += [early_path(source, step) for step in list_early(source)]
        kept += [source / f"{name}.safetensors" for name in ("static", "thumbnails")]
        if source.is_dir():
            target.mkdir()
        for path in kept:
            if path.is_file():
                shutil.copyfile(path, target / path.name)


def lineage(workspace: Path, run: str) -> list[Node]:
    """The tree of branches that a run belongs to, each below its parent; the run alone without any.

    A parent that was deleted ends the way up.
    """
    states = {state["run"]: state for state in list_states(workspace)}
    if run not in states:
        return []
    top, seen = run, {run}
    while (above := states[top].get("parent", "")) in states and above not in seen:
        top = above
        seen.add(top)
    children: dict[str, list[str]] = {}
    for name, state in states.items():
        children.setdefault(state.get("parent", ""), []).append(name)
    found: list[Node] = []
    waiting = [(top, 0)]
    shown: set[str] = set()
    while waiting:
        name, depth = waiting.pop()
        if name in shown:
            continue  # a folder that somebody has changed may lead in a circle
        shown.add(name)
        state = states[name]
        at = state.get("branched_at") if state.get("parent") else None
        found.append(
            {"run": name, "name": state["name"], "status": state["status"], "at": at, "depth": depth}
        )
        waiting += [(child, depth + 1) for child in sorted(children.get(name, []), reverse=True)]
    return found
