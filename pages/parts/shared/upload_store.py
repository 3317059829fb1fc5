"""Uploads of Streamlit's widgets on disk instead of in memory, within the limits of the studio.

Streamlit keeps each uploaded file in memory until its session ends, without a limit for all of them.
`install` puts another manager of uploads in its place, a file that is read from disk where a page reads it,
and `TakesUploads`, which writes the bytes down as they come.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from streamlit import runtime
from streamlit.elements.widgets import file_uploader
from streamlit.runtime import memory_uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from pages.parts.shared import login, viewer
from selfsup_core.data.library.arrivals import Arrivals, Arrived
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.data.quota import lacks_space
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import default_workspace
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr

PATH = re.compile(r".*/_stcore/upload_file/([^/]+)/([^/]+)")
MOST_BODY = 2 * LIMITS.file_bytes  # bytes read of a refused upload, so that the browser gets the answer


class OnDisk:
    """What Streamlit calls the record of an upload; `data` is read when someone asks for it."""

    def __init__(self, arrived: Arrived) -> None:
        self.file_id, self.name, self.type = arrived.id, arrived.name, arrived.type
        self.arrived = arrived

    @property
    def data(self) -> bytes:
        return self.arrived.path.read_bytes() if self.arrived.size else b""


class UploadStore(MemoryUploadedFileManager):
    """Streamlit's manager of uploads, with files on disk."""

    def __init__(self, upload_endpoint: str) -> None:
        super().__init__(upload_endpoint)
        self.arrivals = Arrivals(default_workspace() / "uploads")
        self.closed: dict[str, float] = {}

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[Any]:
        return [OnDisk(one) for one in self.arrivals.files(session_id, file_ids)]

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        found = self.arrivals.begin(session_id, file.file_id, file.name, file.type)
        self.arrivals.write(found, file.data)

    def remove_file(self, session_id: str, file_id: str) -> None:
        self.arrivals.drop(session_id, file_id)

    def remove_session_files(self, session_id: str) -> None:
        self.arrivals.drop_session(session_id)

    def drop_closed(self, seconds: float) -> None:
        """Remove the files of sessions that have been closed for so long.

        Streamlit does that when it happens to look at the sessions it has put aside; where no one comes,
        never.
        """
        is_active, now = runtime.get_instance().is_active_session, time.monotonic()
        self.closed = {
            session: self.closed.get(session, now)
            for session in self.arrivals.sessions_held()
            if not is_active(session)
        }
        for session, since in self.closed.items():
            if now - since > seconds:
                self.arrivals.drop_session(session)


class UploadedOnDisk(UploadedFile):
    """What st.file_uploader returns, read from disk in pieces.

    Attributes:
        refused: why nothing of it was kept, None when it is all there.
    """

    def __init__(self, record: Any, file_urls: Any) -> None:
        self.refused: StudioError | None = None
        self.path: Path | None = None
        self.source: io.BufferedReader | None = None
        if not isinstance(record, OnDisk):
            super().__init__(record, file_urls)
            return
        arrived = record.arrived
        super().__init__(UploadedFileRec(record.file_id, record.name, record.type, b""), file_urls)
        self.size, self.refused, self.path = arrived.size, arrived.refused, arrived.path

    def _file(self) -> Any:
        """What is read: opened at the first reading, since a page makes this again each time it runs."""
        if self.path is None or not self.size:
            return super()
        if self.source is None:
            self.source = open(self.path, "rb")  # noqa: SIM115  # closed with the object
        return self.source

    def read(self, size: int | None = -1, /) -> bytes:
        return bytes(self._file().read(size))

    def read1(self, size: int | None = -1, /) -> bytes:
        return bytes(self._file().read1(-1 if size is None else size))

    def readinto(self, buffer: Any, /) -> int:
        return int(self._file().readinto(buffer))

    def readline(self, size: int | None = -1, /) -> bytes:
        return bytes(self._file().readline(-1 if size is None else size))

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._file().seek(offset, whence))

    def tell(self) -> int:
        return int(self._file().tell())

    def getvalue(self) -> bytes:
        return self.path.read_bytes() if self.path and self.size else super().getvalue()

    def getbuffer(self) -> memoryview:
        return memoryview(self.getvalue())

    def close(self) -> None:
        if self.source:
            self.source.close()
        super().close()


class Target:
    """Where Starlette's parser writes an uploaded file; it calls it in a thread."""

    _rolled = True  # so that it writes in a thread, as for a temporary file on disk

    def __init__(self, arrivals: Arrivals, arrived: Arrived) -> None:
        self.arrivals, self.arrived = arrivals, arrived

    def write(self, data: bytes) -> int:
        self.arrivals.write(self.arrived, data)
        return len(data)

    def seek(self, offset: int) -> int:
        return offset

    def close(self) -> None:
        pass


