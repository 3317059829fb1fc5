"""The route that draws an address as a QR code."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.parts.shared.routes import BASE, problem
from selfsup_core.errors import StudioError
from selfsup_core.export.qr import qr_png, qr_svg
from selfsup_core.settings import short
from selfsup_core.translation import tr

KINDS = {"svg": (qr_svg, "image/svg+xml"), "png": (qr_png, "image/png")}


async def qr(request: Request) -> Response:
    """`text` is the address."""
    kind, text = request.path_params["kind"], request.query_params.get("text", "")
    if kind not in KINDS:
        return problem(404, tr("A QR code is there as qr.svg and qr.png."))
    if not text.startswith(("http://", "https://")):
        return problem(
            422,
            tr("text must be an address that begins with http; found {text}.").format(text=short(text, 40)),
        )
    write, media_type = KINDS[kind]
    try:
        content = await run_in_threadpool(write, text)
    except StudioError as error:
        return problem(422, error)
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


def qr_routes() -> list[Route]:
    return [Route(f"{BASE}/qr.{{kind}}", qr)]
