"""Pages through AppTest: a workspace of their own, and no supervisor, since these tests start no training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.shared import door, routes
from selfsup_core.data.library import child
from selfsup_core.data.library.limited import Ended
from selfsup_core.runs.examples import MARK
from tests.helpers import ROOT

# What the health check found, by what stands in the data set's folder: a check takes seconds, and most tests
# show one of a few built-in sets.
CHECKED: dict[tuple[Any, ...], str] = {}


@pytest.fixture
def studio(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """`studio("pages/runs.py", run="…")`: the app on that page, run once."""
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    for module in ("shared.workspace", "classify.splits"):
        monkeypatch.setattr(f"pages.parts.{module}.ensure_supervisor", lambda workspace: None)
    monkeypatch.setattr(routes, "is_mounted", False)
    monkeypatch.setattr(door, "is_there", True)
    routes.live_runs.cache_clear()
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / MARK).touch()  # tests of the examples take this away

    def open_page(page: str = "", /, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        if page:
            app.switch_page(page)
        app.run()
        assert not app.exception, [e.value for e in app.exception]
        return app

    return open_page


@pytest.fixture(autouse=True)
def imports_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read inside this process, which has the libraries, and job and result pass through JSON.

    Tests of `tests/data/library`, and those marked `real_child`, start the limited child.
    """
    if request.node.get_closest_marker("real_child"):
        return

    def carry_out(module: str, job: dict[str, Any], place: Path, **limits: Any) -> Ended:
        assert module == child.MODULE
        known = contents(job)
        result = CHECKED.get(known) or json.dumps(child.carry_out(json.loads(json.dumps(job))))
        if known:
            CHECKED[known] = result
        return Ended(json.loads(result), 0, "")

    monkeypatch.setattr(child, "run_limited", carry_out)


def contents(job: dict[str, Any]) -> tuple[Any, ...]:
    """What tells data sets apart that are checked: dataset.json, which has the digests of the arrays, and the
    files' sizes. Empty for other jobs.
    """
    folder = Path(job["values"].get("folder", ""))
    if job["task"] != "check" or not (folder / "dataset.json").exists():
        return ()
    sizes = sorted((path.name, path.stat().st_size) for path in folder.iterdir() if path.is_file())
    return (folder.joinpath("dataset.json").read_bytes(), *sizes)
