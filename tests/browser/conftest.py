"""A real server on a free port, and a real Chromium. On CI a missing browser is a failure, not a skip."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    TimeoutError,
    expect,
    sync_playwright,
)

from benchmarks.browser import FLAGS, find_browser
from selfsup_core.errors import RunError
from selfsup_core.inspection.client import stop_lab
from selfsup_core.runs.access import app_token, cookie_of
from selfsup_core.runs.control import send
from selfsup_core.runs.examples import MARK
from selfsup_core.runs.folder import ACTIVE, ENDED, RunFolder, list_states
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from tests.conftest import kill_workers
from tests.helpers import ROOT, wait_for, wait_status

# Playwright's own five seconds are too few where tests run beside each other on a small machine.
expect.set_options(timeout=60_000)

Scheme = Literal["dark", "light"]
# Width and height, and the theme: each page once in light on a wide screen and once in dark on a narrow one.
SCREENS = [
    pytest.param((1440, 900), "light", id="wide-light"),
    pytest.param((390, 844), "dark", id="narrow-dark"),
]
# Streamlit asks below the page's own path first, to find out where the app lives.
EXPECTED = ("_stcore/health", "_stcore/host-config")


def is_expected(url: str) -> bool:
    """Also a picture that a rerun has replaced while the browser was still asking for it."""
    return url.endswith(EXPECTED) or "/media/" in url


class Server:
    """`python server.py` with a workspace of its own, and helpers that are forked; can be killed and started
    again on the same port.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.token = app_token(workspace)
        self.start()

    def ask(self, path: str = "/", **headers: str) -> http.client.HTTPResponse:
        """What a program that has the token is answered. Raises HTTPError for what is not a success."""
        known = {"Authorization": f"Bearer {self.token}"} | headers
        return urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", headers=known), timeout=30)

    @property
    def cookie(self) -> dict[str, str]:
        """What a browser keeps that has opened the address with the token."""
        value = cookie_of(self.workspace, self.token)
        return {"name": f"selfsup-{self.port}", "value": value, "url": self.url}

    def start(self) -> None:
        environment = os.environ | {"SELFSUP_WORKSPACE": str(self.workspace)}
        command = [sys.executable, "-m", "tests.zygote", "server.py", "--port", str(self.port)]
        self.workspace.mkdir(parents=True, exist_ok=True)
        (self.workspace / MARK).touch()  # the journeys count their own runs
        with open(self.workspace / "server.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_for(self.answers, "the server")

    def answers(self) -> bool:
        try:
            return self.ask("/_stcore/health").status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("studio"))
    wait_for(lambda: (supervisor_info(running.workspace) or {}).get("ready"), "the supervisor")
    yield running
    running.kill()
    stop_supervisor(running.workspace)
    stop_lab(running.workspace)
    stop_lab(running.workspace, "maps")
    kill_workers(running.workspace)


@pytest.fixture(scope="session")
def finished(server: Server) -> RunFolder:
    """A whole run of the digits preset, made through the supervisor."""
    folder = submit(server.workspace, preset_spec("dense-64-32-16"), preset="dense-64-32-16")
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    return folder


@pytest.fixture(autouse=True)
def nothing_goes_on(server: Server) -> Iterator[None]:
    """A test that fails half-way must not leave a run that the next one waits behind."""
    yield
    for state in list_states(server.workspace):
        folder = RunFolder(server.workspace / "runs" / state["run"])
        if state["status"] in ACTIVE:
            with contextlib.suppress(RunError):
                send(folder, "stop")
            wait_status(folder, *ENDED)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_browser(shell=True)
    if path is None:
        missing = "no Chromium on this machine: install the package chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What pages write on their console as errors. A test that provokes some clears it; what is left fails
    it.
    """
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def watch(errors: list[str]) -> Callable[[ConsoleMessage | Error], None]:
    """Collect what goes wrong in a page."""

    def add(found: ConsoleMessage | Error) -> None:
        if isinstance(found, Error):
            errors.append(str(found))
        elif found.type == "error" and not (
            is_expected(found.location.get("url", "")) or "/media/" in found.text
        ):
            errors.append(found.text)

    return add


@pytest.fixture
def open_context(
    server: Server, chromium: Browser, watch: Callable[[ConsoleMessage | Error], None]
) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers that know nothing of each other but the token."""
    contexts: list[BrowserContext] = []

    def listen(page: Page) -> None:
        page.on("pageerror", watch)
        page.on("console", watch)

    def make(width: int = 1440, height: int = 900, **options: str) -> BrowserContext:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(60_000)
        context.add_cookies([server.cookie])
        context.on("page", listen)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


