"""What the address of the language page asks for is shown, also in a fresh session, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.parts.shared import routes
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec
from tests.helpers import unfold
from tests.pages.test_pages import buttons, texts


class NoLab:
    def ask(self, subject, tool, values):
        raise DataError("Nothing is loaded here.", code="no-model")


def no_lab() -> NoLab:
    """Nothing is loaded: these tests are about what is chosen."""
    return NoLab()


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
        ("embed", "data", "There is no data set 'nothing'"),
        ("embed", "encoder", "There is no encoder 'nothing' here. Known: minilm, multilingual."),
        ("inside", "model", "There is no model 'nothing' on this machine"),
        ("inside", "model", "There is no model 'hub:a/nothing' on this machine"),
        ("inside", "other", "There is no model 'nothing' on this machine"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_takes_its_place(
    studio, cats: Path, monkeypatch, mode: str, name: str, said: str
):
    monkeypatch.setattr(routes, "lab", no_lab)
    key = {"train": "lm", "embed": "embed", "inside": "language"}[mode]
    wanted = said.split("'")[1]
    app = studio("pages/language.py", do=mode, **{name: wanted})
    for _ in range(2):
        assert said in texts(app).replace("\\", "")
        assert app.selectbox(key=f"{key}-{name}").value is None
        assert app.query_params[name] == wanted
        app.run()
    buttons(app)[f"{key}-{name}-go-on"].click().run()
    assert said not in texts(app)
    assert app.selectbox(key=f"{key}-{name}").value


def test_a_folder_of_the_address_is_opened_where_only_this_machine_is_served(studio, cats: Path, monkeypatch):
    monkeypatch.setattr(routes, "lab", no_lab)
    where = {"model": "/no/gpt", "other": "/no/bert"}
    app = studio("pages/language.py", do="inside", **where)
    assert app.text_input(key="language-folder").value == "/no/gpt"
    assert app.text_input(key="language-other-folder").value == "/no/bert"
    assert {name: app.query_params[name] for name in where} == where
    for part in ("pick", "embed"):
        monkeypatch.setattr(f"pages.parts.language.{part}.serves_this_machine_only", lambda: False)
    app = studio("pages/language.py", do="inside", **where)
    assert "There is no model '/no/gpt' on this machine" in texts(app)
    app = studio("pages/language.py", do="embed", encoder="/no/encoder")
    assert "There is no encoder '/no/encoder' here" in texts(app)


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
    app = unfold(studio("pages/language.py", do="train", run=run))
    assert app.selectbox(key="lm-size").value == shown
    assert app.text_input(key="lm-prompt").value == "the cat"
    assert app.selectbox(key="lm-data").value == "my-other"
    assert app.number_input(key="lm-epochs-gpt-words").value == 3
