"""Spaces, their maps and what these answer: in this process, on small runs; jobs with pause and cancel, and
odd input.
"""

from __future__ import annotations

import base64
import itertools
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.data.library.own import summarize
from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.inspection import model_at
from selfsup_core.inspection.model_at import Kits
from selfsup_core.inspection.space import colors as colors_module
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space import spaces as spaces_module
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.inspection.space.selections import (
    delete_selection,
    list_selections,
    pack_rows,
    read_selection,
    rows_meant,
    save_selection,
    unpack_rows,
)
from selfsup_core.inspection.space.spaces import Spaces
from selfsup_core.projection import trust
from selfsup_core.pseudo.hand import read_hand_labels
from selfsup_core.runs.recipes import preset_spec
from tests.helpers import make_run, run_here, stays, wait_for
from tests.inspection.asking import ask_space, start_map
from tests.inspection.conftest import save_texts


@pytest.fixture(scope="module")
def spaces(runs) -> Spaces:
    return Spaces(runs.workspace, runs.kits)


def draw(spaces: Spaces, space: str, epoch: int | None = None, *, replay: bool = False, **config: Any) -> str:
    made = start_map(spaces, space, config, epoch, replay=replay, wait=True)
    assert made["status"] == "done", layouts.read_map(spaces.workspace, made["key"])["job"]
    return made["key"]


def ask(spaces: Spaces, space: str, tool: str, **values: Any) -> dict[str, Any]:
    return ask_space(spaces, space, tool, values).about


def bits(*places: int) -> str:
    return pack_rows(np.array(places))


# What there is


def test_runs_and_data_are_listed(runs, spaces):
    run = runs["plain"]
    found = {s["space"]: s for s in list_spaces(runs.workspace)}
    assert found[f"run:{run.id}"]["epochs"] == [0, 1, 2]
    assert found["data:wine"]["kind"] == "table"
    about = spaces.describe(f"run:{run.id}")
    assert (about["rows"], about["width"], about["can_decode"]) == (1797, 4, True)


def test_a_run_is_looked_at_epoch_by_epoch(runs, spaces):
    space = f"run:{runs['plain'].id}"
    first, last = draw(spaces, space, 0), draw(spaces, space)
    assert first != last
    assert draw(spaces, space, 2) == last  # the newest
    points = [layouts.read_layout(runs.workspace, k, e) for k, e in ((first, 0), (last, 2))]
    assert not np.allclose(*points)
    color = ask_space(spaces, space, "color", {"key": last, "by": "reconstruction error"})
    assert color.about["low"] < color.about["high"]
    why = ask_space(spaces, space, "why", {"key": last, "bits": bits(*range(40))})
    assert why.arrays["mean"].shape == (1, 8, 8)


def test_a_replay_flows(runs, spaces):
    space = f"run:{runs['plain'].id}"
    key = draw(spaces, space, replay=True)
    about = layouts.read_map(runs.workspace, key)
    assert about["done"] == [0, 1, 2]
    frames = [layouts.read_layout(runs.workspace, key, e) for e in about["done"]]
    for before, after in itertools.pairwise(frames):
        centered = [(f - f.mean(axis=0)).ravel() for f in (before, after)]
        mirrored = centered[1].reshape(-1, 2) * [-1, 1]
        assert np.linalg.norm(centered[1] - centered[0]) <= np.linalg.norm(mirrored.ravel() - centered[0])


@pytest.mark.parametrize(
    "name", ["two", "variational", "quantized", "masked", "convolutional", "table", "texts"]
)
def test_every_kind_of_autoencoder_has_a_map(runs, spaces, name):
    space = f"run:{runs[name].id}"
    key = draw(spaces, space, kind="code" if name == "two" else "pca")
    answered = ask(spaces, space, "neighbors", key=key, place=3)
    assert len(answered["found"]) == 10
    distances = [f["distance"] for f in answered["found"]]
    assert distances == sorted(distances)
    assert 0 <= ask(spaces, space, "trust", key=key)["kept"] <= 1


