"""UMAP beside a training: each kept epoch has a layout that begins from the one before."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from selfsup_core.errors import RunError
from selfsup_core.files import write_bytes
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.space import live_umap
from selfsup_core.inspection.space.live_umap import CONFIG, LiveUmaps
from selfsup_core.inspection.subject import Subject
from selfsup_core.projection.maps import make_map
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.frames import read_frame, save_arrays
from selfsup_core.runs.thinned import frame_path, list_frames
from tests.helpers import wait_for


@pytest.fixture
def copied(runs, tmp_path) -> RunFolder:
    """A finished run of three kept epochs, which a test may change."""
    folder = RunFolder(tmp_path / "runs" / runs["plain"].id)
    shutil.copytree(runs["plain"].path, folder.path)
    return folder


def latents(folder: RunFolder, epoch: int) -> np.ndarray:
    return read_frame(frame_path(folder.frames, epoch))["latents"].astype(np.float32)


def test_each_layout_begins_from_the_one_before(copied, tmp_path):
    desk, subject = Desk(tmp_path), Subject("run", copied.id)

    def ask(epoch=None):
        return desk.ask(subject, "umap", {"epoch": epoch})

    first = ask()
    assert first.about["total"] == 3
    wait_for(lambda: ask().about["made"] == 3, "the layouts")
    wait_for(lambda: not desk.is_at_work, "the end of the thread")
    previous = None
    for epoch in list_frames(copied.frames):
        expected = make_map(latents(copied, epoch), CONFIG, previous=previous).points
        np.testing.assert_array_equal(ask(epoch).arrays["map"], expected)
        previous = expected
    np.testing.assert_array_equal(ask().arrays["map"], previous)


def test_only_a_frame_that_was_written_anew_is_laid_out_again(copied, tmp_path, monkeypatch):
    umap = LiveUmaps(tmp_path).of(copied.id)
    wait_for(lambda: umap.ask(None).made == 3, "the layouts")
    wait_for(lambda: not umap.is_at_work, "the end of the thread")
    seen, real = [], live_umap.lay_out_frame
    monkeypatch.setattr(
        live_umap, "lay_out_frame", lambda path, *rest: seen.append(path.name) or real(path, *rest)
    )
    path = frame_path(copied.frames, 2)
    write_bytes(path, path.read_bytes())
    assert umap.ask(2).layout is None
    wait_for(lambda: umap.ask(2).layout, "the layout")
    assert seen == [path.name]


def test_what_cannot_be_laid_out_says_why_and_holds_up_nothing(copied, tmp_path):
    broken = latents(copied, 0)
    broken[3, 1] = np.nan
    write_bytes(frame_path(copied.frames, 0), save_arrays({"latents": broken}, {"epoch": "0"}))
    write_bytes(frame_path(copied.frames, 1), save_arrays({"map": broken[:, :2]}, {"epoch": "1"}))
    umap = LiveUmaps(tmp_path).of(copied.id)
    wait_for(lambda: umap.ask(None).made == 3, "the layouts")
    reasons = [umap.ask(epoch).layout.reason for epoch in (0, 1, 2)]
    assert "finite" in reasons[0]
    assert "earlier version" in reasons[1]
    assert reasons[2] == ""
    assert umap.ask(2).layout.points.shape == (len(broken), 2)
    assert umap.ask(77).layout is None, "not a kept epoch"


def test_runs_that_are_not_there_are_named_and_old_ones_make_room(copied, tmp_path, monkeypatch):
    umaps = LiveUmaps(tmp_path)
    with pytest.raises(RunError, match="nothing-there"):
        umaps.of("nothing-there")
    monkeypatch.setattr(live_umap, "KEPT_RUNS", 1)
    first = umaps.of(copied.id)
    other = RunFolder(tmp_path / "runs" / "another-one")
    shutil.copytree(copied.path, other.path)
    assert umaps.of(copied.id) is first
    umaps.of(other.id)
    assert first.left_out
    assert umaps.of(copied.id) is not first
