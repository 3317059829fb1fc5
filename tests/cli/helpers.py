"""The command line inside this process: the very `main` that a shell starts, with its exit code and what it
prints.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from selfsup_core.cli.main import main
from tests.helpers import ROOT

Done = subprocess.CompletedProcess[str]


def command(*arguments: str, workspace: Path | None) -> list[str]:
    """What a person types, for a process of its own."""
    where = ("--workspace", str(workspace)) if workspace else ()
    return [sys.executable, "-m", "selfsup_core", *arguments, *where]


def cli(*arguments: str, workspace: Path | None) -> Done:
    """An exception that `main` does not turn into a sentence fails the test."""
    words = command(*arguments, workspace=workspace)
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", words[2:]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code or 0
    assert isinstance(code, int), f"a shell would see exit code 1 and the text {code!r}"
    return Done(words, code, out.getvalue(), err.getvalue())


def real_cli(*arguments: str, workspace: Path | None) -> Done:
    """A process of its own; it takes seconds to start, so only what a process alone can prove is asked of
    it.
    """
    words = command(*arguments, workspace=workspace)
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
