"""Runs of classifiers: what they leave behind, that a kill changes nothing, and that no label leaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import choose_labeled, split_rows
from selfsup_core.features import labeled
from selfsup_core.files import read_json
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.tasks import classify
from selfsup_core.tasks.parts import classify_inputs
from selfsup_core.train import loop as loop_module
from selfsup_core.workers.session import Session
from selfsup_core.workers.worker import Worker
from tests.helpers import (
    Killed,
    frame_bytes,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)
from tests.tasks.classify_helpers import CLASSES, head_spec, make_pets, text_spec


def epochs(folder: RunFolder) -> list[dict]:
    return [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]


@pytest.mark.parametrize("preset", ["classify-table", "classify-image"])
def test_presets_that_need_no_package(workspace: Path, preset: str):
    small = {"train.epochs": 5, "train.device": "cpu", "train.threads": 1, "frames.samples": 100}
    folder = make_run(workspace, preset_spec(preset, small))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    found, baseline = state["metrics"], state["baseline"]
    assert found["val_accuracy"] > 0.85
    assert found["test_accuracy"] > 0.85
    assert baseline["majority_accuracy"] < 0.5
    assert baseline["logistic_accuracy"] > 0.8
    assert baseline["logistic_rows"] == baseline["labeled_rows"]
    assert epochs(folder)[-1]["val_loss"] < epochs(folder)[0]["val_loss"]


def test_what_a_frame_holds(workspace: Path):
    folder = make_run(workspace, head_spec(data__labels_per_class=5))
    assert run_here(folder)["status"] == "finished"
    path = folder.frames / "static.safetensors"
    static, about = read_frame(path), read_about(path)
    assert {"kind", "item_shape", "scale", "classes", "columns"} <= about.keys()
    assert len(json.loads(about["classes"])) == 3
    size = len(static["labels"])
    assert size <= 60
    assert {static[n].shape for n in ("labels", "splits", "rows", "labeled")} == {(size,)}
    assert static["labeled"].sum() == 15
    dataset = open_source("wine", workspace)
    assert (static["labels"] == np.asarray(dataset.y)[static["rows"]]).all()
    assert list_frames(folder.frames) == [0, 1, 2]
    frame = read_frame(frame_path(folder.frames, 2))
    assert frame["predicted"].dtype == frame["confusion"].dtype == np.int32
    assert frame["confidence"].dtype == frame["sample_loss"].dtype == np.float32
    assert frame["map"].shape == (size, 2)
    assert frame["predicted"].shape == frame["confidence"].shape == frame["sample_loss"].shape
    confusion = frame["confusion"]
    assert confusion.sum() == 18, "the validation rows"
    assert (frame["label_counts"] == [confusion.sum(axis=1), confusion.sum(axis=0)]).all()
    row = epochs(folder)[-1]
    assert row["val_accuracy"] == pytest.approx(np.trace(confusion) / 18)
    assert all(np.isfinite(values).all() for values in frame.values())
    tested = read_json(folder.path / "test.json")
    assert tested["rows"] == np.sum(tested["confusion"]) == 18


def test_the_best_epoch_is_tested(workspace: Path, monkeypatch):
    """Early stop: the loss of the test rows is that of the best epoch's weights, not of the last ones."""
    losses = iter([1.0, 0.5, 0.2, 0.6, 0.7, 0.8])
    real = classify.ClassifyTask.look

    def look(self, terms):
        found = real(self, terms)
        found.metrics["val_loss"] = next(losses)
        seen.append({k: v.clone() for k, v in self.model.state_dict().items()})
        return found

    def measure(self, model, rows, what):
        tested.append({k: v.clone() for k, v in model.state_dict().items()})
        return measured(self, model, rows, what)

    seen, tested = [], []
    measured = classify.ClassifierEvaluator.measure
    monkeypatch.setattr(classify.ClassifyTask, "look", look)
    monkeypatch.setattr(classify.ClassifierEvaluator, "measure", measure)
    folder = make_run(workspace, head_spec(train__epochs=9, train__patience=3))
    state = run_here(folder)
    assert "early stop" in state["stop_reason"]
    assert len(seen) == 6
    assert len(tested) == 1, "test rows are looked at once"
    assert all((tested[0][k] == seen[2][k]).all() for k in seen[2])
    assert not all((tested[0][k] == seen[5][k]).all() for k in seen[5])


