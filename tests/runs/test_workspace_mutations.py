"""Whatever happens to the JSON files of a workspace: every list and page opens, and a new run finishes.

Many files are changed at a time, each in a copy of a run or of a data set of its own, so that no fault hides
another.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest
from typer.main import get_command

from pages.parts.shared import door, routes
from pages.parts.shared.runlist import describe_best, look
from selfsup_core.cli.main import app
from selfsup_core.data.library.own import check, import_files, read_split, save_split, summarize
from selfsup_core.data.sources import list_damaged_sources, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.export.embeddings import list_embedded
from selfsup_core.files import finite
from selfsup_core.inspection.catalogue import list_models
from selfsup_core.inspection.client import lab_info
from selfsup_core.inspection.measure import measured_path, recall
from selfsup_core.inspection.space.layouts import read_map
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.inspection.space.selections import list_selections, read_selection, save_selection
from selfsup_core.pseudo.hand import add_hand_label, list_hand_labels
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.control import receive
from selfsup_core.runs.family import describe_family
from selfsup_core.runs.folder import DamagedRun, RunFolder, list_states, read_state, scan_runs
from selfsup_core.runs.queue import enqueue, list_queue, submit
from selfsup_core.runs.spec import make_spec, saved_digest
from selfsup_core.runs.state import LACKING
from selfsup_core.runs.trash import list_trash
from selfsup_core.runs.waiting import waiting_for
from selfsup_core.runs.weights import epoch_weights
from selfsup_core.runs.workspace import FORMAT, open_workspace, read_format
from selfsup_core.tasks.parts.labelers import read_said
from selfsup_core.train.checkpoint import load_newest
from selfsup_core.workers.keeper import read_changes
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.supervisor import supervisor_info
from tests.helpers import ROOT, TINY, make_run, run_here
from tests.runs.test_queue import FakeLauncher

FACTOR = 40  # mutations for each one of `--mutations`: 1,000 where nothing else is asked for
TRAINED = 10  # in every so manieth workspace the new run is trained for real
SHOWN = 5  # in every so manieth the pages are opened
RUNS, SETS = 24, 8  # copies in a workspace
STATUSES = ("finished", "queued", "running", "interrupted")
KEY = "0123456789abcdef"
LEFT_OUT = (
    "reserve",
    "worker.lock",
    "worker.log",
    "thumbnails.safetensors",
    "best-000001",
    "000000.safetensors",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7,
    2**40,
    10**400,
    0.5,
    -0.0,
    "",
    "x",
    "../../x",
    "/dev/zero",
    "running",
    "queued",
    "\ud800",
    "²",
    "\0",
    "a\nb",
    "x" * 5000,
    [],
    {},
    [[]],
    {"": None},
    [1, "a"],
    {"pid": 1, "start": None},
    "1970-01-01T00:00:00Z",
)
TEXTS = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'"x"',
    b"NaN",
    b"1e999",
    b"\xff\xfe\x00",
    b"[" * 2000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 300 + b"1" + b"}" * 300,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one JSON file of each kind: a run "R", a data set "my-set", and what is there once
    only.
    """
    root = tmp_path_factory.mktemp("whole")
    workspace = open_workspace(root / "workspace")
    rows = "\n".join(f"{i},{i % 3},{'ab'[i % 2]}" for i in range(40))
    (root / "set.csv").write_text(f"a,b,label\n{rows}\n")
    own = import_files(workspace, [root / "set.csv"])
    check(workspace, own)
    save_split(workspace, own, validation=0.3)
    add_hand_label(workspace, own, 1, 0)
    import numpy as np

    save_selection(workspace, own, "mine", np.arange(4))
    done = make_run(workspace, data__source="wine", train__epochs=1, name="One run")
    assert run_here(done)["status"] == "finished"
    said = {"row": 3, "text": "a", "answer": "b", "label": "b", "p": 0.5, "reason": ""}
    for place, about in (
        (done.control / "0.json", {"action": "set", "name": "learning_rate", "value": 0.01}),
        (
            done.path / "changes.jsonl",
            {"kind": "change", "step": 2, "epoch": 0.4, "name": "learning_rate", "value": 0.01},
        ),
        (done.path / "said.json", {"remote": [said]}),
    ):
        place.write_text(json.dumps(about) + "\n")
    os.rename(done.path, workspace / "runs" / "R")
    for kind, suffix in (("datasets", ""), ("hand", ".json"), ("selections", ".json")):
        os.rename(workspace / kind / f"{own}{suffix}", workspace / kind / f"my-set{suffix}")
    open_workspace(workspace)
    helper = {"pid": 1, "start": 1.0, "workspace": str(workspace), "fingerprint": "", "ready": True}
    map_ = {
        "key": KEY,
        "space": "data:my-set",
        "source": "my-set",
        "title": "",
        "kind": "table",
        "classes": ["a"],
        "config": {"kind": "pca"},
        "epochs": [0],
        "done": [0],
        "rows": 3,
        "total": 3,
        "width": 2,
        "notes": [],
        "explained": {"0": 0.5},
        "can_decode": False,
    }
    embedded = {
        "format": 1,
        "key": "e",
        "encoder": "minilm",
        "title": "",
        "encoder_digest": "",
        "data_digest": "d",
        "rows": 3,
        "width": 2,
        "settings": {"most_tokens": 9, "pooling": "mean", "normalize": True, "precision": "full"},
        "seconds": 1.0,
        "texts_per_second": 3.0,
        "made": 1.0,
        "bytes": 3,
        "sha256": "",
        "distinct": 3,
        "cut": 0,
        "note": "",
        "device": "cpu",
    }
    (workspace / "embeddings").mkdir()
    (workspace / "embeddings" / "e.npy").write_bytes(b"abc")
    for place, about in {
        "supervisor/about.json": helper | {"running": ["R"], "silent": ["R"]},
        "lab/about.json": helper | {"address": "a", "key": "00"},
        "maps/about.json": helper | {"address": "a", "key": "00"},
        "models/hub--a--b/studio.json": {
            "id": "a/b",
            "revision": "1",
            "licence": "",
            "bytes": 3,
            "fetched": "",
        },
        "models/hub--a--b/config.json": {"architectures": ["BertForMaskedLM"], "num_hidden_layers": 2},
        f"layouts/{KEY}/about.json": map_,
        f"layouts/{KEY}/progress.json": {
            "status": "done",
            "stage": "map",
            "done": 1,
            "total": 1,
            "share": 1.0,
        },
        "embeddings/e.json": embedded,
        "embeddings/f.part/plan.json": {
            "encoder": "x",
            "data_digest": "d",
            "rows": 3,
            "distinct": 3,
            "note": "",
        },
        f"models/measured/{measured_path(workspace, MODEL).name}": MEASURED,
        "trash/gone/state.json": {"run": "gone", "name": "Gone", "status": "finished"},
        "trash/my-gone/dataset.json": {"id": "my-gone", "title": "Gone"},
        "submissions/x.json": "R",
    }.items():
        (workspace / place).parent.mkdir(parents=True, exist_ok=True)
        (workspace / place).write_text(json.dumps(about))
    return workspace


