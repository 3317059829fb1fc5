"""The page Scenarios through AppTest: its modes, the control of known labels, and what a run can be asked."""

from __future__ import annotations

from pages.parts.shared import routes
from selfsup_core.inspection.desk import Desk
from selfsup_core.runs.folder import list_states
from tests.helpers import make_run, run_here
from tests.pages.test_pages import buttons, texts
from tests.tasks.translate_helpers import PAIRS, make_pairs, tiny


def test_pairs_are_hidden_and_a_run_starts(studio, workspace):
    page = studio("pages/scenarios.py", data="phrases-zh")
    assert page.segmented_control[0].value == "translate"
    main = [w for w in [*page.selectbox, *page.number_input, *page.button] if w.key.startswith("translate-")]
    assert all(w.help for w in main)
    known = page.number_input(key="scenarios-known-translate-phrases-phrases-zh")
    assert (known.value, known.label) == (100.0, "Labels known, %")
    assert "training rows show their answer" not in texts(page)
    known.set_value(1.0).run()
    assert "40 of 4,000 training rows show their answer" in texts(page)
    assert "too little to label anything well" in texts(page)
    known.set_value(12.5).run()
    assert "too little" not in texts(page)
    assert "--set data.labels_fraction=0.125" in next(c.value for c in page.code if "train" in c.value)
    assert "set" in page.query_params
    buttons(page)["translate-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("translate", "phrases-zh")
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "translate")


def test_data_without_pairs_are_refused_in_words(studio):
    page = studio("pages/scenarios.py", data="newsgroups")
    assert "Translation takes sentence pairs." in texts(page)
    page = studio("pages/scenarios.py", do="cook")
    assert "There is no mode" in texts(page)


def test_a_sentence_of_ones_own_is_translated_at_each_epoch(studio, workspace, monkeypatch):
    make_pairs(workspace, PAIRS)
    folder = make_run(
        workspace, tiny(train__epochs=1, data__labels_fraction=1.0, data__test=0.0, objective__beam=1)
    )
    assert run_here(folder)["status"] == "finished"
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    page = studio("pages/scenarios.py", run=folder.id)
    assert page.text_input(key="translate-text").value == ""
    buttons(page)["translate-go"].click().run()
    assert "Write a sentence first." in texts(page)
    page.text_input(key="translate-text").set_value("The bus leaves.").run()
    buttons(page)["translate-go"].click().run()
    assert not page.exception
    assert "Epoch 1; mean probability per token" in texts(page)
    page.select_slider[0].set_value(0).run()
    assert "Epoch 0; mean probability per token" in texts(page), "asked again at the chosen epoch"
