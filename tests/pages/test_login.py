"""Signing in to a room: the whole way with a provider on this machine, and pages that know who it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.secrets import secrets_singleton
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_auth_routes import create_auth_routes

from pages.parts.shared import door, login, routes, viewer
from selfsup_core.errors import SettingError
from selfsup_core.room.login import LoginConfig
from selfsup_core.runs.access import app_token
from selfsup_core.runs.queue import submit
from tests.helpers import ROOT, tiny_spec
from tests.room.helpers import joined, opened, place_of

HERE = "http://localhost:8501"
PAGE = {"Accept": "text/html"}
ADA = {"sub": "1", "name": "Ada", "email": "ada@school.example", "email_verified": True}
TEACHER = {"sub": "2", "name": "Grace", "email": "grace@school.example", "email_verified": True}


class Provider:
    """An OpenID Connect provider: whoever comes is `account`."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "k"})
        self.account: dict[str, Any] = {}
        self.nonce = ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(provider.metadata() if "well-known" in self.path else provider.keys())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(provider.tokens())

            def answer(self, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def tokens(self) -> dict[str, Any]:
        now = int(time.time())
        times = {"iat": now, "exp": now + 600}
        claims = {"iss": self.url, "aud": "studio", "nonce": self.nonce, **times, **self.account}
        token = jwt.encode({"alg": "RS256", "kid": "k"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": token, "expires_in": 600}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()


@pytest.fixture
def secrets(provider: Provider, tmp_path: Path) -> Iterator[Path]:
    """The file that says how people sign in."""
    file = tmp_path / "secrets.toml"
    file.write_text(
        f"""[auth]
redirect_uri = "{HERE}/oauth2callback"
cookie_secret = "{"s" * 32}"
client_id = "studio"
client_secret = "c"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"

[room]
teachers = ["grace@school.example"]
members = ["@school.example"]
"""
    )
    before = st.get_option("secrets.files")
    st.config.set_option("secrets.files", [str(file)])
    secrets_singleton._reset()
    yield file
    st.config.set_option("secrets.files", before)
    secrets_singleton._reset()


async def who(request: Request) -> PlainTextResponse:
    """The app: who the door says it is, for all routes alike."""
    found = viewer.of_scope(request.scope)
    return PlainTextResponse(f"{found.role} {found.nickname} {found.workspace}")


@pytest.fixture
def access(secrets: Path, workspace: Path, monkeypatch) -> viewer.Access:
    room = opened(workspace)
    made = viewer.Access(workspace=workspace, room=room, login=login.read_login(["localhost"]))
    monkeypatch.setattr(viewer, "access", made)
    return made


def browser(access: viewer.Access) -> TestClient:
    app = Starlette(
        routes=[*create_auth_routes(""), Route("/{path:path}", who)],
        middleware=[
            Middleware(door.Door, access=access),
            Middleware(SessionMiddleware, secret_key="k", same_site="lax"),
        ],
    )
    return TestClient(app, base_url=HERE, follow_redirects=False)


def sign_in(client: TestClient, provider: Provider, account: dict[str, Any]) -> None:
    """As a browser does: from the door's page to the provider, and back."""
    first = client.get("/", headers=PAGE)
    assert first.status_code == 401
    start = first.text.partition('href="/auth/login')[2].partition('"')[0]
    away = client.get(f"/auth/login{start}", headers=PAGE)
    assert away.status_code == 302, away.text
    query = parse_qs(urlsplit(away.headers["location"]).query)
    provider.account, provider.nonce = account, query["nonce"][0]
    back = client.get(
        f"/oauth2callback?code=x&state={query['state'][0]}",
        headers=PAGE
        | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    )
    assert (back.status_code, back.headers["location"]) == (302, "/")


def test_an_account_leads_to_the_same_workspace_on_each_device(access, provider):
    first, second = browser(access), browser(access)
    sign_in(first, provider, ADA)
    assert first.get("/studio/runs/x/live").status_code == 401, "joined by opening a page, not by a route"
    said = first.get("/", headers=PAGE).text
    (ada,) = access.room.read()["people"]
    assert said == f"participant Ada {place_of(access.room, ada)}"
    sign_in(second, provider, {**ADA, "name": "Ada L."})
    assert second.get("/runs", headers=PAGE).text == said
    assert second.get("/studio/runs/x/live").text == said
    assert len(access.room.read()["people"]) == 1


def test_a_listed_teacher_has_the_wall_and_a_stranger_nothing(access, provider):
    client = browser(access)
    sign_in(client, provider, TEACHER)
    assert client.get("/room", headers=PAGE).text == f"teacher  {access.workspace}"
    assert access.room.read()["people"] == []
    other = browser(access)
    sign_in(other, provider, {"sub": "3", "name": "Eve", "email": "eve@evil.example"})
    answer = other.get("/", headers=PAGE)
    assert answer.status_code == 403
    assert "This account may not join the room." in answer.text
    assert other.get("/studio/runs/x/live").status_code == 401
    assert access.room.read()["people"] == []
    by_token = browser(access).get("/", headers={"Authorization": f"Bearer {app_token(access.workspace)}"})
    assert by_token.text.startswith("teacher"), "the token of the terminal still works"


def test_nobody_gets_in_by_a_cookie_of_their_own_making_or_by_the_code(access, provider):
    client = browser(access)
    sign_in(client, provider, ADA)
    client.get("/", headers=PAGE)
    good = client.cookies["_streamlit_user"]
    for made in (good[:-2] + "xx", "x", json.dumps({"is_logged_in": True, **ADA})):
        stranger = browser(access)
        stranger.cookies.set("_streamlit_user", made)
        assert stranger.get("/", headers=PAGE).status_code == 401
    form = {"code": access.room.read()["code"], "nickname": "Eve"}
    assert browser(access).post("/", data=form, headers=PAGE | {"Origin": HERE}).status_code in (401, 403)
    assert len(access.room.read()["people"]) == 1


def test_who_is_removed_is_out_until_they_open_a_page_again(access, provider):
    client = browser(access)
    sign_in(client, provider, ADA)
    client.get("/", headers=PAGE)
    (ada,) = access.room.read()["people"]
    access.room.remove(ada["id"])
    assert client.get("/studio/runs/x/live").status_code == 401
    assert client.get("/", headers=PAGE).status_code == 200
    assert access.room.read()["people"][0]["id"] != ada["id"]


@pytest.mark.usefixtures("studio")
def test_pages_are_of_whoever_has_signed_in(workspace, monkeypatch):
    room = opened(workspace)
    config = LoginConfig.of({"teachers": ["grace@school.example"]})
    monkeypatch.setattr(viewer, "access", viewer.Access(workspace=workspace, room=room, login=config))
    monkeypatch.setattr(routes, "is_mounted", False)
    claims = {"is_logged_in": True, "iss": "https://id.example"}
    viewer.access.admit({**claims, **ADA})
    (ada,) = room.read()["people"]
    submit(place_of(room, ada), tiny_spec(name="Run of Ada"))
    joined(room, "Ben")
    for name in ("cookies", "headers"):  # AppTest has none
        monkeypatch.setattr(type(st.context), name, property(lambda self: {}))

    def opened_as(user: dict[str, Any], script: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.user = user
        app.switch_page(script)
        app.run()
        assert not app.exception
        return app

    def said(app: Any) -> str:
        return " ".join(str(getattr(node, "proto", "")) for node in app.main)

    mine = opened_as({**claims, **ADA}, "pages/room.py")
    assert "Signing in with the same account brings you back here." in said(mine)
    assert "resume code" not in said(mine)
    assert "Run of Ada" in said(opened_as({**claims, **ADA}, "pages/runs.py"))
    wall = opened_as({**claims, **TEACHER}, "pages/room.py")
    assert "People join by signing in" in said(wall)
    for user in ({}, {"is_logged_in": False}, {**claims, "sub": "9", "name": "Eve"}):
        nobody = opened_as(user, "pages/runs.py")
        assert "You are no longer in this room" in nobody.error[0].value
        assert "Run of Ada" not in said(nobody)


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ('client_id = "studio"', "", "lacks client_id"),
        (f'cookie_secret = "{"s" * 32}"', 'cookie_secret = "short"', "32 or more characters"),
        ("/oauth2callback", "/elsewhere", "must end in /oauth2callback"),
        ("http://localhost:8501", "https://studio.example.org", "where this app is not served"),
        ("grace@school.example", "@school.example", "would make everybody a teacher"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(secrets, line, instead, message):
    secrets.write_text(secrets.read_text().replace(line, instead, 1))
    secrets_singleton._reset()
    with pytest.raises(SettingError, match=message):
        login.read_login(["localhost"])


def test_without_authlib_the_remedy_is_said_and_without_a_file_nobody_signs_in(secrets, monkeypatch):
    monkeypatch.setattr(login, "is_authlib_installed", lambda: False)
    with pytest.raises(SettingError, match=r"pip install -r requirements-login\.txt"):
        login.read_login(["localhost"])
    secrets.write_text("")
    secrets_singleton._reset()
    assert login.read_login(["localhost"]) is None
