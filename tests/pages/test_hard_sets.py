"""Pages with data that are hard to train on: they say so before the run, and stay usable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hard_sets import SETS, add_hard_set


def said(app) -> str:
    shown = (*app.error, *app.warning, *app.caption, *app.markdown)
    return " ".join(str(element.value) for element in shown)


@pytest.mark.parametrize(
    ("page", "query", "name", "says"),
    [
        ("pages/autoencoder.py", {}, "my-three-rows", "3 rows cannot be split"),
        ("pages/classify.py", {"do": "pseudo"}, "my-only-copies", "All 80 rows are copies of one sample"),
        ("pages/language.py", {"do": "train"}, "my-few-texts", "3 rows cannot be split"),
    ],
)
def test_what_cannot_be_trained_on_is_said_once_and_train_starts_nothing(
    studio, workspace: Path, page: str, query: dict[str, str], name: str, says: str
):
    add_hard_set(workspace, name)
    app = studio(page, data=name, **query)
    assert [error.value for error in app.error if says in error.value] == [app.error[0].value]
    next(button for button in app.button if button.label == "Train").click().run()
    assert not app.exception
    assert "run" not in app.query_params
    assert not list((workspace / "runs").glob("*"))


def test_a_thousand_classes_are_told_and_shown(studio, workspace: Path):
    add_hard_set(workspace, "my-many-classes")
    app = studio("pages/classify.py", data="my-many-classes", do="train")
    assert "more) have no test row and cannot be scored" in said(app)
    assert not app.error
    app = studio("pages/data.py", data="my-many-classes")
    assert "The 30 largest classes; 970 others have" in said(app)


def test_uneven_classes_are_told(studio, workspace: Path):
    add_hard_set(workspace, "my-uneven")
    app = studio("pages/classify.py", data="my-uneven", do="train")
    assert "99% of the labels are 'good'" in said(app)


def test_rows_that_cannot_be_split_are_shown_and_have_a_map(studio, workspace: Path):
    for name in ("my-three-rows", "my-no-numbers"):
        add_hard_set(workspace, name)
        app = studio("pages/data.py", data=name)
        assert not app.error
        assert "As the network sees it" in said(app)
    assert [e.value for e in studio("pages/latent.py", space="data:my-three-rows").error] == []


@pytest.mark.parametrize("name", SETS)
def test_each_training_page_opens_with_each_of_them(studio, workspace: Path, name: str):
    kind = add_hard_set(workspace, name).kind
    own = ("language",) if kind == "text" else ("autoencoder", "views")
    for page, job in (*((page, "train") for page in own), ("classify", "train"), ("classify", "pseudo")):
        app = studio(f"pages/{page}.py", data=name, do=job)
        assert not app.exception, (page, job)
        assert "Train" in [button.label for button in app.button] or app.error
