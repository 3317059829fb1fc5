"""Whisper models: written as transformers writes, and refused in words when they are none or lie."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selfsup_core.environment import machine_folder
from selfsup_core.errors import DataError, SettingError
from selfsup_core.pretrained import hub, whisper_folder
from selfsup_core.pretrained.hub import folder_of
from selfsup_core.pretrained.loading import load_model
from selfsup_core.pretrained.trial import remember
from selfsup_core.pretrained.whisper import RATE, Whisper, to_16_khz
from selfsup_core.pretrained.whisper_folder import check_language, find_whisper
from tests.models.tiny import tiny_gpt
from tests.models.tiny_whisper import tiny_whisper


@pytest.fixture(scope="module")
def english(tmp_path_factory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("whisper") / "tiny.en")


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("whisper") / "tiny", many=True)


def sounds(*seconds: float) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.normal(0, 0.1, round(one * RATE)).astype(np.float32) for one in seconds]


def load(folder: Path, **values: Any) -> Whisper:
    return Whisper(find_whisper(str(folder), folder), **values)


def changed(folder: Path, target: Path, file: str = "config.json", **values: object) -> Path:
    """A copy whose settings say another thing."""
    shutil.copytree(folder, target)
    said = json.loads((target / file).read_text()) | values
    (target / file).write_text(json.dumps({key: value for key, value in said.items() if value != "gone"}))
    return target


@pytest.mark.parametrize("language", ["", "zh"])
def test_it_writes_what_transformers_writes(request, language):
    model = load(request.getfixturevalue("several" if language else "english"), language=language)
    waves = sounds(0.5, 2.0)
    heard = model.write(waves)
    features = model.extractor(waves, sampling_rate=RATE, return_tensors="pt").input_features
    asked = {"language": language, "task": "transcribe"} if language else {}
    made = model.model.generate(
        features,
        do_sample=False,
        num_beams=1,
        max_new_tokens=40,
        return_dict_in_generate=True,
        output_scores=True,
        # transformers keeps control tokens possible, which an untrained model finds as likely as others.
        suppress_tokens=torch.nonzero(model.never)[:, 0].tolist(),
        **asked,
    )
    for row, (one, bound) in enumerate(zip(heard, (16, 34), strict=True)):
        # What begins a transcript is not part of what transformers gives, or comes before it.
        tokens = made.sequences[row][-len(made.scores) :].tolist()[:bound]
        ends = tokens.index(model.end) if model.end in tokens else len(tokens)
        assert one.text == model.tokenizer.decode(tokens[:ends], skip_special_tokens=True).strip()
        log_p = [float(made.scores[at][row].log_softmax(dim=0)[token]) for at, token in enumerate(tokens)]
        assert one.probability == pytest.approx(math.exp(np.mean(log_p[: ends + 1])), rel=1e-3)
        assert one.is_whole == (model.end in tokens)
    assert len(heard[0].text) > 3, "nothing was compared"


def test_a_clip_is_heard_the_same_in_any_company(english):
    model = load(english)
    waves = sounds(0.5, 1.0, 2.0)
    together = model.write(waves)
    for one, wave in zip(together, waves, strict=True):
        (alone,) = model.write([wave])
        assert (alone.text, alone.is_whole) == (one.text, one.is_whole)
        assert alone.probability == pytest.approx(one.probability, rel=1e-4)


def test_what_ends_is_whole_and_its_end_counts(english):
    model = load(english)
    a, b = model.tokenizer("ab").input_ids[:1], model.tokenizer("2").input_ids[:1]
    tokens, log_p = [*a, *b, model.end, *a], [-0.1, -0.2, -0.6, -9.0]
    found = model._read(tokens, log_p, 4)
    assert (found.text, found.is_whole) == (model.tokenizer.decode([*a, *b]), True)
    assert found.probability == pytest.approx(math.exp(-0.3))
    cut = model._read(tokens, log_p, 2)
    assert not cut.is_whole
    assert cut.probability == pytest.approx(math.exp(-0.15))
    broken = model._read(tokens, [math.nan] * 4, 4)
    assert (broken.text, broken.probability, broken.is_whole) == ("", 0.0, False)


def test_control_tokens_times_and_what_is_suppressed_are_never_written(several):
    model = load(several)
    named = {model.tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("en", "transcribe")}
    times = set(range(model._token("<|notimestamps|>"), model.facts.vocabulary))
    assert len(times) == 5
    never = set(torch.nonzero(model.never)[:, 0].tolist())
    assert named | times | {3, 4} <= never
    assert model.end not in never
    assert model.not_first[model.end], "a transcript is not empty at once"


def test_the_language_is_the_likeliest_one_or_the_one_that_is_named(several):
    begins = {}
    for language in ("", "zh", "en"):
        model = load(several, language=language)
        features = model.extractor(sounds(1.0), sampling_rate=RATE, return_tensors="pt").input_features
        states = model.model.get_encoder()(features)
        begins[language] = model.tokenizer.convert_ids_to_tokens(model._begin(states)[0].tolist())
    assert begins["zh"] == ["<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]
    assert begins[""] in (begins["zh"], begins["en"])
    facts = find_whisper(str(several), several)
    with pytest.raises(SettingError, match="does not write the language 'de'; it knows en, zh"):
        check_language(facts, "de")


def test_sound_is_brought_to_16_khz():
    tone = (12_000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.int16)
    made = to_16_khz(tone, 8000)
    assert (made.dtype, len(made)) == (np.float32, 16_000)
    assert np.abs(np.fft.rfft(made)).argmax() == 440
    assert np.abs(made).max() == pytest.approx(12_000 / 32768, rel=0.02)
    np.testing.assert_array_equal(to_16_khz(tone, 16_000), tone / np.float32(32768))


LIES: list[tuple[dict[str, object], str]] = [
    ({"architectures": ["WhisperModel"]}, "is a WhisperModel, not a Whisper model"),
    ({"model_type": "bart"}, "not a Whisper model"),
    ({"auto_map": {"AutoModel": "evil.Model"}}, "needs its own code"),
    ({"max_source_positions": 10**9}, "max_source_positions '1000000000'; expected 1 to 1,500"),
    ({"max_source_positions": 99}, "expected a multiple of 50"),
    ({"num_mel_bins": "80"}, "num_mel_bins '80'"),
    ({"vocab_size": "gone"}, "vocab_size '0'"),
    ({"d_model": 10**6}, "numbers per token"),
]


@pytest.mark.parametrize(("values", "said"), LIES)
def test_what_is_no_whisper_model_is_refused_before_it_is_loaded(english, tmp_path, values, said):
    with pytest.raises(DataError, match=said):
        find_whisper(str(changed(english, tmp_path / "liar", **values)), tmp_path)


def test_a_text_model_pickles_and_nothing_are_refused(english, tmp_path):
    gpt = tiny_gpt(tmp_path / "gpt")
    with pytest.raises(DataError, match="gpt is a GPT2LMHeadModel, not a Whisper model"):
        find_whisper(str(gpt), tmp_path)
    pickled = tmp_path / "pickled"
    shutil.copytree(english, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"found pytorch_model\.bin, which could run code"):
        find_whisper(str(pickled), tmp_path)
    for name in ("", "whisper", str(tmp_path / "none")):
        with pytest.raises(DataError, match="There is no folder"):
            find_whisper(name, tmp_path)
    with pytest.raises(DataError, match="reads no text"):
        load_model(english)


def test_what_its_files_lack_is_named(english, several, tmp_path):
    fewer = changed(english, tmp_path / "fewer", decoder_layers=3)
    remember(fewer)
    with pytest.raises(DataError, match=r"fewer lacks weights of a Whisper model: model\.decoder\.layers\.2"):
        load(fewer)
    wider = changed(english, tmp_path / "wider", num_mel_bins=128)
    remember(wider)
    with pytest.raises(DataError, match="wider could not be loaded"):
        load(wider)
    mute = changed(english, tmp_path / "mute", "generation_config.json", suppress_tokens=[*range(400)])
    remember(mute)
    with pytest.raises(DataError, match="settings of mute leave no token"):
        load(mute)
    other = tmp_path / "other"
    shutil.copytree(english, other)
    gpt = tiny_gpt(tmp_path / "gpt")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(gpt / name, other)
    remember(other)
    with pytest.raises(DataError, match=r"tokenizer of other has no <\|endoftext\|>"):
        load(other)


def test_one_of_the_hub_is_used_once_it_was_downloaded(english, tmp_path, monkeypatch):
    for name in ("hub:openai/whisper-tiny.en", "openai/whisper-tiny.en"):
        with pytest.raises(DataError, match=r"openai/whisper-tiny\.en has not been downloaded") as refused:
            find_whisper(name, tmp_path)
        assert "language fetch" in str(refused.value.remedy)
    target = folder_of("openai/whisper-tiny.en", tmp_path)
    shutil.copytree(english, target)
    mark = {"id": "openai/whisper-tiny.en", "revision": "0" * 40, "licence": "mit", "bytes": 1, "fetched": ""}
    (target / hub.MARK).write_text(json.dumps(mark))
    assert find_whisper("hub:openai/whisper-tiny.en", tmp_path).title == "openai/whisper-tiny.en"

    def closed(name: str) -> Path:
        raise DataError("Folders of the machine cannot be opened in a room.", code="no-model")

    monkeypatch.setattr(whisper_folder, "machine_folder", closed)
    assert find_whisper("hub:openai/whisper-tiny.en", tmp_path).seconds == 2
    with pytest.raises(DataError, match="in a room"):
        find_whisper(str(english), tmp_path)
    assert machine_folder(str(english)) == english
