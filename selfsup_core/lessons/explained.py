"""Which lesson, and which of its steps, explains a sign of trouble or a verdict.

Signs are known by their codes, verdicts by what a run trains and how it came out. The numbers are those of
the English lessons; a translation has the same steps.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from selfsup_core.translation import tr

Task = Literal[
    "autoencoder",
    "language",
    "classify",
    "pseudo",
    "views",
    "translate",
    "transcribe",
    "answer",
    "detect",
    "generate",
]
# Beside those of `pseudo.audit.Verdict`, what a network is that was compared with something simple.
Outcome = Literal["helped", "hurt", "no difference", "unknown", "not used", "better", "even", "worse"]


class Place(TypedDict):
    """A step of a lesson, both from 1."""

    lesson: int
    step: int


def at(lesson: int, step: int) -> Place:
    return {"lesson": lesson, "step": step}


WARNINGS = at(10, 4)  # signs that have no step of their own
SIGNS: dict[str, Place] = {
    "diverged": WARNINGS,
    "diverging": WARNINGS,
    "dead-units": WARNINGS,
    "saturated": WARNINGS,
    "over-fitting": WARNINGS,
    "codebook-collapse": WARNINGS,
    "posterior-collapse": at(5, 3),
    "worse-than-mean": WARNINGS,
    "worse-than-pca": WARNINGS,
    "worse-than-logistic": WARNINGS,
    "worse-than-untrained": WARNINGS,
    "worse-than-before": WARNINGS,
    "worse-than-counting": at(7, 3),
    "complete-collapse": at(9, 3),
    "dimensional-collapse": at(9, 3),
    "safeguard-off": at(9, 3),
    "one-class": at(10, 2),
    "majority": at(10, 2),
    "collapse": at(10, 1),
    "drift": at(10, 1),
    "none-kept": WARNINGS,
}
VERDICTS: dict[Task, dict[Outcome, Place]] = {
    "autoencoder": {"better": at(3, 4), "even": at(3, 4), "worse": WARNINGS},
    "language": {"better": at(7, 2), "even": at(7, 2), "worse": at(7, 3)},
    "classify": {"better": at(10, 2), "even": at(10, 2), "worse": WARNINGS},
    "pseudo": {
        "helped": at(8, 1),
        "hurt": at(8, 2),
        "no difference": at(8, 2),
        "unknown": at(8, 1),
        "not used": WARNINGS,
    },
    "translate": {
        "helped": at(8, 1),
        "hurt": at(8, 2),
        "no difference": at(8, 2),
        "unknown": at(8, 1),
        "not used": WARNINGS,
    },
    "transcribe": {
        "helped": at(8, 1),
        "hurt": at(8, 2),
        "no difference": at(8, 2),
        "unknown": at(8, 1),
        "not used": WARNINGS,
    },
    "answer": {
        "helped": at(8, 1),
        "hurt": at(8, 2),
        "no difference": at(8, 2),
        "unknown": at(8, 1),
        "not used": WARNINGS,
    },
    "detect": {
        "helped": at(8, 1),
        "hurt": at(8, 2),
        "no difference": at(8, 2),
        "unknown": at(8, 1),
        "not used": WARNINGS,
    },
    "views": {
        "helped": at(9, 2),
        "hurt": at(9, 3),
        "no difference": at(9, 2),
        "unknown": at(9, 2),
    },
}


def explain_sign(code: str) -> Place | None:
    """None for a sign of a later version."""
    return SIGNS.get(code)


def explain_verdict(task: str, outcome: str) -> Place | None:
    """None where there is no verdict yet."""
    found = (place for said, place in verdicts_of(task).items() if said == outcome)
    return next(found, None)


def verdicts_of(task: str) -> dict[Outcome, Place]:
    """Outcome → place; {} for a task of a later version."""
    return next((places for known, places in VERDICTS.items() if known == task), {})


def say_place(place: Place) -> str:
    return tr("Lesson {lesson}, step {step} explains this.").format(
        lesson=place["lesson"], step=place["step"]
    )
