"""Curves and lines of several runs."""

from __future__ import annotations

from selfsup_core.figures.compared import LOOKS, curves_figure, parallel_figure


def test_each_run_has_a_color_and_a_dash_of_its_own():
    rows = [[{"epoch": 0, "val_mse": 1.0}, {"epoch": 1, "val_mse": 0.5}], [{"epoch": 0}], []]
    figure = curves_figure(rows, "val_mse", "Error")
    assert [list(trace.x) for trace in figure.data] == [[0, 1], [], []]
    assert len({trace.line.color for trace in figure.data}) == 3
    assert len({dash for _, dash in LOOKS}) == len(LOOKS)


def test_numbers_and_texts_have_axes_and_a_metric_that_is_missing_has_none():
    comparison = {
        "settings": [
            {"path": "a", "title": "Rate", "values": ["0.1", "0.2", "0.1"]},
            {"path": "b", "title": "Noise", "values": [None, "masking", "gaussian"]},
        ],
        "metrics": [
            {"name": "val_mse", "title": "Error", "values": [1.0, 2.0, 3.0]},
            {"name": "knn_accuracy", "title": "Neighbors", "values": [None, 0.5, 0.5]},
        ],
    }
    (lines,) = parallel_figure(comparison).data
    rate, noise, error = lines.dimensions
    assert list(rate.values) == [0.1, 0.2, 0.1]
    assert [noise.ticktext[i] for i in noise.values] == ["not set", "masking", "gaussian"]
    assert list(error.values) == list(lines.line.color) == [1.0, 2.0, 3.0]
