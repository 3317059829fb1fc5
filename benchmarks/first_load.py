"""50 pages opened at once: how long until each is there, and what a page costs the server."""

from __future__ import annotations

import threading
import time

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row, percentile
from selfsup_core.runs.examples import add_examples
from selfsup_core.runs.folder import list_states

VISITORS, MOST_SECONDS = sized(50, 3), 120.0
COLUMNS = ("p50_s", "p95_s", "cpu_ms")


def visit(served: Served, query: str, seconds: list[float]) -> None:
    """Open a page as a browser does, without drawing it: from the connection until its script has ended.

    Raises:
        RuntimeError: the script ended with an error.
    """
    ask = BackMsg()
    ask.rerun_script.query_string = query
    ask.rerun_script.page_name = "autoencoder"
    began = time.monotonic()
    address, origin = f"ws://localhost:{served.port}/_stcore/stream", f"http://localhost:{served.port}"
    with connect(
        address, subprotocols=["streamlit"], origin=origin, additional_headers=served.headers, max_size=None
    ) as socket:
        socket.send(ask.SerializeToString())
        while time.monotonic() < began + MOST_SECONDS:
            said = ForwardMsg.FromString(socket.recv(timeout=MOST_SECONDS))
            if said.WhichOneof("type") == "script_finished":
                if said.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise RuntimeError(f"the page ended with {said.script_finished}")
                seconds.append(time.monotonic() - began)
                return


def measure() -> list[Row]:
    with serve() as served:
        add_examples(served.workspace)
        run = next(iter(list_states(served.workspace)))["run"]
        warm: list[float] = []
        visit(served, f"run={run}", warm)  # what is imported once
        server = psutil.Process(served.pid)
        used = sum(server.cpu_times()[:2])
        seconds: list[float] = []
        visitors = [
            threading.Thread(target=visit, args=(served, f"run={run}", seconds)) for _ in range(VISITORS)
        ]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        each = 1000 * (sum(server.cpu_times()[:2]) - used) / VISITORS
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    return [
        Row(
            f"{VISITORS} run pages opened at once",
            f"p50 {p50:.2f} s, p95 {p95:.2f} s, {len(seconds)} of {VISITORS} complete, {each:.0f} ms of CPU "
            "each",
            "p95 at most 3 s, all complete",
            p95 <= 3 and len(seconds) == VISITORS,
            {"p50_s": p50, "p95_s": p95, "cpu_ms": each},
        )
    ]
