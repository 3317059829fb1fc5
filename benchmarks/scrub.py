"""Scrubbing: from moving the slider until an epoch is drawn, in Chromium, on the stages of an autoencoder, of
Views, and of a broken run beside its intact one, turn by turn on one server.

Epochs are jumped to in a random order, each twice: at first the browser asks for the frame, then it has it.
"""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks.browser import FLAGS, find_browser
from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row, left_out, percentile
from selfsup_core.runs.breaking import with_break
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import RunSpec
from selfsup_core.workers.supervisor import ensure_supervisor

EPOCHS, TURNS = sized(12, 2), sized(5, 1)
MOST_MS = 400.0
COLUMNS = (
    *(f"{name}_{part}_ms" for name in ("autoencoder", "views", "beside") for part in ("p50", "p95")),
    "views_over_autoencoder",
    "beside_over_views",
)
DATA: dict[str, object] = {"data.source": "digits", "train.epochs": EPOCHS}
THERE = '[data-testid=stage][data-status=finished][data-epoch="{}"]'
BESIDE = '[data-testid=beside][data-intact="{0}"][data-broken="{0}"]'
JUMP = """([epoch, beside]) => new Promise((done) => {
  const [stage, other] = ["stage", "beside"].map((id) => document.querySelector(`[data-testid=${id}]`))
  const range = document.querySelector("[data-testid=stage-cursor]")
  const isThere = () => stage.dataset.epoch === epoch
    && (!beside || (other.dataset.intact === epoch && other.dataset.broken === epoch))
  const began = performance.now()
  range.value = epoch
  range.dispatchEvent(new Event("input", { bubbles: true }))
  const look = () => isThere() ? done(performance.now() - began) : requestAnimationFrame(look)
  requestAnimationFrame(look)
})"""


def trained(served: Served, spec: RunSpec) -> RunFolder:
    folder = submit(served.workspace, spec)
    ensure_supervisor(served.workspace)
    while (state := read_state(folder))["status"] not in ENDED:
        time.sleep(0.05)
    if state["status"] != "finished":
        raise RuntimeError(f"a run ended as {state['status']}: {state['error']}")
    return folder


def open_stage(context: Any, address: str, selectors: list[str]) -> Any:
    page = context.new_page()
    page.goto(address)
    for selector in selectors:
        page.wait_for_selector(selector.format(EPOCHS), timeout=60_000)
    page.wait_for_selector(".stage-plot .main-svg")
    page.wait_for_timeout(sized(1500, 300))  # the page settles: fonts, the first pictures
    return page


def jumps(page: Any, order: list[int], *, beside: bool) -> list[float]:
    """Milliseconds of each jump."""
    page.bring_to_front()
    found = []
    for epoch in order:
        found.append(float(page.evaluate(JUMP, [str(epoch), beside])))
        page.wait_for_timeout(sized(60, 10))
    return found


def measure() -> list[Row]:
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        return [left_out("scrubbing in a browser", "no Chromium on this machine", COLUMNS)]
    draw = random.Random(0)
    with serve() as served, sync_playwright() as playwright:
        plain = trained(served, preset_spec("dense-64-32-16", DATA))
        spec = preset_spec("views-fashion", DATA | {"objective.kind": "simsiam"})
        intact = trained(served, spec)
        broken = trained(served, with_break(spec, "stop-gradient"))
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        # What waits evaluates words in the page.
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        context.add_cookies([served.cookie])
        at = f"http://localhost:{served.port}"
        both = f"{at}/views?do=train&run={broken.id}&beside={intact.id}"
        pages = {
            "autoencoder": open_stage(context, f"{at}/autoencoder?run={plain.id}", [THERE]),
            "views": open_stage(context, f"{at}/views?do=train&run={intact.id}", [THERE]),
            "beside": open_stage(context, both, [THERE, BESIDE]),
        }
        found: dict[str, list[float]] = {name: [] for name in pages}
        for _ in range(TURNS):
            order = [epoch for epoch in range(EPOCHS) for _ in range(2)]
            draw.shuffle(order)
            order = [epoch for i, epoch in enumerate(order) if i == 0 or epoch != order[i - 1]]
            for name, page in pages.items():
                found[name] += jumps(page, [*order, EPOCHS], beside=name == "beside")
        browser.close()
    return rows_of(found)


def rows_of(found: dict[str, list[float]]) -> list[Row]:
    p50, p95 = ({name: percentile(times, share) for name, times in found.items()} for share in (0.5, 0.95))
    figures = {f"{name}_p50_ms": p50[name] for name in found} | {
        f"{name}_p95_ms": p95[name] for name in found
    }

    def row(title: str, mine: str, other: str, column: str) -> Row:
        ratio = p50[mine] / p50[other]
        said = (
            f"{ratio:.2f} (median {p50[mine]:.0f} / {p50[other]:.0f} ms, p95 {p95[mine]:.0f} / "
            f"{p95[other]:.0f} ms)"
        )
        mine_only = {name: value for name, value in figures.items() if name.startswith((mine, other))}
        target = f"p95 at most {MOST_MS:.0f} ms"
        return Row(title, said, target, p95[mine] <= MOST_MS, mine_only | {column: ratio})

    return [
        row("scrub of Views ÷ of an autoencoder", "views", "autoencoder", "views_over_autoencoder"),
        row("scrub of broken beside intact ÷ of Views", "beside", "views", "beside_over_views"),
    ]