MODEL = "smollm2-135m"
MEASURED = {
    "model": MODEL,
    "read_tokens_per_second": 9.0,
    "write_tokens_per_second": None,
    "load_seconds": 1.0,
    "memory_mb": 3.0,
    "threads": 1,
    "measured": "1970-01-01T00:00:00Z",
}


def copy_whole(whole: Path, workspace: Path) -> list[list[Path]]:
    """The same workspace with many runs and data sets; lists of files of which one each may be changed."""
    shutil.copytree(
        whole, workspace, copy_function=link_or_copy, ignore=shutil.ignore_patterns("R", "my-set*")
    )
    choices: list[list[Path]] = []
    state = json.loads((whole / "runs" / "R" / "state.json").read_bytes())
    for number in range(RUNS):
        folder = RunFolder(workspace / "runs" / f"run-{number:02d}")
        shutil.copytree(
            whole / "runs" / "R",
            folder.path,
            copy_function=link_or_copy,
            ignore=shutil.ignore_patterns(*LEFT_OUT),
        )
        status = STATUSES[number % len(STATUSES)]
        worker = {"pid": 1, "start": 1.0} if status == "running" else None
        about = {"run": folder.id, "status": status, "owner": folder.id, "group": f"run-{number % 3:02d}"}
        folder.state.write_text(json.dumps(state | about | {"worker": worker}))
        files = text_files(folder.path)
        choices.append([folder.state] * 4 + [f for f in files if f != folder.state])
        if status == "queued":
            enqueue(folder, folder.id)
            choices.append([workspace / "queue" / f"{folder.id}.json"])
    for number in range(SETS):
        name = f"my-set-{number}"
        for kind, suffix in (("datasets", ""), ("hand", ".json"), ("selections", ".json")):
            copy = shutil.copytree if kind == "datasets" else shutil.copyfile
            copy(whole / kind / f"my-set{suffix}", workspace / kind / f"{name}{suffix}")
        files = text_files(workspace / "datasets" / name)
        choices.append(
            [*files, workspace / "hand" / f"{name}.json", workspace / "selections" / f"{name}.json"]
        )
    once = ("supervisor", "lab", "maps", "models", "layouts", "embeddings", "trash", "submissions")
    singles = [file for folder in once for file in text_files(workspace / folder)]
    return [*choices, *([file] for file in singles), [workspace / "workspace.json"]]