@pytest.mark.parametrize("preset", ["pseudo-table", "classify-table"])
def test_scores_of_classifiers(workspace: Path, preset):
    changed = {"train.epochs": 1, "train.steps_per_epoch": 20, "train.device": "cpu"}
    folder = make_run(workspace, preset_spec(preset, changed))
    assert run_here(folder)["status"] == "finished"
    own = Spaces(workspace, Kits(workspace))
    space = f"run:{folder.id}"
    key = draw(own, space)
    colors = ask(own, space, "colors", key=key)
    assert {"class", "split", "predicted class"} <= set(colors["categories"])
    assert ("pseudo-label" in colors["categories"]) == (preset == "pseudo-table")
    assert {"confidence", "loss", "alcohol"} <= set(colors["numbers"])
    where = ask_space(own, space, "color", {"key": key, "by": "confidence"})
    assert where.about["low"] > 0.3


def test_tokens_of_a_language_model(workspace: Path):
    save_texts(workspace)
    changed = {
        "data.source": "my-texts",
        "train.epochs": 1,
        "train.steps_per_epoch": 3,
        "train.device": "cpu",
        "model.context": 16,
    }
    folder = make_run(workspace, preset_spec("gpt-characters", changed))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    own = Spaces(workspace, Kits(workspace))
    space = f"run:{folder.id}"
    key = draw(own, space)
    card = ask(own, space, "items", key=key, places=[0])["items"][0]
    assert card["text"]
    with pytest.raises(DataError, match="not rows of a data set"):
        ask(own, space, "relabel", key=key, bits=bits(0), label="x", how="version")


# Jobs


@pytest.fixture
def one_by_one(monkeypatch, spaces):
    """A map that takes a step when the test releases one."""
    real, steps = Spaces._make, threading.Semaphore(0)

    def make(self, job, *rest):
        say = job.say

        def slowly(*told):
            assert steps.acquire(timeout=60)
            say(*told)

        job.say = slowly
        real(self, job, *rest)

    monkeypatch.setattr(Spaces, "_make", make)
    return spaces, steps


def test_a_long_map_shows_itself_pauses_and_is_cancelled(one_by_one, monkeypatch):
    slow, steps = one_by_one
    go_on = steps.release
    monkeypatch.setattr("selfsup_core.inspection.space.jobs.SHOWN_EVERY", 0.0)
    key = start_map(slow, "data:digits", {"kind": "umap", "steps": 1200, "seed": 5})["key"]
    workspace = slow.workspace
    look = lambda: slow.look(key)["job"]  # noqa: E731
    wait_for(lambda: go_on() or (look()["stage"] == "layout" and look()["stamp"] > 2), "a layout on its way")
    assert layouts.read_layout(workspace, key, partial=True).shape == (1797, 2)
    assert look()["seconds_left"] is None or look()["seconds_left"] > 0
    assert slow.pause(key) == "paused"
    wait_for(lambda: go_on() or not slow.turn.locked(), "the pause")
    assert look()["status"] == "paused"
    go_on(50)
    done = stays(lambda: look()["done"], "the number of steps of a paused map")
    slow.resume(key)
    wait_for(lambda: look()["done"] > done, "going on")
    slow.cancel(key)
    go_on(50)
    wait_for(lambda: look()["status"] == "cancelled", "the end")
    partial = layouts.folder_of(workspace, key) / layouts.PARTIAL
    wait_for(lambda: not partial.exists(), "the half-made layout to go")
    with pytest.raises(DataError, match="not ready yet"):
        ask(slow, "data:digits", "trust", key=key)


