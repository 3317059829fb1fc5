"""What Optuna decides: the next combination (TPE [1]), and whether a run is clearly worse than the others.

Its study is made anew from the finished runs each time, with a seed of its own for each combination: so the
next one depends on the sweep and its results alone, whatever was killed in between.
[1] Bergstra et al.: Algorithms for hyper-parameter optimization, 2011
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from selfsup_core.errors import StudioError
from selfsup_core.runs.sweeps.plan import MOST_DRAWS, Plan, Point, draw, is_trainable
from selfsup_core.runs.sweeps.values import Varied, tidy
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

WORST = 75.0  # percent of the finished runs that a run must not all be behind
LEAST_FINISHED = 4  # runs, before one is stopped
LEAST_SHARE = 3  # one in so many epochs are seen first
FIRST_DRAWN = 10  # combinations at random before the first proposal, as TPE has it; fewer of a short sweep


@dataclass(frozen=True)
class Told:
    """A combination that was tried. score: mean over its seeds; None where no run has one."""

    point: Point
    score: float | None


def require_optuna() -> None:
    """Raises StudioError: the package is missing; says how to install it."""
    try:
        import optuna
    except ImportError as error:
        raise StudioError(
            tr("This needs the package {name}, which is not installed.").format(name="optuna"),
            code="missing-package",
            remedy=tr("Install it with `pip install -r requirements-sweep.txt`, or choose a grid."),
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def suggest(plan: Plan, told: Sequence[Told], *, is_higher_better: bool) -> Point | None:
    """The next combination; None where all that can be trained were tried.

    Args:
        told: what was tried, in this order.
    """
    require_optuna()
    tried = [one.point for one in told]
    for attempt in range(MOST_DRAWS):
        seed = (plan.config.seed * 1_000_003 + len(tried) * MOST_DRAWS + attempt) % 2**32
        study = study_of(plan, told, seed, is_higher_better=is_higher_better)
        asked = study.ask({one.path: distribution(one) for one in plan.varied})
        point = {one.path: as_value(one, asked.params[one.path]) for one in plan.varied}
        if point not in tried and is_trainable(plan.spec, point):
            return point
    # It keeps proposing the same: any other will do.
    others = draw(plan.spec, plan.varied, len(tried) + 1, plan.config.seed)
    return next((point for point in others if point not in tried), None)


def study_of(plan: Plan, told: Sequence[Told], seed: int, *, is_higher_better: bool) -> Study:
    import optuna
    from optuna.trial import TrialState, create_trial

    first = min(FIRST_DRAWN, max(2, plan.total // 3))
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=first)
    study = optuna.create_study(direction=direction(is_higher_better), sampler=sampler)
    distributions = {one.path: distribution(one) for one in plan.varied}
    for one in told:
        params = {varied.path: as_param(varied, one.point[varied.path]) for varied in plan.varied}
        is_known = one.score is not None and math.isfinite(one.score)
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE if is_known else TrialState.FAIL,
                value=one.score if is_known else None,
                params=params,
                distributions=distributions,
            )
        )
    return study


def direction(is_higher_better: bool) -> Literal["minimize", "maximize"]:
    return "maximize" if is_higher_better else "minimize"


def distribution(one: Varied) -> BaseDistribution:
    """Ranges as such; a list by the places of its values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if one.low is None or one.high is None:
        return CategoricalDistribution(tuple(range(len(one.values))))
    if one.is_whole:
        return IntDistribution(int(one.low), int(one.high), log=one.is_log)
    return FloatDistribution(one.low, one.high, log=one.is_log)


def as_value(one: Varied, param: Any) -> Any:
    """What a spec has for what Optuna proposes."""
    if one.low is None or one.high is None:
        return one.values[param]
    return tidy(one.setting, param, one.low, one.high)


def as_param(one: Varied, value: Any) -> Any:
    """The reverse of `as_value`."""
    if not one.is_range:
        return next(place for place, known in enumerate(one.values) if plain(known) == plain(value))
    return value


def plain(value: Any) -> Any:
    """A list and the tuple of the same values are the same, as in JSON."""
    return list(value) if isinstance(value, tuple) else value


def is_clearly_worse(
    curve: Mapping[int, float],
    others: Sequence[Mapping[int, float]],
    *,
    epochs: int,
    is_higher_better: bool,
) -> bool:
    """Whether a run may be stopped: at its newest epoch, its best value so far is in the worst quarter of
    what the finished runs had there, by Optuna's percentile pruner.

    Args:
        curve: epoch → score of the run. others: of those that are finished.
        epochs: of the whole run; a third of them is always trained.
    """
    require_optuna()
    import optuna
    from optuna.trial import TrialState, create_trial

    if not curve:
        return False
    study = optuna.create_study(direction=direction(is_higher_better))
    for one in others:
        if one:
            last = one[max(one)]
            study.add_trial(
                create_trial(state=TrialState.COMPLETE, value=last, intermediate_values=dict(one))
            )
    pruner = optuna.pruners.PercentilePruner(
        WORST, n_startup_trials=LEAST_FINISHED, n_warmup_steps=math.ceil(epochs / LEAST_SHARE)
    )
    trial = create_trial(state=TrialState.RUNNING, intermediate_values=dict(curve))
    return bool(pruner.prune(study, trial))
