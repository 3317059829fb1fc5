"""Records the live view of a run in a browser, from its first epoch to its last; the README's GIF shows the
panels of an example that comes with the app.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.browser import FLAGS, find_browser
from benchmarks.screen import SIZE
from benchmarks.served import Served, serve
from selfsup_core.files import write_bytes
from selfsup_core.runs.examples import add_examples
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.thinned import list_frames

WINDOW = (1280, 720)
EPOCHS = 12  # that are recorded
README_WINDOW, README_WIDTH = (1600, 1200), 1100
README_EXAMPLE = "000000-000003-clothes"
README_BYTES = 2_000_000
COLORS = (128, 96, 64, 48)
STEP_MS, REST_MS = 260, 1800


def record_stage(folder: RunFolder, readme: Path | None) -> tuple[list[Image.Image], Image.Image]:
    """Pictures of the live view, small and in the dark theme; the README's GIF is in the light one."""
    with serve() as served:
        shutil.copytree(folder.path, served.workspace / "runs" / folder.id, dirs_exist_ok=True)
        dark = shots(served, folder, "dark")
        if readme is not None:
            add_examples(served.workspace, again=True)
            example = RunFolder(served.workspace / "runs" / README_EXAMPLE)
            write_bytes(readme, as_gif(shots(served, example, "light", README_WINDOW, ".stage-panels")))
    small = [picture.resize(SIZE, Image.Resampling.LANCZOS) for picture in dark]
    pictures = [picture for picture in small for _ in range(3)]
    return pictures, small[-1]


def shots(
    served: Served,
    folder: RunFolder,
    scheme: str,
    window: tuple[int, int] = WINDOW,
    part: str = "body",
) -> list[Image.Image]:
    """The live view in presenter's mode, or the part of it that a selector names, at one epoch after
    another.
    """
    from playwright.sync_api import sync_playwright

    there = list_frames(folder.frames)
    stride = max(1, round(len(there) / EPOCHS))
    taken = []
    with sync_playwright() as playwright:
        path = find_browser()
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        size = {"width": window[0], "height": window[1]}
        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(120_000)
        context.add_cookies([served.cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(f"http://localhost:{served.port}/autoencoder?run={folder.id}&epoch={there[0]}&present=1")
        page.wait_for_selector(".stage-plot .main-svg")
        slider = page.get_by_test_id("stage-cursor")
        slider.focus()
        for at in range(0, len(there), stride):
            for _ in range(stride if at else 0):
                page.keyboard.press("ArrowRight")
            page.wait_for_timeout(900)  # until the map has moved
            taken.append(Image.open(BytesIO(page.locator(part).screenshot())).convert("RGB"))
        browser.close()
    return taken


def as_gif(pictures: list[Image.Image]) -> bytes:
    """With as many colors as `README_BYTES` allow.

    Raises:
        ValueError: it is too large with the fewest.
    """
    width, height = pictures[-1].size  # a sentence more or less must not change the size of a picture
    size = README_WIDTH, round(README_WIDTH * height / width)
    small = [
        ImageOps.pad(picture, (width, height), color="white", centering=(0, 0)).resize(
            size, Image.Resampling.LANCZOS
        )
        for picture in pictures
    ]
    for colors in COLORS:
        frames = [one.quantize(colors, dither=Image.Dither.NONE) for one in small]
        times = [STEP_MS] * (len(frames) - 1) + [REST_MS]
        out = BytesIO()
        frames[0].save(
            out, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True
        )
        if out.tell() <= README_BYTES:
            return out.getvalue()
    raise ValueError(f"The GIF has {out.tell():,} bytes with {COLORS[-1]} colors; at most {README_BYTES:,}.")
