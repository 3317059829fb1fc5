"""Language models as runs: they learn, resume bit for bit, and leave a folder that plain transformers
loads.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, RunError
from selfsup_core.evaluate.words.verdict import describe_run
from selfsup_core.features.corpus import cut_running
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.estimate import estimate, measured_speed
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import make_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.tasks.parts.language_loading import load_run_model
from selfsup_core.tasks.parts.language_runs import export_model, held_out_lines, list_language_runs
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)

SMALL = {
    "data.source": "my-text",
    "model.layers": 1,
    "model.heads": 2,
    "model.width": 16,
    "model.context": 16,
    "train.epochs": 4,
    "train.steps_per_epoch": 30,
    "train.batch_size": 8,
    "train.learning_rate": 0.01,
    "train.warmup_steps": 5,
    "train.device": "cpu",
    "train.threads": 1,
    "frames.written": 20,
}
TEXT = "the cat sat on the mat and the dog sat on the log. " * 60


@pytest.fixture
def texts(workspace: Path) -> Path:
    """A workspace with one running text."""
    details = {"rows": 1, "shape": [], "is_running": True}
    dataset = Dataset(id="my-text", kind="text", title="Cats", x=Texts.pack([TEXT]), details=details)
    save_dataset(dataset, workspace / "datasets" / "my-text")
    return workspace


def small(preset: str = "gpt-characters", **overrides):
    return preset_spec(preset, SMALL | {k.replace("__", "."): v for k, v in overrides.items()})


@pytest.mark.parametrize("preset", ["gpt-characters", "gpt-words", "masked-text"])
def test_it_learns_and_shows_it(texts: Path, preset: str):
    folder = make_run(
        texts, small(preset, **({"model__vocabulary": 300} if preset != "gpt-characters" else {}))
    )
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["val_loss"] < 0.8 * rows[0]["val_loss"]
    assert np.exp(rows[-1]["val_loss"]) == pytest.approx(rows[-1]["val_token_perplexity"])
    assert list_frames(folder.frames) == [0, 1, 2, 3, 4]
    about = read_about(frame_path(folder.frames, 4))
    statics = read_about(folder.frames / "static.safetensors")
    frame = read_frame(frame_path(folder.frames, 4))
    assert len(json.loads(statics["glyphs"])) == len(frame["map"]) == len(frame["sample_loss"])
    if preset == "masked-text":
        line = json.loads(about["filled"])[0]
        assert sum(state != 0 for _, state, _, _ in line) >= 1
    else:
        assert len(json.loads(about["written"])) >= 15
        part = len(TEXT) * rows[-1]["val_loss"]
        assert rows[-1]["val_bits_per_character"] > 0
        assert part > 0
    assert "per token" in describe_run(state)


def test_bits_a_character_by_hand(texts: Path):
    folder = make_run(texts, small(train__epochs=1))
    run_here(folder)
    row = epoch_rows(read_rows(folder.metrics))[-1]
    # One token a character and no ends: bits are nats divided by ln 2.
    assert row["val_bits_per_character"] == pytest.approx(row["val_loss"] / np.log(2))
    assert row["train_bits_per_character"] == pytest.approx(row["train_loss"] / np.log(2))


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(texts: Path, monkeypatch, dropout: float):
    spec = small(model__dropout=dropout, train__checkpoint_seconds=1e-6, train__accumulation=2)
    whole = make_run(texts, spec)
    run_here(whole)
    cut = make_run(texts, spec)
    kill_and_resume(cut, monkeypatch, saves=3)
    assert same(weights(whole), weights(cut))
    assert same(last_tensors(whole), last_tensors(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert frame_bytes(whole) == frame_bytes(cut)


def test_the_test_part_is_touched_by_nothing(texts: Path):
    one = make_run(texts, small())
    run_here(one)
    changed = TEXT[: round(len(TEXT) * 0.9)] + "z" * (len(TEXT) - round(len(TEXT) * 0.9))
    other = texts.parent / "other"
    dataset = Dataset(
        id="my-text",
        kind="text",
        title="Cats",
        x=Texts.pack([changed]),
        details={"rows": 1, "shape": [], "is_running": True},
    )
    save_dataset(dataset, other / "datasets" / "my-text")
    two = make_run(other, small())
    run_here(two)
    assert same(weights(one), weights(two))


def test_the_exported_folder_gives_the_same_logits_in_plain_transformers(texts: Path, tmp_path: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make_run(texts, small())
    run_here(folder)
    used = export_model(texts, folder.id, tmp_path / "out")
    assert used == 4
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    ids = torch.tensor([tokenizer("the cat sat")["input_ids"]])
    ours, _, epoch = load_run_model(texts, folder.id)
    with torch.inference_mode():
        assert torch.equal(plain(ids).logits, ours(ids).logits)
    trained = {k.removeprefix("state/loop/model/"): v for k, v in weights(folder).items()}
    assert epoch == 4
    for name, value in plain.state_dict().items():
        assert np.array_equal(value.numpy(), trained[name]), name
    with pytest.raises(DataError, match="already exists"):
        export_model(texts, folder.id, tmp_path / "out")
    # What is longer than the context is said, and stops, instead of failing on a position that is not there.
    assert "reads 16 tokens at once" in (tmp_path / "out" / "README.md").read_text("utf-8")
    assert tokenizer.model_max_length == 16
    long = tokenizer(
        "the cat sat on the mat and the dog", return_tensors="pt", truncation=True, max_length=12
    )
    assert plain.generate(**long, do_sample=False).shape[1] <= 16
    made = Desk(texts).ask(Subject("language-model", f"run:{folder.id}@1"), "export", {}).about
    assert made["epoch"] == 1
    with zipfile.ZipFile(texts / made["file"]) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names


def test_earlier_epochs_can_be_loaded(texts: Path):
    folder = make_run(texts, small())
    run_here(folder)
    (entry,) = list_language_runs(texts)
    assert entry["epochs"] == [0, 1, 2, 3, 4]
    early, tokenizer, used = load_run_model(texts, folder.id, 1)
    late, _, _ = load_run_model(texts, folder.id)
    assert used == 1
    ids = torch.tensor([tokenizer("the cat")["input_ids"]])
    with torch.inference_mode():
        assert not torch.equal(early(ids).logits, late(ids).logits)
    shutil.rmtree(folder.path / "model")
    with pytest.raises(RunError, match="do not exist yet"):
        load_run_model(texts, folder.id)


def test_a_run_goes_on_from_another_with_small_additions(texts: Path):
    first = make_run(texts, small())
    run_here(first)
    values = {
        "data": {"source": "my-text"},
        "objective": {"kind": "causal-language"},
        "model": {"kind": "pretrained", "source": f"run:{first.id}", "lora_rank": 2, "context": 16},
        "train": {"epochs": 2, "steps_per_epoch": 10, "batch_size": 8, "device": "cpu", "threads": 1},
        "frames": {"written": 10},
    }
    second = make_run(texts, make_spec(values))
    state = run_here(second)
    assert state["status"] == "finished", state["error"]
    assert any("LoRA trains" in note for note in state["notices"])
    assert all("lora" in name for name in weights(second)), "frozen weights are not kept twice"
    before = epoch_rows(read_rows(first.metrics))[-1]["val_loss"]
    rows = epoch_rows(read_rows(second.metrics))
    assert rows[0]["val_loss"] == pytest.approx(before, abs=0.02), "it begins where the other ended"
    assert rows[-1]["val_loss"] < rows[0]["val_loss"] + 0.01
    model, _, _ = load_run_model(texts, second.id)
    assert not hasattr(model, "peft_config"), "additions are worked in"


def test_texts_shorter_than_the_context(texts: Path):
    dataset = Dataset(
        id="my-bit",
        kind="text",
        title="A bit",
        x=Texts.pack(["abcabcabd " * 4]),
        details={"rows": 1, "shape": []},
    )
    save_dataset(dataset, texts / "datasets" / "my-bit")
    folder = make_run(texts, small(data__source="my-bit", model__context=64, train__epochs=1))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert any("less than the context of 64" in note for note in state["notices"])


def test_an_objective_of_the_other_kind_is_refused(texts: Path):
    first = make_run(texts, small(train__epochs=1))
    run_here(first)
    values = {
        "data": {"source": "my-text"},
        "objective": {"kind": "masked-language"},
        "model": {"kind": "pretrained", "source": f"run:{first.id}"},
    }
    state = run_here(make_run(texts, make_spec(values)))
    assert state["status"] == "failed"
    assert "Choose the objective causal-language" in state["error"]["remedy"]


def test_what_a_run_takes_is_said_before_it_starts(texts: Path):
    spec = small()
    first = estimate(spec, texts)
    assert "rough estimate" in first.basis
    run_here(make_run(texts, spec))
    assert measured_speed(texts) > 0
    again = estimate(spec, texts)
    assert "earlier runs" in again.basis
    assert again.sentence().startswith(f"{first.parameters:,} weights")


def test_every_preset_is_a_valid_spec():
    assert set(list_presets("language")) == {"gpt-characters", "gpt-words", "masked-text", "continue-text"}
    for name in list_presets("language"):
        assert preset_spec(name).name


def test_a_line_that_was_not_trained_on(texts: Path):
    lines = "\n".join(f"line number {i} of the text" for i in range(400))
    dataset = Dataset(
        id="my-lines",
        kind="text",
        title="Lines",
        x=Texts.pack([lines]),
        details={"rows": 1, "shape": [], "is_running": True},
    )
    save_dataset(dataset, texts / "datasets" / "my-lines")
    spec = make_spec(preset_spec("gpt-characters").as_dict(), SMALL | {"data.source": "my-lines"})
    run = submit(texts, spec).id
    found, where = held_out_lines(texts, run, 3)
    trained, validation = cut_running(lines, spec.data)
    assert len(set(found)) == 3
    assert set(found) <= set(validation.splitlines())
    assert not set(found) & set(trained.splitlines())
    assert held_out_lines(texts, run, 1)[0] == found[:1]
    assert where == "validation part of Lines"


def test_of_separate_texts_the_line_is_of_a_validation_row(texts: Path):
    rows = [f"text number {i} speaks of this and that" for i in range(60)]
    dataset = Dataset(
        id="my-rows", kind="text", title="Rows", x=Texts.pack(rows), details={"rows": 60, "shape": []}
    )
    save_dataset(dataset, texts / "datasets" / "my-rows")
    values = SMALL | {"data.source": "my-rows", "data.text_unit": "texts"}
    spec = make_spec(preset_spec("gpt-characters").as_dict(), values)
    found, where = held_out_lines(texts, submit(texts, spec).id, 2)
    split = split_rows(
        dataset, validation=spec.data.validation, test=spec.data.test, seed=spec.data.split_seed
    )
    assert [rows.index(line) for line in found] == split.validation[:2].tolist()
    assert where == f"validation part of Rows, row {split.validation[0]}"