@pytest.mark.serial
def test_a_slow_quick_map_is_a_job_that_is_cancelled_and_holds_nobody_up(workspace: Path, monkeypatch):
    gate = threading.Event()
    real = spaces_module.make_map

    def slow(x, config, **rest):
        if x.shape[1] == 64:  # the digits
            gate.wait(60)
        return real(x, config, **rest)

    monkeypatch.setattr(spaces_module, "make_map", slow)
    spaces = Spaces(workspace, Kits(workspace))
    began = time.monotonic()
    made = start_map(spaces, "data:digits", {"kind": "pca"})
    assert time.monotonic() - began < 5
    assert made["status"] == "running"
    began = time.monotonic()
    assert start_map(spaces, "data:wine", {"kind": "pca"})["status"] == "done"
    assert start_map(spaces, "data:digits", {"kind": "pca"})["status"] == "running"  # the same one
    assert time.monotonic() - began < 5
    spaces.cancel(made["key"])
    assert spaces.look(made["key"])["job"]["status"] == "cancelled"
    job = spaces.jobs[made["key"]]
    gate.set()
    assert job.done.wait(30)
    assert layouts.read_map(workspace, made["key"])["done"] == []
    assert start_map(spaces, "data:digits", {"kind": "pca"}, wait=True)["status"] == "done"


def test_a_paused_map_and_slow_vectors_hold_nobody_up(workspace: Path, monkeypatch):
    gate = threading.Event()
    spaces = Spaces(workspace, Kits(workspace))
    subject = spaces.space("data:digits")
    real = subject.vectors
    monkeypatch.setattr(subject, "vectors", lambda epoch: (gate.wait(60), real(epoch))[1])
    key = start_map(spaces, "data:digits", {"kind": "umap", "steps": 20})["key"]
    assert start_map(spaces, "data:wine", {"kind": "pca"})["status"] == "done"
    spaces.pause(key)
    gate.set()
    wait_for(lambda: not spaces.turn.locked(), "the turn to be given away")
    assert start_map(spaces, "data:wine", {"kind": "umap", "steps": 20}, wait=True)["status"] == "done"
    spaces.resume(key)
    wait_for(lambda: spaces.look(key)["job"]["status"] == "done", "the other map")
    assert not spaces.turn.locked()


def test_a_slow_question_is_begun_fetched_and_dropped(spaces, monkeypatch):
    key = draw(spaces, "data:wine", kind="pca")
    gate = threading.Event()
    real = trust.measure_trust
    monkeypatch.setattr(trust, "measure_trust", lambda *a, **k: (gate.wait(60), real(*a, **k))[1])
    begin = lambda **values: ask_space(  # noqa: E731
        spaces, "data:wine", "begin", {"tool": "trust", "values": values}
    ).about["work"]
    work, given_up = begin(key=key), begin(key=key)
    assert ask(spaces, "data:wine", "fetch", work=work)["working"] >= 0
    assert ask(spaces, "data:wine", "colors", key=key)["categories"]  # nobody waits for it
    ask(spaces, "data:wine", "drop", work=given_up)
    assert spaces.is_at_work
    gate.set()
    said = wait_for(
        lambda: (s := ask(spaces, "data:wine", "fetch", work=work, wait=1)) and "trustworthiness" in s and s,
        "the answer",
    )
    assert said["of"] == 178
    for gone in (work, given_up):
        with pytest.raises(DataError, match="no longer"):
            ask(spaces, "data:wine", "fetch", work=gone)
    wrong = begin(key="0" * 16)
    with pytest.raises(DataError, match="no map"):
        ask(spaces, "data:wine", "fetch", work=wrong, wait=5)
    with pytest.raises(SettingError, match="not a tool for maps"):
        ask_space(spaces, "data:wine", "begin", {"tool": "start", "values": {}})
    with pytest.raises(SettingError, match="count"):
        begin(key=key, count=0)


def test_one_run_that_is_slow_to_open_keeps_no_other_waiting(runs, monkeypatch):
    gate = threading.Event()
    slow, quick = runs["plain"].id, runs["two"].id
    real = model_at.RunKit

    def open_slowly(folder):
        if folder.id == slow:
            gate.wait(60)
        return real(folder)

    monkeypatch.setattr(model_at, "RunKit", open_slowly)
    kits = Kits(runs.workspace)
    found = []
    thread = threading.Thread(target=lambda: found.append(kits.kit(slow)))
    thread.start()
    assert kits.kit(quick).folder.id == quick
    assert not found
    gate.set()
    thread.join(60)
    assert found[0] is kits.kit(slow)


