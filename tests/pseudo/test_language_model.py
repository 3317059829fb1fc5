"""Labels by a language model: the chain rule computed directly, calibration, answers that name nothing, and
jobs that go on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.pretrained.loading import load_causal
from selfsup_core.pretrained.zero_shot import ZeroShotConfig, make_prompt
from selfsup_core.pseudo import language_model
from selfsup_core.pseudo.language_model import (
    answered,
    calibrated,
    from_said,
    generated,
    kept_path,
    mark_of,
    name_scores,
    zero_shot,
)
from tests.models.tiny import tiny_gpt

CLASSES = ("cat", "the dog on the log", "mat")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return load_causal(tiny_gpt(tmp_path_factory.mktemp("gpt") / "tiny", context=512))


def slow_score(model, tokenizer, prompt: str, name: str) -> float:
    """The product of the conditional probabilities, one token after the other."""
    ids, total = tokenizer(prompt).input_ids, 0.0
    for token in tokenizer(f" {name}", add_special_tokens=False).input_ids:
        with torch.inference_mode():
            total += float(model(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(0)[token])
        ids = [*ids, token]
    return total


def test_names_by_the_chain_rule(loaded):
    model, tokenizer = loaded
    prompt = "the cat sat on"
    found = name_scores(model, tokenizer, prompt, CLASSES)
    wanted = [slow_score(model, tokenizer, prompt, name) for name in CLASSES]
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-3)


def test_calibration_takes_the_names_own_likelihood_off(loaded):
    model, tokenizer = loaded
    config = ZeroShotConfig()
    p = zero_shot(model, tokenizer, ["N/A", "the cat sat"], [0, 1], CLASSES, config)
    np.testing.assert_allclose(p[0], 1 / 3, atol=1e-4)  # without content, nothing speaks for any
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    scores = name_scores(model, tokenizer, make_prompt("the cat sat", CLASSES, config), CLASSES).numpy()
    empty = name_scores(model, tokenizer, make_prompt("N/A", CLASSES, config), CLASSES).numpy()
    ratio = np.exp(scores - empty)
    np.testing.assert_allclose(p[1], ratio / ratio.sum(), atol=1e-4)
    assert calibrated(np.array([[-900.0, -901.0]]), np.zeros(2))[0, 0] == pytest.approx(0.731, abs=1e-3)


def test_what_was_said_before_is_not_asked_again(loaded, tmp_path: Path, monkeypatch):
    model, tokenizer = loaded
    config, texts = ZeroShotConfig(), ["the cat sat", "a dog sat", "on the mat"]
    path = kept_path(tmp_path, "zero-shot", "tiny", "data", CLASSES, config)
    whole = zero_shot(model, tokenizer, texts, [4, 7, 9], CLASSES, config)
    zero_shot(model, tokenizer, texts[:2], [4, 7], CLASSES, config, kept=path)
    with open(path, "a") as file:
        file.write('{"row": 9, "sa')  # the job was killed here
    real, asked = name_scores, []

    def counted(model, tokenizer, prompt, names):
        asked.append(prompt)
        return real(model, tokenizer, prompt, names)

    monkeypatch.setattr(language_model, "name_scores", counted)
    again = zero_shot(model, tokenizer, texts, [4, 7, 9], CLASSES, config, kept=path)
    assert len(asked) == 2  # the empty prompt and the third text
    np.testing.assert_allclose(again, whole, atol=1e-4)
    zero_shot(model, tokenizer, texts, [4, 7, 9], CLASSES, config, kept=path)
    assert len(asked) == 3  # what came after the torn line was kept too
    other = kept_path(tmp_path, "zero-shot", "tiny", "data", CLASSES, ZeroShotConfig(seed=1))
    assert other != path


def test_an_answers_probability_is_the_models_own(loaded, monkeypatch):
    model, tokenizer = loaded
    answers = {"a": "It is a cat.", "b": "no idea", "c": "Mat"}
    config = ZeroShotConfig(template="{text}|{classes}")
    monkeypatch.setattr(language_model, "written", lambda m, t, prompt, c: answers[prompt.partition("|")[0]])
    for text in answers:
        prompt = make_prompt(text, CLASSES, config)
        said = answered(model, tokenizer, prompt, CLASSES, config)
        assert said["answer"] == answers[text]
        if text == "b":
            assert (said["label"], said["p"]) == (-1, None)
            continue
        before, names = (
            (f"{prompt}It is a", CLASSES) if text == "a" else (prompt, ("Cat", "The dog on the log", "Mat"))
        )
        scores = np.array([slow_score(model, tokenizer, before, name) for name in names])
        wanted = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(said["p"], wanted, atol=1e-3)
        named = 0 if text == "a" else 2
        assert said["label"] == (named if wanted.argmax() == named else -1)
        assert ("is more likely" in said["reason"]) == (said["label"] == -1)


def test_answers_that_name_no_class_abstain(loaded, monkeypatch):
    model, tokenizer = loaded
    monkeypatch.setattr(language_model, "written", lambda *a: "no idea")
    p = generated(model, tokenizer, ["b"], [0], CLASSES, ZeroShotConfig())
    assert np.isnan(p).all()
    monkeypatch.undo()
    real = generated(model, tokenizer, ["the cat"], [0], CLASSES, ZeroShotConfig(most_tokens=3))
    assert real.shape == (1, 3)
    nobody = {"label": -1, "answer": "", "reason": "", "p": None}
    found = from_said([nobody, nobody | {"label": 1}, nobody | {"label": 0, "p": [0.7, 0.2, 0.1]}], 3)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:], [[0, np.inf, 0], [0.7, 0.2, 0.1]], atol=1e-6)


def test_a_short_context_is_no_error(tmp_path: Path):
    model, tokenizer = load_causal(tiny_gpt(tmp_path / "short", context=24))
    texts, config = ["the cat sat on the mat " * 40], ZeroShotConfig(most_tokens=16)
    assert generated(model, tokenizer, texts, [0], ("cat", "mat"), config).shape == (1, 2)
    assert np.isfinite(zero_shot(model, tokenizer, texts, [0], ("cat", "mat"), config)).all()
    with pytest.raises(SettingError, match="longest class name"):
        zero_shot(model, tokenizer, texts, [0], ("cat", "the mat " * 30), config)


def test_other_weights_in_the_same_folder_are_asked_anew(tmp_path: Path):
    folder = tiny_gpt(tmp_path / "tiny")
    before = mark_of(folder)
    assert mark_of(folder) == before
    weights = next(folder.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes() + b" ")
    assert mark_of(folder) != before
