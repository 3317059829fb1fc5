"""Bars of tokens: heights are probabilities, and no token's text becomes markup."""

from __future__ import annotations

import math

import pytest

from selfsup_core.figures.comparison import comparison_figure
from selfsup_core.figures.tokens import (
    angle_of,
    attention_figure,
    next_figure,
    power_of_ten,
    reading_figure,
    visible,
    width_of,
)


def reading(pieces, log_p, others=None, kind="causal", spans=None):
    others = others or [[] for _ in pieces]
    return {"pieces": pieces, "log_p": log_p, "alternatives": others, "kind": kind, "spans": spans}


def test_bars_are_the_probabilities():
    figure = reading_figure(reading(["a", " b"], [None, math.log(0.25)], [[], [(" c", 0.5)]]))
    assert list(figure.data[0].y) == pytest.approx([0, 0.25])
    assert "nothing comes before it" in figure.data[0].hovertext[0]
    assert "product so far: 0.25" in figure.data[0].hovertext[1]
    assert "␣c" in figure.data[0].hovertext[1]


@pytest.mark.parametrize("count", [1, 12, 60, 150])
def test_every_token_is_named_and_has_room(count):
    pieces = [f" t{i}" for i in range(count)]
    figures = (
        reading_figure(reading(pieces, [-1.0] * count)),
        attention_figure(pieces, [[1.0 / count] * count] * count),
    )
    for figure in figures:
        axis = figure.layout.xaxis
        assert list(axis.ticktext) == [visible(piece) for piece in pieces]
        assert axis.tickangle in (0, -90), "an automatic angle leaves out names that stand close"
        assert axis.autotickangles is None
    assert width_of(pieces) >= 16 * count


def test_few_short_names_lie_and_many_stand():
    assert angle_of(["␣a"] * 8) == 0
    assert angle_of(["␣a"] * 60) == -90
    assert angle_of([]) == 0


def test_a_tokens_text_is_no_markup():
    figure = reading_figure(reading(["<b>x</b>"], [-1.0], [[("<a href='//evil'>", 0.5)]]))
    assert "<b>" not in figure.data[0].hovertext[0]
    assert "<a" not in figure.data[0].hovertext[0]
    assert "<" not in figure.layout.xaxis.ticktext[0]
    assert visible("") == "∅"
    assert visible("\n") == "⏎"
    assert len(visible("x" * 99)) == 18


def test_both_distributions_stand_side_by_side():
    figure = next_figure([("a", 0.6, 1.0), ("b", 0.4, 0.0)])
    assert [list(bars.x) for bars in figure.data] == [[0.6, 0.4], [1.0, 0.0]]
    assert figure.data[1].marker.pattern.shape == "/", "color is not the only cue"


def test_quotation_marks_are_shown_as_they_are():
    text = 'he said "it\'s"'
    shown = reading_figure(reading([text], [-1.0])).layout.xaxis.ticktext[0]
    assert '"it\'s"' in shown
    assert next_figure([('"', 0.6, 1.0)]).layout.yaxis.ticktext[0] == '"'
    assert attention_figure(['"'], [[1.0]]).layout.xaxis.ticktext[0] == '"'
    both = tuple(reading(['"a"'], [-1.0], spans=[(0, 3)]) for _ in range(2))
    assert comparison_figure(both, ('"one"', "two"), '"a"').data[0].name == '"one"'


def test_tokens_that_share_a_character_are_one_bar():
    both = reading(["<0xE6>", "<0x9C>", "<0xA8>"], [-1.0, -0.5, -0.5], spans=[(0, 1), (1, 1), (1, 1)])
    both["wholes"] = [(3, "木")]
    figure = reading_figure(both)
    assert list(figure.layout.xaxis.ticktext) == ["木"]
    assert list(figure.data[0].y) == pytest.approx([math.exp(-2)])
    compared = comparison_figure((both, both), ("one", "two"), "木")
    assert len(compared.data[0].x) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "1"),
        (math.log(0.25), "0.25"),
        (math.log(3.2e-14), "3.2 × 10⁻¹⁴"),
        (math.log(9.97e-9), "1.0 × 10⁻⁸"),
        (-5000.0, "3.4 × 10⁻²¹⁷²"),
    ],
)
def test_powers_of_ten(value, said):
    assert power_of_ten(value) == said


def test_a_long_text_names_some_tokens_only():
    figure = reading_figure(reading(["a"] * 500, [-1.0] * 500, [[]] * 500))
    assert len(figure.data[0].x) == 500
    assert len(figure.layout.xaxis.tickvals) == 250, "every second one"


def test_the_future_is_blank_in_the_map_of_attention():
    figure = attention_figure(["a", "<b>"], [[1.0, 0.0], [0.25, 0.75]])
    assert [list(row) for row in figure.data[0].z] == [[1.0, None], [0.25, 0.75]]
    assert figure.data[0].zmax == 0.75, "the first token, which has no choice, sets no scale"
    assert figure.data[0].hovertext[1][0] == "&lt;b&gt; attends to a: 0.250"


def test_a_masked_models_bars_say_what_they_are():
    figure = reading_figure(reading(["a", "[MASK]"], [-1.0, None], [[], [("b", 0.5)]], "masked"))
    assert figure.layout.yaxis.title.text == "P(token | all others)"
    assert "product" not in figure.data[0].hovertext[0]
    assert "a gap" in figure.data[0].hovertext[1]
    assert "b  0.500" in figure.data[0].hovertext[1]
    heat = attention_figure(["a", "b"], [[0.1, 0.9], [0.5, 0.5]], looks_ahead=True)
    assert [list(row) for row in heat.data[0].z] == [[0.1, 0.9], [0.5, 0.5]]
    assert heat.data[0].zmax == 0.9


def test_the_same_tokens_stand_side_by_side():
    both = (
        reading(["a", " b"], [math.log(0.5), -1.0]),
        reading(["a", " b"], [math.log(0.25), -2.0]),
    )
    figure = comparison_figure(both, ("one", "<b>two"), "a b")
    assert [bars.y[0] for bars in figure.data] == pytest.approx([0.5, 0.25])
    assert figure.layout.barmode == "group"
    assert figure.data[1].name == "&lt;b&gt;two"
    assert figure.data[1].marker.pattern.shape == "/", "color is not the only cue"


def test_other_tokens_stand_over_their_characters():
    both = (
        reading(["the", " cat"], [-1.0, -2.0], spans=[(0, 3), (3, 7)]),
        reading(list("the cat"), [-1.0] * 7, spans=[(i, i + 1) for i in range(7)]),
    )
    figure = comparison_figure(both, ("one", "two"), "the cat")
    first, second = figure.data
    assert list(first.x) == [1.5, 5.0]
    assert list(first.width) == pytest.approx([3 * 0.94, 4 * 0.94])
    assert len(second.x) == 7
    assert (first.yaxis or "y", second.yaxis) == ("y", "y2")
    assert list(figure.layout.xaxis.ticktext) == ["the", "cat"]
