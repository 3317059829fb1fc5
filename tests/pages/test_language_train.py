"""The mode "Train" of the language page through AppTest."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.spec import read_spec
from tests.pages.test_pages import buttons, texts

TEXT = "the cat sat on the mat and the dog sat on the log. " * 40


@pytest.fixture
def page(studio, workspace: Path):
    dataset = Dataset(
        id="my-text",
        kind="text",
        title="Cats",
        x=Texts.pack([TEXT]),
        details={"rows": 1, "shape": [], "is_running": True},
        provenance={"source": "typed", "licence": ""},
    )
    save_dataset(dataset, workspace / "datasets" / "my-text")
    return studio("pages/language.py", do="train", data="my-text")


def test_what_it_takes_is_said_before_the_start(page):
    assert not page.exception
    assert page.selectbox(key="lm-data").value == "my-text"
    assert "weights, about" in texts(page)
    before = texts(page)
    page.selectbox(key="lm-size").select("tiny").run()
    assert texts(page) != before


def test_at_most_eight_controls(page):
    inside = {w.key for w in [*page.get("popover")] if w.key}
    shown = [
        w
        for w in [*page.selectbox, *page.text_input, *page.number_input, *page.button]
        if not str(w.key).startswith(("advanced-", "paste-"))
    ]
    assert len(shown) + 2 <= 8, f"with the two popovers: {[w.key for w in shown]} {inside}"
    assert all(w.help for w in shown)


def test_train_starts_a_run_with_what_was_chosen(page, workspace: Path):
    page.selectbox(key="lm-preset").select("gpt-words").run()
    page.selectbox(key="lm-size").select("tiny").run()
    page.text_input(key="lm-prompt").set_value("the cat").run()
    buttons(page)["lm-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    spec = read_spec(workspace / "runs" / state["run"] / "spec.yaml")
    assert (spec.model.layers, spec.model.width, spec.model.tokenizer) == (2, 64, "bpe")
    assert (spec.data.source, spec.frames.prompt) == ("my-text", "the cat")
    assert (state["task"], state["preset"]) == ("language", "gpt-words")


def test_a_pasted_text_becomes_a_set_and_is_chosen(page, workspace: Path):
    page.text_area(key="paste-text").set_value("# a *line*\n" * 300).run()
    buttons(page)["paste-use"].click().run()
    assert not page.exception
    chosen = page.selectbox(key="lm-data").value
    assert chosen != "my-text"
    assert (workspace / "datasets" / chosen / "dataset.json").is_file()


def test_heads_that_do_not_share_the_width_are_said(page):
    page.number_input(key="advanced-gpt-characters-small-model.heads").set_value(3).run()
    assert not page.exception
    assert "width must be a multiple of heads" in texts(page)


def test_the_modes_keep_the_open_run(page, studio, workspace: Path):
    page.selectbox(key="lm-size").select("tiny").run()
    buttons(page)["lm-train"].click().run()
    run = page.query_params["run"]
    page = studio("pages/language.py", do="inside", model=f"run:{run}@3", epoch="3")
    page.segmented_control[0].set_value("train").run()
    assert dict(page.query_params) == {"do": "train", "run": run}
    assert "language-export" in buttons(page)
    page.segmented_control[0].set_value("inside").run()
    assert page.query_params["model"] == f"run:{run}"


def test_a_run_that_is_gone_is_said(studio):
    app = studio("pages/language.py", do="train", run="nothing")
    assert not app.exception
    assert "There is no run" in texts(app)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text yet"),
        ("cat", "at least 200 are needed"),
        ("the cat\n" * 250_001, "at most 2,000,000 can be pasted"),
        ("cat " * 250_001, "One line of the text has 1,000,004 characters"),
    ],
    ids=["nothing", "a word", "too much", "one line"],
)
def test_a_text_that_cannot_be_used_is_refused_at_once(page, workspace: Path, text: str, said: str):
    page.text_area(key="paste-text").set_value(text).run()
    assert not buttons(page)["paste-use"].disabled, "a click says what is missing"
    buttons(page)["paste-use"].click().run()
    assert said in texts(page)
    assert [p.name for p in (workspace / "datasets").iterdir() if p.is_dir()] == ["my-text"]