def test_the_graph_is_found_once(spaces, monkeypatch):
    import selfsup_core.projection.maps as maps

    draw(spaces, "data:wine", kind="umap", steps=30)

    def never(*_, **__):
        raise AssertionError("neighbors were looked for again")

    monkeypatch.setattr(maps, "nearest", never)
    draw(spaces, "data:wine", kind="umap", steps=30, min_dist=0.4)
    draw(spaces, "data:wine", kind="umap", steps=30, seed=4)


def test_of_many_rows_a_stratified_sample_is_drawn_and_said(spaces):
    key = draw(spaces, "data:digits", most_rows=300)
    about = layouts.read_map(spaces.workspace, key)
    assert about["rows"] == 300
    assert "300 of 1,797 rows are shown" in " ".join(about["notes"])
    labels = np.array(load_dataset(next((spaces.workspace / "datasets").glob("digits-*"))).y)
    rows = layouts.read_rows(spaces.workspace, key)
    shares = np.bincount(labels[rows], minlength=10) / 300
    np.testing.assert_allclose(shares, np.bincount(labels) / 1797, atol=0.005)


def test_three_million_rows_are_sampled(workspace: Path):
    x = np.zeros((3_000_000, 1), np.float32)
    x[:, 0] = np.arange(3_000_000) % 7
    save_dataset(
        Dataset(
            id="my-many",
            kind="table",
            title="Many",
            x=x,
            columns=("a",),
            details={"rows": len(x), "shape": [1]},
        ),
        workspace / "datasets" / "my-many",
    )
    own = Spaces(workspace, Kits(workspace))
    key = draw(own, "data:my-many")
    assert "100,000 of 3,000,000 rows are shown" in " ".join(layouts.read_map(workspace, key)["notes"])
    assert len(layouts.read_rows(workspace, key)) == 100_000


def test_what_cannot_be_drawn_is_said(spaces, workspace: Path):
    with pytest.raises(SettingError, match="no space 'nowhere'"):
        start_map(spaces, "nowhere", {})
    with pytest.raises(RunError):
        start_map(spaces, "run:none", {})
    with pytest.raises(SettingError, match="neighbors"):
        start_map(spaces, "data:wine", {"neighbors": 1})
    with pytest.raises(DataError, match="cannot show 13 as they are"):
        start_map(spaces, "data:wine", {"kind": "code"})
    with pytest.raises(SettingError, match="start and an end"):
        start_map(spaces, "data:wine", {"kind": "axes"})
    with pytest.raises(SettingError, match="no class 'nobody'"):
        start_map(spaces, "data:wine", {"kind": "axes", "x_from": "class:nobody", "x_to": "class:class_0"})
    save_texts(spaces.workspace)
    for source in ("my-texts", "newsgroups"):
        with pytest.raises(DataError, match="no embeddings"):
            start_map(spaces, f"embedding:{source}:minilm", {})
    bad = np.array([[1.0, np.nan], [2.0, 3.0], [0.0, 1.0]] * 10, np.float32)
    save_dataset(
        Dataset(
            id="my-holes",
            kind="table",
            title="Holes",
            x=bad,
            columns=("a", "b"),
            details={"rows": 30, "shape": [2]},
        ),
        workspace / "datasets" / "my-holes",
    )
    own = Spaces(workspace, Kits(workspace))
    key = draw(own, "data:my-holes")  # holes are filled as for training
    assert len(layouts.read_layout(workspace, key)) == 30
    with pytest.raises(DataError, match="no map '\\.\\./etc'"):
        layouts.read_map(workspace, "../etc")


# Colors and points


