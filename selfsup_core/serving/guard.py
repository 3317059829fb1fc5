"""What stands before a service for this machine: who may ask, how much may be sent, and errors as JSON.

A page elsewhere could have its own name point here (DNS rebinding), or send a form here; so the Host and the
Origin of a request must name this machine, and no header lets pages of others read an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from selfsup_core.data.limits import MB
from selfsup_core.errors import StudioError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 50 * MB  # of a request
NAMES = ("127.0.0.1", "localhost", "::1")
STATUS = {"not-here": 403, "too-large": 413, "bad-type": 415, "too-many-samples": 413, "no-page": 404}
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


class Refused(StudioError):
    """A request that is not answered."""

    code = "refused"


class Guard:
    """ASGI middleware that refuses requests for other machines and large bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websockets here

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            check_place(headers)
            counted = Counted(receive, headers.get("content-length", ""))
        except Refused as error:
            await refusal(error)(scope, receive, send_guarded)
            return
        await self.app(scope, counted, send_guarded)


def check_place(headers: dict[str, str]) -> None:
    """Raises Refused: the request is for another machine, or from a page of one."""
    host = name_of(f"//{headers.get('host', '')}")
    origin = headers.get("origin")
    if host not in NAMES or (origin is not None and name_of(origin) not in NAMES):
        raise Refused(
            tr("Only requests to and from this machine are answered."),
            code="not-here",
            remedy=tr("Open http://127.0.0.1 with the port that was printed."),
        )


def name_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


class Counted:
    """Receives a body, and refuses it as soon as it is too large."""

    def __init__(self, receive: Receive, said: str) -> None:
        self.receive, self.bytes = receive, 0
        if said.isdecimal() and int(said) > MOST_BYTES:
            raise too_large()

    async def __call__(self) -> Message:
        message = await self.receive()
        self.bytes += len(message.get("body", b""))
        if self.bytes > MOST_BYTES:
            raise too_large()
        return message


def too_large() -> Refused:
    return Refused(
        tr("A request may have at most {most} MB.").format(most=MOST_BYTES // MB),
        code="too-large",
        remedy=tr("Send fewer files at once, or use the command `predict`."),
    )


def refusal(error: StudioError, status: int = 0) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse({"error": error.as_dict()}, status or STATUS.get(error.code, 422))


def answer_error(request: Request, error: Exception) -> Response:
    """An error as JSON; what nobody foresaw says no more than its kind."""
    from starlette.exceptions import HTTPException

    if isinstance(error, StudioError):
        return refusal(error)
    if isinstance(error, HTTPException):
        said = {404: tr("There is no such address."), 405: tr("This address is asked in another way.")}
        about = StudioError(
            said.get(error.status_code, str(error.detail)),
            code="bad-request",
            remedy=tr("See /openapi.json for what can be asked."),
        )
        return refusal(about, error.status_code)
    about = StudioError(tr("This failed: {name}.").format(name=type(error).__name__), code="internal")
    return refusal(about, 500)
