"""Every sign of trouble and every verdict leads to a step of a lesson that speaks of it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import selfsup_core
from selfsup_core.evaluate.collapse import Kind
from selfsup_core.lessons.explained import (
    SIGNS,
    VERDICTS,
    Place,
    Task,
    explain_sign,
    explain_verdict,
    say_place,
)
from selfsup_core.lessons.model import Step
from selfsup_core.lessons.reading import find_lesson
from selfsup_core.pseudo.audit import Verdict

# A phrase of the step that a sign leads to.
SPOKEN_OF = {
    "diverged": "Divergence",
    "diverging": "Divergence",
    "dead-units": "Dead units",
    "saturated": "Saturated outputs",
    "over-fitting": "Over-fitting",
    "codebook-collapse": "Codebook collapse",
    "posterior-collapse": "posterior collapse",
    "worse-than-mean": "Worse than the mean",
    "worse-than-pca": "PCA",
    "worse-than-logistic": "logistic regression",
    "worse-than-untrained": "untrained network",
    "worse-than-before": "Worse than before training",
    "worse-than-counting": "worse than counting",
    "complete-collapse": "complete collapse",
    "dimensional-collapse": "nothing can be told apart",
    "safeguard-off": "Without the stop-gradient",
    "one-class": "the same class",
    "majority": "accuracy of a rare class",
    "collapse": "confirmation bias",
    "drift": "confirmation bias",
    "none-kept": "No pseudo-label was kept",
}


def codes_in_the_program() -> set[str]:
    """Of `sign("code", …)` and of {"code": …, "text": …, "remedy": …} anywhere in the core."""
    found = {f"{kind}-collapse" for kind in get_args(Kind)}
    for path in Path(selfsup_core.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            code: ast.AST | None = None
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sign" and len(node.args) == 3:
                code = node.args[0]
            elif isinstance(node, ast.Dict):
                entry = {
                    key.value: value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
                code = entry.get("code") if {"code", "text"} <= entry.keys() else None
            if isinstance(code, ast.Constant):
                found.add(code.value)
    return found | {"diverged"}  # the error of a run, which the page shows as a sign


def step_at(place: Place) -> Step:
    return find_lesson(place["lesson"]).steps[place["step"] - 1]


def all_that_is_said(step: Step) -> str:
    return step.title + " " + " ".join(str(part.model_dump(serialize_as_any=True)) for part in step.parts)


def test_every_sign_of_the_program_has_an_entry():
    assert codes_in_the_program() == set(SIGNS) == set(SPOKEN_OF)


@pytest.mark.parametrize("code", SIGNS)
def test_a_sign_leads_to_the_step_that_speaks_of_it(code):
    place = explain_sign(code)
    assert place is not None
    assert SPOKEN_OF[code].lower() in all_that_is_said(step_at(place)).lower()


def test_every_verdict_has_an_entry():
    assert set(VERDICTS) == set(get_args(Task)) - {"generate"}, "a generator has no twin, and no verdict"
    outcomes = set(get_args(get_type_hints(Verdict)["outcome"]))
    assert set(VERDICTS["pseudo"]) == outcomes
    assert set(VERDICTS["views"]) == outcomes - {"not used"}, "judge_views and judge_benefit never say that"
    for task in ("autoencoder", "language", "classify"):
        assert set(VERDICTS[task]) == {"better", "even", "worse"}


@pytest.mark.parametrize(
    ("task", "outcome", "phrase"),
    [
        (task, outcome, phrase)
        for task, phrases in {
            "autoencoder": {"better": "What a small error hides", "worse": "something simple is better"},
            "language": {"better": "frequencies of pairs", "worse": "worse than counting"},
            "classify": {"better": "accuracy", "worse": "logistic regression"},
            "pseudo": {"helped": "twin", "hurt": "confirmation bias", "not used": "No pseudo-label was kept"},
            "views": {"helped": "safeguard", "hurt": "collapse"},
        }.items()
        for outcome, phrase in phrases.items()
    ],
)
def test_a_verdict_leads_to_the_step_that_speaks_of_it(task, outcome, phrase):
    place = explain_verdict(task, outcome)
    assert place is not None
    assert phrase.lower() in all_that_is_said(step_at(place)).lower()


def test_what_is_not_known_has_no_lesson():
    assert explain_sign("of a later version") is None
    assert explain_verdict("views", "") is None
    assert explain_verdict("sing", "helped") is None
    assert say_place({"lesson": 5, "step": 3}) == "Lesson 5, step 3 explains this."