def test_colors_are_bytes_with_a_legend(spaces):
    key = draw(spaces, "data:wine")
    classes = ask_space(spaces, "data:wine", "color", {"key": key, "by": "class"})
    truth = np.asarray(spaces.space("data:wine").dataset.y)
    np.testing.assert_array_equal(classes.arrays["codes"], truth)
    assert classes.about["names"] == ["class_0", "class_1", "class_2"]
    alcohol = ask_space(spaces, "data:wine", "color", {"key": key, "by": "alcohol"})
    values = spaces.space("data:wine").numbers(None)["alcohol"]
    inside = (values > alcohol.about["low"]) & (values < alcohol.about["high"])
    back = alcohol.about["low"] + alcohol.arrays["codes"] / 254 * (
        alcohol.about["high"] - alcohol.about["low"]
    )
    np.testing.assert_allclose(back[inside], values[inside], atol=(values.max() - values.min()) / 254)
    for by in ("density", "kept neighbors"):
        assert (
            len(np.unique(ask_space(spaces, "data:wine", "color", {"key": key, "by": by}).arrays["codes"]))
            > 3
        )
    with pytest.raises(SettingError, match="cannot be colored by 'taste'"):
        ask(spaces, "data:wine", "color", key=key, by="taste")


def test_more_groups_than_colors_are_put_together(spaces, monkeypatch):
    monkeypatch.setattr(colors_module, "MOST_NAMED", 4)
    key = draw(spaces, "data:digits")
    made = ask_space(spaces, "data:digits", "color", {"key": key, "by": "class"})
    assert len(made.about["names"]) == 4
    assert made.about["names"][-1].endswith(" others")
    assert made.about["others"] == len(made.about["names"]) - 1
    assert sum(made.about["counts"]) == 1797


def test_a_group_too_small_for_a_color_gets_one_when_it_is_looked_for(spaces, monkeypatch):
    monkeypatch.setattr(colors_module, "MOST_NAMED", 4)
    key = draw(spaces, "data:digits")

    def named(**asked: str) -> list[str]:
        made = ask_space(spaces, "data:digits", "color", {"key": key, "by": "class", **asked})
        codes, names = made.arrays["codes"], made.about["names"]
        assert np.bincount(codes, minlength=len(names)).tolist() == made.about["counts"]
        return list(names)

    usual = named()
    (small, *_) = sorted(set(map(str, range(10))) - set(usual))
    assert named(find=f" {small}")[:3] == [*usual[:2], small]
    assert named(find="no such class") == usual
    assert named(find=usual[0]) == usual


def test_kept_neighbors_of_each_point_by_definition(spaces):
    from sklearn.neighbors import NearestNeighbors

    key = draw(spaces, "data:wine")
    asked = spaces.asked("data:wine", key, None)
    near = [
        NearestNeighbors(n_neighbors=15).fit(a).kneighbors(return_distance=False)
        for a in (asked.x, asked.points)
    ]
    shares = [len(np.intersect1d(a, b)) / 15 for a, b in zip(*near, strict=True)]
    np.testing.assert_allclose(colors_module.kept_neighbors(asked), shares, atol=1e-6)


def test_layouts_are_sent_as_four_bytes_a_point(spaces):
    key = draw(spaces, "data:wine")
    points = layouts.read_layout(spaces.workspace, key)
    blob = layouts.packed_layout(points)
    size = int.from_bytes(blob[:4], "little")
    import json

    head = json.loads(blob[4 : 4 + size])
    numbers = np.frombuffer(blob, "<u2", offset=4 + size).reshape(-1, 2)
    assert (len(blob) - 4 - size) == 4 * len(points)
    assert (4 + size) % 4 == 0
    back = np.array(head["low"]) + numbers / 65_535 * head["size"]
    np.testing.assert_allclose(back, points, atol=head["size"] / 65_535)