def text_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".jsonl", ".yaml"))


def link_or_copy(source: str, target: str) -> None:
    """Large arrays are shared: nothing here writes into them."""
    if source.endswith((".npy", ".safetensors")):
        Path(target).hardlink_to(source)
    else:
        shutil.copyfile(source, target)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def change_text(data: bytes, draw: random.Random) -> bytes:
    """Other bytes at one place, or none from there on."""
    at = draw.randrange(len(data) + 1)
    return draw.choice((data[:at], data[:at] + draw.randbytes(3) + data[at:], data[:at] + data[at + 1 :]))


def change_value(value: Any, draw: random.Random) -> Any:
    """Another value at one to three places, or a key less."""
    for _ in range(draw.choice((1, 1, 3))):
        path = draw.choice(list(places(value)))
        if not path:
            value = deepcopy(draw.choice(VALUES))
            continue
        outer = value
        for key in path[:-1]:
            outer = outer[key]
        if draw.random() < 0.3:
            del outer[path[-1]]
        else:
            outer[path[-1]] = deepcopy(draw.choice(VALUES))
    return value


def changed(data: bytes, suffix: str, draw: random.Random) -> bytes:
    """The content of a file after something has happened to it."""
    how = draw.random()
    if how < 0.15:
        return draw.choice(TEXTS)
    if how < 0.3:
        return change_text(data, draw)
    if suffix == ".yaml":
        import yaml

        return yaml.safe_dump(change_value(yaml.safe_load(data), draw)).encode("utf-8", "surrogatepass")
    if suffix == ".jsonl":
        lines = data.splitlines()
        place = draw.randrange(len(lines))
        lines[place] = json.dumps(change_value(json.loads(lines[place]), draw)).encode()
        return b"\n".join(lines) + b"\n"
    return json.dumps(change_value(json.loads(data), draw)).encode()


def strike(file: Path, draw: random.Random) -> str:
    """Change a file, or put something else in its place; what was done, in words."""
    data = file.read_bytes()
    file.unlink()
    others: dict[str, Callable[[], object]] = {
        "a folder": file.mkdir,
        "a link to another file": lambda: file.symlink_to("/etc/passwd"),
        "a link to a device": lambda: file.symlink_to("/dev/zero"),
        "a link to itself": lambda: file.symlink_to(file),
        "a pipe": lambda: os.mkfifo(file),
        "a sparse file of 10 GB": lambda: (file.touch(), os.truncate(file, 10**10)),
        "nothing": lambda: None,
    }
    if draw.random() < 0.1:
        what = draw.choice(list(others))
        with contextlib.suppress(OSError, AttributeError, NotImplementedError):  # Windows
            others[what]()
        return what
    after = changed(data, file.suffix, draw)
    file.write_bytes(after)
    return repr(after[:300])


