"""Every page, wide and narrow, in both themes and at 200% zoom: axe-core finds nothing serious or critical,
nothing is cut.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import COLORS, misfits, serious, settle, wait_in, wait_stage

pytestmark = pytest.mark.browser

PAGES = (
    "",
    "data?data=wine",
    "data?data=emoji",
    "data?add=files",
    "autoencoder",
    "language?do=train",
    "language?do=embed",
    "language?do=models",
    "classify?do=train",
    "classify?do=pseudo",
    "classify?do=use",
    "latent?space=data:wine&map=pca",
    "views?do=lab&data=emoji",
    "views?do=train&data=digits",
    "learn",
    "learn?guide=deploy",
    "autoencoder?lesson=2",
    "views?lesson=9",
    "runs",
    "autoencoder?run={run}",
)
WIDE, NARROW, ZOOMED = (1440, 900), (390, 844), (720, 450)
DARK = "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme.includes('dark')"


def test_every_page_fits_and_can_be_used_by_all(server, finished, open_page, keep):
    """Each page is loaded once: other windows and the other theme come without another load."""
    page = open_page(*WIDE)
    found: list[str] = []
    for number, path in enumerate(PAGES):
        page.emulate_media(color_scheme="light")
        resize(page, WIDE)
        page.goto(f"{server.url}/{path.format(run=finished.id)}")
        page.get_by_role("heading").first.wait_for()
        settle(page)
        if "run=" in path:
            wait_stage(page, "status", lambda status: status == "finished")
            page.wait_for_selector(".stage-plot .main-svg")
        found += serious(page)
        name = re.sub(r"\W+", "-", path.replace("{run}", "")).strip("-") or "home"
        keep(page, f"{name}-wide")
        for size in (ZOOMED, NARROW):
            resize(page, size)
            found += misfits(page)
        # Narrow by turns: what is the same in all widths was found above.
        if number % 4 == 1:
            found += serious(page)
        page.emulate_media(color_scheme="dark")
        wait_in(page, DARK)
        if number % 4 == 3:
            found += serious(page)
        keep(page, f"{name}-narrow")
        resize(page, WIDE)
        found += serious(page, COLORS)
    assert not found, "\n".join(found)


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
