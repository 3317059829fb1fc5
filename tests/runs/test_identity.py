"""What a run was computed from: written at its start, shown wherever the run is described, and said where it
goes on, or a branch begins, under something else.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from selfsup_core.export.card import write_card
from selfsup_core.export.report import body
from selfsup_core.files import DamagedFile
from selfsup_core.runs import identity
from selfsup_core.runs.branching import branch
from selfsup_core.runs.folder import RunFolder, read_state, update_state
from selfsup_core.runs.identity import ROOMS, code_digest, differing, identify
from selfsup_core.runs.queue import withdraw
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.state import parse_state
from tests.cli.helpers import cli
from tests.helpers import kill_and_resume, make_run, run_here


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("identity"), train__epochs=2)
    run_here(folder)
    return folder


def test_it_is_of_settings_code_and_data(finished):
    found = read_state(finished)["identity"]
    about = json.loads((finished.workspace / "datasets" / "wine-v1" / "dataset.json").read_text())
    assert found == identify(read_spec(finished.spec).digest(), found["data"])
    assert found["data"] == identity.sha256("".join(about["digests"].values()).encode())
    assert {"SelfSup Studio", "Python", "torch", "numpy", "machine"} <= set(found["versions"])


def test_code_that_computes_changes_the_digest_and_other_code_does_not(tmp_path: Path, monkeypatch):
    root = Path(identity.__file__).parent.parent
    for room in ROOMS:
        shutil.copytree(root / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(identity, "__file__", str(tmp_path / "runs" / "identity.py"))
    digest = code_digest.__wrapped__
    assert digest() == code_digest()
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "new.py").write_text("")
    assert digest() == code_digest()
    with open(tmp_path / "train" / "loop.py", "a") as file:
        file.write("\n# changed\n")
    changed = digest()
    assert changed != code_digest()
    (tmp_path / "train" / "loop.py").rename(tmp_path / "train" / "loop_2.py")
    assert digest() not in (changed, code_digest())


def test_what_differs_is_named():
    one = identify("a" * 64, "b" * 64)
    assert differing([one, one | {"spec": "c" * 64}]) == [], "settings differ on purpose"
    other = one | {"data": "c" * 64, "versions": one["versions"] | {"numpy": "1.0"}}
    assert differing([one, other]) == ["the data", f"numpy ({one['versions']['numpy']}; 1.0)"]
    without = {name: value for name, value in one["versions"].items() if name != "machine"}
    assert differing([one, one | {"versions": without}]) == [f"the machine ({one['versions']['machine']}; –)"]


def test_it_is_shown_with_the_run_its_card_and_its_report(finished):
    state = read_state(finished)
    short = [state["identity"][name][:12] for name in ("spec", "code", "data")]
    as_json = json.loads(cli("runs", "show", finished.id, "--json", workspace=finished.workspace).stdout)
    assert as_json["identity"] == state["identity"]
    told = cli("runs", "show", finished.id, workspace=finished.workspace).stdout
    for text in (told, write_card(finished), body(finished, state)):
        assert all(part in text for part in (*short, f"torch {state['identity']['versions']['torch']}"))


def test_a_run_that_goes_on_with_other_versions_says_so(workspace, monkeypatch):
    folder = make_run(workspace, train__epochs=3, train__checkpoint_seconds=0.01)
    real, calls = identity.found_versions, []

    def found() -> dict[str, str]:
        calls.append(1)
        return real() | ({} if len(calls) == 1 else {"torch": "99"})

    monkeypatch.setattr(identity, "found_versions", found)
    state = kill_and_resume(folder, monkeypatch, saves=2)
    (said,) = [note for note in state["notices"] if "goes on with something else" in note]
    assert f"torch ({real()['torch']}; 99)" in said
    assert state["identity"]["versions"] == real(), "it stays that of the start"


@pytest.mark.parametrize(
    ("change", "named"),
    [("", ""), ("code", "the code of the program"), ("device", "the device (CPU, 7 threads; CPU, 1 thread)")],
)
def test_a_branch_says_when_its_start_is_not_its_parent_s(finished, change, named):
    kept = read_state(finished)
    if change == "code":
        update_state(finished, identity=kept["identity"] | {"code": "0" * 64})
    elif change == "device":
        update_state(finished, device=kept["device"] | {"label": "CPU, 7 threads"})
    try:
        made = branch(finished, None, {"train.epochs": 3})
        withdraw(made)
        made.control.mkdir()
        state = run_here(made)
    finally:
        update_state(finished, identity=kept["identity"], device=kept["device"])
    said = [note for note in state["notices"] if "same conditions as its parent" in note]
    wanted = {
        "": None,
        "code": "the code of the program",
        "device": "the device (CPU, 7 threads; CPU, 1 thread)",
    }
    assert len(said) == bool(change)
    assert not change or f"{wanted[change]} differ." in said[0]


@pytest.mark.parametrize(
    "wrong", [{"spec": "x"}, {"versions": {"torch": 2}}, {"versions": {"a": "b" * 81}}, {"data": None}]
)
def test_one_that_is_none_is_a_damaged_state(finished, wrong):
    text = finished.state.read_text()
    state = json.loads(text)
    finished.state.write_text(json.dumps(state | {"identity": state["identity"] | wrong}))
    try:
        with pytest.raises(DamagedFile, match=re.escape("identity")):
            parse_state(finished.state)
    finally:
        finished.state.write_text(text)
