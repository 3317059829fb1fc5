"""Workspaces: an empty one for each test, and one with a real supervisor that all tests share."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from selfsup_core.data import sources
from selfsup_core.data.library.child import outcome
from selfsup_core.data.library.limited import Ended
from selfsup_core.export import read_apart
from selfsup_core.files import read_json
from selfsup_core.inspection import client
from selfsup_core.pretrained.language_models import PLACE
from selfsup_core.pretrained.trial import CACHE
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.processes import GIVE_WAY, is_alive, start_detached
from selfsup_core.workers import supervisor, sweeper_start
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from tests import zygote
from tests.helpers import wait_for

THOROUGH = Path(__file__).with_name("thorough.txt")
# Folders whose tests share what takes seconds to make: a server and a browser, a supervisor, trained runs, a
# language model.
TOGETHER = {
    "browser": "browser",
    "cli": "supervisor",
    "inspection": "inspection",
    "pretrained": "pretrained",
    "workers": "supervisor",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutations", type=int, help="Mutations of each importer's file; 25, and 10 on CI.")
    parser.addoption(
        "--thorough",
        action="store_true",
        help="With tests marked `thorough`, and at all points what is tried at some, such as kills.",
    )
    parser.addoption("--screenshots", action="store_true", help="Browser tests keep pictures in artifacts/.")
    parser.addoption(
        "--mutation-seed",
        type=int,
        help="Mutations of an earlier run; else new ones each time, and the same ones on CI.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.mutations is None:
        config.option.mutations = 10 if os.environ.get("CI") else 25
    if config.option.mutation_seed is None:  # the processes of -n take the seed over
        # CI tells whether a change broke something: it takes the same ones each time.
        config.option.mutation_seed = 0 if os.environ.get("CI") else secrets.randbits(32)
    # What is remembered of models' folders stays with the tests, for all processes that they start.
    look_for_components_once()
    make_commands_once()
    build_sources_once(config)
    # Tests wait for the runs that they start: where several processes test, a run that gives way to all of
    # them would hardly be computed.
    os.environ[GIVE_WAY] = "off"
    kept = config.rootpath / ".pytest_cache" / "studio"
    os.environ[CACHE] = str(kept)
    os.environ[PLACE] = str(kept / "models")  # unpacking one takes a quarter of a minute
    zygote.install()
    if sys.platform == "linux" and config.getoption("numprocesses", None):
        config.add_cleanup(zygote.begin())  # one for all processes that test


def look_for_components_once() -> None:
    """Each `AppTest` reads the metadata of all installed packages, to find components: .3 s of CPU that one
    process needs only once.
    """
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def make_commands_once() -> None:
    """A process has one command line, and tests call it a thousand times: .1 s of CPU each to make it."""
    import typer.main

    typer.main.get_command = cache(typer.main.get_command)


def build_sources_once(config: pytest.Config) -> None:
    """Each test has a workspace of its own, and building the same set in each takes up to two seconds: it is
    built once in a process and copied. Tests of the sources themselves build what they test.
    """
    kept = Path(tempfile.mkdtemp(prefix="selfsup-sources-"))
    config.add_cleanup(lambda: shutil.rmtree(kept, ignore_errors=True))
    made: dict[sources.Source, Path] = {}
    really_make = sources.make

    def make(source: sources.Source, folder: Path) -> None:
        if os.environ.get("PYTEST_CURRENT_TEST", "").startswith("tests/data/"):
            really_make(source, folder)
            return
        if source not in made:
            place = kept / f"{len(made)}-{folder.name}"
            really_make(source, place)
            made[source] = place
        copied = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
        shutil.copytree(made[source], copied)
        try:
            copied.rename(folder)
        except OSError as error:  # a thread or a process of this test was quicker
            shutil.rmtree(copied)
            raise FileExistsError(folder) from error

    sources.make = make


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs with `--thorough` only: what is marked so, and what thorough.txt lists."""
    if config.option.thorough:
        return
    listed = tuple(f"tests/{line}" for line in THOROUGH.read_text().splitlines() if not line.startswith("#"))
    left_out = [
        item for item in items if item.get_closest_marker("thorough") or item.nodeid.startswith(listed)
    ]
    # Who names a single test wants it.
    if left_out and len(left_out) < len(items):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Libraries and thousands of tests stay: the collector, which took a twentieth of the time, need not look
    through them so often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10 * gc.get_threshold()[0], *gc.get_threshold()[1:])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What `--dist loadgroup` does here: groups are handed out whole, in the order of their folders.

    Marks named xdist_group do nothing: xdist 3.8 writes them where pytest 9.2 does not look.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False  # the browser's tests come first, for they take longest
    return Groups(config, log)


def group_of(nodeid: str) -> str:
    """Tests of one group run in one process: those of a file, or of folders that share something
    expensive.
    """
    file = nodeid.split("::")[0]
    return TOGETHER.get(Path(file).parts[1], file)


@pytest.fixture(autouse=True)
def samples_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """New samples for a run are read inside this process, and the job passes through JSON; tests that are
    marked `real_child` start the limited child.
    """
    if request.node.get_closest_marker("real_child"):
        return

    def read(module: str, job: Any, place: Path, **limits: Any) -> Ended:
        made = outcome(lambda: read_apart.do_read(json.loads(json.dumps(job))))
        return Ended(json.loads(json.dumps(made)), 0, "")

    monkeypatch.setattr(read_apart, "run_limited", read)


@pytest.fixture(autouse=True)
def helpers_are_forked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Supervisors, labs and sweepers are forked by `zygote.py`; tests that are marked `real_start` start new
    interpreters, as people's machines do.
    """
    if request.node.get_closest_marker("real_start"):
        for module in (client, supervisor, sweeper_start):
            monkeypatch.setattr(module, "start_detached", start_detached)


@pytest.fixture(autouse=True)
def no_loop_of_a_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """A browser that is kept open for later tests keeps a running event loop in this thread, beside which
    other tests cannot run theirs.
    """
    loop = None if request.node.get_closest_marker("browser") else asyncio._get_running_loop()
    if loop is None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def some(request: pytest.FixtureRequest) -> Callable[..., list[int]]:
    """`some(points)`: a few of them, others in each test run (the same on CI), always with the first and the
    last; all of them with `--thorough`.
    """
    draw = random.Random(f"{request.config.option.mutation_seed} {request.node.nodeid}")

    def choose(points: Sequence[int], most: int = 7) -> list[int]:
        if request.config.option.thorough or len(points) <= most:
            return list(points)
        return sorted({points[0], points[-1], *draw.sample(points[1:-1], most - 2)})

    return choose


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    return tmp_path / "workspace"


@pytest.fixture(scope="session")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with a supervisor at work; at the end nothing of it is left running."""
    root = tmp_path_factory.mktemp("supervised")
    with supervisor_in(root):
        yield root


@contextlib.contextmanager
def supervisor_in(root: Path) -> Iterator[None]:
    """Start a supervisor and wait until it is ready; leave no process behind."""
    ensure_supervisor(root)
    try:
        wait_for(lambda: (supervisor_info(root) or {}).get("ready"), "the supervisor")
        yield
    finally:
        stop_supervisor(root)
        kill_workers(root)


def kill_workers(root: Path) -> None:
    """Kill what a workspace's runs still have at work, by pid and start time."""
    for state in list_states(root):
        worker = (read_json(root / "runs" / state["run"] / "state.json") or {}).get("worker")
        if worker and is_alive(worker["pid"], worker["start"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker["pid"], signal.SIGKILL)
