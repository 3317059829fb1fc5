"""What the address of the language page asks for is shown, also in a fresh session, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec
from tests.pages.test_pages import texts


@pytest.fixture
def cats(workspace: Path) -> Path:
    for name in ("my-text", "my-other"):
        dataset = Dataset(
            id=name,
            kind="text",
            title=name,
            x=Texts.pack(["the cat sat on the mat. " * 60]),
            details={"rows": 1, "shape": [], "is_running": True},
            provenance={"source": "typed", "licence": ""},
        )
        save_dataset(dataset, workspace / "datasets" / name)
    return workspace


def test_coming_back_keeps_the_mode_and_the_data_set(studio, cats: Path):
    app = studio("pages/language.py", do="train", data="my-other")
    app.switch_page("pages/home.py").run()
    app.query_params["do"], app.query_params["data"] = "train", "my-other"
    app.switch_page("pages/language.py").run()
    assert app.query_params["do"] == "train"
    assert app.selectbox(key="lm-data").value == "my-other"


def test_a_mode_that_is_not_there_is_refused(studio, cats: Path):
    assert "There is no mode 'trian' here" in texts(studio("pages/language.py", do="trian"))


@pytest.mark.parametrize(
    ("mode", "name", "said"),
    [
        ("train", "data", "There is no data set 'nothing'"),
        ("embed", "data", "the text data set nothing"),
        ("embed", "encoder", "the encoder nothing"),
        ("inside", "model", "the model nothing"),
    ],
)
def test_what_is_not_there_is_refused(studio, cats: Path, mode: str, name: str, said: str):
    assert said in texts(studio("pages/language.py", do=mode, **{name: "nothing"}))


def test_embed_stands_in_the_address(studio, cats: Path):
    app = studio("pages/language.py", do="embed", data="my-other", encoder="multilingual")
    assert app.selectbox(key="embed-data").value == "my-other"
    assert app.selectbox(key="embed-encoder").value == "multilingual"
    app.selectbox(key="embed-data").select("my-text").run()
    assert (app.query_params["data"], app.query_params["encoder"]) == ("my-text", "multilingual")


def test_the_first_choice_by_hand_is_kept(studio, cats: Path):
    app = studio("pages/language.py", do="embed")
    app.selectbox(key="embed-data").select("my-other").run()
    app.selectbox(key="embed-encoder").select("multilingual").run()
    assert app.selectbox(key="embed-data").value == "my-other"
    app.selectbox(key="embed-data").select("my-text").run()
    assert app.selectbox(key="embed-encoder").value == "multilingual"
    assert app.selectbox(key="embed-data").value == "my-text"


@pytest.mark.parametrize(
    ("sizes", "shown"), [({}, "tiny"), ({"model.layers": 3}, "as in the run")], ids=["known", "own"]
)
def test_a_runs_settings_are_shown_in_a_fresh_session(studio, cats: Path, sizes, shown: str):
    base = preset_spec("gpt-words").as_dict()
    values = {"model.layers": 2, "model.heads": 2, "model.width": 64, "model.context": 64}
    spec = make_spec(
        base,
        values | sizes | {"data.source": "my-other", "frames.prompt": "the cat", "train.epochs": 3},
    )
    run = submit(cats, spec, preset="gpt-words").id
    app = studio("pages/language.py", do="train", run=run)
    assert app.selectbox(key="lm-size").value == shown
    assert app.text_input(key="lm-prompt").value == "the cat"
    assert app.selectbox(key="lm-data").value == "my-other"
    assert app.number_input(key="lm-epochs-gpt-words").value == 3
