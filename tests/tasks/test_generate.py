"""Generators: runs are measured, resume bit for bit, see no label that they may not, and draw on demand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from selfsup_core.data.sources import open_source
from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.evaluate import judge as judging
from selfsup_core.evaluate.generation import GenerationEvaluator, draw_noise
from selfsup_core.evaluate.judge import key_of, open_judge
from selfsup_core.export.animation import PANEL, write_animation
from selfsup_core.features.config import DataConfig
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.describe import describe_spec
from selfsup_core.runs.folder import read_rows, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import make_spec
from selfsup_core.runs.thinned import frame_path
from selfsup_core.runs.weights import read_weights, set_weights
from selfsup_core.tasks.generate import build_generator, choose_told, count_classes, prepare_images
from selfsup_core.tasks.parts.images_beside import draw_from, find_autoencoders
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
from tests.tasks.generate_helpers import TINY, VAE, quick, tiny


@pytest.fixture(autouse=True)
def few_images():
    with quick():
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A generator's run and its state, in a workspace with a VAE and a VQ autoencoder of the same data."""
    workspace = tmp_path_factory.mktemp("generate")
    vq = VAE | {"name": "A VQ", "objective": {"kind": "vector-quantized", "codes": 6, "dimension": 2}}
    for other in (VAE, vq):
        assert run_here(make_run(workspace, make_spec(other)))["status"] == "finished"
    with quick():
        folder = make_run(workspace, tiny())
        return folder, run_here(folder)