class CountedWorker(Worker):
    """Dies at its n-th write."""

    at, count = -1, 0

    def persist(self, write):
        CountedWorker.count += 1
        if CountedWorker.count == self.at:
            raise Killed
        return super().persist(write)


def counted(folder: RunFolder, at: int) -> int:
    CountedWorker.at, CountedWorker.count = at, 0
    try:
        CountedWorker(folder).run()
    except Killed:
        assert CountedWorker.count == at
    return CountedWorker.count


@pytest.mark.parametrize("tuning", ["head", "lora", "full"])
def test_killed_at_a_write_it_ends_as_if_nothing_had_happened(
    workspace: Path, monkeypatch, some, tuning: str
):
    """Dropout is on in all three."""
    monkeypatch.setattr(loop_module, "TICK_SECONDS", 0.0)
    often = {"train__checkpoint_seconds": 1e-9}
    if tuning == "head":
        spec = head_spec(**often)
    else:
        make_pets(workspace)
        spec = text_spec(workspace, model__tuning=tuning, **often)
    whole = make_run(workspace, spec)
    writes = counted(whole, -1)
    assert writes >= 15
    rows, tensors, frames = rows_without_times(whole), last_tensors(whole), frame_bytes(whole)
    state = read_json(whole.state)
    assert state["status"] == "finished", state["error"]
    for at in some(range(1, writes + 1), 7 if tuning == "head" else 3):
        folder = make_run(workspace, spec)
        counted(folder, at)
        after = run_here(folder)
        assert after["status"] == "finished", at
        assert rows_without_times(folder) == rows, f"metrics differ after a kill at write {at}"
        assert same(last_tensors(folder), tensors), f"weights differ after a kill at write {at}"
        assert frame_bytes(folder) == frames, f"frames differ after a kill at write {at}"
        assert after["metrics"] == state["metrics"], f"test scores differ after {at}"
        shutil.rmtree(folder.path)


def test_only_what_lora_trains_is_kept(workspace: Path):
    make_pets(workspace)
    folder = make_run(workspace, text_spec(workspace))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    names = [name.removeprefix("state/loop/model/") for name in weights(folder)]
    assert {"output.weight", "output.bias"} <= set(names)
    assert all("lora_" in name or name.startswith("output.") for name in names)
    assert any("LoRA trains" in note for note in state["notices"])
    full = make_run(workspace, text_spec(workspace, model__tuning="full"))
    run_here(full)
    assert len(weights(full)) > len(names)


@pytest.mark.parametrize("pooling", ["auto", "cls", "last", "own"])
@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_it_learns(workspace: Path, pooling: str, tuning: str):
    make_pets(workspace)
    spec = text_spec(
        workspace, model__pooling=pooling, model__tuning=tuning, train__epochs=12, train__learning_rate=0.01
    )
    state = run_here(make_run(workspace, spec))
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["train_accuracy"] > 0.6
    assert state["metrics"]["train_loss"] < 0.95 < np.log(3)


def fixed(monkeypatch, workspace: Path, source: str, config) -> tuple[np.ndarray, object]:
    """Split and labeled rows as they are now, whatever becomes of the labels."""
    dataset = open_source(source, workspace)
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    y = np.array(dataset.y)
    seen = choose_labeled(split.train, y, config.labels_per_class, config.split_seed)
    monkeypatch.setattr("selfsup_core.features.batches.split_rows", lambda *a, **k: split)
    monkeypatch.setattr(classify_inputs, "split_rows", lambda *a, **k: split)
    monkeypatch.setattr(labeled, "choose_labeled", lambda *a, **k: seen)
    return y, split, seen


def with_labels(monkeypatch, y: np.ndarray) -> None:
    from dataclasses import replace

    monkeypatch.setattr(
        classify, "open_source", lambda *a, **k: replace(open_source(*a, **k), y=y, digest="")
    )


