"""30 browsers' worth of clients that watch one live run at 1 Hz while it trains on the same machine."""

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

CLIENTS, SECONDS = sized(30, 3), sized(30, 2)
COLUMNS = ("p50_ms", "p95_ms", "updates", "errors", "server_percent")


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


def measure() -> list[Row]:
    times: list[float] = []
    errors: list[str] = []
    with serve() as served:
        folder = served.train_for_long()
        server = psutil.Process(served.pid)
        server.cpu_percent()
        until = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=watch, args=(served, folder, until, times, errors))
            for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        share = server.cpu_percent()
        send(folder, "stop")
        time.sleep(1)
    p50, p95 = (percentile(times, share) * 1000 for share in (0.5, 0.95))
    found = (
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {len(times)} updates, {len(errors)} errors, server "
        f"{share:.0f}% of a core"
    )
    rows = [
        Row(
            f"{CLIENTS} viewers at 1 Hz, news and frame",
            found,
            "p95 at most 500 ms, no error",
            p95 <= 500 and not errors,
            {
                "p50_ms": p50,
                "p95_ms": p95,
                "updates": len(times),
                "errors": len(errors),
                "server_percent": share,
            },
        )
    ]
    return rows + [Row("  an error", error) for error in sorted(set(errors))[:3]]
