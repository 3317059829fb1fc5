"""The command line as a process of its own: it starts, and its exit code and streams are those of a shell's
command.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
import torch

from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, list_states, open_run
from tests.cli.helpers import command, real_cli
from tests.helpers import ROOT, wait_for, wait_status

# No machine has both.
MISSING = "mps" if torch.cuda.is_available() else "cuda"


def test_a_good_command_exits_with_0(workspace: Path):
    answer = real_cli("presets", "--json", workspace=workspace)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "dense-64-32-16" in [entry["preset"] for entry in json.loads(answer.stdout)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("train", "dense-64-32-16", "--set", "train.epochs=0"), 2, "at least 1"),
        (("fly",), 2, "fly"),
        (("runs", "show", "nothing"), 1, "nothing"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_an_exit_code(workspace: Path, arguments, code, said):
    answer = real_cli(*arguments, workspace=workspace)
    assert answer.returncode == code, answer.stderr
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_a_failed_run_exits_with_1(supervised: Path):
    answer = real_cli("train", "dense-table", "--set", f"train.device={MISSING}", workspace=supervised)
    assert answer.returncode == 1
    assert f"Failed: Device is set to '{MISSING}', but this machine has none." in answer.stderr
    assert next(iter(list_states(supervised)))["status"] == "failed"


def heed_interrupts() -> None:
    """Whatever runs in the background of a shell ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupting_train_leaves_the_run_going(supervised: Path, tmp_path: Path):
    name = "interrupted in the shell"
    settings = ("--set", "train.epochs=2000", "--set", "train.epochs_per_second=10")
    words = command("train", "dense-table", "--name", name, *settings, workspace=supervised)
    log = tmp_path / "stderr"
    with open(log, "wb") as stderr:
        shell = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, preexec_fn=heed_interrupts
        )
    try:
        wait_for(lambda: b"running" in log.read_bytes(), "the progress bar")
        folder = open_run(supervised, name)
        shell.send_signal(signal.SIGINT)
        out, _ = shell.communicate(timeout=60)
        state = wait_status(folder, "running")
        wait_for(lambda: wait_status(folder, "running")["step"] > state["step"], "further steps")
    finally:
        shell.kill()
        for state in list_states(supervised):
            if state["name"] == name:  # else the next tests would wait behind it
                send(RunFolder(supervised / "runs" / state["run"]), "stop")
    wait_status(folder, "stopped")
    err = log.read_text()
    assert shell.returncode == 0, err
    assert out == b""
    assert f"The run continues. Stop it with: runs stop {folder.id}" in err
    assert "Traceback" not in err
