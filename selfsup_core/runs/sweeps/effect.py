"""The effect of one setting of a sweep, and the rows of runs that it is computed from."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from selfsup_core.evaluate.effects import interval_margin, quantile_bins
from selfsup_core.runs.sweeps.values import Varied
from selfsup_core.translation import tr

MOST_BINS, LEAST_IN_BIN = 5, 3


class Trial(TypedDict):
    """One run. place: of its combination; status: "" while it is not there; pruned: why it was stopped early,
    else "".
    """

    place: int
    seed: int
    run: str
    status: str
    epoch: int
    epochs: int
    seconds: float
    score: float | None
    pruned: str
    reason: str


class Row(TypedDict):
    """One combination. score: mean over the finished seeds; margin: half of its 95% interval, by the
    deviation over seeds of all combinations together.
    """

    place: int
    title: str
    values: dict[str, Any]
    said: dict[str, str]
    trials: list[Trial]
    n: int
    score: float | None
    margin: float | None


class Effect(TypedDict):
    """A value of a setting, or a part of a range. x: where it stands; n: runs; left_out: runs that were
    stopped early or failed.
    """

    title: str
    x: float
    n: int
    mean: float | None
    margin: float | None
    left_out: int


class SettingEffect(TypedDict):
    """How the score depends on one setting.

    Attributes:
        is_range: whether values were drawn from a range, so that `values` are parts of it, and x is a value;
            else x is the place among the values.
        points: (x, score) of each finished run.
    """

    path: str
    title: str
    is_log: bool
    is_range: bool
    values: list[Effect]
    points: list[tuple[float, float]]


def effect_of(one: Varied, rows: Sequence[Row]) -> SettingEffect:
    """Means over all finished runs with a value, whatever their other settings and seeds.

    Of a range that is drawn from, means over parts of it with about the same number of runs.
    """
    runs = [(row["values"][one.path], trial) for row in rows for trial in row["trials"]]
    finished = [(value, trial["score"]) for value, trial in runs if trial["score"] is not None]
    is_drawn = one.is_range and any(key(value) not in map(key, one.values) for value, _ in runs)
    values: list[Effect] = []
    if is_drawn:
        for places in quantile_bins([float(value) for value, _ in finished], MOST_BINS, LEAST_IN_BIN):
            mine = [finished[place] for place in places]
            low, high = one.say(mine[0][0]), one.say(mine[-1][0])
            middle = statistics.median(float(value) for value, _ in mine)
            title = low if low == high else tr("{low} to {high}").format(low=low, high=high)
            values.append(effect(title, middle, [score for _, score in mine], 0))
    else:
        for place, value in enumerate(ordered(one)):
            tried = [trial for other, trial in runs if key(other) == key(value)]
            lost = sum(bool(trial["pruned"]) or trial["status"] == "failed" for trial in tried)
            values.append(effect(one.say(value), float(place), [t["score"] for t in tried], lost))
    stands = {key(value): float(place) for place, value in enumerate(ordered(one))}
    return {
        "path": one.path,
        "title": one.setting.title,
        "is_log": one.is_log,
        "is_range": is_drawn,
        "values": values,
        "points": [
            (float(value) if is_drawn else stands[key(value)], score)
            for value, score in finished
            if score is not None and (is_drawn or key(value) in stands)
        ],
    }


def ordered(one: Varied) -> list[Any]:
    """Numbers from small to large, anything else as it was given."""
    return sorted(one.values) if all(map(is_number, one.values)) else list(one.values)


def effect(title: str, x: float, scores: Sequence[float | None], left_out: int) -> Effect:
    known = [score for score in scores if score is not None]
    return {
        "title": title,
        "x": x,
        "n": len(known),
        "mean": statistics.fmean(known) if known else None,
        "margin": interval_margin(known),
        "left_out": left_out,
    }


def key(value: Any) -> Any:
    """A list's values may come from JSON."""
    return tuple(value) if isinstance(value, (list, tuple)) else value


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
