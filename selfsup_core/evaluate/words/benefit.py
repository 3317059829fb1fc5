"""Whether learning from views helped, in words, "no" included."""

from __future__ import annotations

from collections.abc import Sequence

from selfsup_core.evaluate.benefit import ALL, Judged, Method, Outcome, Point
from selfsup_core.pseudo.audit import Verdict
from selfsup_core.wording import percent

INLINE: dict[Method, str] = {
    "probe": "the learned encoder (linear probe)",
    "finetuned": "the learned encoder (fine-tuned)",
    "scratch": "its supervised twin",
    "untrained": "the pretrained network before the run (linear probe)",
    "autoencoder": "an autoencoder's code",
    "pca": "PCA",
    "raw": "the raw input",
}
ENDS: dict[Outcome, str] = {"gain": "a gain", "loss": "a loss", "none": "no clear difference"}


def say_labels(counts: Sequence[int]) -> str:
    """ "1, 2 and 5 labels per class", "1 label per class", "5 labels per class and all labels"."""
    words = [f"{n:,}" for n in counts if n != ALL]
    few = ""
    if words:
        said = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
        few = f"{said} label{'' if words == ['1'] else 's'} per class"
    return " and ".join(filter(None, (few, "all labels" if ALL in counts else "")))


def say_points(difference: float) -> str:
    return f"{100 * difference:+.1f} points"


def say_share(point: Point) -> str:
    """ "61.2% ± 3.0" """
    return f"{percent(point['accuracy'], 1)} ± {100 * point['margin']:.1f}"


def say_judged(one: Judged, points: Sequence[Point]) -> str:
    """One number of labels as a sentence."""
    mine = {p["method"]: p for p in points if p["labels"] == one["labels"]}
    best, other, against = mine[one["learned"]], mine[one["rival"]], one["against"]
    return (
        f"With {say_labels([one['labels']])} {INLINE[one['learned']]} classifies {say_share(best)} of the "
        f"test rows correctly, {INLINE[one['rival']]} {say_share(other)}: {ENDS[against['outcome']]} "
        f"({say_points(against['difference'])} ± {100 * against['margin']:.1f})."
    )


def say_outcomes(outcomes: dict[int, Outcome]) -> str:
    """ "ahead with 1 and 2 labels per class, no clear difference with all labels" """
    words: dict[Outcome, str] = {"gain": "ahead", "loss": "behind", "none": "no clear difference"}
    by = {kind: [n for n, outcome in outcomes.items() if outcome == kind] for kind in words}
    return ", ".join(f"{words[kind]} with {say_labels(counts)}" for kind, counts in by.items() if counts)


def judge_benefit(judged: Sequence[Judged]) -> Verdict:
    """The verdict over all numbers of labels."""
    outcomes = {one["labels"]: one["against"]["outcome"] for one in judged}
    twin = {one["labels"]: one["twin"]["outcome"] for one in judged}
    text = (
        f"The learned encoder against the best of the others: {say_outcomes(outcomes)}. Against its "
        f"supervised twin, the same network trained on the same labels alone: {say_outcomes(twin)}."
    )
    found = set(outcomes.values())
    if "gain" in found:
        word = "It helped" if found == {"gain"} else "It helped, but not everywhere"
        return {"outcome": "helped", "text": f"{word}. {text}"}
    if "loss" in found:
        return {"outcome": "hurt", "text": f"No, it did not help. {text}"}
    return {"outcome": "no difference", "text": f"No gain is seen with these labels and test rows. {text}"}


def title_of(labels: int) -> str:
    return "all" if labels == ALL else f"{labels:,}"
