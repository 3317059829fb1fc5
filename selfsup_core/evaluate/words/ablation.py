"""Which augmentation helps, in words."""

from __future__ import annotations

from collections.abc import Sequence

from selfsup_core.evaluate.benefit import Outcome, around
from selfsup_core.evaluate.words.benefit import say_spread
from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import percent


def say_share_of(accuracy: float | None, margin: float | None) -> str:
    """ "61.2% (58.2 to 64.2)", or "–"."""
    if accuracy is None or margin is None:
        return "–"
    return f"{percent(accuracy, 1)} ({say_spread(around(accuracy, margin, least=0.0))})"


def say_difference(difference: float | None, margin: float | None) -> str:
    """ "-8.1 (-10.4 to -5.8)" in points, or "–"."""
    if difference is None or margin is None:
        return "–"
    interval = around(difference, margin, least=-1.0)
    return f"{100 * difference:+.1f} ({say_spread(interval, sign='+')})"


def judge_ablation(left_out: Sequence[tuple[str, float, Outcome]], none: tuple[float, Outcome] | None) -> str:
    """What leaving out tells.

    Args:
        left_out: title of a transformation, the difference without it (a share), and what that is.
        none: the same of no augmentation at all; None where that is not known.
    """
    by: dict[Outcome, list[tuple[float, str]]] = {"loss": [], "gain": [], "none": []}
    for title, difference, outcome in left_out:
        by[outcome].append((difference, title))
    said = []
    if by["loss"]:
        most = [
            tr("{title} ({d:.1f} points fewer without it)").format(title=title, d=-100 * d)
            for d, title in sorted(by["loss"])
        ]
        said.append(
            tr("The accuracy is earned by {enumerate_words}.").format(enumerate_words=enumerate_words(most))
        )
    if by["gain"]:
        worst = sorted(by["gain"], reverse=True)
        words = [
            tr("{title} ({d:.1f} points more without it)").format(title=title, d=100 * d)
            for d, title in worst
        ]
        said.append(
            tr("It is lowered by {enumerate_words}: try without.").format(
                enumerate_words=enumerate_words(words)
            )
        )
    if by["none"]:
        titles = enumerate_words([title for _, title in by["none"]])
        message = (
            tr("Leaving out {titles} makes no clear difference.")
            if len(by["none"]) == 1
            else tr("Leaving out any one of {titles} makes no clear difference.")
        )
        said.append(message.format(titles=titles))
    if none:
        difference, outcome = none
        ends = {
            "loss": tr("All of them together earn {difference:.1f} points.").format(
                difference=-100 * difference
            ),
            "none": tr("No augmentation at all is not clearly worse."),
            "gain": tr("No augmentation at all is better than all of it."),
        }
        said.append(ends[outcome])
    return join_sentences(said)


def enumerate_words(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    return (
        words[0]
        if len(words) == 1
        else tr("{words} and {words_2}").format(words=", ".join(words[:-1]), words_2=words[-1])
    )
