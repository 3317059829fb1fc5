"""Memory of all processes of the app while many files arrive and are imported at once, and after that.

Claims: whatever arrives, the server grows by little, since uploads go to disk; imports take what `LIMITS`
gives to those that work at the same time; and all of it goes back.
"""

from __future__ import annotations

import http.client
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.sync.client import ClientConnection, connect

from benchmarks.importing import TABLE_BYTES, make_table
from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row
from selfsup_core.data.library import forks
from selfsup_core.data.library.limited import memory_for_one
from selfsup_core.data.library.own import import_files
from selfsup_core.data.limits import LIMITS
from selfsup_core.inspection.client import lab_info
from selfsup_core.workers.supervisor import supervisor_info

MB = 1_000_000
UPLOADS, UPLOAD_BYTES, IMPORTS = sized(7, 3), sized(188 * MB, MB // 2), sized(4, 2)
GROWTH_BYTES = 100 * MB  # of all processes, beside those that import, whatever is uploaded
BLOCK = bytes(2**20)
COLUMNS = ("before_mb", "uploading_mb", "importing_mb", "prepared_mb", "after_mb")


def memory_of(process: psutil.Process) -> int:
    """Bytes of a process; pages that it shares with others count as its part of them, where the system says
    so.
    """
    try:
        found = process.memory_full_info()
        return int(getattr(found, "pss", found.rss))
    except psutil.Error:  # it has ended
        return 0


def processes_of(served: Served) -> list[psutil.Process]:
    """The server, the supervisor, helpers, and their children; those that import are children of this
    process.
    """
    helpers = [supervisor_info(served.workspace), *(lab_info(served.workspace, r) for r in ("lab", "maps"))]
    found = []
    for pid in [served.pid, *(helper["pid"] for helper in helpers if helper)]:
        try:
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
        except psutil.Error:
            continue
    found += psutil.Process().children(recursive=True)
    return list({process.pid: process for process in found}.values())


def memory_now(served: Served) -> int:
    return sum(memory_of(process) for process in processes_of(served))


class Watch:
    """The most that all processes have held together, looked at ten times a second."""

    def __init__(self, served: Served) -> None:
        self.served, self.peak, self.ended = served, 0, threading.Event()
        self.thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self.ended.is_set():
            self.peak = max(self.peak, memory_now(self.served))
            self.ended.wait(0.1)

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.ended.set()
        self.thread.join()


def session_of(socket: ClientConnection) -> str:
    """Open the Data page, and wait until its script has ended; the session's name."""
    ask = BackMsg()
    ask.rerun_script.page_name = "data"
    socket.send(ask.SerializeToString())
    session = ""
    while True:
        said = ForwardMsg.FromString(socket.recv(timeout=120))
        if said.WhichOneof("type") == "new_session":
            session = said.new_session.initialize.session_id
        elif said.WhichOneof("type") == "script_finished":
            return session


def upload(served: Served, session: str) -> int:
    """Send a file as the page does, in small pieces; the status of the answer."""
    edge, token = uuid.uuid4().hex, generate_xsrf_token_string()
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.npy"\r\n\r\n'.encode()
    tail = f"\r\n--{edge}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        for start in range(0, UPLOAD_BYTES, len(BLOCK)):
            yield BLOCK[: UPLOAD_BYTES - start]
        yield tail

    connection = http.client.HTTPConnection("localhost", served.port, timeout=300)
    headers = served.headers | {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Content-Length": str(len(head) + UPLOAD_BYTES + len(tail)),
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token,
    }
    place = f"/_stcore/upload_file/{session}/{uuid.uuid4()}"
    connection.request("PUT", place, body(), headers)
    return connection.getresponse().status


@contextmanager
def visitor(served: Served) -> Iterator[ClientConnection]:
    address, origin = f"ws://localhost:{served.port}/_stcore/stream", f"http://localhost:{served.port}"
    with connect(
        address, subprotocols=["streamlit"], origin=origin, additional_headers=served.headers, max_size=None
    ) as socket:
        yield socket


def visit_and_upload(served: Served, all_open: threading.Barrier) -> None:
    """A browser that opens the page, uploads a file when the others do, and leaves."""
    with visitor(served) as socket:
        session = session_of(socket)
        all_open.wait(300)
        if (status := upload(served, session)) != 204:
            raise RuntimeError(f"an upload was answered with {status}")


def measure() -> list[Row]:
    with serve() as served, tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(UPLOADS) as pool:
        with visitor(served) as socket:
            session_of(socket)  # what is imported once
        while not (supervisor_info(served.workspace) or {}).get("ready"):
            time.sleep(0.1)
        before = memory_now(served)
        with Watch(served) as uploading:
            all_open = threading.Barrier(UPLOADS)
            list(pool.map(lambda _: visit_and_upload(served, all_open), range(UPLOADS)))
        table = make_table(Path(name))
        copies = [table.with_name(f"{number}.tsv") for number in range(IMPORTS)]
        for number, copy in enumerate(copies):  # other content each, so that none is found
            copy.write_bytes(table.read_bytes().replace(b",", b"\t") + b"1\t" * 39 + b"%d\n" % number)
        with Watch(served) as importing:
            list(pool.map(lambda path: import_files(served.workspace, [path]), copies))
        children = psutil.Process().children()
        prepared = sum(memory_of(process) for process in children if forks.PREPARED in process.cmdline())
        forks.dismiss()  # as it does by itself
        time.sleep(sized(2.0, 0.1))
        after = memory_now(served)
    most = LIMITS.imports_at_once * memory_for_one()
    return [
        Row("all processes, nobody there", f"{before / MB:,.0f} MB", figures={"before_mb": before / MB}),
        Row(
            f"{UPLOADS} uploads of {UPLOAD_BYTES / MB:g} MB at once, at most",
            f"{uploading.peak / MB:,.0f} MB",
            f"at most {GROWTH_BYTES // MB} MB more",
            uploading.peak - before <= GROWTH_BYTES,
            {"uploading_mb": uploading.peak / MB},
        ),
        Row(
            f"{IMPORTS} imports of {TABLE_BYTES / MB:.3g} MB at once, at most",
            f"{importing.peak / MB:,.0f} MB",
            f"at most {(GROWTH_BYTES + most) // MB:,} MB more",
            importing.peak - before <= GROWTH_BYTES + most,
            {"importing_mb": importing.peak / MB},
        ),
        Row(
            f"the prepared process, for {forks.IDLE_SECONDS:g} s after the last import",
            f"{prepared / MB:,.0f} MB",
            figures={"prepared_mb": prepared / MB},
        ),
        Row(
            "after that",
            f"{after / MB:,.0f} MB",
            f"at most {GROWTH_BYTES // MB} MB more",
            after - before <= GROWTH_BYTES,
            {"after_mb": after / MB},
        ),
    ]
