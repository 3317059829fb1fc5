"""Which combinations a sweep tries, and the spec of each of its runs: the same from the same sweep.yaml."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfsup_core.errors import SettingError
from selfsup_core.runs.spec import MOST_NAME, RunSpec, make_spec
from selfsup_core.runs.sweeps.config import MOST_RUNS, SweepConfig
from selfsup_core.runs.sweeps.values import Varied, read_varied, tidy
from selfsup_core.translation import tr
from selfsup_core.wording import inline

MOST_DRAWS = 100  # for a combination that is new and that can be trained

Point = dict[str, Any]  # path → value, as a spec has it


@dataclass(frozen=True)
class Plan:
    """A sweep with its settings read.

    Attributes:
        points: the combinations; of Optuna those that it has proposed so far.
        total: how many combinations there will be at most.
    """

    spec: RunSpec
    config: SweepConfig
    varied: tuple[Varied, ...]
    points: tuple[Point, ...]
    total: int

    @property
    def runs(self) -> int:
        """Runs in all."""
        return self.total * self.config.seeds

    def order(self) -> list[tuple[int, int]]:
        """(place of the combination, seed), in the order in which they are trained.

        Seed by seed, so that a first comparison is there early; Optuna needs all seeds of a combination.
        """
        points, seeds = range(len(self.points)), range(self.config.seeds)
        if self.config.method == "optuna":
            return list(itertools.product(points, seeds))
        return [(point, seed) for seed in seeds for point in points]

    def spec_of(self, point: Mapping[str, Any], seed: int) -> RunSpec:
        return trial_spec(self.spec, self.varied, point, seed)

    def say(self, point: Mapping[str, Any]) -> str:
        return say_point(self.varied, point)


def read_plan(spec: RunSpec, config: SweepConfig, proposed: Sequence[Point] = ()) -> Plan:
    """What a sweep trains.

    Args:
        proposed: what Optuna has proposed so far.

    Raises:
        SettingError: a setting cannot be varied so, a combination cannot be trained, or the runs are too
        many.
    """
    varied = tuple(read_varied(spec, config.vary))
    most = combinations(varied, is_grid=config.method == "grid")
    total = int(most if config.method == "grid" else min(most, config.trials))
    if total * config.seeds > MOST_RUNS:
        raise SettingError(
            tr("{total} combinations with {seeds} seeds are {runs} runs; at most {most} are trained.").format(
                total=total, seeds=config.seeds, runs=total * config.seeds, most=MOST_RUNS
            ),
            remedy=tr("Use fewer values or seeds, or draw combinations at random."),
        )
    if config.method == "grid":
        points = grid(spec, varied)
    elif config.method == "random":
        points = draw(spec, varied, total, config.seed)
    else:
        points = list(proposed)
    return Plan(spec, config, varied, tuple(points), len(points) if config.method == "random" else total)


def combinations(varied: Sequence[Varied], *, is_grid: bool) -> float:
    """How many there are; without end where a range is drawn from."""
    return math.prod(
        float(len(one.values)) if is_grid or not one.is_range else float(whole_numbers(one)) for one in varied
    )


def whole_numbers(one: Varied) -> float:
    """How many values a range has that is drawn from."""
    return (
        one.high - one.low + 1 if one.is_whole and one.low is not None and one.high is not None else math.inf
    )


def grid(spec: RunSpec, varied: Sequence[Varied]) -> list[Point]:
    """Every combination. Raises SettingError for one that cannot be trained."""
    paths = [one.path for one in varied]
    points = [
        dict(zip(paths, values, strict=True)) for values in itertools.product(*(v.values for v in varied))
    ]
    for point in points:
        require_trainable(spec, varied, point)
    return points


def require_trainable(spec: RunSpec, varied: Sequence[Varied], point: Point) -> None:
    try:
        make_spec(spec.as_dict(), point)
    except SettingError as error:
        raise SettingError(
            tr("{point} cannot be trained: {message}").format(
                point=say_point(varied, point), message=error.message
            ),
            remedy=error.remedy or tr("Leave a value out, or draw combinations at random."),
        ) from error


def draw(spec: RunSpec, varied: Sequence[Varied], count: int, seed: int) -> list[Point]:
    """`count` different combinations that can be trained; fewer where there are no more.

    Raises:
        SettingError: none can be trained.
    """
    generator = random.Random(seed)
    points: list[Point] = []
    misses = 0
    while len(points) < count and misses < MOST_DRAWS:
        point = {one.path: draw_value(one, generator) for one in varied}
        if point in points or not is_trainable(spec, point):
            misses += 1
            continue
        points.append(point)
        misses = 0
    if not points:
        require_trainable(spec, varied, {one.path: one.values[0] for one in varied})
    return points


def draw_value(one: Varied, generator: random.Random) -> Any:
    if one.low is None or one.high is None:
        return one.values[generator.randrange(len(one.values))]
    share = generator.random()
    value = one.low * (one.high / one.low) ** share if one.is_log else one.low + (one.high - one.low) * share
    return tidy(one.setting, value, one.low, one.high)


def is_trainable(spec: RunSpec, point: Point) -> bool:
    try:
        make_spec(spec.as_dict(), point)
    except SettingError:
        return False
    return True


def trial_spec(spec: RunSpec, varied: Sequence[Varied], point: Mapping[str, Any], seed: int) -> RunSpec:
    """The spec of one run, as fast as it goes.

    Args:
        seed: counted from 0.
    """
    title = f" · {say_point(varied, point)} · seed {seed + 1}"
    changes = {
        **point,
        "seed": spec.seed + seed,
        "train.epochs_per_second": 0.0,
        "name": f"{spec.name[: max(0, MOST_NAME - len(title))]}{title}"[:MOST_NAME],
    }
    return make_spec(spec.as_dict(), changes)


def say_point(varied: Sequence[Varied], point: Mapping[str, Any]) -> str:
    """ "learning rate 0.003 · batch size 64" """
    return " · ".join(f"{inline(one.setting.title)} {one.say(point[one.path])}" for one in varied)
