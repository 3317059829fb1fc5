"""A sentence of one's own on the page Scenarios, through AppTest: translated at whatever epoch is chosen."""

from __future__ import annotations

from pages.parts.shared import routes
from selfsup_core.inspection.desk import Desk
from tests.helpers import make_run, run_here
from tests.pages.test_pages import buttons, texts
from tests.tasks.translate_helpers import PAIRS, make_pairs, tiny


def test_a_sentence_is_translated_at_each_epoch(studio, workspace, monkeypatch):
    make_pairs(workspace, PAIRS)
    folder = make_run(
        workspace, tiny(train__epochs=1, data__labels_fraction=1.0, data__test=0.0, objective__beam=1)
    )
    assert run_here(folder)["status"] == "finished"
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    page = studio("pages/scenarios.py", do="translate", run=folder.id)
    page.text_input(key="translate-text").set_value(" ")
    buttons(page)["translate-go"].click().run()
    assert "Write a sentence first." in texts(page)
    page.text_input(key="translate-text").set_value("The bus leaves.")
    buttons(page)["translate-go"].click().run()
    assert not page.exception
    assert "Epoch 1; mean probability per token" in texts(page)
    (epoch,) = [one for one in page.select_slider if str(one.key).startswith("translate-epoch")]
    epoch.set_value(0).run()
    assert "Epoch 0; mean probability per token" in texts(page), "asked again at the chosen epoch"
