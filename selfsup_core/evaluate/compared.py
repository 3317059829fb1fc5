"""The metrics that runs are compared by: their titles, whether more or less is better, and what they depend
on.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from selfsup_core.translation import tr_later
from selfsup_core.wording import brief, percent

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """One metric.

    Attributes:
        better: "" where neither is: a duration, say.
        is_loss: its size depends on the objective, so only runs with the same objective can be ranked by it.
        by_token: it is counted per token, so only runs with the same tokens can be ranked by it.
    """

    name: str
    title: str
    better: Better | Literal[""] = ""
    is_loss: bool = False
    by_token: bool = False


LOSS = Measure("val_loss", tr_later("Validation loss"), "lower", is_loss=True)
TOKEN_LOSS = Measure("val_loss", tr_later("Validation loss per token"), "lower", is_loss=True, by_token=True)
KNN = Measure("knn_accuracy", tr_later("Nearest neighbors in the code"), "higher")
PROBE = Measure("probe_accuracy", tr_later("Linear classifier on the code"), "higher")
SECONDS = Measure("seconds", tr_later("Training time, s"))
MEASURES: dict[str, tuple[Measure, ...]] = {
    "autoencoder": (
        Measure("val_mse", tr_later("Error on validation samples (MSE)"), "lower"),
        KNN,
        PROBE,
        LOSS,
    ),
    "language": (
        Measure("val_bits_per_character", tr_later("Bits per character"), "lower"),
        Measure("val_token_perplexity", tr_later("Perplexity per token"), "lower", by_token=True),
        TOKEN_LOSS,
    ),
    "classify": (
        Measure("val_accuracy", tr_later("Accuracy on validation rows"), "higher"),
        Measure("val_macro_f1", tr_later("Macro-F1 on validation rows"), "higher"),
        Measure("val_ece", tr_later("Expected calibration error"), "lower"),
        LOSS,
        Measure("test_accuracy", tr_later("Accuracy on test rows, at the end"), "higher"),
    ),
    "pseudo": (
        Measure("accuracy", tr_later("Accuracy on test rows"), "higher"),
        Measure("twin_accuracy", tr_later("The same labels alone, on test rows")),
        Measure("coverage", tr_later("Share of unlabeled rows that are kept")),
    ),
    "translate": (
        Measure("val_bleu", tr_later("BLEU on validation rows"), "higher"),
        Measure("val_chrf", tr_later("chrF on validation rows"), "higher"),
        Measure("val_twin_bleu", tr_later("BLEU of the twin, on validation rows")),
        Measure("kept_share", tr_later("Share of proposals kept")),
        LOSS,
    ),
    "transcribe": (
        Measure("val_word_error_rate", tr_later("Word error rate on validation rows"), "lower"),
        Measure("val_letter_error_rate", tr_later("Letter error rate on validation rows"), "lower"),
        Measure("val_twin_word_error_rate", tr_later("Word error rate of the twin, on validation rows")),
        Measure("kept_share", tr_later("Share of proposals kept")),
        LOSS,
    ),
    "answer": (
        Measure("val_exact_match", tr_later("Exact match on validation rows"), "higher"),
        Measure("val_f1", tr_later("F1 on validation rows"), "higher"),
        Measure("val_twin_exact_match", tr_later("Exact match of the twin, on validation rows")),
        Measure("kept_share", tr_later("Share of proposals kept")),
        LOSS,
    ),
    "detect": (
        Measure("val_map50", tr_later("mAP@.5 on validation rows"), "higher"),
        Measure("val_map50_95", tr_later("mAP@[.5:.95] on validation rows"), "higher"),
        Measure("val_twin_map50", tr_later("mAP@.5 of the twin, on validation rows")),
        Measure("kept_share", tr_later("Share of proposals kept")),
        LOSS,
    ),
    "generate": (
        Measure("val_frechet", tr_later("Fréchet distance to validation images"), "lower"),
        Measure("novelty", tr_later("Distance from training images (1: as new images)")),
        LOSS,
        Measure("frechet", tr_later("Fréchet distance to test images, at the end"), "lower"),
    ),
    "views": (PROBE, KNN, Measure("rankme", tr_later("Effective rank of the code (RankMe)"), "higher"), LOSS),
}


def measures_of(tasks: Sequence[str]) -> list[Measure]:
    """The metrics that all of these tasks have, and the time."""
    lists = [MEASURES.get(task, ()) for task in dict.fromkeys(tasks)]
    common = [one for one in lists[0] if all(one in other for other in lists[1:])] if lists else []
    return [*common, SECONDS]


def best_places(values: Sequence[float | None], better: str) -> list[int]:
    """Places of the best value, several where they are equal; [] where nothing can be best."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or not better or min(known) == max(known):
        return []
    best = max(known) if better == "higher" else min(known)
    return [place for place, value in enumerate(values) if value == best]


class Spread(TypedDict):
    """A metric over seeds; sd: of the sample, with n − 1; None of a single run."""

    mean: float
    sd: float | None
    n: int


def spread_of(values: Sequence[float | None]) -> Spread | None:
    """Mean and deviation of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    sd = statistics.stdev(known) if len(known) > 1 else None
    return {"mean": statistics.fmean(known), "sd": sd, "n": len(known)}


def value_in(row: Mapping[str, object] | None, ends: Mapping[str, object], name: str) -> float | None:
    """A metric of an epoch's row; one that is measured at the end only, from there."""
    found = (row or {}).get(name)
    if found is None and name.startswith(("test_", "frechet")):
        found = ends.get(name)
    return float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def say_value(name: str, value: float | None) -> str:
    """ "88.3%" of a share, else four digits; "–" where there is no number."""
    if value is None:
        return "–"
    is_share = (
        "accuracy" in name
        or "map50" in name
        or name.endswith("error_rate")
        or name in ("coverage", "val_macro_f1", "kept_share")
    )
    return percent(value, 1) if is_share else brief(value, 4)


def say_spread(name: str, spread: Spread | None) -> str:
    """ "88.3% ± 1.2% (n = 3)" """
    if spread is None:
        return "–"
    mean, n = say_value(name, spread["mean"]), spread["n"]
    if spread["sd"] is None:
        return f"{mean} (n = {n})"
    return f"{mean} ± {say_value(name, spread['sd'])} (n = {n})"
