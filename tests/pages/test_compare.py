"""The page Compare: the runs of its address, and what is said where these are missing or too many."""

from __future__ import annotations

import pytest

from selfsup_core.runs.folder import RunFolder
from tests.helpers import make_run, run_here


@pytest.fixture
def pair(workspace) -> list[RunFolder]:
    made = [make_run(workspace, seed=seed, train__epochs=1) for seed in (0, 1)]
    for folder in made:
        run_here(folder)
    return made


def texts(app) -> str:
    return "\n".join(str(one.value) for one in (*app.markdown, *app.caption, *app.error))


def test_runs_of_the_address_are_shown_side_by_side(studio, pair):
    app = studio("pages/compare.py", runs=",".join(folder.id for folder in pair))
    metrics, settings = (frame.value for frame in app.dataframe)
    assert list(metrics.columns) == ["Metric", "Run 1", "Run 2", "Runs 1, 2"]
    assert metrics["Runs 1, 2"].str.contains("n = 2").all()
    assert settings.to_dict("list") == {"Setting": ["Seed"], "Run 1": ["0"], "Run 2": ["1"]}
    assert len(app.get("plotly_chart")) == 1


def test_without_two_runs_the_page_says_how_to_get_there(studio, pair):
    for runs in ("", pair[0].id, f"{pair[0].id},{pair[0].id}"):
        app = studio("pages/compare.py", runs=runs)
        assert "Tick two or more runs" in texts(app)
        assert not app.dataframe


def test_a_run_that_is_gone_is_named_and_the_others_are_shown(studio, pair):
    app = studio("pages/compare.py", runs=f"{pair[0].id},*nowhere*,{pair[1].id}")
    assert "not here: \\*nowhere\\*" in app.error[0].value
    assert len(app.dataframe) == 2


def test_more_than_six_runs_are_lines(studio, workspace, pair):
    more = [make_run(workspace, train__learning_rate=rate / 100) for rate in range(2, 8)]
    app = studio("pages/compare.py", runs=",".join(folder.id for folder in [*pair, *more]))
    assert "first 6 runs" in texts(app)
    assert len(app.dataframe[0].value.columns) == 8  # metric, six runs, and two seeds together
    settings = app.dataframe[1].value
    assert list(settings["Setting"])[:2] == ["Seed", "Epochs"]
    assert len(settings.columns) == 9
