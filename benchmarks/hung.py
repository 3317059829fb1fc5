"""Pause and Stop while a helper process hangs and 60 questions wait for it: from the request until the run
has paused.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import threading
import time

import psutil

from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row
from selfsup_core.inspection.client import lab_info, stop_lab
from selfsup_core.runs.access import sign
from selfsup_core.runs.folder import RunFolder, read_state

QUESTIONS, TIMES = sized(60, 12), sized(5, 1)
LIMIT_SECONDS = 1.0
COLUMNS = ("request_ms", "paused_ms")


class Browser:
    """A connection of its own to the routes of a run."""

    def __init__(self, served: Served, folder: RunFolder) -> None:
        self.connection = http.client.HTTPConnection("localhost", served.port, timeout=120)
        self.headers = {"X-Studio-Token": sign(served.workspace, folder.id)} | served.headers
        self.base = f"/studio/runs/{folder.id}"

    def post(self, path: str, **values: object) -> int:
        self.connection.request("POST", f"{self.base}/{path}", json.dumps(values), self.headers)
        response = self.connection.getresponse()
        response.read()
        return response.status


def ask(served: Served, folder: RunFolder) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):  # the server ends before some are answered
        Browser(served, folder).post("tools/sample", count=1)


def pause(browser: Browser, folder: RunFolder) -> tuple[float, float]:
    """Seconds until the request was answered, and until the run has paused; it goes on afterwards."""
    began = time.monotonic()
    if (status := browser.post("control", action="pause")) != 200:
        raise RuntimeError(f"pause was answered with {status}")
    answered = time.monotonic() - began
    while read_state(folder)["status"] != "paused":
        time.sleep(0.01)
    paused = time.monotonic() - began
    browser.post("control", action="resume")
    while read_state(folder)["status"] != "running":
        time.sleep(0.01)
    return answered, paused


def measure() -> list[Row]:
    with serve() as served:
        folder = served.train_for_long()
        browser = Browser(served, folder)
        if (status := browser.post("tools/sample", count=1)) != 200:
            raise RuntimeError(f"a question was answered with {status}")
        psutil.Process(lab_info(served.workspace)["pid"]).send_signal(signal.SIGSTOP)
        for _ in range(QUESTIONS):
            threading.Thread(target=ask, args=(served, folder), daemon=True).start()
        time.sleep(sized(1.0, 0.2))  # until all of them wait
        found = [pause(browser, folder) for _ in range(TIMES)]
        helper = lab_info(served.workspace)
        if helper:  # replaced by now, or still stopped
            psutil.Process(helper["pid"]).send_signal(signal.SIGCONT)
        stop_lab(served.workspace)
    request, paused = (max(times) for times in zip(*found, strict=True))
    return [
        Row(
            f"Pause under a hung helper and {QUESTIONS} questions, the slowest of {TIMES}",
            f"{paused:.2f} s until it has paused, answered after {1000 * request:.0f} ms",
            f"at most {LIMIT_SECONDS:.0f} s",
            paused <= LIMIT_SECONDS,
            {"request_ms": 1000 * request, "paused_ms": 1000 * paused},
        )
    ]
