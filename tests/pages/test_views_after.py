"""After a run on the page Views, through AppTest: did it help, and which augmentation helps."""

from __future__ import annotations

import re

import pytest

from pages.parts.shared import routes
from selfsup_core.inspection.desk import Desk
from selfsup_core.runs import benefit as asking
from selfsup_core.runs.ablation import AblationConfig, read_ablation
from selfsup_core.runs.benefit import read_benefit
from selfsup_core.workers import ablation
from tests.helpers import make_run, run_here, wait_for
from tests.pages.test_pages import buttons, texts
from tests.runs.test_ablation import work
from tests.tasks.views_helpers import tiny


@pytest.fixture
def desk(workspace, monkeypatch):
    for name in ("LEAST_STEPS", "MOST_STEPS"):
        monkeypatch.setattr(asking, name, 10)
    monkeypatch.setattr("selfsup_core.tasks.parts.represent.BUDGET", {"train.epochs": 1})
    monkeypatch.setattr(ablation, "ensure_supervisor", work)
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "maps", lambda: desk)
    return desk


@pytest.fixture
def folder(workspace, desk):
    made = make_run(workspace, tiny(train__epochs=1))
    run_here(made)
    return made


def ends(desk: Desk) -> None:
    wait_for(lambda: not desk.is_at_work, "the end of the job")


def test_did_it_help_is_asked_stopped_continued_and_kept(studio, desk, folder):
    page = studio("pages/views.py", run=folder.id, do="train")
    assert page.segmented_control(key="views-next").value is None
    page.segmented_control(key="views-next").set_value("help").run()
    assert page.query_params["next"] == "help"
    assert "supervised twin" in texts(page)
    assert "It takes about" in texts(page)
    page.text_input(key="advanced-benefit-labels").set_value("2, 0").run()
    page.number_input(key="advanced-benefit-draws").set_value(2).run()
    turn = desk.run_jobs.turns["benefit"]
    with turn:  # it waits for another one
        buttons(page)["benefit-start"].click().run()
        assert not page.exception
        assert "benefit-start" not in buttons(page)
        assert "Did it help?" in page.segmented_control(key="views-next").options[0]
        buttons(page)["benefit-stop"].click().run()
        assert not page.exception
    ends(desk)
    assert read_benefit(folder) is None
    page.run()
    buttons(page)["benefit-start"].click().run()
    ends(desk)
    page = studio("pages/views.py", run=folder.id, do="train", next="help")  # after a reload
    found = read_benefit(folder)
    assert found["verdict"]["text"].split(":")[0] in texts(page)
    (table,) = [one.value for one in page.dataframe if "Labels per class" in one.value]
    assert list(table.columns) == ["Labels per class", "2", "all"]
    assert len(table) == 6
    assert "In brackets each draw of labels. An interval, and a verdict, need 3 draws" in texts(page)
    assert "With 2 labels per class the learned encoder" in texts(page)
    assert not page.exception


def test_a_wrong_number_of_labels_is_refused_in_words(studio, folder):
    page = studio("pages/views.py", run=folder.id, do="train", next="help")
    page.text_input(key="advanced-benefit-labels").set_value("two").run()
    assert any("Labels per class" in one.value for one in page.error)
    assert "benefit-start" not in buttons(page)


def test_which_augmentation_earns_it(studio, desk, folder, workspace):
    page = studio("pages/views.py", run=folder.id, do="train", next="augment")
    assert "3 of 4 short runs are missing" in texts(page)
    assert page.number_input(key="ablation-epochs").value == 1
    buttons(page)["ablation-start"].click().run()
    assert not page.exception
    ends(desk)
    page = studio("pages/views.py", run=folder.id, do="train", next="augment")
    found = read_ablation(folder, AblationConfig(epochs=1, seeds=2))
    assert (found["done"], found["total"]) == (4, 4)
    assert "ablation-start" not in buttons(page)
    (table,) = [one.value for one in page.dataframe if "Transformations" in one.value]
    assert list(table["Transformations"]) == ["All of them", "Without corruption"]
    assert re.fullmatch(r"\d.*% \(.+ to .+\)", table["Linear classifier"][0])
    page.number_input(key="ablation-seeds").set_value(3).run()
    assert "2 of 6 short runs are missing" in texts(page)


def test_before_its_end_and_for_what_is_not_asked_here_it_is_said(studio, workspace, desk):
    waiting = make_run(workspace, tiny())
    page = studio("pages/views.py", run=waiting.id, do="train", next="help")
    assert "once the run has ended" in texts(page)
    page = studio("pages/views.py", run=waiting.id, do="train", next="tea")
    assert any("no question 'tea'" in one.value for one in page.error)
