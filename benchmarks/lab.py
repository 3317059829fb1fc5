"""Drag to decode and traversal through the real server, for every preset; and in a real browser from press to
picture.
"""

from __future__ import annotations

import http.client
import json
import time

import numpy as np

from benchmarks.browser import FLAGS, find_browser
from benchmarks.served import Served, serve
from benchmarks.size import sized
from benchmarks.table import Row, left_out, percentile
from selfsup_core.runs.access import sign
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor

DRAGS, STRIPS, MOVES = sized(100, 5), sized(40, 3), sized(60, 3)
DRAG_MS, STRIP_MS = 150, 300
CHANGED = {"train.epochs": 2, "train.epochs_per_second": 0} | sized(
    {}, {"data.source": "digits", "train.epochs": 1}
)
BROWSER_COLUMNS = ("browser_p50_ms", "browser_p95_ms")
COLUMNS = ("decode_p95_ms", "traversal_p95_ms", "first_ms", *BROWSER_COLUMNS)


def trained(served: Served, preset: str) -> RunFolder:
    """Two epochs: how well it is trained does not matter to the clock."""
    folder = submit(served.workspace, preset_spec(preset, CHANGED))
    ensure_supervisor(served.workspace)
    while read_state(folder)["status"] not in ENDED:
        time.sleep(0.05)
    return folder


def times(served: Served, folder: RunFolder, tool: str, bodies: list[dict]) -> list[float]:
    """Milliseconds from the request to its last byte."""
    headers = {"X-Studio-Token": sign(served.workspace, folder.id)} | served.headers
    connection = http.client.HTTPConnection("localhost", served.port, timeout=30)
    found = []
    for body in bodies:
        began = time.perf_counter()
        path = f"/studio/runs/{folder.id}/tools/{tool}"
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{tool}: {response.status}")
        found.append((time.perf_counter() - began) * 1000)
    return found


def in_browser(served: Served, folder: RunFolder) -> list[float]:
    """Milliseconds from a pointer's move to the drawn picture, as the page itself takes them."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        return []
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path, args=FLAGS).new_page()
        page.goto(served.address(f"autoencoder?run={folder.id}"))
        page.get_by_test_id("lab").wait_for()
        page.wait_for_timeout(2000)
        page.locator(".stage-map").scroll_into_view_if_needed()
        box = page.locator(".stage-map").bounding_box()
        random, found = np.random.default_rng(0), []
        for _ in range(MOVES):
            x, y = random.uniform(0.2, 0.8, 2)
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.evaluate("document.querySelector('[data-testid=decode-card]').removeAttribute('data-ms')")
            page.mouse.down()
            page.mouse.up()
            page.wait_for_selector("[data-testid=decode-card][data-ms]")
            found.append(float(page.get_by_test_id("decode-card").get_attribute("data-ms")))
    return found


def measure() -> list[Row]:
    rows = []
    random = np.random.default_rng(0)
    with serve() as served:
        for preset in list(list_presets())[: sized(None, 1)]:
            folder = trained(served, preset)
            if not read_state(folder)["can_decode"]:
                continue
            points = random.normal(size=(DRAGS, 1, 2)).tolist()
            strips = [{"sample": int(s)} for s in random.integers(0, 140, STRIPS)]
            drag = times(served, folder, "decode", [{"points": point} for point in points])
            strip = times(served, folder, "traversal", strips)
            # The first answer includes the reading of data and weights; a person waits for it once.
            p95 = [percentile(found[1:], 0.95) for found in (drag, strip)]
            rows.append(
                Row(
                    f"{preset}: decode a place, a traversal; p95",
                    f"{p95[0]:.0f} ms, {p95[1]:.0f} ms; the first {drag[0]:.0f} ms",
                    f"{DRAG_MS} and {STRIP_MS} ms",
                    p95[0] <= DRAG_MS and p95[1] <= STRIP_MS,
                    {"decode_p95_ms": p95[0], "traversal_p95_ms": p95[1], "first_ms": drag[0]},
                )
            )
            if preset in ("dense-64-32-16", "convolutional"):
                found = in_browser(served, folder)
                if found:
                    p50, last = percentile(found, 0.5), percentile(found, 0.95)
                    rows.append(
                        Row(
                            "  in Chromium, from press to picture",
                            f"p50 {p50:.0f} ms, p95 {last:.0f} ms",
                            f"{DRAG_MS} ms",
                            last <= DRAG_MS,
                            {"browser_p50_ms": p50, "browser_p95_ms": last},
                        )
                    )
                else:
                    rows.append(left_out("  in Chromium", "there is none here", BROWSER_COLUMNS))
    return rows