def test_pictures_are_bytes_whatever_the_scale(spaces):
    key = draw(spaces, "data:digits")
    made = ask_space(spaces, "data:digits", "pictures", {"key": key, "places": [0, 5]}).arrays["pictures"]
    assert made.shape == (2, 8, 8)
    assert made.max() == 255  # digits are kept as 0 to 16
    assert not ask_space(
        spaces, "data:wine", "pictures", {"key": draw(spaces, "data:wine"), "places": [0]}
    ).arrays
    with pytest.raises(SettingError, match="no point 99999"):
        ask(spaces, "data:digits", "items", key=key, places=[99999])


@pytest.mark.parametrize(
    ("how", "text", "count"),
    [("row", "3, 10-12", 4), ("label", "class_1", 71), ("contains", "alcohol 14.23", 1)],
)
def test_searches(spaces, how, text, count):
    key = draw(spaces, "data:wine")
    found = ask(spaces, "data:wine", "search", key=key, how=how, text=text)
    assert found["count"] == count == len(unpack_rows(found["bits"]))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3, 10-12", [3, 10, 11, 12]),
        ("10-12;3 , 11-13,  12", [3, 10, 11, 12, 13]),
        ("9-99999999999999999999999999", [*range(9, 20)]),
        ("12-10, 15", [15]),
        ("0-4, 5-6, 30", [*range(7)]),
        ("99", []),
    ],
)
def test_rows_that_a_text_means(text, meant):
    assert np.flatnonzero(rows_meant(text, np.arange(20))).tolist() == meant
    shuffled = np.random.default_rng(0).permutation(20)
    assert sorted(shuffled[rows_meant(text, shuffled)].tolist()) == meant


