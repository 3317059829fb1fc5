"""Language models in the lab process: asked over its socket, one kept at a time, errors in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.lab.language import Models, use_language_tool
from selfsup_core.lab.process import LabClient, stop_lab
from tests.models.tiny import tiny_gpt


@pytest.fixture(scope="module")
def gpt(tmp_path_factory) -> Path:
    return tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt")


def test_over_the_socket(gpt: Path, workspace: Path):
    client = LabClient(workspace)
    try:
        found = client.ask_model(str(gpt), "read", {"text": "the cat"})
        assert "".join(found["pieces"]) == "the cat"
        assert found["perplexity"] > 1
        with pytest.raises(StudioError, match="no text to read"):
            client.ask_model(str(gpt), "read", {"text": ""})
        with pytest.raises(StudioError, match="neither a built-in one"):
            client.ask_model("nothing", "read", {"text": "a"})
        heat = client.ask_model(str(gpt), "attention", {"text": "the cat", "layer": 1})
        assert (heat["layers"], heat["heads"]) == (2, 2)
        assert len(heat["weights"]) == len(heat["pieces"])
        assert client.ask_model(str(gpt), "write", {"text": "the", "tokens": 3})["text"]
    finally:
        stop_lab(workspace)


@pytest.mark.parametrize(
    ("tool", "values", "said"),
    [
        ("raed", {}, "There is no tool 'raed'. Known: read, next, write, attention"),
        ("read", {"text": 5}, "text"),
        ("read", {"text": "a" * 20_001}, "text"),
        ("next", {"text": "a", "temperature": -1}, "temperature must be at least 0"),
        ("next", {"text": "a", "top_p": 0}, "top_p must be"),
        ("write", {"text": "a", "tokens": 10_000}, "tokens must be"),
        ("write", {"text": "a", "beams": 4}, "beams"),
    ],
)
def test_bad_settings_are_named(gpt: Path, workspace: Path, tool, values, said):
    with pytest.raises(SettingError) as caught:
        use_language_tool(Models(workspace), str(gpt), tool, values)
    assert said in caught.value.message


def test_a_model_that_cannot_be_loaded_takes_no_other_ones_place_for_good(gpt: Path, workspace: Path):  # fmt: skip
    models = Models(workspace)
    first = models.get(str(gpt))
    assert models.get(str(gpt)) is first, "loaded once"
    with pytest.raises(DataError):
        models.get("nothing")
    assert models.get(str(gpt))[0] is not None
