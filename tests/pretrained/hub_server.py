"""A small stand-in for the Hub on this machine: one model, its files and their digests, as huggingface_hub
asks for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Attributes: files: name → content. asked: names that were downloaded. sizes, digests: told instead of
    the true ones.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
        self.asked: list[str] = []
        self.sizes: dict[str, int] = {}
        self.digests: dict[str, str] = {}

    def sibling(self, name: str) -> dict[str, Any]:
        content = self.files[name]
        size = self.sizes.get(name, len(content))
        about: dict[str, Any] = {"rfilename": name, "size": size, "blobId": "0" * 40}
        if name.endswith((".safetensors", ".bin")):
            digest = self.digests.get(name, hashlib.sha256(content).hexdigest())
            about["lfs"] = {"sha256": digest, "size": size, "pointerSize": 130}
        return about


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/me/tiny"):
            body = json.dumps(
                {
                    "id": "me/tiny",
                    "modelId": "me/tiny",
                    "sha": REVISION,
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                    "cardData": {"license": "mit"},
                    "siblings": [self.server.sibling(name) for name in self.server.files],
                }
            ).encode()
            self.reply(200, body, {"Content-Type": "application/json"})
            return
        name = path.rsplit("/", 1)[-1]
        if path == f"/me/tiny/resolve/{REVISION}/{name}" and name in self.server.files:
            content = self.server.files[name]
            if self.command == "GET":
                self.server.asked.append(name)
            tag = hashlib.sha256(content).hexdigest()
            self.reply(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": REVISION})
            return
        self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(OSError):
                self.wfile.write(body)


@contextlib.contextmanager
def serve_hub(folder: Path) -> Iterator[tuple[Hub, str]]:
    """(the server, its address)."""
    hub = Hub(folder)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{hub.server_port}"
    finally:
        hub.shutdown()
        hub.server_close()
