"""A family: the same data, network, seed and budget through several objectives, to be looked at side by
side.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.models import MODELS
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.access import sign
from selfsup_core.runs.folder import RunFolder, list_states, read_state, update_state
from selfsup_core.runs.queue import find_submission, queue_lock, require_room, submit
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.runs.state import RunState
from selfsup_core.settings import Plain
from selfsup_core.translation import tr, tr_later

TITLES = {
    "reconstruction": tr_later("Plain"),
    "denoising": tr_later("Denoising"),
    "sparse": tr_later("Sparse"),
    "contractive": tr_later("Contractive"),
    "variational": tr_later("Variational"),
    "vector-quantized": "Vector-quantized",
    "masked": tr_later("Masked"),
}
MEMBERS = ("reconstruction", "denoising", "sparse", "variational", "vector-quantized")


class Member(TypedDict):
    """A run of a family, as a view beside the others needs it. title: of its objective, `kind`."""

    run: str
    token: str
    name: str
    title: str
    kind: str
    status: str
    epoch: int
    epochs: int


def family_specs(spec: RunSpec) -> list[RunSpec]:
    """One spec for each objective that can train this network, `spec` itself left out.

    Raises:
        RunError: this run's network is for one objective only.
    """
    fits = [kind for kind in MEMBERS if spec.model.kind in OBJECTIVES[kind].networks]
    if not fits:
        raise RunError(
            tr("The network {kind!r} fits no other objective.").format(kind=spec.model.kind),
            code="no-family",
            remedy=tr("Start from a run with a dense or convolutional network."),
        )
    made = []
    for kind in fits:
        if kind == spec.objective.kind:
            continue
        values = spec.as_dict() | {
            "objective": settings_for(kind, spec),
            "name": rename(spec, kind),
        }
        try:
            made.append(make_spec(values))
        except SettingError:
            continue  # a network that this objective cannot train, though its kind could be
    return made


def settings_for(kind: str, spec: RunSpec) -> Plain:
    """The objective's own defaults, with the loss of the run that the family is made from."""
    values: Plain = {"kind": kind}
    fields = OBJECTIVES[kind].Config.model_fields
    loss = getattr(spec.objective, "loss", None)
    if loss and "loss" in fields:
        values["loss"] = loss
    if kind == "vector-quantized":
        size = MODELS[spec.model.kind].code_size(spec.model)
        values["dimension"] = next(d for d in (4, 2, 1) if size % d == 0)
    return values


def rename(spec: RunSpec, kind: str) -> str:
    name = spec.name.split(" · ")[0]
    return f"{name} · {TITLES[kind].lower()}"[:120]


def start_family(folder: RunFolder, submission: str) -> list[str]:
    """Queue the missing members of a run's family; the same submission again gives the same runs.

    Raises:
        RunError: the queue has no room for all of them.
    """
    state, spec = read_state(folder), read_spec(folder.spec)
    group = state.get("group") or folder.id
    there = {read_spec(m.spec).objective.kind for m in members(folder.workspace, group)}
    wanted = [s for s in family_specs(spec) if s.objective.kind not in there]
    with queue_lock(folder.workspace):
        known = [find_submission(folder.workspace, f"{submission}-{s.objective.kind}") for s in wanted]
        if count := known.count(None):
            require_room(folder.workspace, state["owner"], count)
        if not state.get("group"):
            update_state(folder, group=group)
        return [
            submit(
                folder.workspace,
                one,
                owner=state["owner"],
                preset="",
                group=group,
                submission=f"{submission}-{one.objective.kind}",
            ).id
            for one in wanted
        ]


def members(workspace: Path, group: str) -> list[RunFolder]:
    """Runs of a group, in the order of the family."""
    found = [
        RunFolder(workspace / "runs" / state["run"])
        for state in list_states(workspace)
        if group and (state.get("group") == group or state["run"] == group)
    ]
    return sorted(found, key=lambda f: f.id)


def member_of(folder: RunFolder, state: RunState, *, title: str, kind: str) -> Member:
    """A run as a view beside others needs it."""
    return {
        "run": folder.id,
        "token": sign(folder.workspace, folder.id),
        "name": state["name"],
        "title": title,
        "kind": kind,
        "status": state["status"],
        "epoch": state["epoch"],
        "epochs": state["epochs"],
    }


def describe_family(folder: RunFolder) -> list[Member]:
    """[{"run", "token", "name", "title", "status", "epoch", "epochs"}, …], this run included; empty without a
    family.
    """
    group = read_state(folder).get("group", "")
    described: list[Member] = []
    for member in members(folder.workspace, group):
        try:
            state = read_state(member)
        except StudioError:
            continue  # deleted in this very moment
        kind = state.get("objective", "")
        described.append(member_of(member, state, title=TITLES.get(kind, kind), kind=kind))
    order = list(TITLES)
    return sorted(described, key=lambda m: (order.index(m["kind"]) if m["kind"] in order else 99, m["run"]))
