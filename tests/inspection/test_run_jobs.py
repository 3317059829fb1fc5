"""Long jobs on a run: one at a time, with progress and an estimate; stopped, failed and continued."""

from __future__ import annotations

import threading

import pytest

from selfsup_core.errors import DataError, RunError
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.run_jobs import RunJob, RunJobs
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.benefit import read_benefit
from selfsup_core.runs.progress import Progress
from tests.helpers import make_run, run_here, wait_for
from tests.tasks.views_helpers import tiny


@pytest.fixture
def folder(workspace):
    return make_run(workspace)


def ends(jobs: RunJobs, run: str) -> str:
    wait_for(lambda: not jobs.is_at_work, "the end of the job")
    found = jobs.look("benefit", run)
    assert found
    return found["status"]


def test_a_job_says_how_far_it_is_and_stops_between_two_steps(workspace, folder):
    jobs, go, closed = RunJobs(workspace), threading.Semaphore(0), []

    def make(_):
        try:
            for number in range(100):
                yield Progress(number / 100, f"Step {number}.")
                go.acquire()
        finally:
            closed.append(True)

    assert jobs.look("benefit", folder.id) is None
    with pytest.raises(DataError, match="no such job"):
        jobs.stop("benefit", folder.id)
    jobs.start("benefit", folder.id, make)
    for _ in range(10):
        go.release()
    wait_for(lambda: (jobs.look("benefit", folder.id) or {})["said"] == "Step 10.", "ten steps")
    found = jobs.start("benefit", folder.id, make)  # a second click changes nothing
    assert found["share"] == 0.1
    assert found["seconds_left"] > 0
    assert jobs.stop("benefit", folder.id)["status"] == "stopping"
    go.release()
    assert ends(jobs, folder.id) == "stopped"
    assert closed == [True]


def test_of_one_kind_one_works_and_the_others_wait(workspace, folder):
    jobs, go = RunJobs(workspace), threading.Event()
    other = make_run(workspace)

    def waits(_):
        yield Progress(0.0, "First.")
        go.wait()

    jobs.start("benefit", folder.id, waits)
    wait_for(lambda: (jobs.look("benefit", folder.id) or {})["said"] == "First.", "the first")
    jobs.start("benefit", other.id, lambda _: (one for one in ()))
    assert jobs.look("benefit", other.id)["said"].startswith("Waiting")
    go.set()
    assert ends(jobs, other.id) == "done"


def test_what_fails_is_said(workspace, folder, capsys):
    jobs = RunJobs(workspace)

    def refuses(_):
        yield Progress(0.5, "Half.")
        raise RunError("It cannot be.", code="no")

    def breaks(_):
        yield Progress(0.5, "Half.")
        raise KeyError("x")

    for make, said in ((refuses, "It cannot be."), (breaks, "KeyError")):
        jobs.start("benefit", folder.id, make)
        assert ends(jobs, folder.id) == "failed"
        assert said in jobs.look("benefit", folder.id)["error"]
    assert "KeyError" in capsys.readouterr().err


def test_nothing_is_said_of_the_time_before_something_is_done():
    job = RunJob()
    job.tell(Progress(0.01, "Begun."))
    assert job.about()["seconds_left"] is None


def test_a_question_measures_a_run(workspace, monkeypatch):
    monkeypatch.setattr("selfsup_core.tasks.parts.represent.BUDGET", {"train.epochs": 1})
    monkeypatch.setattr("selfsup_core.runs.benefit.LEAST_STEPS", 10)
    run = make_run(workspace, tiny(train__epochs=1))
    run_here(run)
    desk = Desk(workspace)

    def ask(question, **values):
        return desk.ask(Subject("job", run.id), question, values).about["job"]

    assert ask("look", kind="benefit") is None
    assert ask("benefit", labels=[2], draws=2)["status"] == "running"
    assert desk.is_at_work
    wait_for(lambda: ask("look", kind="benefit")["status"] == "done", "the end")
    assert not desk.is_at_work
    assert [one["labels"] for one in read_benefit(run)["judged"]] == [2]
