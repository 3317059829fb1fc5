"""Which augmentation earns it, in words."""

from __future__ import annotations

from collections.abc import Sequence

from selfsup_core.evaluate.benefit import Outcome
from selfsup_core.wording import percent


def say_share_of(accuracy: float | None, margin: float | None) -> str:
    """ "61.2% ± 3.0", or "–"."""
    if accuracy is None or margin is None:
        return "–"
    return f"{percent(accuracy, 1)} ± {100 * margin:.1f}"


def say_difference(difference: float | None, margin: float | None) -> str:
    """ "-8.1 ± 2.3" in points, or "–"."""
    if difference is None or margin is None:
        return "–"
    return f"{100 * difference:+.1f} ± {100 * margin:.1f}"


def judge_ablation(left_out: Sequence[tuple[str, float, Outcome]], none: Outcome | None) -> str:
    """What leaving out tells.

    Args:
        left_out: title of a transformation, the difference without it (a share), and what that is.
        none: what no augmentation at all is beside the whole one; None where that is not known.
    """
    if not left_out:
        return ""
    by: dict[Outcome, list[tuple[float, str]]] = {"loss": [], "gain": [], "none": []}
    for title, difference, outcome in left_out:
        by[outcome].append((difference, title))
    said = []
    if by["loss"]:
        most = ", ".join(
            f"{title} ({-100 * d:.1f} points fewer without it)" for d, title in sorted(by["loss"])
        )
        said.append(f"It is earned by {most}.")
    if by["gain"]:
        worse = ", ".join(
            f"{title} ({100 * d:.1f} points more without it)" for d, title in sorted(by["gain"])[::-1]
        )
        said.append(f"It is hurt by {worse}: try without.")
    if by["none"]:
        said.append(f"No clear difference is made by {', '.join(title for _, title in by['none'])}.")
    if none == "none":
        said.append("Even no augmentation at all is not clearly worse.")
    elif none == "gain":
        said.append("No augmentation at all is better than all of it.")
    return " ".join(said)
