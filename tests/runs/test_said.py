"""What panels say of a run: the stage is sent what `runs say` prints, and a strange frame is passed over."""

from __future__ import annotations

import dataclasses
import json
import zipfile

import numpy as np
import pytest

from selfsup_core.errors import RunError
from selfsup_core.evaluate.words.panels.sayers import say_panels, say_with_truth
from selfsup_core.evaluate.words.panels.seen import MOST_LETTERS
from selfsup_core.files import read_file, write_bytes
from selfsup_core.runs.folder import RunFolder, list_states, read_rows, read_state, update_state
from selfsup_core.runs.frames import save_arrays
from selfsup_core.runs.said import Shot, say_epoch, say_frame, see
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.safetensors_header import read_metadata
from selfsup_core.workers.live import LiveRuns
from tests.cli.helpers import cli
from tests.helpers import ROOT, make_run, run_here

RELEASED = sorted((ROOT / "tests" / "fixtures").glob("workspace-*.zip"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("said"), train__epochs=3)
    run_here(folder)
    return folder


def sent(folder, epoch):
    """What the stage is told with a frame."""
    return json.loads(read_metadata(LiveRuns(folder.workspace).frame(folder.id, epoch))["said"])


def test_the_sentences_follow_the_epoch_and_are_the_same_everywhere(finished):
    told = {epoch: say_epoch(finished, epoch)[1].plain for epoch in (0, 1, 3)}
    assert set(told[3]) == {"loss", "reconstructions", "map", "code"}
    assert len({said["loss"] for said in told.values()}) == 3
    assert told[0]["loss"].startswith("Before training")
    assert say_epoch(finished) == say_epoch(finished, 3)
    for epoch, said in told.items():
        assert sent(finished, epoch) == said
    printed = cli("runs", "say", finished.id, "--epoch", "3", workspace=finished.workspace).stdout
    assert all(text in printed for text in told[3].values())


def test_an_epoch_without_a_frame_is_refused_with_those_there_are(finished):
    with pytest.raises(RunError, match="epoch 9") as refused:
        say_epoch(finished, 9)
    assert "from 0 to 3" in refused.value.remedy


def test_what_is_compared_with_the_baseline_is_said_anew_once_that_is_measured(tmp_path):
    folder = make_run(tmp_path, train__epochs=1)
    state = run_here(folder)
    live = LiveRuns(folder.workspace)
    update_state(folder, baseline=None)
    before = json.loads(read_metadata(live.frame(folder.id, 1))["said"])
    update_state(folder, baseline=state["baseline"])
    live.view(folder.id).refreshed = float("-inf")
    after = json.loads(read_metadata(live.frame(folder.id, 1))["said"])
    assert "PCA" not in before["reconstructions"]
    assert before != after == say_epoch(folder, 1)[1].plain


def test_nothing_is_said_of_arrays_that_are_not_what_their_names_say(finished, tmp_path):
    path = frame_path(finished.frames, 3)
    frame = Shot.of(read_file(path, 10**8), "a frame")
    static = Shot.of(read_file(finished.frames / "static.safetensors", 10**8), "static")
    state, rows = read_state(finished), epoch_rows(read_rows(finished.metrics))
    strange = dataclasses.replace(frame, arrays={name: np.zeros((2, 0, 3)) for name in frame.arrays})
    assert say_frame(state, rows, strange, static).plain.get("reconstructions") is None
    nameless = dataclasses.replace(frame, about={})
    assert say_frame(state, rows, nameless, static).plain == {}
    write_bytes(tmp_path / "x", save_arrays(dict(frame.arrays), metadata=dict(frame.about)))
    again = Shot.of((tmp_path / "x").read_bytes(), "x")
    assert say_frame(state, rows, again, static).plain == say_epoch(finished, 3)[1].plain


@pytest.mark.parametrize("archive", RELEASED, ids=lambda path: path.stem)
def test_something_is_said_of_every_frame_of_earlier_versions_and_nothing_goes_wrong(archive, tmp_path):
    """By the functions themselves, which pass over nothing."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    workspace = tmp_path / "workspace"
    tasks = set()
    for state in list_states(workspace):
        folder = RunFolder(workspace / "runs" / state["run"])
        static = Shot.of((folder.frames / "static.safetensors").read_bytes(), "static")
        rows = epoch_rows(read_rows(folder.metrics))
        for epoch in list_frames(folder.frames):
            frame = Shot.of(frame_path(folder.frames, epoch).read_bytes(), "a frame")
            seen = see(state, rows, frame, static)
            said = say_panels(state["task"], seen) | say_with_truth(state["task"], seen)
            assert said, (state["task"], epoch)
            assert all(len(text) <= MOST_LETTERS for text in said.values()), said
            tasks.add(state["task"])
    assert tasks >= {"autoencoder", "language", "classify", "pseudo"}
