"""The commands for maps: what the page does, from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from selfsup_core.cli.main import app
from selfsup_core.errors import SettingError
from selfsup_core.inspection.space.selections import read_selection


@pytest.fixture
def run(workspace: Path):
    def call(*words: str):
        made = CliRunner().invoke(app, ["space", *words, "--workspace", str(workspace), "--json"])
        if made.exception and not isinstance(made.exception, SystemExit):
            raise made.exception
        assert made.exit_code == 0, made.output
        return json.loads(made.stdout)

    return call


def test_a_map_and_all_it_answers(run, workspace: Path, tmp_path: Path):
    assert "data:wine" in {s["space"] for s in run("list")}
    key = run("map", "data:wine", "--set", "kind=umap", "--set", "steps=60")["key"]
    assert 0.8 < run("trust", key)["trustworthiness"] <= 1
    assert run("groups", key, "--set", "method=kmeans", "--set", "count=3")["count"] == 3
    assert run("search", key, "class_1", "--by", "label", "--keep", "ones")["count"] == 71
    assert len(read_selection(workspace, "wine", "ones")) == 71
    why = run("why", key, "--rows", "ones")
    assert why["differences"][0]["what"] == "color_intensity", "a whole class is told by what else it shares"
    assert run("why", key, "--rows", "0-2, 5")["count"] == 4
    near = run("neighbors", key, "3", "--count", "4")["found"]
    assert len(near) == 4
    other = run("map", "data:wine")["key"]
    assert run("compare", key, other)["cka"] == pytest.approx(1)
    run("export", key, str(tmp_path / "map.html"), "--language", "zh")
    page = (tmp_path / "map.html").read_text("utf-8")
    assert "<canvas" not in page[:200]
    assert '<html lang="zh">' in page
    assert "178 行" in page
    run("export", key, str(tmp_path / "ones.npz"), "--rows", "ones")
    with np.load(tmp_path / "ones.npz") as found:
        assert found["vectors"].shape == (71, 13)
    made = run("label", key, "--rows", "0-1", "--label", "odd")
    assert made["source"].startswith("my-wine-")
    assert run("select", key, "two", "--rows", "4, 9")["rows"] == 2
    run("select", key, "two", "--delete")
    with pytest.raises(SettingError, match="neither a saved selection"):
        run("why", key, "--rows", "two")
    with pytest.raises(SettingError, match="version, hand or leave-out"):
        run("label", key, "--rows", "0", "--how", "shout")


def test_settings_are_declared_once():
    made = CliRunner().invoke(app, ["space", "settings", "--json"])
    found = {f["setting"] for f in json.loads(made.stdout)}
    assert {"kind", "neighbors", "perplexity", "method", "least"} <= found
