"""The map as one file: the drawing code joined without imports, contents that cannot break out, bounds of
size.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

from selfsup_core.errors import DataError
from selfsup_core.export import html_map
from selfsup_core.export.html_map import SCATTER, bundle, order_modules, write_html_map
from selfsup_core.files import policy_hash
from selfsup_core.translation import speak

DRAW = np.random.default_rng(0)
LEGEND = {"by": "class", "kind": "category", "names": ["a", "b"], "counts": [3, 2], "unknown": 0}


def write(path: Path, count: int = 5, **changed) -> str:
    given = {
        "title": "Five <points>",
        "about": "PCA",
        "points": DRAW.normal(size=(count, 2)),
        "codes": np.zeros(count, np.uint8),
        "legend": LEGEND,
        "rows": np.arange(count),
        "labels": ["a"] * count,
        "texts": ["x"] * count,
        "pictures": lambda rows: None,
    }
    size = write_html_map(path, **given | changed)
    assert size == path.stat().st_size
    return path.read_text("utf-8")


def test_the_modules_are_joined_in_an_order_that_runs():
    script = bundle()
    assert "import " not in re.sub(r"//.*", "", script)
    assert not re.search(r"^export ", script, re.MULTILINE)
    # Every module of the folder is in, and none asks for one that comes later.
    modules = order_modules()
    assert {p.name for p in SCATTER.glob("*.js")} == set(modules)
    for index, name in enumerate(modules):
        asked = re.findall(r'from "\./(.*?)"', (SCATTER / name).read_text())
        assert set(asked) <= set(modules[:index])
    names = re.findall(r"^(?:const|let|function|class|async function) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names)), "two modules use one name"
    node, _ = compute_driver_executable()  # playwright brings its own
    subprocess.run([node, "--check", "-"], input=script.encode(), check=True)


def test_nothing_in_a_text_becomes_code(tmp_path: Path):
    evil = "</script><script>alert(1)</script><!-- %%SCRIPT%%"
    page = write(tmp_path / "m.html", title=evil, about=evil, texts=[evil] * 5, labels=[evil] * 5)
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<title>&lt;/script&gt;" in page
    assert "http" not in re.sub(r"http-equiv", "", page), "nothing comes from elsewhere"
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', page)
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"{tag}-src {policy_hash(inside)};" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "style=" not in page


def test_it_is_in_the_language_of_whoever_asks(tmp_path: Path):
    with speak("zh"):
        page = write(tmp_path / "m.html")
    assert '<html lang="zh">' in page
    shown = re.sub(
        r"<(script|style)[^>]*>.*?</\1>|<title>.*?</title>|<h1>.*?</h1>", "", page, flags=re.DOTALL
    )
    assert re.findall(r">([^<>]*[A-Za-z][^<>]*)<", shown) == ["PCA", "将所选行存为 CSV"]
    assert not re.findall(r'aria-label="[^"]*[A-Za-z]', shown)
    assert '"selected": "已选 {count} 个"' in page


def test_pictures_are_made_small_and_left_out_when_too_many(tmp_path: Path, monkeypatch):
    pictures = lambda rows: np.full((len(rows), 64, 64), 7, np.uint8)  # noqa: E731
    assert '"shape": [22, 22]' in write(tmp_path / "m.html", pictures=pictures)
    monkeypatch.setattr(html_map, "ROOM_FOR_PICTURES", 100)
    assert '"pictures": null' in write(tmp_path / "n.html", pictures=pictures)


def test_many_long_texts_are_cut_so_that_it_stays_small(tmp_path: Path):
    count = 60_000
    write(tmp_path / "m.html", count, texts=["word " * 60] * count, labels=["a"] * count)
    assert (tmp_path / "m.html").stat().st_size < 20e6


def test_too_large_a_file_is_not_written(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(html_map, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="at most 20 are written"):
        write(tmp_path / "m.html")
    assert not (tmp_path / "m.html").exists()
