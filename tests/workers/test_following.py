"""Trackers: told what a run writes, from a process that cannot hold up the training."""

from __future__ import annotations

import contextlib
import sys
import types
from pathlib import Path

import psutil
import pytest

from selfsup_core.errors import SettingError
from selfsup_core.files import read_json
from selfsup_core.runs.folder import RunFolder, find_foreign, read_rows, read_state
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
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if str(folder.path) in process.cmdline():
                return True
    return False


def put(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Have a tracker of a test in the place of Trackio."""
    list(TRACKERS)  # the real ones are found at the first look
    monkeypatch.setitem(TRACKERS._entries, "trackio", kind)


def tell_again(folder: RunFolder, tracker: str) -> None:
    """Tell another tracker of a finished run, from its first row."""
    (folder.path / TOLD).unlink(missing_ok=True)
    text = folder.spec.read_text()
    before = read_spec(folder.spec).log.tracker
    folder.spec.write_text(text.replace(f"tracker: {before}", f"tracker: {tracker}"))
    follow(folder, lambda: False)


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
        title, package = "Trackio", "json"

        def __init__(self, run) -> None:
            run.remembered.setdefault("id", "first")
            told.append(run.remembered["id"])

        def log(self, values, step) -> None:
            told.append(step)

        def close(self, status) -> None:
            told.append(status)

    put(monkeypatch, Written)
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
        title, package = "Trackio", "json"

        def __init__(self, run) -> None:
            raise ConnectionError("tracker.example does not answer\nmore")

    put(monkeypatch, Down)

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


def test_weights_and_biases_by_its_signatures(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stub: the package is 80 MB. Parameters as in wandb 0.31 (`wandb.init`, `Run.log`,
    `Run.finish`).
    """
    calls: list[tuple] = []

    class Run:
        def log(self, data, step=None, commit=None) -> None:
            calls.append(("log", dict(data), step))

        def finish(self, exit_code=None, quiet=None) -> None:
            calls.append(("finish", exit_code))

    def init(
        entity=None, project=None, dir=None, id=None, name=None, config=None, resume=None, mode=None
    ) -> Run:
        calls.append(("init", project, id, name, dir, resume, mode, config["train.epochs"]))
        (Path(dir) / "wandb").mkdir(exist_ok=True)
        (Path(dir) / "wandb" / "latest-run").symlink_to("offline-run")  # as it does
        return Run()

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=init))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    tell_again(finished, "wandb")
    first, *logged, last = calls
    name = finished.id
    where = str(finished.workspace)
    assert first == ("init", "selfsup-studio", name, name, where, "allow", "offline", 3)
    assert find_foreign(finished) == "", "a run with links could neither go on nor be packed"
    steps = [step for _, _, step in logged]
    assert steps == sorted(steps) == [row["step"] for row in read_rows(finished.metrics)]
    assert last == ("finish", 0)


def test_mlflow_by_its_signatures(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stub, with the parameters of MlflowClient in mlflow 3; a resumed run stays the same one."""
    calls: list[tuple] = []

    class Client:
        def __init__(self, tracking_uri=None, registry_uri=None) -> None:
            calls.append(("client", tracking_uri))

        def get_experiment_by_name(self, name):
            return None

        def create_experiment(self, name, artifact_location=None, tags=None) -> str:
            calls.append(("files", artifact_location))
            return f"e-{name}"

        def create_run(self, experiment_id, start_time=None, tags=None, run_name=None):
            calls.append(("run", experiment_id, run_name))
            return types.SimpleNamespace(info=types.SimpleNamespace(run_id="r1"))

        def update_run(self, run_id, status=None, name=None) -> None:
            calls.append(("again", run_id, status))

        def log_batch(self, run_id, metrics=(), params=(), tags=(), synchronous=None) -> None:
            calls.append(("batch", run_id, list(metrics), list(params)))

        def set_terminated(self, run_id, status=None, end_time=None) -> None:
            calls.append(("end", run_id, status))

    def metric(key, value, timestamp, step) -> tuple:
        return key, value, step

    entities = types.SimpleNamespace(Metric=metric, Param=lambda key, value: (key, value))
    monkeypatch.setitem(sys.modules, "mlflow", types.SimpleNamespace(MlflowClient=Client, entities=entities))
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tell_again(finished, "mlflow")
    assert calls[0] == ("client", f"sqlite:///{finished.workspace / 'mlflow.db'}")
    assert calls[1] == ("files", (finished.workspace / "mlruns").as_uri()), "not where the program runs"
    assert calls[2] == ("run", "e-selfsup-studio", finished.id)
    assert ("train.epochs", "3") in calls[3][3]
    last = read_rows(finished.metrics)[-1]
    assert ("val_loss", last["val_loss"], last["step"]) in calls[-2][2]
    assert calls[-1] == ("end", "r1", "FINISHED")
    calls.clear()
    follow(finished, lambda: False)
    assert calls[1:] == [("again", "r1", "RUNNING"), ("end", "r1", "FINISHED")]
