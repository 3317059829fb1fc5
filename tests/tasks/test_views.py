"""Learning from views: runs learn, resume bit for bit and say what is wrong; only training rows are seen."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.augment.config import TextAugmentation
from selfsup_core.errors import RunError, SettingError
from selfsup_core.inspection.asking import questions_about
from selfsup_core.inspection.model_at import Kits
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import make_spec
from selfsup_core.runs.thinned import frame_path
from selfsup_core.tasks.parts.make_views import views_of_vectors
from tests.cli.helpers import cli
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
)
from tests.inspection.asking import ask_run
from tests.tasks.views_helpers import TINY, tiny


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("views"), tiny())
    return folder, run_here(folder)


def test_a_run_gives_all_gauges_and_a_verdict(wine):
    folder, state = wine
    assert state["status"] == "finished", state["error"]
    assert state["task"] == "views"
    assert state["best"] is None
    metrics = state["metrics"]
    names = ("probe_accuracy", "knn_accuracy", "rankme", "alpha", "lidar", "spread", "projector_rank")
    names += ("raw_probe_accuracy", "pca_probe_accuracy", "untrained_probe_accuracy")
    assert all(np.isfinite(metrics[name]) for name in names), metrics
    assert "A linear classifier on the code h reaches" in state["verdict"]["text"]
    assert "the same network untrained" in state["verdict"]["text"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    assert rows[-1]["train_loss"] < rows[1]["train_loss"]
    # Before training the network is the untrained one.
    assert rows[0]["probe_accuracy"] == pytest.approx(metrics["untrained_probe_accuracy"])
    assert rows[0]["knn_accuracy"] == pytest.approx(state["baseline"]["untrained_knn_accuracy"])


def test_frames_hold_codes_pairs_similarities_and_spectra(wine):
    folder, _ = wine
    static = read_frame(folder.frames / "static.safetensors")
    assert static["view_one"].shape == static["view_two"].shape == static["inputs"].shape == (8, 13)
    assert (static["view_one"] != static["view_two"]).any()
    frame = read_frame(frame_path(folder.frames, 3))
    assert frame["latents"].shape == (60, 8)
    assert frame["map"].shape == (60, 2)
    assert frame["map_beside"].shape == (16, 2)
    assert frame["similarity"].shape == (8, 8)
    assert np.abs(frame["similarity"]).max() <= 1.001
    assert frame["spectrum"].shape == frame["embedding_spectrum"].shape == (8,)
    assert (np.diff(frame["spectrum"]) <= 0).all()
    points = (frame["latents"].astype(np.float32) - frame["map_mean"]) @ frame["map_axes"].T
    np.testing.assert_allclose(points, frame["map"], atol=0.02)
    assert "sphere" not in frame


def test_two_numbers_are_drawn_on_a_circle(workspace: Path):
    folder = make_run(workspace, tiny(objective__projector=[8, 2], train__epochs=1))
    assert run_here(folder)["status"] == "finished"
    frame = read_frame(frame_path(folder.frames, 1))
    assert frame["sphere"].shape == (60, 2)
    assert frame["pair_sphere"].shape == (8, 2, 2)
    np.testing.assert_allclose(np.linalg.norm(frame["sphere"].astype(float), axis=1), 1, atol=2e-3)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("simclr", {}),
        ("byol", {}),
        ("simsiam", {}),
        ("barlow-twins", {}),
        ("vicreg", {}),
        ("sigreg", {}),
        ("dino", {}),
        ("swav", {}),
        ("swav", {"queue": 100, "queue_after": 0.0}),
    ],
)
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(kind, more, workspace: Path, monkeypatch):
    spec = make_spec(
        TINY | {"objective": {"kind": kind, "projector": [16, 8], "augment": {"kind": "table"}, **more}},
        {"train.checkpoint_seconds": 1e-6, "model.dropout": 0.1},
    )
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=3)
    assert first["status"] == "finished", first["error"]
    assert same(last_tensors(whole), last_tensors(cut))
    assert any("task/objective/teacher" in name for name in last_tensors(whole)) == (kind in ("byol", "dino"))
    assert any("task/objective/queue" in name for name in last_tensors(whole)) == ("queue" in more)
    assert rows_without_times(whole) == rows_without_times(cut)
    assert frame_bytes(whole) == frame_bytes(cut)
    assert first["verdict"] == again["verdict"]
    assert first["metrics"] == again["metrics"]


def test_only_training_rows_are_learned_from(workspace: Path, monkeypatch):
    from selfsup_core.data.sources import open_source
    from selfsup_core.data.splits import split_rows
    from selfsup_core.tasks.views import ViewsTask

    asked = []
    real = ViewsTask.values
    monkeypatch.setattr(ViewsTask, "values", lambda self, rows: (asked.append(rows), real(self, rows))[1])
    spec = tiny(train__epochs=1)
    run_here(make_run(workspace, spec))
    data = spec.data
    split = split_rows(
        open_source("wine", workspace), validation=data.validation, test=data.test, seed=data.split_seed
    )
    assert set(np.concatenate([rows.numpy() for rows in asked])) == set(split.train)


def test_what_does_not_go_together_is_refused_in_words(workspace: Path):
    def refused(**changes):
        return run_here(make_run(workspace, tiny(**changes)))["error"]

    wrong = refused(objective__augment={"kind": "image"})
    assert "for images; Wine holds tables" in wrong["message"].replace("UCI ", "")
    assert "objective.augment.kind = table" in wrong["remedy"]
    assert "residual network needs images" in refused(model={"kind": "residual"})["message"]


def test_a_text_needs_dropout_to_have_two_views(workspace: Path):
    def error(**changes):
        spec = make_spec(
            TINY
            | {
                "data": {"source": "tang-poems"},
                "objective": {"kind": "simclr", "augment": {"kind": "text"}},
            },
            {path.replace("__", "."): value for path, value in changes.items()},
        )
        return run_here(make_run(workspace, spec))["error"]

    assert "dropout and word deletion are off" in error()["message"]
    assert "order or choice of words" in error(objective__augment__swap=0.2)["message"]


def test_words_are_left_out_of_counts_but_not_of_embeddings():
    augment = TextAugmentation(deletion=0.4)
    x = torch.rand(200, 50, generator=torch.Generator().manual_seed(0)) + 0.1
    make = views_of_vectors(augment, 0.0, counts_words=True)
    one, two = make(x, torch.Generator().manual_seed(1))
    for view in (one, two):
        assert float((view == 0).float().mean()) == pytest.approx(0.4, abs=0.02)
        torch.testing.assert_close(view[view != 0], x[view != 0] / 0.6)
    assert not torch.equal(one, two)
    again, _ = make(x, torch.Generator().manual_seed(1))
    assert torch.equal(one, again)
    with pytest.raises(SettingError, match="reads sentence embeddings"):
        views_of_vectors(augment, 0.0, counts_words=False)


def test_maps_and_lists_know_the_code(wine):
    folder, _ = wine
    workspace = folder.workspace
    (entry,) = json.loads(cli("runs", "list", "--json", workspace=workspace).stdout)
    assert entry["metrics"]["rankme"] > 1
    assert "linear classifier " in cli("runs", "list", workspace=workspace).stdout
    spaces = json.loads(cli("space", "list", "--json", workspace=workspace).stdout)
    assert [one["epochs"] for one in spaces if one["space"] == f"run:{folder.id}"] == [[0, 1, 2, 3]]
    made = cli("space", "map", f"run:{folder.id}", "--json", workspace=workspace)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["key"]
    near = cli("space", "neighbors", key, "3", "--count", "4", "--json", workspace=workspace)
    assert len(json.loads(near.stdout)["found"]) == 4
    refused = cli("space", "map", f"run:{folder.id}", "--set", "kind=none", workspace=workspace)
    assert "kind must be" in refused.stderr


def test_programs_are_told_all_gauges(wine):
    folder, _ = wine
    shown = json.loads(cli("runs", "show", folder.id, "--json", workspace=folder.workspace).stdout)
    names = {"probe_accuracy", "untrained_probe_accuracy", "raw_probe_accuracy", "pca_probe_accuracy"}
    names |= {"knn_accuracy", "rankme", "collapse"}
    assert names <= set(shown["metrics"])
    assert shown["metrics"]["collapse"] == "none"
    told = cli("runs", "show", folder.id, workspace=folder.workspace).stdout
    assert "A linear classifier on the code h reaches" in told
    assert "effective rank of the code h" in told


def test_the_kit_has_the_codes_of_the_frame(wine):
    folder, _ = wine
    at = Kits(folder.workspace).kit(folder.id).at(3)
    frame = read_frame(frame_path(folder.frames, 3))
    np.testing.assert_allclose(at.codes.numpy(), frame["latents"].astype(np.float32), atol=0.02, rtol=0.01)
    with pytest.raises(RunError, match="no decoder"):
        at.decode(at.codes[:1])


@pytest.mark.parametrize("question", sorted(questions_about("run")))
def test_every_question_answers_or_says_why_not(question, wine):
    folder, _ = wine
    more = {"interpolate": {"a": 0, "b": 1}, "arithmetic": {"plus": 0, "minus": 1, "sample": 0}}
    values = more.get(question, {"points": [[0.0, 0.0]]} if question == "decode" else {})
    kits = Kits(folder.workspace)
    if question == "saliency":
        assert ask_run(kits, folder.id, question, values).arrays
        return
    if question == "umap":
        assert ask_run(kits, folder.id, question, values).about["total"] == 4
        return
    with pytest.raises(RunError):
        ask_run(kits, folder.id, question, values)


def test_without_labels_the_verdict_rests_on_rankme_and_says_so(workspace: Path, monkeypatch):
    from selfsup_core.tasks import views

    real = views.open_source
    monkeypatch.setattr(
        views, "open_source", lambda *a, **k: dataclasses.replace(real(*a, **k), y=None, classes=())
    )
    state = run_here(make_run(workspace, tiny()))
    assert state["status"] == "finished", state["error"]
    assert state["verdict"]["outcome"] == "unknown"
    assert state["verdict"]["text"].startswith("Whether it helped is not known: there are no labels")
    assert "The effective rank of the code h (RankMe) is" in state["verdict"]["text"]
    assert any("rest on the effective rank of the code" in notice for notice in state["notices"])
    assert state["metrics"]["probe_accuracy"] is None
    assert state["metrics"]["rankme"] > 1
