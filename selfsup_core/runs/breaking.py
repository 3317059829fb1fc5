"""Break it: a run of learning from views again, with one safeguard of its objective taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfsup_core.errors import SettingError, StudioError
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.two_views import COLLAPSING, Break, Expected, TwoViews, TwoViewsConfig
from selfsup_core.runs.folder import list_states, open_run
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.translation import tr
from selfsup_core.wording import inline

JOIN = " · "
# Objectives and breaks by which others show what a collapse is. On Fashion 5k SimSiam without stop-gradient
# has an effective rank of 1.6 of 128 after 15 epochs (with it 12.1); map, spectrum and linear probe show it
# too. VICReg without variance term is one point from the first epoch on (standard deviation 0.03 after
# six, with it 0.53); directions and map, which do not see the scale, look sound.
SHOWN_BY = (("simsiam", "stop-gradient"), ("vicreg", "variance"))
Others = Sequence[tuple[str, RunSpec]]  # runs by id


def breaks_of(spec: RunSpec) -> Mapping[str, Break]:
    """Name → safeguard that the run's objective has and that is on; {} of other tasks."""
    kind = OBJECTIVES[spec.objective.kind]
    if not issubclass(kind, TwoViews):
        return {}
    objective: TwoViews[Any] = kind(spec.objective)
    return {name: one for name, one in objective.breaks.items() if not objective.is_broken(one)}


def missing_of(spec: RunSpec) -> list[Break]:
    """Safeguards of the run's objective that are off."""
    kind = OBJECTIVES[spec.objective.kind]
    if not issubclass(kind, TwoViews):
        return []
    intact = breaks_of(spec)
    return [one for name, one in kind.breaks.items() if name not in intact]


def with_break(spec: RunSpec, name: str) -> RunSpec:
    """The same run, seed included, without a safeguard.

    Raises:
        SettingError: the objective has no such safeguard, or it is off already.
    """
    known = breaks_of(spec)
    if name not in known:
        raise SettingError(
            tr("There is no safeguard {name!r} to take away. Known: {value}.").format(
                name=name, value=", ".join(known) or "none"
            )
        )
    title = known[name].title
    label = f"{spec.name[: 110 - len(title)]}{JOIN}{inline(title)}"
    return make_spec(spec.as_dict(), {**settings_of(known[name]), "name": label})


def settings_of(one: Break) -> dict[str, object]:
    """Path → value that takes a safeguard away."""
    return {f"objective.{name}": value for name, value in one.settings.items()}


def find_same(others: Others, spec: RunSpec) -> str:
    """The first of some runs with this recipe, whatever its name; "" where there is none."""
    wanted = without_name(spec)
    return next((run for run, other in others if without_name(other) == wanted), "")


def break_between(intact: RunSpec, broken: RunSpec) -> str:
    """Name of the one safeguard that an intact run has and another has not; "" where they differ otherwise,
    or where the first lacks a safeguard itself.
    """
    if missing_of(intact) or computed_beside_objective(intact) != computed_beside_objective(broken):
        return ""
    wanted = without_name(broken)
    return next(
        (name for name in breaks_of(intact) if without_name(with_break(intact, name)) == wanted),
        "",
    )


def find_intact(others: Others, spec: RunSpec) -> str:
    """The first of some runs with all safeguards and else the recipe of a broken one; "" for none."""
    if not missing_of(spec):
        return ""
    taken = {path: value for one in missing_of(spec) for path, value in settings_of(one).items()}
    beside, wanted = computed_beside_objective(spec), without_name(spec)
    return next(
        (
            run
            for run, other in others
            if computed_beside_objective(other) == beside
            and not missing_of(other)
            and without_name(make_spec(other.as_dict(), taken)) == wanted
        ),
        "",
    )


def intact_of(spec: RunSpec) -> RunSpec:
    """The same run, seed included, with all of its safeguards: what takes one away has its default again."""
    missing, fields = missing_of(spec), type(spec.objective).model_fields
    name = spec.name
    for one in missing:
        name = name.removesuffix(f"{JOIN}{inline(one.title)}")
    back = {f"objective.{key}": fields[key].get_default() for one in missing for key in one.settings}
    return make_spec(spec.as_dict(), {**back, "name": name})


def collapse_of_its_own(spec: RunSpec) -> Expected | None:
    """The collapse that a break of the run's objective is expected to show; None where none of them does."""
    found = [one.expected for one in breaks_of(spec).values() if one.expected in COLLAPSING]
    return found[0] if found else None


def showing_collapse(spec: RunSpec) -> list[tuple[RunSpec, Break]]:
    """The run with other objectives, each without the safeguard that keeps it from a collapse; none where
    they cannot train its network. Data, network, augmentation and seed stay.
    """
    values, found = spec.as_dict(), []
    kept = {key: value for key, value in values["objective"].items() if key in TwoViewsConfig.model_fields}
    for kind, name in SHOWN_BY:
        objective = OBJECTIVES[kind]
        if spec.model.kind in objective.networks and issubclass(objective, TwoViews):
            one = objective.breaks[name]
            changed = {**values, "objective": kept | {"kind": kind}}
            found.append((make_spec(changed, settings_of(one)), one))
    return found


def runs_like(workspace: Path, spec: RunSpec) -> Others:
    """Runs of the same data and objective with their specs, newest first."""
    found = []
    for state in sorted(list_states(workspace), key=lambda one: one["created"], reverse=True):
        if state.get("objective") != spec.objective.kind or state["source"] != spec.data.source:
            continue
        try:
            found.append((str(state["run"]), read_spec(open_run(workspace, state["run"]).spec)))
        except StudioError:
            continue  # damaged or just deleted: not a run to compare with
    return found


def without_name(spec: RunSpec) -> dict[str, object]:
    """All that decides what a run computes."""
    return {name: value for name, value in spec.as_dict().items() if name != "name"}


def computed_beside_objective(spec: RunSpec) -> dict[str, object]:
    """What `without_name` has, without the objective: the same of an intact and a broken run."""
    return {name: value for name, value in without_name(spec).items() if name != "objective"}
