"""axe-core finds nothing serious or critical on any page, in both themes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import wait_stage

pytestmark = pytest.mark.browser

PAGES = (
    "",
    "data?data=wine",
    "data?data=emoji",
    "autoencoder",
    "language?do=train",
    "language?do=models",
    "classify?do=pseudo",
    "classify?do=use",
    "latent?space=data:wine&map=pca",
    "runs",
    "autoencoder?run={run}",
)
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found(server, finished, open_context, theme):
    page = open_context(1440, 900, color_scheme=theme).new_page()
    found = []
    for path in PAGES:
        page.goto(f"{server.url}/{path.format(run=finished.id)}")
        page.get_by_role("heading").first.wait_for()
        page.wait_for_selector(SETTLED)
        if "run=" in path:
            wait_stage(page, "status", lambda status: status == "finished")
            page.wait_for_selector(".stage-plot .main-svg")
        for one in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                found += [(path, one["id"], node["html"][:160]) for node in one["nodes"]]
    assert not found
