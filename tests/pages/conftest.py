"""Pages through AppTest: a workspace of their own, and no supervisor, since these tests start no training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.shared import door, routes
from selfsup_core.runs.examples import MARK
from tests.helpers import ROOT


@pytest.fixture
def studio(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """`studio("pages/runs.py", run="…")`: the app on that page, run once."""
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr("pages.parts.shared.workspace.ensure_supervisor", lambda workspace: None)
    monkeypatch.setattr(routes, "is_mounted", False)
    monkeypatch.setattr(door, "is_there", True)
    routes.live_runs.cache_clear()
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / MARK).touch()  # tests of the examples take this away

    def open_page(page: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(page).run()
        assert not app.exception, [e.value for e in app.exception]
        return app

    return open_page