def try_out(call: Callable[..., Any], *arguments: Any) -> Any:
    """What it returns, or the plain refusal."""
    try:
        return call(*arguments)
    except StudioError:
        return None


@cache
def command() -> Any:
    return get_command(app)


def open_lists(workspace: Path) -> None:
    """Read all that pages, command line and supervisor read."""
    open_workspace(workspace)
    for noun in ("runs", "data", "space"):
        shown = CliRunner().invoke(command(), [noun, "list", "--json", "--workspace", str(workspace)])
        assert shown.exit_code == 0, (noun, shown.exception, shown.output)
        json.loads(shown.stdout)
    supervisor_info(workspace)
    lab_info(workspace)
    lab_info(workspace, "maps")
    for state in list_states(workspace):
        assert LACKING.keys() <= state.keys()
        waiting_for(RunFolder(workspace / "runs" / state["run"]))
        json.dumps(finite(state), ensure_ascii=False).encode()
    try_out(describe_family, RunFolder(workspace / "runs" / "run-00"))
    list_queue(workspace)
    list_trash(workspace)
    list_damaged_sources(workspace)
    list_models(workspace)
    list_embedded(workspace)
    list_spaces(workspace)
    recall(workspace, MODEL)
    if found := try_out(read_map, workspace, KEY):
        json.dumps(found)
    for name in [name for name in list_sources(workspace) if name.startswith("my-")]:
        for read in (summarize, read_split, list_hand_labels, list_selections):
            json.dumps(try_out(read, workspace, name))
        try_out(read_selection, workspace, name, "mine")


def open_run_files(workspace: Path, folder: RunFolder) -> None:
    """All that is read of one run."""
    state = try_out(read_state, folder)
    if state is not None:
        look(str(folder.path), state["epoch"], state["task"])
        describe_best(state, (state["best"] or {}).get("val_loss"))
    try_out(saved_digest, folder.spec)
    receive(folder)
    read_changes(folder)
    read_said(folder.path)
    load_newest(folder.checkpoints, {})
    try_out(epoch_weights, folder, 1)
    if (answer := try_out(LiveRuns(workspace).snapshot, folder.id)) is not None:
        json.loads(answer)


def open_pages(workspace: Path, draw: random.Random) -> None:
    """Home, Runs and Data, a run's page and a data set's: none shows an error that no one foresaw."""
    run, own = f"run-{draw.randrange(RUNS):02d}", f"my-set-{draw.randrange(SETS)}"
    routes.live_runs.cache_clear()
    for page, query in (
        ("", {}),
        ("pages/runs.py", {}),
        ("pages/data.py", {"data": own}),
        ("pages/autoencoder.py", {"run": run}),
    ):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(page).run()
        assert not app.exception, (page, query, [(e.value, e.stack_trace) for e in app.exception])