def test_ranges_of_millions_of_rows_are_not_written_out():
    text = ", ".join(["0-9999999"] * 16)
    tracemalloc.start()
    assert rows_meant(text, np.arange(5000)).all()
    bits = unpack_rows(base64.b64encode(bytes([255]) * 100_000).decode(), 5000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(bits) == 5000
    assert peak < 2_000_000


def test_searches_that_find_nothing_say_so(spaces):
    key = draw(spaces, "data:wine")
    with pytest.raises(DataError, match="Nothing on this map"):
        ask(spaces, "data:wine", "search", key=key, how="label", text="beer")
    with pytest.raises(SettingError, match="not a row number"):
        ask(spaces, "data:wine", "search", key=key, how="row", text="first")
    with pytest.raises(DataError, match="nothing to search"):
        ask(spaces, "data:wine", "search", key=key, how="row", text=" ")


def test_a_typed_text_is_placed_among_its_like(runs, spaces):
    assert runs["texts"]
    for space in ("data:my-texts", f"run:{runs['texts'].id}"):
        key = draw(spaces, space)
        found = ask(
            spaces, space, "search", key=key, how="nearest", text="rocket moon orbit engine rocket", count=10
        )
        assert found["count"] == 10
        assert {c["label"] for c in found["first"][:3]} == {"space"}
        points = layouts.read_layout(runs.workspace, key, layouts.read_map(runs.workspace, key)["done"][-1])
        low, high = points.min(axis=0), points.max(axis=0)
        assert ((found["point"] >= low - 0.5) & (found["point"] <= high + 0.5)).all()


def test_a_typed_path_is_a_text_and_opens_no_file(runs, spaces, tmp_path: Path):
    assert runs["texts"]
    secret = tmp_path / "secret.txt"
    secret.write_text("rocket moon\norbit engine\n")
    for space in ("data:my-texts", f"run:{runs['texts'].id}"):
        names, vectors = spaces.space(space).encode([str(secret)], None)
        assert (names, len(vectors)) == ([str(secret)], 1)


def test_an_image_file_is_placed_at_its_own_row(runs, spaces, tmp_path: Path):
    from PIL import Image

    digits = spaces.space("data:digits").dataset
    picture = np.rint(np.asarray(digits.x[11]) * digits.scale * 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "one.png")
    key = draw(spaces, "data:digits")
    found = ask(
        spaces, "data:digits", "search", key=key, how="nearest", text=str(tmp_path / "one.png"), count=3
    )
    assert found["first"][0]["row"] == 11


# Selections


def test_why_they_are_together(spaces):
    key = draw(spaces, "data:wine")
    truth = np.asarray(spaces.space("data:wine").dataset.y)
    said = ask(spaces, "data:wine", "why", key=key, bits=pack_rows(np.flatnonzero(truth == 0)))
    assert said["whole"] == {"class": "class_0"}
    assert said["differences"][0]["what"] == "proline", "the class itself explains nothing"
    some = ask(spaces, "data:wine", "why", key=key, bits=pack_rows(np.flatnonzero(truth == 0)[:40]))
    assert some["whole"] == {}
    assert some["differences"][0]["what"] == "class: class_0"
    assert said["labels"] == {"class_0": 59}
    assert len(said["typical"]) == len(said["odd"]) == 3
    whole = ask(spaces, "data:wine", "why", key=key, bits=pack_rows(np.arange(178)))
    assert whole["differences"] == []
    with pytest.raises(DataError, match="Nothing is selected"):
        ask(spaces, "data:wine", "why", key=key, bits="")
    with pytest.raises(SettingError, match="base64"):
        ask(spaces, "data:wine", "why", key=key, bits="§§")


def test_words_of_texts_tell_them_apart(runs, spaces):
    assert runs["texts"]
    key = draw(spaces, "data:my-texts")
    said = ask(spaces, "data:my-texts", "why", key=key, bits=pack_rows(np.arange(0, 60, 2)))
    assert {w["what"] for w in said["words"]} <= {"rocket", "orbit", "moon", "engine"}
    assert said["words"]


def test_groups_become_a_color_and_are_compared_with_labels(spaces):
    key = draw(spaces, "data:digits", kind="umap")
    said = ask(spaces, "data:digits", "clusters", key=key)
    assert said["agreement"]["ari"] > 0.8
    assert said["groups"][0]["size"] >= said["groups"][1]["size"]
    assert len({g["name"] for g in said["groups"]}) == len(said["groups"])
    color = ask_space(spaces, "data:digits", "color", {"key": key, "by": "cluster"})
    first = unpack_rows(said["groups"][0]["bits"])
    assert set(np.flatnonzero(color.arrays["codes"] == 0)) == set(first)
    with pytest.raises(SettingError, match="count"):
        ask(spaces, "data:digits", "clusters", key=key, method="kmeans", count=-1)


def test_named_selections_belong_to_the_data(workspace: Path):
    rows = np.array([0, 7, 8, 1000])
    save_selection(workspace, "digits", " strange   island ", rows)
    np.testing.assert_array_equal(read_selection(workspace, "digits", "strange island"), rows)
    assert list_selections(workspace, "digits") == {"strange island": 4}
    assert list_selections(workspace, "wine") == {}
    for name in ("", "a/b", "x" * 61, "a?b", "class:1"):
        with pytest.raises(SettingError, match="The name of a selection"):
            save_selection(workspace, "digits", name, rows)
    with pytest.raises(DataError, match="Nothing is selected"):
        save_selection(workspace, "digits", "none", np.zeros(0, int))
    delete_selection(workspace, "digits", "strange island")
    with pytest.raises(DataError, match="no selection 'strange island'"):
        read_selection(workspace, "digits", "strange island")
    with pytest.raises(SettingError):
        save_selection(workspace, "../x", "a", rows)
    np.testing.assert_array_equal(unpack_rows(pack_rows(rows)), rows)


def test_own_axes_take_named_selections(spaces):
    save_selection(spaces.workspace, "wine", "strong", np.arange(0, 20))
    key = draw(spaces, "data:wine", kind="axes", x_from="class:class_2", x_to="strong")
    points = layouts.read_layout(spaces.workspace, key)
    assert points[:20, 0].mean() == pytest.approx(1, abs=1e-3)
    # Other rows under the same name are another map.
    save_selection(spaces.workspace, "wine", "strong", np.arange(0, 30))
    assert draw(spaces, "data:wine", kind="axes", x_from="class:class_2", x_to="strong") != key


# Acting


def test_the_data_are_told(spaces):
    key = draw(spaces, "data:wine")
    said = ask(spaces, "data:wine", "relabel", key=key, bits=bits(0, 1, 2), label="odd ones", how="version")
    made = summarize(spaces.workspace, said["source"])
    assert made["classes"] == {"class_0": 56, "class_1": 71, "class_2": 48, "odd ones": 3}
    assert "3 rows labeled odd ones" in made["recipe"]
    again = ask(spaces, "data:wine", "relabel", key=key, bits=bits(0, 1, 2), label="odd ones", how="version")
    assert again["source"] == said["source"]
    less = ask(spaces, "data:wine", "relabel", key=key, bits=bits(0, 1), label="", how="leave-out")
    assert summarize(spaces.workspace, less["source"])["rows"] == 176
    draw(spaces, f"data:{less['source']}")
    hand = ask(spaces, "data:wine", "relabel", key=key, bits=bits(4, 9), label="class_1", how="hand")
    assert hand["rows"] == 2
    assert read_hand_labels(spaces.workspace, "wine") == {4: 1, 9: 1}
    with pytest.raises(DataError, match="no class 'beer'"):
        ask(spaces, "data:wine", "relabel", key=key, bits=bits(4), label="beer", how="hand")


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_points_are_taken_away(spaces, tmp_path: Path, kind):
    key = draw(spaces, "data:wine")
    target = tmp_path / f"points.{kind}"
    said = ask(spaces, "data:wine", "export", key=key, target=str(target), kind=kind, bits=bits(3, 5))
    assert said["rows"] == 2
    points = layouts.read_layout(spaces.workspace, key)
    if kind == "npz":
        with np.load(target, allow_pickle=False) as found:
            assert found["vectors"].shape == (2, 13)
            x, rows = found["x"], found["row"]
    else:
        import pyarrow.csv
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(target) if kind == "parquet" else pyarrow.csv.read_csv(target)
        assert {"row", "label", "x", "y", "alcohol", "split"} <= set(table.column_names)
        assert ("vector" in table.column_names) == (kind == "parquet")
        x, rows = table.column("x").to_numpy(), table.column("row").to_numpy()
    assert rows.tolist() == [3, 5]
    np.testing.assert_allclose(x, points[[3, 5], 0], rtol=1e-5)
    with pytest.raises(SettingError, match="written as"):
        ask(spaces, "data:wine", "export", key=key, target=str(target), kind="xls")


def test_two_maps_are_compared(runs, spaces):
    code, raw = f"run:{runs['plain'].id}", "data:digits"
    first, second = draw(spaces, code), draw(spaces, raw)
    said = ask(spaces, code, "compare", key=first, other={"space": raw, "key": second})
    assert 0 < said["cka"] < 1
    assert 0 < said["shared"] < 1
    assert said["rows"] == 1797
    same = ask(
        spaces, raw, "compare", key=second, other={"space": raw, "key": draw(spaces, raw, kind="random")}
    )
    assert (same["cka"], same["procrustes"]) == (pytest.approx(1), pytest.approx(0, abs=1e-9))
    assert same["procrustes_maps"] > 0.01
    with pytest.raises(DataError, match="no rows in common"):
        ask(
            spaces, raw, "compare", key=second, other={"space": "data:wine", "key": draw(spaces, "data:wine")}
        )


def test_old_maps_are_forgotten(workspace: Path):
    own = Spaces(workspace, Kits(workspace))
    keys = [draw(own, "data:wine", kind="random", seed=i) for i in range(4)]
    layouts.forget(workspace, most=2)
    left = {f.name for f in (workspace / "layouts").glob("?" * 16)}
    assert len(left & set(keys)) == 2
    assert keys[-1] in left
