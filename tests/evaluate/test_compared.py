"""Which values are best, spreads over seeds, and how they are written."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.compared import (
    MEASURES,
    best_places,
    measures_of,
    say_spread,
    say_value,
    spread_of,
    value_in,
)


@pytest.mark.parametrize(
    ("values", "better", "places"),
    [
        ([0.1, None, 0.3], "higher", [2]),
        ([0.1, 0.3], "lower", [0]),
        ([0.3, 0.3, 0.1], "higher", [0, 1]),
        ([0.3, 0.3], "higher", []),
        ([0.3], "higher", []),
        ([1.0, 2.0], "", []),
        ([], "lower", []),
    ],
)
def test_the_best_value_is_marked_only_where_there_is_one(values, better, places):
    assert best_places(values, better) == places


def test_runs_of_several_tasks_share_only_what_all_of_them_measure():
    assert [one.name for one in measures_of(["autoencoder", "language"])] == ["seconds"]
    names = [one.name for one in measures_of(["autoencoder", "views"])]
    assert {"knn_accuracy", "probe_accuracy", "seconds"} <= set(names)
    assert "val_mse" not in names
    assert [one.name for one in measures_of(["unknown"])] == ["seconds"]


@pytest.mark.parametrize("task", MEASURES)
def test_the_first_metric_of_a_task_can_be_ranked(task):
    assert MEASURES[task][0].better
    assert not MEASURES[task][0].is_loss


def test_a_spread_is_of_the_values_that_are_there():
    assert spread_of([1.0, None, 3.0]) == {"mean": 2.0, "sd": pytest.approx(2**0.5), "n": 2}
    assert spread_of([1.0, None]) == {"mean": 1.0, "sd": None, "n": 1}
    assert spread_of([None]) is None


def test_values_are_written_as_shares_or_numbers():
    assert say_value("val_accuracy", 0.883) == "88.3%"
    assert say_value("val_mse", 0.027272) == "0.02727"
    assert say_value("val_mse", None) == "–"
    assert say_spread("knn_accuracy", {"mean": 0.84, "sd": 0.012, "n": 3}) == "84.0% ± 1.2% (n = 3)"
    assert say_spread("val_mse", {"mean": 0.5, "sd": None, "n": 1}) == "0.5 (n = 1)"
    assert say_spread("val_mse", None) == "–"


def test_only_what_is_measured_at_the_end_comes_from_the_end():
    ends = {"test_accuracy": 0.9, "val_accuracy": 0.8}
    assert value_in({"val_accuracy": 0.7}, ends, "val_accuracy") == 0.7
    assert value_in({}, ends, "val_accuracy") is None
    assert value_in({}, ends, "test_accuracy") == 0.9
    assert value_in({"val_accuracy": True}, ends, "val_accuracy") is None
    assert value_in(None, {}, "test_accuracy") is None