def test_a_run_is_measured_at_each_epoch_and_on_test_rows_at_its_end(made):
    folder, state = made
    assert state["status"] == "finished", state["error"]
    assert (state["task"], state["best"]) == ("generate", None)
    assert state["parameters"] == describe_spec(tiny(), folder.workspace)["parameters"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    for row in rows:
        assert all(row[name] > 0 for name in ("val_loss", "val_frechet", "novelty"))
    metrics = state["metrics"]
    assert (metrics["frechet_images"], metrics["test_rows"]) == (20, 180)
    for name in ("frechet", "real_frechet", "test_vae_frechet", "test_vq_frechet", "test_novelty"):
        assert metrics[name] > 0, name
    assert metrics["real_frechet"] < metrics["frechet"]
    baseline = state["baseline"]
    assert baseline["floor_frechet"] < baseline["vae_frechet"]
    assert "a classifier trained here (64 features, seed 0, 1,437 training rows" in state["notices"][0]


def test_frames_show_the_same_noise_and_where_it_goes(made):
    folder, _ = made
    shared = folder.frames / "static.safetensors"
    static, about = read_frame(shared), read_about(shared)
    assert static["tile_labels"].tolist() == [*range(10), 0, 1]
    assert json.loads(about["item_shape"]) == [8, 8]
    frames = [read_frame(frame_path(folder.frames, epoch)) for epoch in range(3)]
    for frame in frames:
        assert frame["samples"].shape == frame["nearest"].shape == (12, 64)
        assert frame["ways"].shape == (4, 12, 64)
        assert np.array_equal(frame["ways"][-1], frame["samples"])
        assert np.array_equal(frame["ways"][0], frames[0]["ways"][0])
        assert frame["map"].shape == (24, 2)
    assert (frames[0]["samples"] != frames[2]["samples"]).any()
    x = open_source("digits", folder.workspace)
    row = int(frames[2]["nearest_rows"][3])
    wanted = np.rint(np.asarray(x.x[row], np.float32).reshape(-1) * x.scale * 255)
    assert np.array_equal(frames[2]["nearest"][3], wanted)


def test_an_animation_shows_the_images(made, tmp_path):
    folder, _ = made
    write_animation(folder, tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as picture:
        assert picture.n_frames == 3
        assert picture.height > PANEL + 50, "the images are below loss and map"


def test_what_is_kept_is_the_average_of_the_weights(made):
    folder, _ = made
    kept, tensors = read_weights(folder.weights, 2), last_tensors(folder)
    name = "stem.weight"
    average, trained = (
        tensors[f"state/{place}/{name}"] for place in ("task/objective/average", "loop/model")
    )
    np.testing.assert_allclose(kept[name].numpy(), average, atol=1e-3)
    assert np.abs(average - trained).max() > 1e-4


@pytest.mark.parametrize("kind", ["flow-matching", "ddpm"])
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(kind, workspace: Path, monkeypatch):
    spec = tiny(objective__kind=kind, train__checkpoint_seconds=1e-6)
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=3)
    assert first["status"] == "finished", first["error"]
    assert same(last_tensors(whole), last_tensors(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert frame_bytes(whole) == frame_bytes(cut)
    assert first["metrics"] == again["metrics"]


IN_CODE = {"kind": "code-generator", "width": 16, "depth": 1, "code": 4, "channels": [4], "code_epochs": 1}


def in_code(run: str = "", **overrides):
    """A tiny generator in the code of a run, or of its own autoencoder."""
    return make_spec(
        TINY | {"data": TINY["data"] | {"code_of": run}, "model": IN_CODE},
        {path.replace("__", "."): value for path, value in overrides.items()},
    )


@pytest.mark.parametrize("objective", ["vae", "vq"])
def test_it_learns_the_code_of_a_run_and_is_whole_without_it(objective, made, workspace: Path):
    desk = Desk(workspace)
    found = find_autoencoders(made[0].workspace, DataConfig(source="digits"))
    other = next(one.folder for one in found if one.kind == objective)
    workspace.mkdir(parents=True, exist_ok=True)
    shutil.copytree(other.path, workspace / "runs" / other.id)
    folder = make_run(workspace, in_code(other.id))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    size = read_state(other)["code_size"]
    assert f"the code of the run {other.id}: {size} numbers" in state["notices"][0]
    assert state["parameters"] == describe_spec(in_code(other.id), workspace)["parameters"]
    for row in epoch_rows(read_rows(folder.metrics)):
        assert all(row[name] > 0 for name in ("val_loss", "val_frechet", "novelty"))
    assert not any(name.startswith("autoencoder.encoder") for name in read_weights(folder.weights, 2))
    shutil.rmtree(workspace / "runs" / other.id)  # it was copied
    subject = Subject("generator", folder.id)
    answer = desk.ask(subject, "draw", {"label": "3", "count": 3, "ways": True})
    assert answer.arrays["images"].shape == answer.arrays["nearest"].shape == (3, 64)
    assert np.array_equal(answer.arrays["ways"][-1], answer.arrays["images"])
    frame = read_frame(frame_path(folder.frames, 2))
    assert frame["samples"].shape == (12, 64)
    copied = folder.path / "encoder.safetensors"
    kept = copied.read_bytes()
    copied.write_bytes(kept[:100])
    with pytest.raises(RunError, match=f"The weights of the run {other.id}, as they were copied"):
        Desk(workspace).ask(subject, "draw", {})
    copied.write_bytes(kept)
    # Whatever the noise, it is the decoder that draws: images of a code of few numbers lie in its range.
    data = prepare_images(open_source("digits", workspace), DataConfig(source="digits"), "cpu")
    model, _ = build_generator(in_code(other.id), data, workspace, folder.path)
    set_weights(model, read_weights(folder.weights, 2), 2)
    noise = draw_noise(3, size, 0)
    torch.testing.assert_close(
        model.leave(noise), model.autoencoder.decode(noise * model.spread + model.mean)
    )


def test_what_has_no_code_that_becomes_an_image_is_refused(made, workspace: Path):
    folder, _ = made
    for spec, said in (
        (in_code(folder.id), "whose network makes no image of a code"),
        (in_code(other_of(folder), data__split_seed=1), "data.split_seed is 0; here it is 1"),
    ):
        state = run_here(make_run(folder.workspace, spec))
        assert state["status"] == "failed"
        assert said in state["error"]["message"]
    with pytest.raises(RunError, match="no run"):
        make_run(workspace, in_code("nobody"))


def other_of(folder) -> str:
    return find_autoencoders(folder.workspace, DataConfig(source="digits"))[0].folder.id


def test_its_own_autoencoder_learns_first_then_is_frozen_and_a_killed_run_ends_the_same(
    workspace: Path, monkeypatch
):
    spec = in_code(train__checkpoint_seconds=1e-6, train__epochs=3)
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=5)
    assert first["status"] == "finished", first["error"]
    assert same(last_tensors(whole), last_tensors(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert frame_bytes(whole) == frame_bytes(cut)
    assert first["metrics"] == again["metrics"]
    rows = epoch_rows(read_rows(whole.metrics))
    assert ["val_loss" in row for row in rows] == [False, False, True, True]
    assert ["val_reconstruction" in row for row in rows] == [True, True, False, False]
    assert first["parameters"] == describe_spec(spec, workspace)["parameters"]
    weights = [read_weights(whole.weights, epoch) for epoch in (1, 2, 3)]
    for name in weights[0]:
        is_own = name.startswith("autoencoder.")
        assert torch.equal(weights[1][name], weights[2][name]) == (is_own or name in ("mean", "spread")), name
        if is_own:
            assert torch.equal(weights[0][name], weights[1][name]), (
                "frozen as it was at the end of its epochs"
            )
    frames = [read_frame(frame_path(whole.frames, epoch)) for epoch in (2, 3)]
    assert (frames[0]["samples"] != frames[1]["samples"]).any()


def test_hidden_labels_are_told_to_nobody(workspace: Path):
    dataset = open_source("digits", workspace)
    config = DataConfig(source="digits", labels_per_class=2)
    data = prepare_images(dataset, config, "cpu")
    told = choose_told(data, config, 10)
    assert count_classes(data) == 10
    assert (told[data.split.train] < 10).sum() == 20
    assert (told[data.split.test] == 10).all()
    known = told < 10
    assert (told[known] == data.y[known]).all()
    few = prepare_images(dataset, DataConfig(source="digits"), "cpu")
    assert key_of(few) == key_of(data), "the judge is the same under any label budget"


def test_the_judge_is_trained_once_and_again_when_its_file_is_damaged(workspace: Path, monkeypatch):
    data = prepare_images(open_source("digits", workspace), DataConfig(source="digits"), "cpu")
    said: list[str] = []
    first = open_judge(data, workspace, said.append)
    again = open_judge(data, workspace, said.append)
    assert len(said) == 1
    x = data.values(data.rows(data.split.validation[:5]))
    assert np.array_equal(first.features(x), again.features(x))
    assert first.features(x).shape == (5, first.size)
    (file,) = (workspace / judging.FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:100])
    third = open_judge(data, workspace, said.append)
    assert len(said) == 2
    assert np.array_equal(first.features(x), third.features(x)), "it is a function of the data and its seed"
    other = prepare_images(open_source("digits", workspace), DataConfig(source="digits", split_seed=1), "cpu")
    assert key_of(other) != key_of(data), "other rows would be seen"


def test_copies_are_told_from_new_images(workspace: Path):
    data = prepare_images(open_source("digits", workspace), DataConfig(source="digits"), "cpu")
    told = choose_told(data, DataConfig(source="digits"), 10)
    evaluator = GenerationEvaluator(
        data, None, labels=told, classes=10, tiles=4, width=64, seed=0, device="cpu", is_guided=True
    )
    copies = evaluator.train_values[:9]
    nearest = evaluator.nearest(copies)
    assert np.array_equal(nearest.rows, evaluator.train[:9])
    assert evaluator.novelty(nearest) == pytest.approx(0, abs=1e-3)
    assert evaluator.novelty(evaluator.nearest(evaluator.validation_values)) == pytest.approx(1)
    assert evaluator.novelty(evaluator.nearest(torch.rand(20, 64))) > 1.5
    assert evaluator.distance(copies, None) is None, "without a judge there is no distance"
    labels = evaluator.draw_labels(1000).numpy()
    shares = np.bincount(data.y[data.split.train]) / len(data.split.train)
    np.testing.assert_allclose(np.bincount(labels) / 1000, shares, atol=2e-3)


def test_an_image_is_the_same_in_any_company():
    assert torch.equal(draw_noise(5, 7, 3)[:2], draw_noise(2, 7, 3))
    assert not torch.equal(draw_noise(2, 7, 3), draw_noise(2, 7, 4))


def test_data_that_are_no_images_are_refused(workspace: Path):
    with pytest.raises(DataError, match="Generators learn from images"):
        prepare_images(open_source("wine", workspace), DataConfig(source="wine"), "cpu")
    with pytest.raises(SettingError, match="The U-Net needs images"):
        make_run(workspace, tiny(data__source="wine"))


def test_autoencoders_of_the_same_data_and_split_are_found(made):
    folder, _ = made
    data = prepare_images(open_source("digits", folder.workspace), DataConfig(source="digits"), "cpu")
    found = find_autoencoders(folder.workspace, DataConfig(source="digits"))
    assert [(one.kind, one.name) for one in found] == [("vae", "A VAE"), ("vq", "A VQ")]
    assert find_autoencoders(folder.workspace, DataConfig(source="digits", split_seed=9)) == []
    for one in found:
        values = draw_from(one, data, 30, 0)
        assert values.shape == (30, 64)
        assert values.std(dim=0).max() > 1e-3, "they differ"
        assert torch.equal(values, draw_from(one, data, 30, 0))
        assert not torch.equal(values, draw_from(one, data, 30, 1))


@pytest.fixture(scope="module")
def desk(made):
    return Desk(made[0].workspace)


def test_another_image_is_drawn_by_class_and_seed_at_any_epoch(made, desk):
    subject = Subject("generator", made[0].id)
    answer = desk.ask(subject, "draw", {"label": "3", "count": 4, "seed": 7, "ways": True})
    assert answer.about["labels"] == ["3"] * 4
    assert answer.about["epoch"] == 2
    assert answer.arrays["images"].shape == answer.arrays["nearest"].shape == (4, 64)
    assert np.array_equal(answer.arrays["ways"][-1], answer.arrays["images"])
    again = desk.ask(subject, "draw", {"label": "3", "count": 2, "seed": 7})
    assert np.array_equal(again.arrays["images"], answer.arrays["images"][:2])
    for other in ({"seed": 8}, {"epoch": 0}, {"label": "5", "guidance": 9.0}):
        values = {"label": "3", "count": 2, "seed": 7} | other
        assert (desk.ask(subject, "draw", values).arrays["images"] != again.arrays["images"]).any(), other
    turn = desk.ask(subject, "draw", {"count": 12})
    assert turn.about["labels"] == [*map(str, range(10)), "0", "1"]


def test_what_cannot_be_drawn_is_said(made, desk, workspace: Path):
    subject = Subject("generator", made[0].id)
    with pytest.raises(SettingError, match=r"There is no class 'dog'\. Classes: 0, 1"):
        desk.ask(subject, "draw", {"label": "dog"})
    with pytest.raises(SettingError, match="count"):
        desk.ask(subject, "draw", {"count": 0})
    vae = next(one.folder for one in find_autoencoders(desk.workspace, DataConfig(source="digits")))
    with pytest.raises(RunError, match="is not a generator"):
        desk.ask(Subject("generator", vae.id), "draw", {})
    folder = make_run(workspace, tiny(objective__guided=False, train__epochs=1))
    assert run_here(folder)["status"] == "finished"
    untold = Desk(workspace)
    assert untold.ask(Subject("generator", folder.id), "draw", {"count": 2}).about["labels"] == ["", ""]
    with pytest.raises(SettingError, match="was not told classes"):
        untold.ask(Subject("generator", folder.id), "draw", {"label": "3"})


def test_beside_autoencoders_and_real_images(made, desk):
    answer = desk.ask(Subject("generator", made[0].id), "beside", {"count": 20})
    about = answer.about
    assert set(answer.arrays) == set(about["frechet"]) == {"generator", "vae", "vq", "real"}
    assert about["names"]["vae"] == "A VAE"
    assert about["frechet"]["real"] == min(about["frechet"].values())
    assert about["novelty"]["real"] == pytest.approx(0, abs=1e-3)


def test_the_command_draws_to_a_file(made, tmp_path):
    folder, _ = made
    out = tmp_path / "three.png"
    done = cli(
        "generate",
        folder.id,
        str(out),
        "--class",
        "3",
        "--count",
        "9",
        "--nearest",
        "--json",
        workspace=folder.workspace,
    )
    assert done.returncode == 0, done.stderr
    about = json.loads(done.stdout)
    assert about["labels"] == ["3"] * 9
    assert len(about["nearest_rows"]) == 9
    with Image.open(out) as picture:
        assert picture.size == (8 * 10 * 8, 4 * 10 * 8), "two lines of eight, and the nearest below each"
    again = cli("generate", folder.id, str(out), workspace=folder.workspace)
    assert again.returncode == 1
    assert "three.png already exists" in again.stderr
    beside = cli("generate", folder.id, "--beside", workspace=folder.workspace)
    assert "A VAE" in beside.stdout
    assert "real training images" in beside.stdout
    bad = cli("generate", folder.id, str(tmp_path / "x.jpg"), workspace=folder.workspace)
    assert "ends in .png" in bad.stderr


def test_weights_of_another_network_are_refused_in_words():
    network = torch.nn.Linear(2, 2)
    with pytest.raises(DataError, match="The weights of epoch 3 do not fit the network"):
        set_weights(network, {"weight": torch.zeros(3, 2), "bias": torch.zeros(3)}, 3)
