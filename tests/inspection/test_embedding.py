"""Embedding of a whole data set as a job: its end, pause and stop, map, search, and what is said against
it.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from selfsup_core.errors import DataError, SettingError
from selfsup_core.export.embeddings import export_embeddings, folder_of, list_embedded, open_texts
from selfsup_core.features.embedding.embed import EmbedConfig, embed_steps
from selfsup_core.inspection import embedding
from selfsup_core.inspection.embedding import EmbedJobs, read_embeddings
from tests.helpers import wait_for
from tests.inspection.asking import ask_embedding
from tests.models.tiny import tiny_bert
from tests.tasks.classify_helpers import NAME, make_pets


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    return str(tiny_bert(tmp_path / "tiny-bert", head=False))


@pytest.fixture
def jobs(workspace: Path) -> EmbedJobs:
    make_pets(workspace, 60)
    return EmbedJobs(workspace)


def status(jobs: EmbedJobs, encoder: str) -> str:
    return jobs.jobs[NAME, encoder].status


def test_from_start_to_map_search_and_files(jobs, encoder, workspace: Path):
    assert ask_embedding(jobs, NAME, "look", {"encoder": encoder}) == {
        "ready": False,
        "job": None,
        "warning": "",
    }
    with pytest.raises(DataError, match="no embeddings yet"):
        ask_embedding(jobs, NAME, "nearest", {"encoder": encoder, "text": "cat"})
    ask_embedding(jobs, NAME, "start", {"encoder": encoder})
    wait_for(lambda: status(jobs, encoder) == "done", "the end of the job")
    looked = ask_embedding(jobs, NAME, "look", {"encoder": encoder})
    assert looked["ready"]
    assert looked["job"]["done"] == 60
    assert not jobs.is_at_work
    x = read_embeddings(workspace, NAME, encoder)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    made = ask_embedding(jobs, NAME, "map", {"encoder": encoder})
    assert np.array(made["points"]).shape == (60, 2)
    assert made["classes"] == ["cats", "dogs", "logs"]
    text = made["texts"][7]
    found = ask_embedding(jobs, NAME, "nearest", {"encoder": encoder, "text": text, "most": 3})["found"]
    assert len(found) == 3
    assert found[0]["cosine"] == pytest.approx(1, abs=1e-4)
    cosines = x @ x[made["rows"][7]]
    assert [f["cosine"] for f in found] == pytest.approx(np.sort(cosines)[::-1][:3], abs=1e-4)
    with np.load(io.BytesIO(export_embeddings(workspace, NAME, encoder, "npz"))) as file:
        np.testing.assert_array_equal(file["vectors"], x)
    table = parquet.read_table(io.BytesIO(export_embeddings(workspace, NAME, encoder, "parquet")))
    assert table.num_rows == 60
    np.testing.assert_array_equal(np.array(table.column("vector").to_pylist(), np.float32), x)


def test_paused_it_rests_stopped_it_keeps_its_parts_and_goes_on(jobs, encoder, workspace: Path, monkeypatch):
    gate, real = {"at": 0}, embedding.embed_steps

    def slowly(*args, **kwargs):
        steps = real(*args, **kwargs)

        def told():
            made = yield from count(steps)
            return made

        return told()

    def count(steps):
        for step in steps:
            gate["at"] += 1
            yield step
            wait_for(lambda: gate["at"] < 2 or gate.get("open"), "the gate")

    monkeypatch.setattr(embedding, "embed_steps", slowly)
    ask_embedding(jobs, NAME, "start", {"encoder": encoder})
    assert ask_embedding(jobs, NAME, "pause", {"encoder": encoder})["status"] == "paused"
    assert jobs.is_at_work
    assert (
        ask_embedding(jobs, NAME, "start", {"encoder": encoder})["status"] == "paused"
    )  # a second click changes nothing
    assert ask_embedding(jobs, NAME, "resume", {"encoder": encoder})["status"] == "running"
    assert ask_embedding(jobs, NAME, "stop", {"encoder": encoder})["status"] == "stopped"
    gate["open"] = True
    wait_for(lambda: not jobs.turn.locked(), "the thread's end")
    assert not ask_embedding(jobs, NAME, "look", {"encoder": encoder})["ready"]
    ask_embedding(jobs, NAME, "start", {"encoder": encoder})
    wait_for(lambda: status(jobs, encoder) == "done", "the end of the job")


def test_what_is_wrong_is_said(jobs, encoder, workspace: Path):
    with pytest.raises(DataError, match="holds tables"):
        ask_embedding(jobs, "wine", "start", {"encoder": encoder})
    with pytest.raises(DataError, match="no encoder"):
        ask_embedding(jobs, NAME, "start", {"encoder": "/nowhere/at/all"})
    with pytest.raises(SettingError, match="no tool 'format'"):
        ask_embedding(jobs, NAME, "format", {})
    with pytest.raises(DataError, match="no such job"):
        ask_embedding(jobs, NAME, "pause", {"encoder": encoder})
    with pytest.raises(DataError, match="no embeddings"):
        export_embeddings(workspace, NAME, encoder)
    with pytest.raises(SettingError, match="npz or parquet; found 'xlsx'"):
        export_embeddings(workspace, NAME, encoder, "xlsx")


def test_a_job_that_fails_says_why(jobs, encoder, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr(embedding, "embed_steps", full)
    ask_embedding(jobs, NAME, "start", {"encoder": encoder})
    wait_for(lambda: status(jobs, encoder) == "failed", "the failure")
    assert "No space left" in ask_embedding(jobs, NAME, "look", {"encoder": encoder})["job"]["error"]


def test_what_is_embedded_is_listed_with_its_data_set(jobs, encoder, workspace: Path):
    assert list_embedded(workspace) == []
    ask_embedding(jobs, NAME, "start", {"encoder": encoder})
    wait_for(lambda: status(jobs, encoder) == "done", "the end of the job")
    (one,) = list_embedded(workspace)
    assert (one["source"], one["title"], one["encoder"]) == (NAME, "Pets", encoder)
    assert (one["is_finished"], one["done"], one["total"]) == (True, 60, 60)
    assert ask_embedding(jobs, "", "jobs", {})["jobs"] == [], "it is at its end"
    shutil.rmtree(workspace / "datasets" / NAME)
    assert list_embedded(workspace)[0]["source"] == ""


def test_an_unfinished_job_is_listed_by_any_process(jobs, encoder, workspace: Path):
    dataset, texts = open_texts(workspace, NAME)
    steps = embed_steps(
        texts,
        EmbedConfig(encoder=encoder, batch_tokens=8),
        cache=folder_of(workspace),
        data_digest=dataset.digest,
    )
    wait_for(lambda: next(steps).stage == "encoding", "the first batch")
    steps.close()
    (one,) = list_embedded(workspace)
    assert (one["source"], one["encoder"], one["is_finished"]) == (NAME, encoder, False)
    assert 0 < one["done"] < one["total"]


def test_a_job_at_work_is_found_without_its_name(jobs, encoder):
    with jobs.turn:  # it waits for its turn
        ask_embedding(jobs, NAME, "start", {"encoder": encoder})
        (job,) = ask_embedding(jobs, "", "jobs", {})["jobs"]
        assert (job["source"], job["encoder"], job["status"]) == (NAME, encoder, "running")
    wait_for(lambda: status(jobs, encoder) == "done", "the end of the job")
