"""Tries many folders quickly: the libraries are imported once, and each folder gets a fork of this process.

`python -m tests.pretrained.trials FOLDER …` writes a line of JSON for each: null, or how it was refused.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import torch  # noqa: F401
import transformers  # noqa: F401

from selfsup_core.errors import StudioError
from selfsup_core.files import read_json, write_json
from selfsup_core.pretrained import trial
from selfsup_core.pretrained.model_folder import check_contents

MEMORY, SECONDS = 300_000_000, 2.0


def try_one(folder: Path, job: Path) -> None:
    """As the child does it, in a fork of this process; raises DataError."""
    check_contents(folder)
    write_json(job / "job.json", {"folder": str(folder)})
    pid = os.fork()
    if pid == 0:
        os.dup2(os.pipe()[0], 0)  # which stays open as long as the fork
        with open(job / "log", "wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                trial.main(job / "job.json")
            finally:
                os._exit(1)
    _, status = os.waitpid(pid, 0)
    stage, result = read_json(job / "stage.json"), read_json(job / "result.json")
    log_end = (job / "log").read_text("utf-8", "replace")[-2000:]
    ended = trial.Ended(result, os.waitstatus_to_exitcode(status), log_end, stage or "")
    if ended.result is None:
        raise trial.died(ended, folder.name)
    ended.value()


if __name__ == "__main__":
    trial.memory_for_one = lambda: MEMORY
    trial.SECONDS = SECONDS
    # The first folder is a good one: what libraries import when they are used is there for all forks.
    trial.try_folder(Path(sys.argv[1]), say=lambda part: None)
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as place:
            refusal = None
            try:
                try_one(Path(name), Path(place))
            except StudioError as error:
                refusal = error.as_dict()
        print(json.dumps(refusal), flush=True)
