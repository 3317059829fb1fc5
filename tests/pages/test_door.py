"""The door: who is let in, what the others are told, and that nothing is shown where there is no door."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_server
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pages.parts.shared import door
from selfsup_core.files import policy_hash
from selfsup_core.runs.access import app_token
from selfsup_core.runs.queue import submit
from tests.helpers import ROOT, tiny_spec

PAGE = {"Accept": "text/html,*/*"}
VISIT = PAGE | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
HERE = "http://localhost:8501"


async def secret(request: object) -> PlainTextResponse:
    return PlainTextResponse("secret")


async def stream(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("secret")


@pytest.fixture
def opened(workspace: Path) -> Callable[..., TestClient]:
    """`opened()`: a browser that has not been here before."""

    def make(**access: object) -> TestClient:
        known = door.Access(workspace=workspace, **access)
        routes = [
            Route("/{path:path}", secret, methods=["GET", "POST", "PUT"]),
            WebSocketRoute("/stream", stream),
        ]
        guarded = Starlette(routes=routes, middleware=[Middleware(door.Door, access=known)])
        # TestClient says "testserver:80" of itself; browsers name the port.
        client = TestClient(guarded, base_url=HERE, follow_redirects=False)
        client.token = app_token(workspace)
        return client

    return make


def test_without_the_token_nothing_is_answered_but_where_to_find_it(opened):
    client = opened()
    for method in ("get", "post", "put"):
        answer = getattr(client, method)("/studio/runs/1/live")
        assert (answer.status_code, "secret" in answer.text) == (401, False)
        assert "Authorization" in answer.json()["error"]
    answer = client.get("/latent?space=a", headers=PAGE)
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    assert "terminal" in answer.text
    assert '<form method="post" action="/latent?space=a">' in answer.text
    assert client.token not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert f"style-src {policy_hash(style)};" in policy
    assert "style=" not in answer.text


@pytest.mark.parametrize("how", ["browser", "address", "cookie"])
def test_the_door_speaks_the_visitors_language(opened, how):
    client = opened()
    headers = PAGE | {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8" if how == "browser" else "en-US,en;q=0.9"}
    headers |= {"Cookie": "selfsup-language=zh"} if how == "cookie" else {}
    answer = client.get("/runs?lang=zh" if how == "address" else "/runs?space=a&token=wrong", headers=headers)
    assert '<html lang="zh">' in answer.text
    assert "或输入令牌" in answer.text
    assert ("令牌不正确" in answer.text) == (how != "address")
    assert "<code>?token=…</code>" in answer.text
    shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", answer.text, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{2,}", shown)) == {"SelfSup", "Studio", "token", "English"}
    (other,) = re.findall(r'<a href="([^"]*)" lang="en">English</a>', answer.text)
    assert other == ("/runs?lang=en" if how == "address" else "/runs?space=a&amp;lang=en")
    assert "或输入令牌" not in client.get(other.replace("&amp;", "&"), headers=headers).text


def test_a_language_that_is_not_there_is_english(opened):
    for headers in ({"Accept-Language": "xx"}, {"Accept-Language": ",;"}, {}):
        assert '<html lang="en">' in opened().get("/?lang=xx", headers=PAGE | headers).text


def test_the_address_with_the_token_opens_the_app_and_leaves_the_address(opened):
    client = opened()
    answer = client.get(f"/latent?space=a%26b&token={client.token}&map=pca", headers=VISIT)
    assert answer.status_code == 200
    assert "secret" not in answer.text
    assert 'content="0; url=/latent?space=a%26b&amp;map=pca"' in answer.text
    assert client.token not in answer.text
    cookie = answer.headers["set-cookie"]
    assert re.match(r"selfsup-8501=\w{64}; HttpOnly; Path=/; SameSite=strict$", cookie)
    assert client.token not in cookie
    assert client.get("/latent", headers=PAGE).text == "secret"
    # The link is opened once more, and a wrong one hurts nobody who is in.
    assert client.get(f"/?token={client.token}", headers=PAGE).text != "secret"
    assert client.get("/?token=wrong", headers=PAGE).text == "secret"


@pytest.mark.parametrize(
    ("peer", "headers", "is_secure"),
    [
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, True),
        ("::1", {"X-Forwarded-Proto": "https"}, True),
        ("127.0.0.1", {"X-Forwarded-Proto": "http"}, False),
        ("192.0.2.7", {"X-Forwarded-Proto": "https"}, False),
        ("192.0.2.7", {"Host": "studio.example.org"}, True),
        ("127.0.0.1", {"Host": "localhost:8501"}, False),
    ],
)
def test_behind_https_the_cookie_goes_by_https_only(workspace: Path, peer, headers, is_secure):
    """A proxy on this machine says how the browser came; of another one `--url` tells."""
    access = door.Access(
        workspace=workspace, hosts=[*door.LOCAL, "studio.example.org"], secure_hosts=["studio.example.org"]
    )
    behind = ProxyHeadersMiddleware(door.Door(secret, access), "127.0.0.1,::1")
    client = TestClient(behind, base_url=HERE, client=(peer, 5000), follow_redirects=False)
    cookie = client.get(f"/?token={app_token(workspace)}", headers=PAGE | headers).headers["set-cookie"]
    assert ("Secure" in cookie) == is_secure


def test_the_server_reads_what_a_proxy_says(monkeypatch):
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    config = uvicorn.Config(secret, **starlette_server._get_uvicorn_config_kwargs())
    assert (config.proxy_headers, config.forwarded_allow_ips) == (True, "127.0.0.1,::1")


def test_a_wrong_token_is_said(opened):
    answer = opened().get("/?token=gvy6-998t-vxqq-6bk3", headers=PAGE)
    assert answer.status_code == 403
    assert "This token is wrong" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_form_takes_the_token(opened):
    client = opened()
    own = PAGE | {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/runs", data={"token": "no"}, headers=own).status_code == 403
    assert client.post("/runs", data={"token": "x" * 9000}, headers=own).status_code == 403
    assert (
        client.post("/runs", content=b"\xff\xfe", headers=own | {"Content-Type": door.FORM}).status_code
        == 403
    )
    answer = client.post("/runs", data={"token": f" {client.token} "}, headers=own)
    assert "url=/runs" in answer.text
    assert client.get("/runs").text == "secret"


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/\\evil.example", "/%5Cevil.example", "/%2F%2Fevil.example"]
)
def test_the_way_on_leads_to_no_other_host(opened, path):
    client = opened()
    answer = client.get(f"{HERE}{path}?token={client.token}", headers=PAGE)
    (target,) = re.findall(r'url=([^"]*)"', answer.text)
    assert re.match(r"/[^/\\]", target)


def test_programs_send_the_token_as_a_header(opened):
    client = opened()
    assert client.get("/", headers={"Authorization": f"Bearer {client.token}"}).text == "secret"
    for wrong in ("Bearer x", "Bearer", f"Basic {client.token}", client.token, "Bearer é".encode()):
        assert client.get("/", headers={"Authorization": wrong}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://localhost"},
        {"Origin": "http://127.0.0.1:8501"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_pages_of_other_ports_and_sites_get_nothing_with_the_browser_s_cookie(opened, headers):
    client = opened()
    client.get(f"/?token={client.token}")
    answer = client.get("/", headers=PAGE | headers)
    assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_a_link_on_another_site_opens_the_app_again(opened):
    """A strict cookie stays behind then, and comes with the request that our own page makes."""
    client = opened()
    foreign = VISIT | {"Sec-Fetch-Site": "cross-site"}
    answer = client.get("/latent?space=a", headers=foreign)
    assert "url=/latent?space=a" in answer.text
    assert client.get("/latent?space=a", headers=VISIT | {"Sec-Fetch-Site": "same-origin"}).status_code == 401
    client.get(f"/?token={client.token}", headers=foreign)
    assert client.get("/latent?space=a", headers=foreign).text == "secret"


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"Origin": HERE}, True),
        ({"Origin": "http://localhost:9999"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({}, False),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, False),
    ],
)
def test_the_websocket_opens_for_known_browsers_on_own_pages(opened, headers, is_own, is_known):
    client = opened()
    if is_known:
        client.get(f"/?token={client.token}")
    address = f"{HERE.replace('http', 'ws')}/stream"
    if is_own and is_known:
        with client.websocket_connect(address, headers=headers) as socket:
            assert socket.receive_text() == "secret"
        return
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(address, headers=headers):
        pass


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8501", 200),
        ("LOCALHOST", 200),
        ("[::1]:8501", 200),
        ("studio.example.org", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("[bad", 400),
        ("", 400),
    ],
)
def test_names_that_lead_here_from_elsewhere_are_refused(opened, host, status):
    client = opened(hosts=[*door.LOCAL, "Studio.example.org"])
    headers = PAGE | {"Host": host, "Authorization": f"Bearer {client.token}"}
    assert client.get("/", headers=headers).status_code == status


def test_no_token_lets_everybody_in_but_foreign_pages(opened):
    client = opened(needs_token=False)
    assert client.get("/", headers=PAGE).text == "secret"
    assert client.get("/", headers={"Origin": "http://localhost:9999"}).status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    with client.websocket_connect("ws://localhost:8501/stream", headers={"Origin": HERE}) as socket:
        assert socket.receive_text() == "secret"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://localhost:8501/stream", headers={"Origin": "http://localhost:1"}),
    ):
        pass


def test_another_token_shuts_out_old_cookies(opened, workspace: Path, monkeypatch):
    before = opened()
    before.get(f"/?token={before.token}")
    monkeypatch.setenv("SELFSUP_TOKEN", "another-token-for-the-afternoon")
    after = opened()
    after.cookies = before.cookies
    assert after.get("/").status_code == 401
    assert (
        after.get("/", headers={"Authorization": "Bearer another-token-for-the-afternoon"}).text == "secret"
    )


PAGES = sorted(path.stem for path in (ROOT / "pages").glob("[!_]*.py"))


def all_of(page: AppTest) -> str:
    return "\n".join(str(getattr(node, "proto", "")) for node in page.main)


@pytest.mark.parametrize("script", ["app.py", *(f"pages/{name}.py" for name in PAGES)])
def test_nothing_is_shown_where_there_is_no_door(workspace: Path, monkeypatch, script):
    """`streamlit run app.py --server.address 0.0.0.0`; the first visitor of a deep link gets the page's own
    file.
    """
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr(door, "is_there", False)
    submit(workspace, tiny_spec(name="not for others"))
    page = AppTest.from_file(str(ROOT / script), default_timeout=60).run()
    assert not page.exception
    assert "python server.py" in page.error[0].value
    assert not [*page.button, *page.dataframe, *page.get("file_uploader"), *page.get("page_link")]
    assert "not for others" not in all_of(page)
    monkeypatch.setattr(door, "is_there", True)
    if script == "app.py":  # the test can fail
        assert "not for others" in all_of(page.run())
