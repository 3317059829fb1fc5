"""Compare of six runs with 200 epochs each: opening the page, and scrubbing, in Chromium.

One run is trained; the others are copies of it, with epochs that repeat its frames. Epochs are jumped to in a
random order, each twice: at first the browser asks for the frames, then it has them.
"""

from __future__ import annotations

import json
import random
import shutil
from typing import Any

from benchmarks.browser import FLAGS, find_browser
from benchmarks.scrub import trained
from benchmarks.served import serve
from benchmarks.size import sized
from benchmarks.table import Row, left_out, percentile
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.thinned import frame_path

RUNS, EPOCHS, JUMPS = sized(6, 2), sized(200, 4), sized(30, 3)
MOST_OPEN_S, MOST_SCRUB_MS = 2.0, 100.0
COLUMNS = ("open_s", "curves_s", "scrub_p50_ms", "scrub_p95_ms", "again_p50_ms")
# By the page's own clock, since whoever asks from outside waits until a script that runs has ended.
WATCH = """
window.seen = {}
new MutationObserver(() => {
  const root = document.querySelector("[data-testid=compare][data-ready=true]")
  if (root && root.dataset.epoch === "EPOCH") window.seen.ready ??= performance.now()
  if (root?.querySelector(".stage-plot .main-svg")) window.seen.curves ??= performance.now()
}).observe(document, { childList: true, subtree: true, attributeFilter: ["data-ready", "data-epoch"] })
"""
JUMP = """([epoch]) => new Promise((done) => {
  const root = document.querySelector("[data-testid=compare]")
  const range = document.querySelector("[data-testid=compare-cursor]")
  const began = performance.now()
  range.value = epoch
  range.dispatchEvent(new Event("input", { bubbles: true }))
  const isThere = () => root.dataset.epoch === epoch
  const look = () => isThere() ? done(performance.now() - began) : requestAnimationFrame(look)
  requestAnimationFrame(look)
})"""


def long_copy(one: RunFolder, place: int) -> str:
    """A finished run of `EPOCHS` epochs that shows what `one` shows."""
    name = f"{one.id[:-4]}{place:04d}"
    folder = RunFolder(one.path.parent / name)
    shutil.copytree(one.path, folder.path)
    rows = [json.loads(line) for line in one.metrics.read_text().splitlines()]
    whole = [row for row in rows if row["kind"] == "epoch"]
    last, made = whole[-1], []
    for epoch in range(EPOCHS + 1):
        row = dict(whole[min(epoch, len(whole) - 1)])
        made.append(
            row | {"epoch": epoch, "step": epoch * 10, "val_loss": row["val_loss"] / (1 + epoch / 50)}
        )
        source = frame_path(one.frames, min(epoch, last["epoch"]))
        shutil.copyfile(source, frame_path(folder.frames, epoch))
    folder.metrics.write_text("".join(json.dumps(row) + "\n" for row in made))
    state = json.loads(one.state.read_text())
    folder.state.write_text(json.dumps(state | {"run": name, "epoch": EPOCHS, "epochs": EPOCHS}))
    return name


def jump_times(page: Any, epochs: list[int]) -> list[float]:
    found = []
    for epoch in epochs:
        found.append(float(page.evaluate(JUMP, [str(epoch)])))
        page.wait_for_timeout(sized(60, 10))
    return found


def measure() -> list[Row]:
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        return [left_out("comparing in a browser", "no Chromium on this machine", COLUMNS)]
    with serve() as served, sync_playwright() as playwright:
        one = trained(served, preset_spec("dense-64-32-16", {"data.source": "digits", "train.epochs": 2}))
        runs = ",".join(long_copy(one, place) for place in range(RUNS))
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        context.add_cookies([served.cookie])
        address = f"http://localhost:{served.port}/compare?runs={runs}"
        context.add_init_script(WATCH.replace("EPOCH", str(EPOCHS)))
        for _ in range(2):  # the second time the browser has the scripts
            page = context.new_page()
            page.goto(address)
            page.wait_for_function("window.seen.curves > 0", timeout=60_000)
        opened, curves = (page.evaluate(f"window.seen.{name}") / 1000 for name in ("ready", "curves"))
        page.wait_for_timeout(sized(1500, 300))
        order = random.Random(0).sample(range(EPOCHS), JUMPS)
        fresh, again = jump_times(page, order), jump_times(page, order)
        browser.close()
    return rows_of(opened, curves, fresh, again)


def rows_of(opened: float, curves: float, fresh: list[float], again: list[float]) -> list[Row]:
    p50, p95, kept = percentile(fresh, 0.5), percentile(fresh, 0.95), percentile(again, 0.5)
    return [
        Row(
            f"Compare of {RUNS} runs, {EPOCHS} epochs each, opened",
            f"{opened:.2f} s; with the curves {curves:.2f} s",
            f"at most {MOST_OPEN_S:.0f} s",
            opened <= MOST_OPEN_S,
            {"open_s": opened, "curves_s": curves},
        ),
        Row(
            "  scrubbed to an epoch",
            f"median {p50:.0f}, p95 {p95:.0f} ms; {kept:.0f} ms once it was shown",
            f"median at most {MOST_SCRUB_MS:.0f} ms",
            p50 <= MOST_SCRUB_MS,
            {"scrub_p50_ms": p50, "scrub_p95_ms": p95, "again_p50_ms": kept},
        ),
    ]