class Parser(MultiPartParser):
    """Reads a form of one file, straight into the store."""

    def __init__(
        self,
        request: Request,
        arrivals: Arrivals,
        session: str,
        file_id: str,
        refused: StudioError | None = None,
    ) -> None:
        super().__init__(request.headers, limited(request), max_files=1, max_fields=0)
        self.begin = lambda name, kind: arrivals.begin(session, file_id, name, kind, refused)
        self.arrivals = arrivals
        self.arrived: Arrived | None = None

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        upload = self._current_part.file
        if upload is None:
            return
        upload.file.close()  # Starlette's own temporary file
        self.arrived = self.begin(
            upload.filename or "file", upload.content_type or "application/octet-stream"
        )
        upload.file = Target(self.arrivals, self.arrived)  # as much as is used of a file


async def limited(request: Request) -> Any:
    """The body's bytes. Raises HTTPException when they do not end."""
    count = 0
    async for piece in request.stream():
        count += len(piece)
        if count > MOST_BODY:
            raise HTTPException(
                413, tr("A file may have at most {file_bytes} MB.").format(file_bytes=LIMITS.file_bytes // MB)
            )
        yield piece


class TakesUploads:
    """Middleware that takes in what st.file_uploader sends; all else continues to Streamlit.

    A file that is refused for its size is answered as if it was kept: the page, which a person sees, then
    says why (`uploader.py`); the widget itself would only show a number.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        place = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if place and not is_own_session(scope, place[1]):
            await PlainTextResponse(tr("There is no such session."), 400)(scope, receive, send)
            return
        if place is None or scope["method"] != "PUT":
            await self.app(scope, receive, send)
            return
        try:
            answer = await take(Request(scope, receive), place[1], place[2])
        except HTTPException as error:
            answer = PlainTextResponse(error.detail, error.status_code)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)


def is_own_session(scope: Any, session: str) -> bool:
    """Whether a session is of whoever makes a request; in a room nobody may touch another's files."""
    if not viewer.in_room():
        return True
    client = runtime.get_instance().get_client(session)
    context = client.client_context if client else None
    if context is None:
        return False
    headers = {name.lower(): value for name, value in context.headers}
    claims = login.claims_in(context.cookies)
    found = viewer.of_session(context.cookies, lambda: headers.get("authorization", ""), claims)
    return found is not None and found == scope.get(viewer.SEEN)


async def take(request: Request, session: str, file_id: str) -> Response:
    """Raises HTTPException: the sender may not upload here, or sends no file."""
    if is_xsrf_enabled() and not validate_xsrf_token(
        request.headers.get("X-Xsrftoken"), request.cookies.get(XSRF_COOKIE_NAME)
    ):
        raise HTTPException(403, tr("XSRF token missing or invalid"))
    here = runtime.get_instance()
    if not here.is_active_session(session):
        raise HTTPException(400, tr("There is no such session."))
    arrivals = here.uploaded_file_mgr.arrivals  # an UploadStore, by `install`
    if request.headers.get("content-type", "").partition(";")[0].strip() != "multipart/form-data":
        raise HTTPException(400, tr("Expected a form with one file."))
    size = whole_number(request.headers.get("content-length", "")) or 0
    refused = await run_in_threadpool(lacks_space, viewer.of_scope(request.scope).workspace, size)
    parser = Parser(request, arrivals, session, file_id, refused)
    is_whole = False
    try:
        await parser.parse()
        is_whole = parser.arrived is not None and here.is_active_session(session)
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error
    finally:
        if not is_whole:
            arrivals.drop(session, file_id)
    if parser.arrived is None:
        raise HTTPException(400, tr("Expected one file, found none."))
    return Response(status_code=204)


def install() -> None:
    """Have Streamlit keep uploads on disk; before its app is made."""
    memory_uploaded_file_manager.MemoryUploadedFileManager = UploadStore
    file_uploader.UploadedFile = UploadedOnDisk


def installed() -> UploadStore | None:
    """The store of the server that runs in this process."""
    found = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    return found if isinstance(found, UploadStore) else None


def drop_closed() -> None:
    """Remove the files of closed sessions."""
    if store := installed():
        store.drop_closed(st.get_option("server.disconnectedSessionTTL"))


def close() -> None:
    """Remove all files: the server ends."""
    if store := installed():
        store.arrivals.close()