class Pages:
    """Pages of one browser that has been here before, lent to one test after another.

    A page that has shown the app draws it again in a third of the time, because its scripts are compiled.
    Everything else that a page could remember is taken from it in between.
    """

    def __init__(self, context: BrowserContext, rest: str) -> None:
        self.context = context
        self.rest = rest  # an address of the app that shows nothing
        self.made: list[Page] = []
        self.lent = 0
        self.watch: Callable[[ConsoleMessage | Error], None] = lambda found: None

    def lend(self) -> Page:
        if self.lent == len(self.made):
            page = self.context.new_page()
            page.on("pageerror", lambda error: self.watch(error))
            page.on("console", lambda message: self.watch(message))
            self.made.append(page)
        self.lent += 1
        page = self.made[self.lent - 1]
        page.bring_to_front()
        return page

    def take_back(self) -> None:
        for page in self.made[: self.lent]:
            if page.is_closed():
                continue
            page.unroute_all()
            page.goto(self.rest)
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
            page.mouse.move(0, 0)
        self.made = [page for page in self.made if not page.is_closed()]
        self.lent = 0


@pytest.fixture(scope="session")
def known_pages(server: Server, chromium: Browser) -> Iterator[Pages]:
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    context.add_cookies([server.cookie])
    yield Pages(context, f"{server.url}/_stcore/health")
    context.close()