class Trains(FakeLauncher):
    """Trains one run to its end within this process; of all others it only says that they were started."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run

    def start(self, folder: RunFolder) -> int:
        pid = super().start(folder)
        if folder.id == self.run:
            folder.control.mkdir(exist_ok=True)
            run_here(folder)
            del self.alive[pid]
        return pid


def start_new(workspace: Path, *, trains: bool) -> None:
    """A new run is started, and finishes."""
    spec = compose_spec(workspace, lambda chosen: make_spec(TINY, chosen), {"data.source": "wine"})
    folder = submit(workspace, spec, owner="new")
    launcher = Trains(folder.id) if trains else FakeLauncher()
    scheduler = Scheduler(workspace, launcher, capacity=2 * RUNS)
    scheduler.go_round()
    assert folder.id in launcher.started
    if trains:
        scheduler.go_round()
        assert read_state(folder)["status"] == "finished"
        assert folder.id not in scheduler.watched


class Kept:
    """The workspace that is damaged again and again, and how it is brought back; quicker than a new one each
    time.
    """

    def __init__(self, whole: Path, workspace: Path) -> None:
        self.workspace, self.choices = workspace, copy_whole(whole, workspace)
        files = {file for files in self.choices for file in files}
        self.contents = {file: file.read_bytes() for file in files}
        self.stamps = {file: stamp_of(file) for file in files}

    def bring_back(self) -> None:
        """Remove what was added, and write anew what is not as it was."""
        for run in (self.workspace / "runs").iterdir():
            if run / "state.json" not in self.contents:
                shutil.rmtree(run)
        for entry in (self.workspace / "queue").glob("*.json"):
            if entry not in self.contents:
                entry.unlink()
        for file, content in self.contents.items():
            if stamp_of(file) != self.stamps[file]:
                if file.is_dir() and not file.is_symlink():
                    file.rmdir()
                file.unlink(missing_ok=True)
                file.write_bytes(content)
                self.stamps[file] = stamp_of(file)


def stamp_of(file: Path) -> tuple[int, int, int] | None:
    """Tells whether a file is still the very same."""
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(file)
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None


def survive(kept: Kept, seed: str, *, trains: bool = False, shows: bool = False, only: int = -1) -> int:
    """Damage a workspace and use it; how many files were changed.

    Args:
        only: of the changes just this one.

    Raises:
        whatever broke, with that one change as a note.
    """
    done: list[tuple[Path, str]] = []
    for number, files in enumerate(kept.choices):
        draw = random.Random(f"{seed}-{number}")
        if only in (-1, number):
            file = draw.choice(files)
            done.append((file, strike(file, draw)))
    workspace = kept.workspace
    if read_format(workspace) > FORMAT:  # refused with a sentence, as a newer version's must be
        (workspace / "workspace.json").unlink()
    try:
        open_lists(workspace)
        if shows:
            open_pages(workspace, random.Random(seed))
        for number in range(RUNS):
            open_run_files(workspace, RunFolder(workspace / "runs" / f"run-{number:02d}"))
        start_new(workspace, trains=trains)
        open_lists(workspace)
    except BaseException as error:
        for file, what in done if only >= 0 else ():
            error.add_note(f"{file.relative_to(workspace)} was {what}")
        raise
    finally:
        kept.bring_back()
    return len(done)


def test_nothing_is_missing_from_the_lists_of_a_sound_workspace(whole: Path, tmp_path: Path):
    """So that the test below reads what it damages."""
    workspace = tmp_path / "w"
    copy_whole(whole, workspace)
    assert len(list(scan_runs(workspace))) == RUNS
    assert all(not isinstance(found, DamagedRun) for found in scan_runs(workspace))
    assert len([name for name in list_sources(workspace) if name.startswith("my-")]) == SETS
    assert len(list_embedded(workspace)) == 2
    assert recall(workspace, MODEL)
    assert len(list_trash(workspace)) == 2
    assert read_map(workspace, KEY)["done"] == [0]
    assert len(list_queue(workspace)) == RUNS // len(STATUSES)
    folder = RunFolder(workspace / "runs" / "run-00")
    assert read_said(folder.path)
    assert read_changes(folder)
    assert look(str(folder.path), 1, "autoencoder").count("<img") == 2
    assert load_newest(folder.checkpoints, {})[0]
    assert epoch_weights(folder, 1)
    assert len(describe_family(folder)) == RUNS // 3


def test_lists_open_and_runs_finish_whatever_happens_to_the_files(
    whole: Path, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.setattr("pages.parts.shared.workspace.ensure_supervisor", lambda workspace: None)
    monkeypatch.setattr(routes, "is_mounted", False)
    monkeypatch.setattr(door, "is_there", True)
    count, number = pytestconfig.getoption("mutations"), pytestconfig.getoption("mutation_seed")
    kept = Kept(whole, tmp_path / "w")
    turn = done = 0
    while done < FACTOR * count:
        seed = f"{number}-{turn}"
        try:
            shows = turn % SHOWN == 0
            done += survive(kept, seed, trains=turn % TRAINED == 0, shows=shows)
        except BaseException as error:
            error.add_note(f"The same once more: pytest --mutations {count} --mutation-seed {number}")
            for one in range(len(kept.choices)):  # which of them it was
                survive(kept, seed, shows=shows, only=one)
            raise
        turn += 1
