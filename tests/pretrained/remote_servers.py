"""Servers that the tests of remote models ask: a real one, and one that misbehaves to order."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selfsup_core.pretrained.remote import Connection, read_connection
from tests.helpers import wait_for


def connect(url: str, model: str = "m", key: str = "") -> Connection:
    names = {"URL": url, "MODEL": model, "KEY": key}
    return read_connection({f"SELFSUP_REMOTE_{name}": value for name, value in names.items()})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve_model(folder: Path, home: Path) -> Iterator[str]:
    """`transformers serve` with the model of a folder; gives the base address."""
    (home / "hub").mkdir(parents=True)
    port = free_port()
    command = ["serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("HF_HUB_CACHE", None)
    with open(home / "log.txt", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "transformers.cli.transformers", *command],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def is_healthy() -> bool:
        assert process.poll() is None, (home / "log.txt").read_text("utf-8", "replace")
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200
        return False

    try:
        wait_for(is_healthy, "transformers serve", seconds=180)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


Answer = tuple[int, dict[str, str], bytes]


def answer(status: int = 200, body: Any = None, **headers: str) -> Answer:
    """`answer(429, {...}, retry_after="1")`; bytes stay as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", "content-length": str(len(content))}
    return status, named | {k.replace("_", "-"): v for k, v in headers.items()}, content


def says(content: Any, **more: Any) -> Answer:
    """A chat completion that says something."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return answer(200, {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 2}} | more)


def logprobs(*places: dict[str, float]) -> dict[str, Any]:
    """Of a chat answer; each place: token → P, the written one first."""
    content = [
        {
            "token": next(iter(place)),
            "logprob": math.log(next(iter(place.values()))),
            "top_logprobs": [{"token": token, "logprob": math.log(p)} for token, p in place.items()],
        }
        for place in places
    ]
    return {"content": content}


def says_with(content: str, *places: dict[str, float]) -> Answer:
    """The same with log-probabilities."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content},
        "finish_reason": "stop",
        "logprobs": logprobs(*places),
    }
    return says(content, choices=[choice])


@dataclass
class Faulty:
    """Gives the answers of a list one after the other, the last one for ever; a callable makes its own.

    Attributes:
        seen: (path, headers with lower-case names, JSON body) of each request.
    """

    url: str = ""
    answers: list[Answer | Callable[[BaseHTTPRequestHandler, Any], Answer | None]] = field(
        default_factory=list
    )
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.seen]


@contextlib.contextmanager
def faulty_server() -> Iterator[Faulty]:
    faulty, lock = Faulty(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            with lock:
                faulty.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                what = faulty.answers.pop(0) if len(faulty.answers) > 1 else faulty.answers[0]
            made = what(self, body) if callable(what) else what
            if made is None:
                return
            status, headers, content = made
            with contextlib.suppress(OSError):  # the client may have given up
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    faulty.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()
