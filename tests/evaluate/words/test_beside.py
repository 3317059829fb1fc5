"""A broken run beside its intact one, in words; the stage's words are held to the same cases."""

import json

import pytest

from selfsup_core.evaluate.words.beside import last_common, say_beside, say_gauge
from tests.helpers import ROOT

CASES = json.loads((ROOT / "tests" / "web" / "beside.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_says_what_differs(case):
    assert say_beside(case["title"], case["gauge"], case["intact"], case["broken"]) == case["said"]


def test_the_last_epoch_that_both_have_measured_is_compared():
    intact = [{"epoch": epoch, "spread": 1.0} for epoch in (0, 1, 2, 3)]
    broken = [{"epoch": epoch, "spread": 0.1} for epoch in (0, 2)]
    assert last_common(intact, broken) == (intact[2], broken[1])
    assert last_common(intact, broken, 1) == (intact[0], broken[0])
    assert last_common(intact, []) is None


def test_a_rank_has_one_decimal_and_what_is_missing_a_dash():
    assert [say_gauge("rankme", 14.04), say_gauge("spread", 0.934), say_gauge("spread", None)] == [
        "14.0",
        "0.93",
        "–",
    ]
