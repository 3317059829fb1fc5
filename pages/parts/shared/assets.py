"""Files that never change while the server runs: the stage's modules and the pictures of Home.

Their address holds a digest of them all, so that a browser asks for each once.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.words.glossary import read_words
from selfsup_core.places import ASSETS, WEB
from selfsup_core.translation import known_languages, script_texts, tr

BASE = "/studio"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
PICTURES = {".webp": "image/webp"}  # packed already
HOME = "previews"  # the folder of pictures
FOREVER = "public, max-age=31536000, immutable"


def base_path() -> str:
    """Where the app is served: "" or "/some/path"."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def assets_path() -> str:
    """Where the browser finds these files."""
    return f"{base_path()}{BASE}/assets/{assets_digest()}"


@cache
def stage_files() -> dict[str, bytes]:
    """Name → content of everything that the browser may ask for; nothing else is served."""
    import plotly

    files = {
        path.relative_to(WEB).as_posix(): path.read_bytes()
        for path in sorted(WEB.rglob("*"))
        if path.suffix in TYPES
    }
    words = {}  # explanations, glossary and messages of the scripts, of each language
    for code in known_languages():
        words[f"words/{code}.json"] = json.dumps(read_words(code), ensure_ascii=False).encode()
        words[f"words/{code}-scripts.json"] = json.dumps(script_texts(code), ensure_ascii=False).encode()
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    pictures = {
        f"{HOME}/{path.name}": path.read_bytes()
        for path in sorted((ASSETS / HOME).iterdir())
        if path.suffix in PICTURES
    }
    return files | pictures | {"plotly.min.js": script.read_bytes()} | words


@cache
def assets_digest() -> str:
    digest = hashlib.sha256()
    for name, content in stage_files().items():
        digest.update(name.encode() + content)
    return digest.hexdigest()[:12]


@cache
def packed(name: str) -> bytes:
    return gzip.compress(stage_files()[name], 6)


def problem(status: int, error: StudioError | str) -> Response:
    body = {"error": str(error)}
    return Response(json.dumps(body), status, media_type="application/json")


async def asset(request: Request) -> Response:
    """A file of the stage or a picture; its address holds a digest, so it may be kept for good."""
    name = request.path_params["name"]
    if name not in stage_files():
        return problem(404, tr("There is no file {name!r}.").format(name=name))
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    kind = Path(name).suffix
    media_type = (TYPES | PICTURES)[kind]
    if kind in TYPES and "gzip" in request.headers.get("accept-encoding", ""):
        content = await run_in_threadpool(packed, name)
        return Response(content, headers=headers | {"Content-Encoding": "gzip"}, media_type=media_type)
    return Response(stage_files()[name], headers=headers, media_type=media_type)
