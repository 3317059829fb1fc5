"""Language models in the lab process: asked over its socket, of every kind, errors in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.inspection.client import LabClient, stop_lab
from selfsup_core.inspection.loaded import Models
from selfsup_core.inspection.measure import recall
from selfsup_core.inspection.subject import Subject
from tests.inspection.asking import ask_model
from tests.models.tiny import tiny_bert, tiny_gpt


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert") / "bert")


@pytest.fixture(scope="module")
def gpt(tmp_path_factory) -> Path:
    return tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt")


def test_over_the_socket(gpt: Path, workspace: Path):
    client = LabClient(workspace)
    try:
        found = client.ask(Subject("language-model", str(gpt)), "read", {"text": "the cat"}).about
        assert "".join(found["pieces"]) == "the cat"
        assert found["perplexity"] > 1
        with pytest.raises(StudioError, match="no text to read"):
            client.ask(Subject("language-model", str(gpt)), "read", {"text": ""})
        with pytest.raises(StudioError, match="neither a built-in one"):
            client.ask(Subject("language-model", "nothing"), "read", {"text": "a"})
        heat = client.ask(
            Subject("language-model", str(gpt)), "attention", {"text": "the cat", "layer": 1}
        ).about
        assert (heat["layers"], heat["heads"]) == (2, 2)
        assert len(heat["weights"]) == len(heat["pieces"])
        assert client.ask(Subject("language-model", str(gpt)), "write", {"text": "the", "tokens": 3}).about[
            "text"
        ]
        assert client.ask(Subject("language-model", str(gpt)), "loading", {}).about["state"] == "ready"
    finally:
        stop_lab(workspace)


@pytest.mark.parametrize(
    ("tool", "values", "said"),
    [
        (
            "raed",
            {},
            "There is no tool 'raed'. Known: attention, export, fetch, label, loading, measure, next, read, "
            "write",
        ),
        ("read", {"text": 5}, "text"),
        ("read", {"text": "a" * 20_001}, "text"),
        ("next", {"text": "a", "temperature": -1}, "temperature must be at least 0"),
        ("next", {"text": "a", "top_p": 0}, "top_p must be"),
        ("write", {"text": "a", "tokens": 10_000}, "tokens must be"),
        ("write", {"text": "a", "beams": 4}, "beams"),
        ("next", {"text": "a", "place": 0}, "place is for masked models"),
        ("loading", {"wait": 100}, "wait must be"),
        ("measure", {"text": "a"}, "text"),
    ],
)
def test_bad_settings_are_named(gpt: Path, workspace: Path, tool, values, said):
    with pytest.raises(SettingError) as caught:
        ask_model(Models(workspace), str(gpt), tool, values)
    assert said in caught.value.message


def test_a_model_that_cannot_be_loaded_takes_no_other_ones_place_for_good(gpt: Path, workspace: Path):
    models = Models(workspace)
    first = models.get(str(gpt))
    assert models.get(str(gpt)) is first, "loaded once"
    with pytest.raises(DataError):
        models.get("nothing")
    assert models.get(str(gpt)).model is not None


def test_a_masked_model(bert: Path, workspace: Path):
    models = Models(workspace)
    found = ask_model(models, str(bert), "read", {"text": "the [MASK] sat"})
    assert found["kind"] == "masked"
    assert found["log_p"][1] is None
    assert found["spans"] == [(0, 3), (3, 10), (10, 14)]
    filled = ask_model(models, str(bert), "next", {"text": "the [MASK] sat"})
    assert filled["place"] == 1
    assert ask_model(models, str(bert), "next", {"text": "the cat", "place": 0})["place"] == 0
    with pytest.raises(DataError, match="fills gaps and cannot continue a text"):
        ask_model(models, str(bert), "write", {"text": "the"})
    assert ask_model(models, str(bert), "attention", {"text": "the"})["kind"] == "masked"


def test_an_encoder_predicts_nothing(tmp_path: Path, workspace: Path):
    folder = str(tiny_bert(tmp_path / "body", head=False))
    models = Models(workspace)
    for tool in ("read", "next", "write"):
        with pytest.raises(DataError, match="body is an encoder: it turns a text into numbers"):
            ask_model(models, folder, tool, {"text": "the"})
    assert ask_model(models, folder, "attention", {"text": "the"})["heads"] == 2


def test_measured_numbers_are_kept(gpt: Path, bert: Path, workspace: Path, monkeypatch):
    monkeypatch.setattr("selfsup_core.inspection.measure.LEAST_SECONDS", 0.02)
    models = Models(workspace)
    found = ask_model(models, str(gpt), "measure", {})
    assert found["read_tokens_per_second"] > 0
    assert found["write_tokens_per_second"] > 0
    parameters = models.get(str(gpt)).parameters
    assert found["memory_mb"] == pytest.approx(4 * parameters / 1e6, rel=0.01)
    assert recall(workspace, str(gpt)) == {"model": str(gpt)} | found
    assert recall(workspace, "another") is None
    assert ask_model(models, str(bert), "measure", {})["write_tokens_per_second"] is None


def test_a_few_texts_are_labeled(gpt: Path, bert: Path, workspace: Path):
    values = {"texts": ["the cat", "a dog"], "classes": ["cat", "mat"], "prompt": "{classes}|{text}"}
    for how in ("zero-shot", "generated"):
        rows = ask_model(Models(workspace), str(gpt), "label", values | {"how": how})["rows"]
        assert [row["text"] for row in rows] == values["texts"]
        assert all(row["label"] in ("cat", "mat", "") for row in rows)
    models = Models(workspace)
    with pytest.raises(DataError, match="cannot generate text"):
        ask_model(models, str(bert), "label", values)
