"""What is said of the code."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.panels.code import say_code, say_views_code
from tests.evaluate.words.panels.helpers import see, told


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"val_dead_units": 0.0}, "All 16 numbers of the code differ from sample to sample."),
        ({"val_dead_units": 1 / 16}, "1 of 16 numbers of the code is the same for all samples"),
        ({"val_dead_units": 0.5}, "8 of 16 numbers of the code are the same for all samples"),
        ({"val_dead_units": 0.0, "val_used_codes": 0.4}, "40% of the codebook's entries are in use."),
        ({"val_dead_units": 0.0, "val_active_dimensions": 9.0}, "9 of 16 dimensions of the code carry"),
        ({"val_dead_units": 0.0, "val_active_share": 0.1}, "For a sample, 10% of the 16 units"),
        ({}, ""),
    ],
)
def test_the_code_is_told_by_what_its_objective_measures(row, text):
    said = told(say_code, see(row=row, code_size=16))
    assert said.startswith(text)
    assert bool(said) == bool(text)


def test_the_rank_is_of_all_directions():
    said = told(say_views_code, see(row={"rankme": 21.4}, code_size=32))
    assert said == "The code uses about 21 of its 32 directions (effective rank)."
    assert told(say_views_code, see(code_size=32)) == ""