@pytest.fixture
def open_page(
    known_pages: Pages, watch: Callable[[ConsoleMessage | Error], None]
) -> Iterator[Callable[..., Page]]:
    """Pages that know nothing of the tests before but the app's scripts. They ask for reduced motion, which
    is a tenth less work; those of `open_context` move.
    """

    def make(width: int = 1440, height: int = 900, color_scheme: Scheme = "light") -> Page:
        page = known_pages.lend()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
        return page

    known_pages.watch = watch
    yield make
    known_pages.watch = lambda found: None
    known_pages.take_back()


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a screenshot in artifacts/, for people to look at, where `--screenshots` asks for them."""
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)

    def save(page: Page, name: str) -> None:
        # Widgets that are still on their way are drawn as gray bars.
        wait_in(page, "!document.querySelector('[data-testid=stSkeleton]')")
        if request.config.option.screenshots:
            page.screenshot(path=folder / f"{name}.png")

    return save


def wait_in(page: Page, expression: str, value: Any = None) -> None:
    """Until an expression is true in the page. Playwright's own way evaluates it in the page, which the
    content policy forbids.
    """
    wait_for(lambda: page.evaluate(expression, value), expression)


def settle(page: Page, seconds: float = 60) -> None:
    """Until the script of the page has run. Before, elements still take their places, and a click may land
    beside what it was meant for; no person is as quick.
    """
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=1000 * seconds
    )


def choose(page: Page, name: str | re.Pattern[str], option: str) -> None:
    """Take an option of a list. A run of the page that ends meanwhile closes the list; then it is opened
    again.
    """
    box = page.get_by_role("combobox", name=name, exact=isinstance(name, str))
    wanted = page.get_by_role("option", name=option, exact=True)

    def is_chosen() -> bool:
        box.click()
        try:
            wanted.click(timeout=3000)
        except TimeoutError:
            page.keyboard.press("Escape")
            return False
        return True

    wait_for(is_chosen, f"the option {option!r}")


AXE = {
    "resultTypes": ["violations"],
    "rules": {
        # Off unless asked for: who says what is written on a button must press it.
        "label-content-name-mismatch": {"enabled": True},
        # Moderate at most, and a quarter of the time.
        "region": {"enabled": False},
    },
}


LOOKS = 5
# Elements that come or are made anew fade in, and are pale until then. What runs for good is not waited for.
FADED_IN = """() => Promise.race([
  Promise.all(
    document.getAnimations()
      .filter((one) => one.playState === "running" && one.effect?.getComputedTiming().endTime < 5000)
      .map((one) => one.finished.catch(() => null)),
  ),
  new Promise((done) => setTimeout(done, 3000)),
]).then(() => true)"""

# What another theme can change, and nothing else.
COLORS = AXE | {"runOnly": ["color-contrast", "link-in-text-block"]}


def serious(page: Page, options: dict[str, Any] = AXE, context: str | None = None) -> list[str]:
    """What axe-core finds on a page as it is now that is serious or critical.

    Args:
        context: selector of the part that is looked at; None for the whole page.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    for _ in range(LOOKS):  # what is pale only while the page is drawn again is gone at the next look
        page.evaluate(FADED_IN)
        found = [
            f"{page.url}: {one['id']}: {node['html'][:160]}: {node['failureSummary'][:200]}"
            for one in Axe(axe_script="").run(page, context=context, options=options).response["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        if not found:
            break
        page.wait_for_timeout(700)
    return found


def axe_in(page: Page) -> None:
    """For a journey: nothing serious or critical on the page as it is now."""
    assert serious(page) == []


# What is wider than it may be: the page, words of a button, and a bar of modes that is broken into rows.
LAYOUT = """() => {
  const isCut = (node) => node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1
  const isSeen = (node) => node.checkVisibility() && node.getBoundingClientRect().width > 1
  const isIcon = (node) => node.matches("[data-testid=stIconMaterial]")
  const named = (node) => node.getAttribute("aria-label") ?? node.textContent.trim()
  const buttons = [...document.querySelectorAll("button, [role=tab], [role=radio]")].filter(isSeen)
  const within = (node) => [node, ...node.querySelectorAll("*")]
  const cut = buttons.filter((node) => within(node).some((one) => !isIcon(one) && isCut(one)))
  const bars = [...document.querySelectorAll('[class*="-mode"] [role=radiogroup]')]
  const top = (one) => Math.round(one.getBoundingClientRect().top)
  const rows = bars.filter((bar) => new Set([...bar.children].map(top)).size > 1)
  const overflow = document.documentElement.scrollWidth - innerWidth
  return [...(overflow > 0 ? [`${overflow} pixels to the side`] : []),
    ...cut.map((node) => `cut: ${named(node)}`),
    ...rows.map(() => "the modes are in several rows")]
}"""


def misfits(page: Page) -> list[str]:
    return [f"{page.url} at {page.viewport_size}: {found}" for found in page.evaluate(LAYOUT)]


def fits(page: Page) -> None:
    """For a journey: nothing scrolls sideways, no word of a button is cut, and the modes are one row."""
    assert misfits(page) == []


def stage_value(page: Page, name: str) -> str:
    return page.get_by_test_id("stage").get_attribute(f"data-{name}") or ""


def wait_stage(page: Page, name: str, check: Callable[[str], bool], seconds: float = 90) -> str:
    """The attribute of the one stage of the page once it passes `check`.

    When another run is opened, Streamlit keeps the old stage for a moment beside the new one; two that stay
    are a fault.
    """
    deadline = time.monotonic() + seconds
    read = "(stages, name) => stages.map((stage) => stage.getAttribute(name) ?? '')"
    while True:
        values = page.get_by_test_id("stage").evaluate_all(read, f"data-{name}")
        if len(values) == 1 and check(values[0]):
            return str(values[0])
        assert time.monotonic() < deadline, f"data-{name} is still {values!r}"
        page.wait_for_timeout(50)
