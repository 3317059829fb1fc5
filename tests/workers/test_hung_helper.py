"""A helper process that is stopped takes nothing from who steers a run: real processes, through the server's
routes.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx2 as httpx
import psutil
import pytest
from starlette.applications import Starlette

from pages.parts.shared import routes
from selfsup_core.inspection import client as inspection_client
from selfsup_core.inspection.client import lab_info, stop_lab
from selfsup_core.runs.access import sign
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.queue import submit
from tests.helpers import suspend, tiny_spec, wait_for, wait_status

QUESTIONS = 60
# A pace at which it does not end by itself.
ENDLESS = {"train__epochs": 10_000, "train__epochs_per_second": 20}


@pytest.fixture
def served(supervised: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """The routes of that workspace; a helper that hangs is waited for, so that nothing but the order of
    things counts.
    """
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(supervised))
    monkeypatch.setattr(inspection_client, "BEAT_SECONDS", 600.0)
    monkeypatch.setattr(inspection_client, "CONNECT_SECONDS", 600.0)
    routes.live_runs.cache_clear()
    routes.helper.cache_clear()
    yield Starlette(routes=routes.routes())
    routes.live_runs.cache_clear()
    routes.helper.cache_clear()
    stop_lab(supervised)
    wait_for(lambda: lab_info(supervised) is None, "the end of the helper")


def under_way() -> int:
    """Questions that have a thread."""
    return routes._questions.get().borrowed_tokens


async def until(check, what: str) -> None:
    """As `wait_for`, with room for other tasks."""
    with anyio.fail_after(90):
        while not check():
            await asyncio.sleep(0.005)


async def ask_and_pause(app: Starlette, folder: RunFolder) -> list[int]:
    """What the questions were answered with, after the run was paused under a stopped helper."""
    headers = {"X-Studio-Token": sign(folder.workspace, folder.id)}
    url = f"/studio/runs/{folder.id}"
    answered: list[int] = []

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=None
    ) as browser:

        async def ask() -> None:
            answer = await browser.post(f"{url}/tools/sample", json={"count": 1}, headers=headers)
            answered.append(answer.status_code)

        await ask()  # the helper starts, and has what a question needs
        assert answered == [200]
        helper = psutil.Process(lab_info(folder.workspace)["pid"])
        suspend(helper.pid)
        try:
            async with anyio.create_task_group() as group:
                for _ in range(QUESTIONS):
                    group.start_soon(ask)
                await until(lambda: under_way() == routes.MOST_QUESTIONS, "the questions")
                answer = await browser.post(f"{url}/control", json={"action": "pause"}, headers=headers)
                assert answer.status_code == 200
                state = await anyio.to_thread.run_sync(wait_status, folder, "paused")
                assert state["status"] == "paused"
                seen = await browser.get(f"{url}/live", headers=headers)
                assert seen.json()["state"]["status"] == "paused"
                assert helper.status() == psutil.STATUS_STOPPED
                assert answered == [200], "all questions still wait"
                helper.send_signal(signal.SIGCONT)
        finally:
            helper.send_signal(signal.SIGCONT)
    return answered


def test_a_run_pauses_while_sixty_questions_wait_for_a_stopped_helper(served: Starlette, supervised: Path):
    folder = submit(supervised, tiny_spec(**ENDLESS))
    wait_for(lambda: wait_status(folder, "running")["epoch"] >= 1, "an epoch")
    with ThreadPoolExecutor(1) as pool:  # tests in a browser may have left a loop behind in this thread
        answered = pool.submit(anyio.run, ask_and_pause, served, folder).result()
    assert answered == [200] * (1 + QUESTIONS)
    send(folder, "stop")
    wait_status(folder, "stopped")
