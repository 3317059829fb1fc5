"""A run as a small HTTP service for a demo on this machine: a page at /, its description at /openapi.json.

`POST /predict` takes {"texts": […]} as JSON, or files as multipart/form-data, and answers what
`predict --json` prints. Only this machine is answered (`guard.py`).
"""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from selfsup_core.errors import DataError, StudioError
from selfsup_core.export.predicted import Predicted, png
from selfsup_core.export.predicting import Predictor
from selfsup_core.export.reading import Given
from selfsup_core.files import JsonObject
from selfsup_core.serving.guard import Guard, Refused, answer_error
from selfsup_core.serving.messages import Answer, TextsAsk
from selfsup_core.serving.openapi import describe
from selfsup_core.serving.page import PAGE_HEADERS, SCRIPT, draw_page
from selfsup_core.settings import explain
from selfsup_core.translation import tr
from selfsup_core.wording import kinds

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

ADDRESS = "127.0.0.1"
MOST_FILES = 20
MOST_ANSWERED = 2000  # samples
MOST_PICTURES = 16  # reconstructions of images and sounds in an answer


class Service:
    """The routes of a run; its network answers one request at a time."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.lock = threading.Lock()

    def app(self) -> Starlette:
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.routing import Route

        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/serve.js", self.script),
                Route("/openapi.json", self.describe),
                Route("/predict", self.predict, methods=["POST"]),
            ],
            middleware=[Middleware(Guard)],
            exception_handlers={
                404: answer_error,
                405: answer_error,
                400: answer_error,
                Exception: answer_error,
            },
        )

    async def page(self, request: Request) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(draw_page(self.predictor), headers=PAGE_HEADERS)

    async def script(self, request: Request) -> Response:
        from starlette.responses import FileResponse

        return FileResponse(SCRIPT, media_type="text/javascript")

    async def describe(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        return JSONResponse(describe(self.predictor))

    async def predict(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        try:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "application/json":
                texts = read_texts(await request.body())
                return JSONResponse(await run_in_threadpool(self.answer, list(texts), ""))
            if kind != "multipart/form-data":
                raise Refused(
                    tr("The body is {kind!r}; send application/json or multipart/form-data.").format(
                        kind=kind
                    ),
                    code="bad-type",
                )
            async with request.form(max_files=MOST_FILES, max_fields=10) as form:
                return JSONResponse(await run_in_threadpool(self.answer_form, form))
        except StudioError as error:
            return answer_error(request, error)

    def answer_form(self, form: FormData) -> JsonObject:
        import shutil
        import tempfile

        with tempfile.TemporaryDirectory() as place:
            paths: list[Given] = []
            for number, (_, value) in enumerate(form.multi_items()):
                if isinstance(value, str):
                    continue
                folder = Path(place) / str(number)
                folder.mkdir()
                # A name is taken for nothing but the file's ending, and what messages call it.
                path = folder / (Path(value.filename or "").name[-100:].replace("\0", "") or "file")
                with open(path, "wb") as target:
                    shutil.copyfileobj(value.file, target)
                paths.append(path)
            column = form.get("column")
            return self.answer(paths, column if isinstance(column, str) else "")

    def answer(self, given: list[Given], column: str) -> JsonObject:
        """What the run makes of texts and files. Raises StudioError."""
        if not given:
            raise DataError(tr("There are no samples in what was given."), code="no-samples")
        if self.predictor.kind != "text" and any(isinstance(one, str) for one in given):
            raise DataError(
                tr("This run reads {kinds}, not texts.").format(kinds=kinds(self.predictor.kind)),
                code="no-texts",
                remedy=tr("Send files as multipart/form-data."),
            )
        with self.lock:
            found = self.predictor.predict(given, column)
        if len(found) > MOST_ANSWERED:
            raise Refused(
                tr("{count:,} samples; at most {most:,} are answered at once.").format(
                    count=len(found), most=MOST_ANSWERED
                ),
                code="too-many-samples",
                remedy=tr("Use the command `predict`."),
            )
        return answer_of(found)


def answer_of(found: Predicted) -> JsonObject:
    pictures = []
    if found.rebuilt is not None and found.kind in ("image", "sound"):
        pictures = [data_url(png(values)) for values in found.rebuilt[:MOST_PICTURES]]
    made: Answer = {
        **found.about(),
        "samples": found.samples(),
        "unusual": int(found.is_unusual.sum()),
        "reconstructions": pictures,
    }
    return dict[str, Any](made)


def data_url(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def read_texts(body: bytes) -> list[str]:
    """Raises SettingError: the body is no JSON of texts."""
    try:
        return TextsAsk.model_validate_json(body).texts
    except ValidationError as error:
        raise explain(error, TextsAsk) from error
