"""Whether learning from views helped, in words, "no" included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from selfsup_core.evaluate.benefit import (
    ALL,
    LEAST_DRAWS,
    Benefit,
    Compared,
    Interval,
    Judged,
    Method,
    Outcome,
    Point,
)
from selfsup_core.pseudo.audit import Verdict
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import local, percent

INLINE: dict[Method, str] = {
    "probe": tr_later("the learned encoder (linear probe)"),
    "finetuned": tr_later("the learned encoder (fine-tuned)"),
    "scratch": tr_later("its supervised twin"),
    "untrained": tr_later("the pretrained network before the run (linear probe)"),
    "autoencoder": tr_later("an autoencoder's code"),
    "pca": "PCA",
    "raw": tr_later("the raw input"),
}
ENDS: dict[Outcome, str] = {
    "gain": tr_later("a gain"),
    "loss": tr_later("a loss"),
    "none": tr_later("no clear difference"),
}


def say_labels(counts: Sequence[int]) -> str:
    """ "1, 2 and 5 labels per class", "1 label per class", "5 labels per class and all labels"."""
    words = [local(f"{n:,}") for n in counts if n != ALL]
    few = ""
    if words:
        said = (
            words[0]
            if len(words) == 1
            else tr("{words} and {words_2}").format(words=", ".join(words[:-1]), words_2=words[-1])
        )
        few = (tr("{said} label per class") if words == ["1"] else tr("{said} labels per class")).format(
            said=said
        )
    return tr(" and ").join(filter(None, (few, tr("all labels") if ALL in counts else "")))


FEW_DRAWS = f"An interval, and a verdict, need {LEAST_DRAWS} draws of labels or more"


def say_share(point: Point) -> str:
    """ "61.2% (58.2 to 64.2)" with the interval, or with each draw: "61.2% (60.0 and 62.4)"."""
    return f"{percent(point['accuracy'], 1)} ({say_spread(point['interval'], point['draws'])})"


def say_difference(found: Compared) -> str:
    """ "+6.1 points (+2.0 to +10.2)", or with the draws."""
    spread = say_spread(found["interval"], found["draws"], sign="+")
    return tr("{difference:+.1f} points ({spread})").format(
        difference=100 * found["difference"], spread=spread
    )


def say_spread(interval: Interval | None, draws: Sequence[float] = (), *, sign: str = "") -> str:
    """The ends of an interval, or each draw where there is none, in percent."""
    if interval:
        low, high = (local(f"{100 * end:{sign}.1f}") for end in interval)
        return tr("{low} to {high}").format(low=low, high=high)
    return tr(" and ").join(local(f"{100 * one:{sign}.1f}") for one in draws)


def say_judged(one: Judged, points: Sequence[Point]) -> str:
    """One number of labels as a sentence."""
    mine = {p["method"]: p for p in points if p["labels"] == one["labels"]}
    best, other, against = mine[one["learned"]], mine[one["rival"]], one["against"]
    message = tr(
        "With {say_labels} {inline} classifies {say_share} of the "
        "test rows correctly, {inline_2} {say_share_2}: {say_difference}."
    )
    if against["outcome"]:
        message = tr(
            "With {say_labels} {inline} classifies {say_share} of the "
            "test rows correctly, {inline_2} {say_share_2}: {end}, {say_difference}."
        )
    return message.format(
        say_labels=say_labels([one["labels"]]),
        inline=tr(INLINE[one["learned"]]),
        say_share=say_share(best),
        inline_2=tr(INLINE[one["rival"]]),
        say_share_2=say_share(other),
        end=tr(ENDS[against["outcome"]]) if against["outcome"] else "",
        say_difference=say_difference(against),
    )


def explain_spread(found: Benefit) -> str:
    """What stands in brackets behind a share."""
    if found["draws"] < LEAST_DRAWS:
        return tr("In brackets each draw of labels. {few_draws}.").format(few_draws=FEW_DRAWS)
    return tr(
        "In brackets the 95% interval, which covers other draws of labels ({draws} were made) and "
        "other test rows."
    ).format(draws=found["draws"])


def say_outcomes(outcomes: Mapping[int, Outcome]) -> str:
    """ "ahead with 1 and 2 labels per class, no clear difference with all labels" """
    words: dict[Outcome, str] = {"gain": "ahead", "loss": "behind", "none": tr("no clear difference")}
    by = {kind: [n for n, outcome in outcomes.items() if outcome == kind] for kind in words}
    return ", ".join(
        tr("{words} with {say_labels}").format(words=words[kind], say_labels=say_labels(counts))
        for kind, counts in by.items()
        if counts
    )


def judge_benefit(judged: Sequence[Judged]) -> Verdict:
    """The verdict over all numbers of labels; with too few draws for intervals, that there is none."""
    outcomes = {one["labels"]: end for one in judged if (end := one["against"]["outcome"])}
    twin = {one["labels"]: end for one in judged if (end := one["twin"]["outcome"])}
    if not outcomes:
        said = ", ".join(
            tr("{difference:+.1f} points with {say_labels}").format(
                difference=100 * one["against"]["difference"], say_labels=say_labels([one["labels"]])
            )
            for one in judged
        )
        text = tr("{few_draws}. The learned encoder against the best of the others, so far: {said}.").format(
            few_draws=FEW_DRAWS, said=said
        )
        return {"outcome": "unknown", "text": text}
    text = tr(
        "The learned encoder against the best of the others: {say_outcomes}. Against its "
        "supervised twin, the same network trained on the same labels alone: {say_outcomes_2}."
    ).format(say_outcomes=say_outcomes(outcomes), say_outcomes_2=say_outcomes(twin))
    found = set(outcomes.values())
    if "gain" in found:
        word = tr("It helped") if found == {"gain"} else tr("It helped, but not everywhere")
        return {"outcome": "helped", "text": f"{word}. {text}"}
    if "loss" in found:
        return {"outcome": "hurt", "text": tr("No, it did not help. {text}").format(text=text)}
    return {
        "outcome": "no difference",
        "text": tr("No gain is seen with these labels and test rows. {text}").format(text=text),
    }


def title_of(labels: int) -> str:
    return tr("all") if labels == ALL else local(f"{labels:,}")