@pytest.mark.parametrize("kind", ["head", "text"])
def test_scrambled_labels_of_test_rows_and_beyond_the_budget_change_nothing(
    workspace: Path, monkeypatch, kind: str
):
    if kind == "text":
        make_pets(workspace)
        spec = text_spec(workspace, data__labels_per_class=6)
    else:
        spec = head_spec(data__labels_per_class=6, train__epochs=4, train__patience=2)
    y, split, seen = fixed(monkeypatch, workspace, spec.data.source, spec.data)

    def trained(y):
        with_labels(monkeypatch, y)
        folder = make_run(workspace, spec)
        state = run_here(folder)
        assert state["status"] == "finished", state["error"]
        return folder, state

    folder, state = trained(y)
    hidden = np.setdiff1d(split.train, seen)
    scrambled = y.copy()
    for rows in (split.test, hidden):
        scrambled[rows] = (y[rows] + 1) % 3
    other, after = trained(scrambled)
    assert same(last_tensors(folder), last_tensors(other))
    assert rows_without_times(folder) == rows_without_times(other)
    assert after["best"] == state["best"]
    assert after["baseline"] == state["baseline"]
    assert after["metrics"]["test_accuracy"] != state["metrics"]["test_accuracy"]
    # The control: labels that may be seen do change it.
    visible = y.copy()
    visible[seen] = (y[seen] + 1) % 3
    assert not same(last_tensors(folder), last_tensors(trained(visible)[0]))


def test_class_weights_and_smoothing_are_used(workspace: Path):
    def final(**settings):
        folder = make_run(workspace, head_spec(**settings))
        assert run_here(folder)["status"] == "finished"
        return weights(folder)

    plain = final()
    assert not same(plain, final(objective__class_weights="balanced"))
    assert not same(plain, final(objective__label_smoothing=0.1))


def test_memory_that_runs_out_halves_the_batch(workspace: Path, monkeypatch):
    real = classify.ClassifyTask.values
    failed = []

    def values(self, rows):
        if len(rows) > 30:
            failed.append(len(rows))
            raise MemoryError
        return real(self, rows)

    monkeypatch.setattr(classify.ClassifyTask, "values", values)
    state = run_here(make_run(workspace, head_spec()))
    assert state["status"] == "finished", state["error"]
    assert failed
    assert any("processed in" in notice for notice in state["notices"])


def test_what_the_state_says(workspace: Path):
    make_pets(workspace)
    state = read_json(make_run(workspace, text_spec(workspace)).state)
    assert state["task"] == "classify"
    assert state["map"] == "the class scores"
    head = read_json(make_run(workspace, head_spec()).state)
    assert head["parameters"] == 14 * 8 + 9 * 3
    assert len(CLASSES) == 3


def test_data_without_labels_fail_in_words(workspace: Path):
    make_pets(workspace, y=np.full(120, -1))
    state = run_here(make_run(workspace, text_spec(workspace)))
    assert state["status"] == "failed"
    assert state["error"]["code"] == "no-labels"


def test_a_text_classifier_wants_texts(workspace: Path):
    make_pets(workspace)
    state = run_here(make_run(workspace, text_spec(workspace, data__source="wine")))
    assert state["error"]["code"] == "no-texts"


def test_a_resume_needs_the_same_model(workspace: Path, monkeypatch):
    """Frozen weights are in no checkpoint, so another folder under the same name is refused."""
    from tests.models.tiny import tiny_bert

    make_pets(workspace)
    folder = make_run(workspace, text_spec(workspace))
    real = Session._look

    def look(self, event):
        real(self, event)
        if event.epoch == 1:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Session, "_look", look)
        with pytest.raises(Killed):
            run_here(folder)
    shutil.rmtree(workspace.parent / "tiny-bert")
    tiny_bert(workspace.parent / "tiny-bert", seed=1)
    assert run_here(folder)["error"]["code"] == "other-model"


def test_a_slow_measurement_says_how_far_it_is(workspace: Path, monkeypatch):
    said = []
    real = Session._tell

    def tell(self, text):
        said.append(text)
        real(self, text)

    monkeypatch.setattr(Session, "_tell", tell)
    monkeypatch.setattr("selfsup_core.evaluate.classifier_epochs.PATIENCE_SECONDS", -1.0)
    state = run_here(make_run(workspace, head_spec()))
    assert "Measuring test rows: 18 of 18." in said
    assert any(text.startswith("Measuring validation rows") for text in said)
    assert state["message"] == ""
