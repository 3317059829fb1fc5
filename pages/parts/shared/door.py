"""Access control: only browsers that present the token, at the app's own addresses, are let in; to a room also
those that join it (`joining.py`).

A browser shows the token once, in the address or in the form below, and keeps a cookie from then on. Programs
send `Authorization: Bearer TOKEN`. Cookies belong to a host, not to a port, so that requests which pages of
other ports make are told by Origin and Sec-Fetch-Site and refused.
"""

from __future__ import annotations

import html
import json
from functools import cache
from string import Template
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from pages.parts.shared import joining, login
from pages.parts.shared.speech import PARAM, language_of_visitor, languages
from pages.parts.shared.viewer import LOCAL, SEEN, Access, cookie_name
from selfsup_core.errors import RunError
from selfsup_core.files import policy_hash
from selfsup_core.places import ASSETS
from selfsup_core.room.viewer import Viewer
from selfsup_core.runs.access import is_same
from selfsup_core.translation import language, speak, tr

__all__ = ["LOCAL", "Access", "Door"]

MOST_FORM = 4096
FORM = "application/x-www-form-urlencoded"
# Nothing but the page itself, which has no script, and its own style.
POLICY = (
    "default-src 'none'; style-src {style}; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

# Set by server.py: pages ask whether anybody guards them (no one does under `streamlit run app.py`).
is_there = False


class Door:
    """ASGI middleware that passes only permitted requests to the app, and says to it whose they are."""

    def __init__(self, app: Any, access: Access) -> None:
        self.app, self.access = app, access
        self.token, self.cookie = access.keys()
        # Where people sign in, a code opens nothing.
        self.desk = joining.Desk(access.room) if access.room and not access.login else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        viewer = self.viewer_of(connection)
        if viewer is None and self.access.login and is_visit_to_page(scope, connection):
            claims = login.claims_in(connection.cookies)
            with speak(language_of_visitor(connection)):
                try:
                    viewer = await run_in_threadpool(self.access.admit, claims)
                except RunError as error:
                    body = f"<p>{html.escape(str(error))}</p>{another_account()}"
                    refused = page(connection, 403, tr("No access"), body)
                    await refused(scope, receive, send)
                    return
        scope = {**scope, SEEN: viewer}
        if scope["type"] == "websocket":
            if self.is_foreign(connection) or viewer is None:
                await send(
                    {"type": "websocket.close", "code": 1008, "reason": ""}
                )  # 403 before it was accepted
            else:
                await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        with speak(language_of_visitor(request)):  # the app has its own way to know
            refused = await self.refuse(request, viewer)
        await (refused or self.app)(scope, receive, send)

    async def refuse(self, request: Request, viewer: Viewer | None) -> Response | None:
        """The response to a request that is not permitted; None for one that is."""
        if not is_host_of(request.headers.get("host", ""), self.access.hosts):
            return told(request, 400, tr("SelfSup Studio is not served at this address."))
        if self.is_foreign(request):
            return told(request, 403, tr("SelfSup Studio accepts requests from its own pages only."))
        if not self.access.needs_token:
            return None
        if self.access.login and request.method == "GET" and login.is_of_login(request.scope["path"]):
            return None
        if request.method in ("GET", "HEAD") and "token" in request.query_params:
            given = request.query_params["token"].strip()
            if is_same(self.token, given):
                return self.let_in(request, self.cookie)
            return None if viewer else ask(request, 403)
        is_form = request.method == "POST" and request.headers.get("content-type", "").split(";")[0] == FORM
        if viewer:
            # A form that was sent twice: Streamlit has none of its own.
            return go_on(request, own_address(request)) if is_form and self.desk else None
        if is_form:
            form = await read_form(request)
            if self.desk and "token" not in form:
                return await self.join(request, self.desk, form)
            is_right = is_same(self.token, form.get("token", ""))
            return self.let_in(request, self.cookie) if is_right else ask(request, 403)
        if is_visit(request) and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # A link on another site: a strict cookie comes with the next request, which this page makes.
            return go_on(request, own_address(request, without=("token",)))
        if self.desk and wants_page(request):
            form = self.desk.form(own_address(request), code=asked_code(request))
            return page(request, 401, tr("Join the room"), form)
        if self.access.login and wants_page(request):
            return page(request, 401, tr("Join the room"), sign_in())
        return ask(request, 401)

    async def join(self, request: Request, desk: joining.Desk, form: dict[str, str]) -> Response:
        """Let somebody into the room who knows its code, or say what is wrong."""
        address = request.client.host if request.client else ""
        joined = await run_in_threadpool(desk.join, form, address)
        if joined.cookie:
            return self.let_in(request, joined.cookie, seconds=joining.COOKIE_SECONDS)
        if not wants_page(request):
            return told(request, joined.status, joined.said)
        body = desk.form(
            own_address(request),
            code=form.get("code", ""),
            nickname=form.get("nickname", ""),
            said=joined.said,
            is_back=joined.is_taken,
        )
        return page(request, joined.status, tr("Join the room"), body)

    def viewer_of(self, connection: HTTPConnection) -> Viewer | None:
        """Who makes a request; None for somebody who is not let in."""
        server = connection.scope.get("server") or ("", None)
        cookie = connection.cookies.get(cookie_name(server[1]), "")
        claims = login.claims_in(connection.cookies) if self.access.login else {}
        return self.access.viewer(cookie, connection.headers.get("authorization", ""), claims)

    def is_foreign(self, connection: HTTPConnection) -> bool:
        """Whether a page of another host or port makes this request, other than by a link to a page of
        ours.
        """
        headers, scope = connection.headers, connection.scope
        origin, host = headers.get("origin"), headers.get("host", "")
        if scope["type"] == "websocket":
            return not is_host_of(host, self.access.hosts) or origin is None or not is_own(origin, host)
        if origin is not None and not is_own(origin, host):
            return True
        return headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_visit(
            connection
        )

    def let_in(self, request: Request, cookie: str, *, seconds: int | None = None) -> Response:
        """Set the cookie and go where the address leads without its token.

        Args:
            seconds: how long the browser keeps it; None until it is closed.
        """
        # Not a redirect: after a link on another site a strict cookie would not come with it.
        response = go_on(request, own_address(request))
        response.set_cookie(
            cookie_name((request.scope.get("server") or ("", None))[1]),
            cookie,
            max_age=seconds,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self.is_secure(request),
        )
        return response

    def is_secure(self, request: Request) -> bool:
        """Whether the browser speaks https: a proxy on this machine says so (uvicorn believes it), or the
        address tells.
        """
        return request.url.scheme == "https" or is_host_of(
            request.headers.get("host", ""), self.access.secure_hosts
        )


def is_host_of(host: str, names: list[str]) -> bool:
    """Whether a Host header is one of ours, on any port: a name of a foreign site that leads here is none."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return "*" in names or name in {known.lower() for known in names}


def is_own(origin: str, host: str) -> bool:
    """Whether a page is of the very host and port that it asks."""
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def is_visit(connection: HTTPConnection) -> bool:
    """Whether a person opens a page, rather than a page asking for something."""
    headers = connection.headers
    return (
        connection.scope.get("method") == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def is_visit_to_page(scope: Any, connection: HTTPConnection) -> bool:
    """Whether somebody opens a page of the app, other than those of signing in: then they may join."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and "text/html" in connection.headers.get("accept", "")
        and not login.is_of_login(scope["path"])
    )


