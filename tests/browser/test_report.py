"""A run's report, opened from disk without a network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from selfsup_core.export.report import write_report
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.frames import read_about, read_frame, save_arrays
from tests.browser.conftest import axe_in

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="window.canary = 1"></script><script>window.canary = 1</script>'


def test_a_report_replays_the_run_offline(chromium: Browser, finished: RunFolder, tmp_path: Path):
    folder = RunFolder(tmp_path / "workspace" / "runs" / finished.id)
    shutil.copytree(finished.path, folder.path, ignore=shutil.ignore_patterns("*.lock"))
    update_state(folder, name=EVIL, source_title=EVIL, notices=[EVIL])
    static = folder.frames / "static.safetensors"
    about = read_about(static)
    classes = [f"{name}{EVIL}" for name in json.loads(about["classes"])]
    static.write_bytes(save_arrays(read_frame(static), about | {"classes": json.dumps(classes)}))
    path = tmp_path / "report.html"
    write_report(folder, path)

    context = chromium.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri(), timeout=120_000)
    stage = page.get_by_test_id("stage")
    expect(stage).to_have_attribute("data-epoch", "0")
    expect(page.get_by_test_id("stage-pause")).to_be_hidden()
    page.keyboard.press("End")
    last = str(json.loads(folder.state.read_bytes())["epoch"])
    expect(stage).to_have_attribute("data-epoch", last)
    page.get_by_test_id("stage-replay").click()
    expect(stage).not_to_have_attribute("data-epoch", last)
    expect(stage).to_have_attribute("data-epoch", last)  # the replay has come to its end
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.evaluate("window.canary") is None
    assert asked == [path.as_uri()], "nothing is asked of anyone"
    assert errors == []
    axe_in(page)
    context.close()
