"""A drawn curve beside the real one."""

from __future__ import annotations

from collections.abc import Sequence

from selfsup_core.lessons.model import Draw
from selfsup_core.translation import tr
from selfsup_core.wording import brief


def check_drawn(values: object, part: Draw) -> list[float] | None:
    """A value per epoch, kept within the axis; None for anything that is no such curve.

    Args:
        values: what the browser sends.
    """
    if not isinstance(values, (list, tuple)) or len(values) != part.epochs + 1:
        return None
    if not all(isinstance(value, (int, float)) and value == value for value in values):
        return None
    return [round(min(part.high, max(part.low, float(value))), 4) for value in values]


def mean_distance(drawn: Sequence[float], real: Sequence[tuple[int, float]]) -> float | None:
    """Mean of |drawn − real| over the epochs that both have; None where there are none."""
    both = [abs(drawn[epoch] - value) for epoch, value in real if epoch < len(drawn)]
    return sum(both) / len(both) if both else None


def say_distance(drawn: Sequence[float], real: Sequence[tuple[int, float]], part: Draw) -> str:
    distance = mean_distance(drawn, real)
    if distance is None:
        return tr("The run that drew the real curve is gone.")
    share = distance / (part.high - part.low)
    how = tr("Very close") if share < 0.05 else tr("Close") if share < 0.12 else tr("Quite different")
    return tr("{how}: on average your curve is {distance} away from the real one.").format(
        how=how, distance=brief(distance, 2)
    )
