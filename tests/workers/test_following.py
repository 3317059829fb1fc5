"""Trackers: told what a run writes, from a process that cannot hold up the training."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.files import read_json
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.pack import list_files
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.trackers import TRACKERS
from selfsup_core.workers import following
from selfsup_core.workers.following import TOLD, follow, numbers_of
from tests.helpers import make_run, run_here, tiny_spec, wait_for


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose numbers went to TensorBoard while it trained, by the real process."""
    folder = make_run(tmp_path_factory.mktemp("tracked"), log__tracker="tensorboard")
    assert run_here(folder)["status"] == "finished"
    wait_for(lambda: not is_followed(folder), "the tracker's process to leave", 60)
    return folder


def is_followed(folder: RunFolder) -> bool:
    import psutil

    return any(str(folder.path) in process.cmdline() for process in psutil.Process().children(recursive=True))


def without_end(folder: RunFolder, tracker: str) -> None:
    """Have another tracker follow a finished run from its first row."""
    (folder.path / TOLD).unlink(missing_ok=True)
    text = folder.spec.read_text()
    folder.spec.write_text(text.replace(f"tracker: {read_spec(folder.spec).log.tracker}", f"tracker: {tracker}"))


def test_tensorboard_reads_what_the_run_wrote(finished: RunFolder) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(finished.path / "tensorboard"))
    read.Reload()
    rows = read_rows(finished.metrics)
    for name in ("train_loss", "val_loss", "learning_rate"):
        expected = [(row["step"], row[name]) for row in rows if name in row]
        found = [(event.step, event.value) for event in read.Scalars(name)]
        assert len(found) == len(expected) > 2
        assert [step for step, _ in found] == [step for step, _ in expected]
        assert [value for _, value in found] == pytest.approx([value for _, value in expected])
    assert read_state(finished)["notices"] == []
    packed, left = list_files(finished)
    assert not [name for name in packed + left if "tensorboard" in name or TOLD in name]


def test_a_resumed_run_tells_nothing_twice(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    class Written:
        def __init__(self, run) -> None:
            run.remembered.setdefault("id", "first")
            told.append(run.remembered["id"])

        def log(self, values, step) -> None:
            told.append(step)

        def close(self, status) -> None:
            told.append(status)

    monkeypatch.setitem(TRACKERS._entries, "trackio", Written)
    monkeypatch.setattr(following, "follow_run", lambda keeper: None)
    monkeypatch.setattr("selfsup_core.workers.session.follow_run", lambda keeper: None)
    folder = make_run(workspace, log__tracker="trackio", train__epochs=2)
    run_here(folder)
    whole = folder.metrics.read_bytes()
    lines = whole.splitlines(keepends=True)
    folder.metrics.write_bytes(b"".join(lines[:4]))
    follow(folder, lambda: False)
    folder.metrics.write_bytes(whole)
    follow(folder, lambda: False)
    steps = [row["step"] for row in read_rows(folder.metrics) if numbers_of(row)]
    assert told == ["first", *steps[:4], "finished", "first", *steps[4:], "finished"]


def test_a_tracker_that_fails_is_said_once_and_the_run_goes_on(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Down:
        def __init__(self, run) -> None:
            raise ConnectionError("tracker.example does not answer\nmore")

    monkeypatch.setitem(TRACKERS._entries, "trackio", Down)
    monkeypatch.setattr(Down, "package", "json", raising=False)
    monkeypatch.setattr(Down, "title", "Trackio", raising=False)

    class Child:
        """The process has run and failed before the first row."""

        def poll(self) -> int:
            return 1

    def start(folder: RunFolder) -> Child:
        with pytest.raises(ConnectionError):
            follow(folder, lambda: True)
        return Child()

    monkeypatch.setattr(following, "start", start)
    folder = make_run(workspace, log__tracker="trackio")
    state = run_here(folder)
    assert state["status"] == "finished"
    assert state["notices"] == [
        "Trackio stopped logging: ConnectionError: tracker.example does not answer. The training goes on "
        "without it."
    ]
    assert read_json(folder.path / TOLD)["last"] == [-1, 0]


def test_what_is_not_installed_or_not_known(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TRACKERS["wandb"], "package", "there_is_no_such_package")
    state = run_here(make_run(workspace, log__tracker="wandb", train__epochs=1))
    assert state["status"] == "finished"
    (said,) = state["notices"]
    assert said.startswith("Weights & Biases is not installed (pip install wandb==")
    with pytest.raises(SettingError, match=r"log.tracker: must be one of none, .*tensorboard.*found 'excel'"):
        tiny_spec(log__tracker="excel")
    assert tiny_spec(log__tracker="wandb").digest() == tiny_spec().digest(), "it decides nothing"


def spec_for(folder: RunFolder, tracker: str) -> None:
    without_end(folder, tracker)


class Calls(types.ModuleType):
    """A package that writes down how it is called; the functions have the real ones' parameters."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[tuple] = []


def test_weights_and_biases_by_its_signatures(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stub: the package is 80 MB. Parameters as in wandb 0.31 (`wandb.init`, `Run.log`,
    `Run.finish`).
    """
    package = Calls("wandb")

    class Run:
        def log(self, data, step=None, commit=None) -> None:
            package.calls.append(("log", dict(data), step))

        def finish(self, exit_code=None, quiet=None) -> None:
            package.calls.append(("finish", exit_code))

    def init(
        entity=None, project=None, dir=None, id=None, name=None, config=None, resume=None, mode=None
    ) -> Run:
        package.calls.append(("init", project, id, name, dir, resume, mode, config["train.epochs"]))
        return Run()

    package.init = init
    monkeypatch.setitem(sys.modules, "wandb", package)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    without_end(finished, "wandb")
    follow(finished, lambda: False)
    first, *logged, last = package.calls
    name = finished.id
    assert first == ("init", "selfsup-studio", name, name, str(finished.path), "allow", "offline", 3)
    steps = [step for _, _, step in logged]
    assert steps == sorted(steps) == [row["step"] for row in read_rows(finished.metrics)]
    assert last == ("finish", 0)
