"""Whatever happens to a JSON file of a workspace: lists open, and a new run can be started. Always."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from selfsup_core.cli.main import app
from selfsup_core.data.library.own import check, import_files, save_split, summarize
from selfsup_core.data.sources import list_damaged_sources, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.inspection.space.layouts import read_map
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.inspection.space.selections import list_selections, save_selection
from selfsup_core.pretrained.hub import list_fetched
from selfsup_core.pseudo.hand import add_hand_label, read_hand_labels
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import RunFolder, list_states, read_state, scan_runs
from selfsup_core.runs.queue import enqueue, submit
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.runs.state import LACKING
from selfsup_core.runs.workspace import FORMAT, open_workspace, read_format
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.supervisor import Supervisor, supervisor_info
from tests.helpers import TINY, make_run, run_here, tiny_spec
from tests.runs.test_queue import FakeLauncher

FACTOR = 4  # mutations for each one of `--mutations`: they are quick
TRAINED = 3  # of them, how many train the new run for real
KEY = "0123456789abcdef"
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 2**40, 10**400, 0.5, -0.0, "", "x", "../../x", "running", "queued", "\ud800",
    [], {}, [[]], {"": None}, [1, "a"], {"pid": 1, "start": None}, "1970-01-01T00:00:00Z",
)  # fmt: skip
TEXTS = (
    b"", b"null", b"[]", b"{}", b"7", b'"x"', b"NaN", b"1e999", b"\xff\xfe\x00", b"[" * 2000, b"[" * 900 + b"]" * 900,
    b'{"a":' * 300 + b"1" + b"}" * 300,
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one JSON file of each kind."""
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
    done = make_run(workspace, data__source=own, train__epochs=1)
    run_here(done)
    (done.control / "0.json").write_text('{"action": "set", "name": "learning_rate", "value": 0.01}')
    waiting = make_run(workspace, data__source=own)
    enqueue(waiting, "somebody")
    submit(workspace, tiny_spec(), owner="another", submission="click")
    open_workspace(workspace)
    for place, about in (
        ("supervisor", {"pid": 1, "start": 1.0, "workspace": "x", "fingerprint": "", "running": [], "silent": []}),
        ("lab", {"pid": 1, "start": 1.0, "workspace": "x", "fingerprint": "", "address": "a", "key": "00"}),
        ("models/hub--a--b", {"id": "a/b", "revision": "1", "licence": "", "bytes": 3, "fetched": ""}),
        (f"layouts/{KEY}", {"key": KEY, "space": f"data:{own}", "epochs": [0], "classes": ["a"]}),
    ):  # fmt: skip
        (workspace / place).mkdir(parents=True, exist_ok=True)
        name = "about.json" if "models" not in place else "studio.json"
        (workspace / place / name).write_text(json.dumps(about))
    return workspace


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Another value at one place, a key less, or other bytes."""
    how = draw.random()
    if how < 0.15:
        return draw.choice(TEXTS)
    if how < 0.3:
        at = draw.randrange(len(data) + 1)
        return draw.choice((data[:at], data[:at] + draw.randbytes(3) + data[at:], data[:at] + data[at + 1 :]))
    value = json.loads(data)
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
    return json.dumps(value).encode()


def mutated_file(path: Path, draw: random.Random) -> bytes:
    """JSON is changed in its structure, lines and YAML are cut off or made rubbish."""
    data = path.read_bytes()
    if path.suffix == ".json":
        return mutate(data, draw)
    return mutate(b"{}", draw) if draw.random() < 0.5 else data[: draw.randrange(len(data) + 1)]


def try_out(call: Any, *arguments: Any) -> Any:
    """What it returns, or the plain refusal."""
    try:
        return call(*arguments)
    except StudioError:
        return None


def use(workspace: Path) -> RunFolder:
    """Open every list and start a run, as pages, command line and supervisor do."""
    open_workspace(workspace)
    for noun in ("runs", "data", "space"):
        shown = CliRunner().invoke(app, [noun, "list", "--json", "--workspace", str(workspace)])
        assert shown.exit_code == 0, (noun, shown.exception, shown.output)
        json.loads(shown.stdout)
    supervisor_info(workspace)
    live = LiveRuns(workspace)
    for found in scan_runs(workspace):
        run = found["run"] if isinstance(found, dict) else found.run
        folder = RunFolder(workspace / "runs" / run)
        try_out(read_state, folder)
        try_out(read_spec, folder.spec)
        receive(folder)
        if (answer := try_out(live.snapshot, run)) is not None:
            json.loads(answer)
    for state in list_states(workspace):
        assert LACKING.keys() <= state.keys()
    list_damaged_sources(workspace)
    list_fetched(workspace)
    list_spaces(workspace)
    try_out(read_map, workspace, KEY)
    for name in [name for name in list_sources(workspace) if name.startswith("my-")]:
        try_out(summarize, workspace, name)
        try_out(read_hand_labels, workspace, name)
        try_out(list_selections, workspace, name)
    spec = compose_spec(workspace, lambda chosen: make_spec(TINY, chosen), {"data.source": "wine"})
    folder = submit(workspace, spec, owner="new")
    launcher = FakeLauncher()
    Supervisor(workspace, launcher, capacity=9).go_round()
    assert folder.id in launcher.started
    return folder


def test_lists_open_and_runs_start_whatever_happens_to_a_file(
    whole: Path, tmp_path: Path, pytestconfig: pytest.Config
):
    count, number = pytestconfig.getoption("mutations"), pytestconfig.getoption("mutation_seed")
    draw = random.Random(number)
    files = sorted(p.relative_to(whole) for p in whole.rglob("*") if p.suffix in (".json", ".jsonl", ".yaml"))
    files = [f for f in files if "checkpoints" not in f.parts]
    assert len(files) >= 15
    for turn in range(FACTOR * count):
        workspace = tmp_path / "workspace"
        shutil.copytree(whole, workspace, copy_function=link_or_copy)
        file = draw.choice(files)
        after = mutated_file(whole / file, draw)
        (workspace / file).unlink()
        if draw.random() < 0.05:
            (workspace / file).mkdir()
        else:
            (workspace / file).write_bytes(after)
        if read_format(workspace) > FORMAT:  # refused with a sentence, as a newer version's must be
            shutil.rmtree(workspace)
            continue
        try:
            made = use(workspace)
            if turn < TRAINED:
                assert run_here(made)["status"] == "finished"
        except BaseException as error:
            error.add_note(f"{file} was {after[:300]!r}: pytest --mutations {count} --mutation-seed {number}")
            raise
        shutil.rmtree(workspace)


def link_or_copy(source: str, target: str) -> None:
    """Large arrays are shared: nothing here writes into them."""
    if source.endswith((".npy", ".safetensors")):
        Path(target).hardlink_to(source)
    else:
        shutil.copyfile(source, target)
