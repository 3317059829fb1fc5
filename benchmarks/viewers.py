"""30, then 100 browsers' worth of clients that watch one live run at 1 Hz while it trains on this machine."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time

import psutil

from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row, percentile
from selfsup_core.runs.access import sign
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder

CLIENTS, SECONDS = sized((30, 100), (3,)), sized(30, 2)
MOST_MS = 500  # for the first number of clients; of more, only errors are judged
FIGURES = ("p50_ms", "p95_ms", "updates", "errors", "server_percent")
COLUMNS = (*FIGURES, *(f"{name}_{clients}" for clients in CLIENTS[1:] for name in FIGURES))


def watch(served: Served, folder: RunFolder, until: float, times: list[float], errors: list[str]) -> None:
    """One client: the news, then the newest frame, once a second."""
    headers = {"X-Studio-Token": sign(served.workspace, folder.id)} | served.headers
    connection = http.client.HTTPConnection("localhost", served.port, timeout=10)
    since = "0"
    time.sleep(random.random())
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            connection.request("GET", f"/studio/runs/{folder.id}/live?since={since}", headers=headers)
            answer = json.loads(connection.getresponse().read())
            since = answer["next"]
            # The second newest: the very newest may be thinned out between the two requests.
            epoch = answer["frames"][-2]
            connection.request("GET", f"/studio/runs/{folder.id}/frames/{epoch}", headers=headers)
            response = connection.getresponse()
            if not response.read() or response.status != 200:
                errors.append(f"frame {epoch}: {response.status}")
        except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
            errors.append(repr(error))
            connection = http.client.HTTPConnection("localhost", served.port, timeout=10)
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))


def watched(served: Served, folder: RunFolder, clients: int) -> tuple[list[float], list[str], float]:
    """(seconds of each update, errors, share of a core that the server took) of so many clients at once."""
    times: list[float] = []
    errors: list[str] = []
    server = psutil.Process(served.pid)
    server.cpu_percent()
    until = time.monotonic() + SECONDS
    threads = [
        threading.Thread(target=watch, args=(served, folder, until, times, errors)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors, server.cpu_percent()


def measure() -> list[Row]:
    rows = []
    with serve() as served:
        folder = served.train_for_long()
        for clients in CLIENTS:
            rows += rows_of(clients, *watched(served, folder, clients))
        send(folder, "stop")
        time.sleep(1)
    return rows


def rows_of(clients: int, times: list[float], errors: list[str], share: float) -> list[Row]:
    p50, p95 = (percentile(times, part) * 1000 for part in (0.5, 0.95))
    is_timed = clients == CLIENTS[0]
    end = "" if is_timed else f"_{clients}"
    rows = [
        Row(
            f"{clients} viewers at 1 Hz, news and frame",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {len(times)} updates, {len(errors)} errors, server "
            f"{share:.0f}% of a core",
            f"p95 at most {MOST_MS} ms, no error" if is_timed else "no error",
            not errors and (p95 <= MOST_MS or not is_timed),
            {
                f"p50_ms{end}": p50,
                f"p95_ms{end}": p95,
                f"updates{end}": len(times),
                f"errors{end}": len(errors),
                f"server_percent{end}": share,
            },
        )
    ]
    return rows + [Row("  an error", error) for error in sorted(set(errors))[:3]]
