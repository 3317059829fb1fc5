"""The page "Language model" through AppTest: a tiny model from a folder, in this process instead of the lab's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.parts import routes
from selfsup_core.lab.language import Models, use_language_tool
from tests.models.tiny import tiny_gpt
from tests.pages.test_pages import buttons, texts

FOLDER = "a folder on this machine"


@pytest.fixture(scope="module")
def gpt(tmp_path_factory) -> Path:
    return tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt")


@pytest.fixture
def page(studio, workspace: Path, gpt: Path, monkeypatch):
    class Here:
        models = Models(workspace)

        def ask_model(self, model, tool, values):
            return use_language_tool(self.models, model, tool, values)

    monkeypatch.setattr(routes, "lab", Here)
    monkeypatch.setattr("selfsup_core.models.pretrained.find_file", lambda model: None)
    app = studio("pages/language.py")
    assert "pip install" in texts(app), "without its package the built-in model says how to get it"
    app.selectbox(key="language-model").select(FOLDER).run()
    app.text_input(key="language-folder").set_value(str(gpt)).run()
    assert not app.exception
    return app


def test_bars_and_figures_of_a_text(page):
    page.text_area(key="language-text").set_value("the cat sat").run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 2
    assert [m.label for m in page.metric] == ["Product of all", "Log-probability", "Perplexity", "Bits a character"]  # fmt: skip
    assert float(page.metric[2].value) > 1


def test_at_most_eight_controls(page):
    controls = [*page.selectbox, *page.text_input, *page.text_area, *page.number_input, *page.button]  # fmt: skip
    assert len(controls) <= 8
    assert all(w.help for w in controls)


def test_writing_goes_behind_the_text(page):
    page.text_area(key="language-text").set_value("the cat").run()
    buttons(page)["language-write-20"].click().run()
    written = page.text_area(key="language-text").value
    assert written.startswith("the cat")
    assert len(written) > len("the cat")


def test_the_choice_is_reshaped(page):
    page.number_input(key="language-top_k").set_value(1).run()
    page.text_area(key="language-text").set_value("the cat").run()
    one = [buttons(page)["language-write-1"].click().run().text_area(key="language-text").value]
    page.text_area(key="language-text").set_value("the cat").run()
    one.append(buttons(page)["language-write-1"].click().run().text_area(key="language-text").value)
    assert one[0] == one[1], "of one token there is no choice"


@pytest.mark.parametrize("text", ["", "   ", "<b>*x*</b> $a$ [l](http://x)", "木" * 600, "\x00"])
def test_odd_texts(page, text: str):
    page.text_area(key="language-text").set_value(text).run()
    assert not page.exception
    if not text:
        assert "no text to read" in texts(page)


def test_a_folder_that_is_no_model_is_said(page, tmp_path: Path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        page.text_input(key="language-folder").set_value(str(folder)).run()
        assert not page.exception
        assert any(part in texts(page) for part in ("missing or no JSON", "neither a built-in"))


def test_attention_of_a_head(page):
    page.session_state["language-attention"] = True
    page.run()
    assert len(page.get("plotly_chart")) == 3
    assert "2 layers with 2 heads" in texts(page)
    page.number_input(key="language-layer").set_value(7).run()
    assert not page.exception
    assert "layer must be at least 0 and less than 2" in texts(page)


def test_folders_are_not_offered_on_a_shared_server(studio, monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    monkeypatch.setattr("selfsup_core.models.pretrained.find_file", lambda model: None)
    assert FOLDER not in studio("pages/language.py").selectbox(key="language-model").options