def sign_in() -> str:
    """What somebody sees who has not signed in yet."""
    open_to = tr("This room is open to people with an account of its school or company.")
    kept = tr("Of you, a nickname made of your name is stored, and nothing else that says who you are.")
    teacher = tr(
        "Sign in with an account that is listed as a teacher's, or open the address that ends in "
        "{ending}; the terminal shows it."
    )
    return f"""<p>{open_to}</p>
<p><a class="button" href="{html.escape(login.sign_in_address(), quote=True)}">{tr("Sign in")}</a></p>
<p class="help">{kept}</p>
<details><summary>{tr("I am the teacher")}</summary>
<p>{teacher.format(ending=joining.ENDING)}</p>
</details>"""


def another_account() -> str:
    said = tr("Sign out to choose another account.")
    return f'<p><a href="{login.own_path(login.LOGOUT)}">{said}</a></p>'


async def read_form(request: Request) -> dict[str, str]:
    """The fields of one of the door's forms; none where it is too large to be one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM:
            return {}
    fields = parse_qs(body.decode("ascii", "replace"), errors="replace")
    return {name: values[0].strip() for name, values in fields.items()}


def asked_code(request: Request) -> str:
    """The room's code from the address that the teacher shows."""
    return request.query_params.get(joining.CODE, "")[:100]


