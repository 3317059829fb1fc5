"""Rerun of a page while a run trains ÷ idle, in a real browser: a choice of the Autoencoder page until it is
shown. Beside it the same while another process only counts, at the niceness of a run: what a core that is not
free costs whoever uses it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from playwright.sync_api import Page, TimeoutError, sync_playwright

from benchmarks.browser import FLAGS, find_browser
from benchmarks.served import serve
from benchmarks.size import sized
from benchmarks.table import Row, left_out, percentile
from selfsup_core.runs.control import send
from selfsup_core.workers.launcher import NICENESS

# A 95th percentile of 40 would be the second worst.
REPEATS, SETTLE_MS = sized(120, 6), sized(2000, 500)
COLUMNS = ("busy_over_idle", "counting_over_idle", "idle_p95_ms", "busy_p95_ms", "busy_begin_p95_ms")
COUNT = f"""
from selfsup_core.runs.processes import give_way
give_way({NICENESS})
print("counts", flush=True)
while True:
    pass
"""
# When the script began and when it ended, after the last reset.
WATCH = """
const app = document.querySelector("[data-testid=stApp]")
window.watcher?.disconnect()
Object.assign(window, {began: 0, ended: 0})
window.watcher = new MutationObserver(() => {
  if (app.dataset.testScriptState === "notRunning") window.ended = performance.now()
  else window.began ||= performance.now()
})
window.watcher.observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]})
"""
DONE = (
    "window.ended > 0 && "
    "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
)


def reruns(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from a changed number to the text that the script makes of it; and to the beginning of
    the script.
    """
    box = page.get_by_role("spinbutton", name="Epochs")
    seen = page.get_by_text("weights")
    seen.wait_for()
    page.wait_for_timeout(SETTLE_MS)  # the page settles: fonts, the pictures below
    times, begins = [], []
    for i in range(REPEATS):
        page.evaluate(f"() => {{{WATCH}}}")
        box.fill(str(10 + i))
        pressed = page.evaluate("performance.now()")
        box.press("Enter")
        try:
            page.wait_for_function(DONE, timeout=3000)
        except TimeoutError:
            continue  # the browser took the key for something else; the next number counts
        began, ended = page.evaluate("[window.began, window.ended]")
        times.append(ended - pressed)
        begins.append(began - pressed)
        time.sleep(0.2)
    if len(times) < REPEATS // 2:
        raise RuntimeError(f"only {len(times)} of {REPEATS} reruns were seen")
    first = min(3, REPEATS // 3)
    return times[first:], begins[first:]


def count_beside(page: Page) -> list[float]:
    """Reruns beside a process that only counts, as willing to wait as a run."""
    command = [sys.executable, "-c", COUNT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as counting:
        try:
            if counting.stdout is None or not counting.stdout.readline():
                raise RuntimeError("the process that counts has ended")
            return reruns(page)[0]
        finally:
            counting.kill()


def measure() -> list[Row]:
    path = find_browser()
    if path is None:
        return [left_out("page rerun while training / idle", "no Chromium", COLUMNS)]
    with serve() as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(bypass_csp=True)  # what waits evaluates words in the page
        page.goto(served.address("autoencoder"))
        idle, _ = reruns(page)
        counting = count_beside(page)
        folder = served.train_for_long()
        busy, begins = reruns(page)
        send(folder, "stop")
        time.sleep(1)
        browser.close()
    slow, quick, other = (percentile(times, 0.95) for times in (busy, idle, counting))
    ratio, begin = slow / quick, percentile(begins, 0.95)
    found = (
        f"{ratio:.2f} (p95 {slow:.0f} / {quick:.0f} ms, median {percentile(busy, 0.5):.0f} / "
        f"{percentile(idle, 0.5):.0f}; {begin:.0f} ms of it before the script begins)"
    )
    figures = {
        "busy_over_idle": ratio,
        "counting_over_idle": other / quick,
        "idle_p95_ms": quick,
        "busy_p95_ms": slow,
        "busy_begin_p95_ms": begin,
    }
    beside = f"{other / quick:.2f} (median {percentile(counting, 0.5):.0f} ms)"
    return [
        Row("page rerun p95, training / idle", found, "at most 1.5", ratio <= 1.5, figures),
        Row(f"  beside a process that only counts, on {os.cpu_count()} cores / idle", beside),
    ]
