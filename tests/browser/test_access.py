"""The door in a real browser: the token, pages of other ports, and the start that has no door."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.served import free_port
from tests.browser.conftest import Server
from tests.helpers import ROOT, wait_for

pytestmark = pytest.mark.browser
# What a page of another origin learns of a websocket and of an answer.
TRY = """async (address) => {
  const socket = await new Promise((done) => {
    const tried = new WebSocket(address.replace("http", "ws") + "/_stcore/stream", ["streamlit"])
    tried.onopen = () => done("open")
    tried.onerror = () => done("refused")
  })
  const asked = fetch(address + "/_stcore/health", { credentials: "include" })
  const health = await asked.then((r) => r.status, () => "refused")
  return [socket, health]
}"""


@pytest.fixture
def other_port() -> Iterator[str]:
    """A page on this machine that is none of ours."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Another page</title>")

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://localhost:{web.server_port}"
        web.shutdown()


def test_the_token_opens_the_app_once_and_for_all(server, open_context, errors, keep):
    context = open_context()
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{server.url}/runs")
    expect(page.get_by_role("heading", name="Token needed")).to_be_visible()
    keep(page, "token")
    page.get_by_label("Or enter the token").fill("gvy6-998t-vxqq-6bk3")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_have_text("This token is wrong.")
    page.get_by_label("Or enter the token").fill(server.token)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    assert page.url == f"{server.url}/runs"

    context.clear_cookies()
    page.goto(f"{server.url}/latent?token={server.token}&space=data:wine&map=pca")
    page.locator('[data-testid="space"][data-ready="true"]').wait_for()
    assert "token" not in page.url
    assert "space=data" in page.url
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    mine = cookies[f"selfsup-{server.port}"]
    assert (mine["httpOnly"], mine["sameSite"]) == (True, "Strict")
    errors.clear()  # 401 and 403 are what was asked for


def test_the_policy_holds_and_plain_figures_draw_under_it(server, open_context, errors):
    """Any breach of the policy is an error on the console, which fails each test in a browser."""
    page = open_context().new_page()
    policy = page.goto(server.url).headers["content-security-policy"].split("; ")
    for rule in (
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "default-src 'none'",
    ):
        assert rule in policy
    scripts = next(rule for rule in policy if rule.startswith("script-src"))
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(scripts.split())
    page.route("**/studio/assets/*/space/**", lambda route: route.abort())
    page.goto(f"{server.url}/latent?space=data:wine&map=pca")
    expect(page.locator(".js-plotly-plot .points path").first).to_be_visible()
    assert [error for error in errors if "Failed to load" not in error] == []
    injected = page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.injected = 1"
        document.body.append(script); return window.injected ?? 0 }"""
    )
    assert injected == 0
    errors.clear()  # the module that was held back, and the script that was refused


def test_a_page_of_another_port_opens_nothing(server, open_context, errors, other_port):
    page = open_context().new_page()
    page.goto(server.url)
    assert page.evaluate(TRY, server.url) == ["open", 200], "from our own page it works"
    page.goto(other_port)
    assert page.evaluate(TRY, server.url) == ["refused", "refused"]
    # A link from there leads in all the same.
    page.evaluate("(address) => { location.href = address }", f"{server.url}/runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    errors.clear()  # what was refused


def test_nothing_is_answered_without_the_token(server):
    for path in (
        "/",
        "/_stcore/health",
        "/_stcore/host-config",
        "/studio/runs/x/live",
        "/static/js/x.js",
        "/media/x",
    ):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            server.ask(path, Authorization="Bearer wrong")


def test_a_start_without_a_door_shows_nothing(server: Server, open_context, tmp_path: Path):
    """`streamlit run app.py --server.address 0.0.0.0`; a deep link gets the page's own file."""
    port = free_port()
    options = ("--server.address", "0.0.0.0", "--server.port", str(port))
    environment = os.environ | {"SELFSUP_WORKSPACE": str(server.workspace)}
    log = tmp_path / "log.txt"
    with open(log, "wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            env=environment,
            stdout=words,
            stderr=words,
        )
    try:
        wait_for(lambda: "localhost" in log.read_text() or process.poll() is not None, "streamlit run")
        page = open_context().new_page()
        for path in ("runs", "", "data"):
            page.goto(f"http://localhost:{port}/{path}")
            expect(page.get_by_text(re.compile("Start it with make run or python server.py"))).to_be_visible()
            expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    finally:
        process.kill()
        process.wait()
