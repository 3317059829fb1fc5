"""Keys stay with the processes that ask with them."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from selfsup_core import environment
from selfsup_core.data.library import child, forks, limited
from selfsup_core.environment import REMOTE_KEY, take_key, without_secrets
from selfsup_core.inspection.client import LabClient, stop_lab
from selfsup_core.runs import processes
from selfsup_core.workers import launcher, supervisor
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from tests.helpers import ROOT, make_run, parse, tiny_spec, wait_for
from tests.tasks.test_pseudo import spec_of

KEY = "sk-remote-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(REMOTE_KEY, KEY)
    return KEY


def test_keys_are_known_by_their_names(monkeypatch):
    for name in (
        "OPENAI_API_KEY",
        "HF_TOKEN",
        "SELFSUP_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "token",
    ):
        monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    found = without_secrets(ADDED="1")
    assert not {"hidden", KEY} & set(found.values())
    assert (found["TOKENIZERS_PARALLELISM"], found["ADDED"], found["PATH"]) == (
        "false",
        "1",
        os.environ["PATH"],
    )


def test_a_key_is_taken_out_of_the_environment(monkeypatch):
    monkeypatch.setattr(environment.os, "environ", {REMOTE_KEY: KEY, "HF_TOKEN": "x", "HOME": "/"})
    assert take_key() == KEY
    assert environment.os.environ == {"HOME": "/"}


@pytest.mark.real_start
@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of a process"
)
def test_supervisor_and_lab_are_started_without_keys(workspace: Path):
    ensure_supervisor(workspace)
    try:
        about = wait_for(lambda: supervisor_info(workspace), "the supervisor")
        lab = LabClient(workspace)._ensure()
        for pid in (about["pid"], lab["pid"]):
            shown = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
            assert KEY.encode() not in shown
    finally:
        stop_supervisor(workspace)
        stop_lab(workspace)


def test_the_supervisor_is_told_the_key_and_gives_it_to_workers_that_ask_with_it(
    workspace: Path, monkeypatch
):
    told = []
    monkeypatch.setattr(supervisor, "start_detached", lambda *words, **options: told.append((words, options)))
    ensure_supervisor(workspace)
    assert told[0][0][-1] == "--key"
    assert told[0][1] == {"told": KEY}
    monkeypatch.delenv(REMOTE_KEY)
    ensure_supervisor(workspace)
    assert "--key" not in told[1][0]

    given = []
    monkeypatch.setattr(
        launcher.subprocess,
        "Popen",
        lambda *words, env, **options: given.append(env.get(REMOTE_KEY)) or SimpleNamespace(pid=len(given)),
    )
    plain = make_run(workspace)
    remote = make_run(workspace, spec_of("digits", objective__proposers=["self", "remote"]))
    lost = make_run(workspace, name="lost")
    lost.spec.write_text("objective: [")
    start = launcher.SpawnLauncher(KEY)
    for folder in (plain, remote, lost):
        start.start(folder)
    assert given == [None, KEY, None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only with fork")
def test_a_forked_worker_has_the_key_only_when_it_asks_with_it(workspace: Path, monkeypatch):
    monkeypatch.delenv(REMOTE_KEY)
    seen = workspace / "seen"

    def look(folder: str) -> int:
        with open(seen, "a") as file:
            file.write(os.environ.get(REMOTE_KEY, "none") + "\n")
        return 0

    monkeypatch.setattr("selfsup_core.workers.worker.main", look)
    monkeypatch.setattr(launcher, "become_worker", lambda folder: None)
    plain = make_run(workspace)
    remote = make_run(workspace, spec_of("digits", objective__proposers=["self", "remote"]))
    for folder in (plain, remote):
        os.waitpid(launcher.ForkLauncher(KEY).start(folder), 0)
    assert seen.read_text().split() == ["none", KEY]
    assert REMOTE_KEY not in os.environ


def test_a_process_that_leaves_at_once_needs_no_key(workspace: Path):
    processes.start_detached(
        "selfsup_core.no_such_module", workspace, workspace / "helper", told=KEY * 10_000
    )
    wait_for(lambda: "No module named" in (workspace / "helper" / "log.txt").read_text(), "its last words")
    assert KEY not in (workspace / "helper" / "log.txt").read_text()


def test_the_import_child_and_its_prepared_process_have_no_key(workspace: Path, monkeypatch):
    given = []
    monkeypatch.setattr(forks, "_current", None)

    def start(*words, env, **options):
        given.append(env)
        raise OSError("enough")

    monkeypatch.setattr(limited.subprocess, "Popen", start)
    with pytest.raises(OSError, match="enough"):
        child.run_job("plan", workspace)
    assert len(given) == 1 + forks.can_fork()
    assert not [env for env in given if KEY in env.values()]


def test_no_child_takes_the_whole_environment_over():
    """Each start of a process names its environment; the app itself may have the keys of whoever starts
    it.
    """
    careless = []
    for path in sorted((ROOT / "selfsup_core").rglob("*.py")):
        for node in ast.walk(parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "subprocess.Popen",
                "subprocess.run",
            ):
                env = [ast.unparse(word.value) for word in node.keywords if word.arg == "env"]
                if not env or "os.environ" in env[0]:
                    careless.append(path.relative_to(ROOT).as_posix())
    assert careless == ["selfsup_core/cli/main.py", "selfsup_core/data/fetch_assets.py"]


def test_a_spec_that_cannot_be_read_asks_nobody(workspace: Path):
    folder = make_run(workspace, tiny_spec())
    folder.spec.unlink()
    assert not launcher.may_ask_remote(folder)