def own_address(request: HTTPConnection, without: tuple[str, ...] = ("token", joining.CODE)) -> str:
    """Path and query without token and code. One slash at its beginning: two would name another host."""
    path = "/" + quote(request.scope["path"].lstrip("/\\"))
    query = parse_qsl(request.url.query, keep_blank_values=True)
    kept = [(k, v) for k, v in query if k not in without]
    return f"{path}?{urlencode(kept, safe=':/')}" if kept else path


@cache
def page_parts() -> tuple[Template, str, str]:
    template, logo, icon = (
        (ASSETS / name).read_text("utf-8") for name in ("sign-in.html", "logo.svg", "icon.svg")
    )
    return Template(template), logo, f"data:image/svg+xml,{quote(icon)}"


@cache
def policy() -> str:
    """The policy of these pages. The style holds nothing that is put in."""
    style = page_parts()[0].template.partition("<style>")[2].partition("</style>")[0]
    return POLICY.format(style=policy_hash(style))


def page(connection: HTTPConnection, status: int, title: str, body: str, refresh: str = "") -> Response:
    """A page of the door in the visitor's language, with the way to the others."""
    template, logo, icon = page_parts()
    content = template.substitute(
        lang=language(),
        title=html.escape(title),
        body=body + ("" if refresh else other_languages(connection)),
        refresh=refresh,
        logo=logo,
        icon=icon,
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": policy()}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="SelfSup Studio"'
    return Response(content, status, headers, media_type="text/html")


def other_languages(connection: HTTPConnection) -> str:
    """Links to this page in the other languages. A token that was wrong is not carried along."""
    links = []
    for one in languages():
        if one["code"] != language():
            address = own_address(connection, without=("token", PARAM))
            address += f"{'&' if '?' in address else '?'}{PARAM}={one['code']}"
            target = html.escape(address, quote=True)
            links.append(f'<a href="{target}" lang="{one["code"]}">{html.escape(one["name"])}</a>')
    return f'<p class="languages">{" · ".join(links)}</p>' if links else ""


def go_on(request: Request, address: str) -> Response:
    target = html.escape(address, quote=True)
    refresh = f'<meta http-equiv="refresh" content="0; url={target}">'
    body = f'<p><a href="{target}">{tr("Continue here if the page does not open by itself.")}</a></p>'
    return page(request, 200, tr("Opening SelfSup Studio"), body, refresh)


def wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def told(request: Request, status: int, sentence: str) -> Response:
    """A refusal that no token changes."""
    if wants_page(request):
        return page(request, status, tr("No access"), f"<p>{html.escape(sentence)}</p>")
    return Response(json.dumps({"error": sentence}), status, media_type="application/json")


def ask(request: Request, status: int) -> Response:
    """Say where the token is to be found, and take it."""
    if not wants_page(request):
        sentence = tr("The token is missing or wrong: send it as `Authorization: Bearer TOKEN`.")
        headers = {"WWW-Authenticate": 'Bearer realm="SelfSup Studio"'} if status == 401 else None
        return Response(json.dumps({"error": sentence}), status, headers, media_type="application/json")
    wrong = f'<p class="wrong" role="alert">{tr("This token is wrong.")}</p>' if status == 403 else ""
    action = html.escape(own_address(request), quote=True)
    where = tr(
        "Open SelfSup Studio with the address that ends in {ending}. The terminal in which the app was "
        "started shows it. If somebody else started the app, ask them for the address."
    )
    body = f"""{wrong}
<p>{where.format(ending=joining.ENDING)}</p>
<form method="post" action="{action}">
<label for="token">{tr("Or enter the token")}</label>
<div><input id="token" name="token" required autofocus autocomplete="off" autocapitalize="none" spellcheck="false">
<button type="submit">{tr("Open")}</button></div>
</form>"""
    return page(request, status, tr("Token needed"), body)
