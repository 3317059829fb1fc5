"""The report of a run: the stage's modules as one script, contents that cannot break out, bounds of size."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

from selfsup_core.errors import RunError
from selfsup_core.export import report
from selfsup_core.export.bundle import bundle
from selfsup_core.export.metric_titles import metric_title
from selfsup_core.export.report import thin, write_report
from selfsup_core.files import policy_hash
from selfsup_core.places import WEB
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.frames import unpack_frame
from selfsup_core.runs.thinned import list_frames
from selfsup_core.safetensors_header import read_metadata
from selfsup_core.translation import speak
from selfsup_core.workers.live import LiveRuns
from tests.helpers import make_run, run_here

EVIL = '</script><script>window.canary = 1</script><img src=x onerror="canary=1"><!-- %%SCRIPT%% \' {{x}}'


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("report") / "workspace", name=EVIL[:120])
    run_here(folder)
    update_state(folder, notices=[EVIL], source_title=EVIL)
    return folder


@pytest.fixture(scope="module")
def page(finished: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("written") / "report.html"
    assert write_report(finished, path).bytes == path.stat().st_size < report.MOST_BYTES
    return path.read_text("utf-8")


def data_of(page: str) -> dict:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_modules_become_one_script_that_runs(tmp_path: Path):
    script = bundle("report/main.js")
    node, _ = compute_driver_executable()  # playwright brings its own
    (tmp_path / "check.js").write_text(
        "globalThis.document = { getElementById: () => null }\n"
        f"{script}\nconsole.log(JSON.stringify(Object.keys(studio['stage/main.js'])))"
    )
    done = subprocess.run([node, str(tmp_path / "check.js")], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["mount"]
    names = set(re.findall(r'^studio\["([^"]+)"\] = ', script, re.MULTILINE))
    assert {"lib/dom.js", "scatter/plot.js", "stage/panels/map.js"} <= names
    assert all((WEB / name).is_file() for name in names)


def test_a_module_that_cannot_be_bundled_is_named(tmp_path: Path):
    (tmp_path / "a.js").write_text('const late = await import("./b.js")\n')
    with pytest.raises(ValueError, match=r"a\.js: 'import\('"):
        bundle("a.js", tmp_path)
    (tmp_path / "a.js").write_text('import { one, two } from "./b.js"\n')
    (tmp_path / "b.js").write_text("export const one = 1,\n  two = 2\n")
    with pytest.raises(ValueError, match=r"a\.js imports two, which b\.js does not export"):
        bundle("a.js", tmp_path)


def test_the_file_holds_what_the_routes_serve(finished: RunFolder, page: str):
    data, live = data_of(page), LiveRuns(finished.workspace)
    assert data["live"]["frames"] == list_frames(finished.frames)
    for epoch, text in data["frames"].items():
        kept, served = gzip.decompress(base64.b64decode(text)), live.frame(finished.id, int(epoch))
        assert read_metadata(kept) == read_metadata(served)
        for name, array in unpack_frame(served, "served").items():
            assert np.array_equal(unpack_frame(kept, "kept")[name], array, equal_nan=True)
    assert gzip.decompress(base64.b64decode(data["static"])) == live.shared(finished.id, "static")
    assert not {"owner", "worker"} & set(data["live"]["state"])
    assert str(finished.workspace) not in page


def test_it_is_in_the_language_of_whoever_asks(finished: RunFolder, tmp_path: Path):
    with speak("zh"):
        assert "可回放" in write_report(finished, tmp_path / "r.html").say()
    page = (tmp_path / "r.html").read_text("utf-8")
    data = data_of(page)
    assert '<html lang="zh">' in page
    assert (data["lang"], data["texts"]["Pause"]) == ("zh", "暂停")
    day = date.fromisoformat(json.loads(finished.state.read_bytes())["created"][:10])
    about = re.search(r'<p class="report-about">(.*?)</p>', page)
    assert about
    assert f"{day.year}年{day.month}月{day.day}日" in about[1]
    shown = page[page.index("<h2>") : page.index('<script id="data"')].replace(html.escape(EVIL), "")
    left = re.findall(r"<(?:p|h2|summary|th scope='row')>([^<]*[A-Za-z]{4}[^<]*)<", shown)
    assert [text for text in left if "Adam" not in text] == []
    frame = gzip.decompress(base64.b64decode(data["frames"]["1"]))
    said = json.dumps(read_metadata(frame), ensure_ascii=False)
    assert re.search("[一-龥]", said), "what the panels say of an epoch, too"


def test_nothing_that_people_wrote_becomes_code(page: str):
    start = page.index("<body>")
    scripts = re.findall(r"<script[^>]*>", page[start:])
    assert scripts == ['<script id="data" type="application/json">', "<script>", "<script>"]
    assert "<img" not in page[start : page.index("<script", start)]
    assert page.count("window.canary = 1") > 0, "the text itself is there"
    for script in re.findall(r"<script>(.*?)</script>", page, re.DOTALL):
        assert policy_hash(script).strip("'") in page
    assert "default-src 'none'" in page


def test_epochs_are_left_out_evenly_where_there_is_no_room(finished: RunFolder, tmp_path: Path, monkeypatch):
    epochs = list(range(31))
    sizes = dict.fromkeys(epochs, 10)
    assert thin(epochs, sizes, 310) == epochs
    assert thin(epochs, sizes, 170) == [*range(0, 31, 2)]
    assert thin(epochs, sizes, 5) == [30]
    monkeypatch.setattr(report, "MOST_BYTES", 1)
    made = write_report(finished, tmp_path / "r.html")
    assert (made.frames, made.left_out) == (1, 3)
    assert "3 more epochs were left out" in made.say()


def test_without_epochs_there_is_no_report(workspace: Path, tmp_path: Path):
    folder = make_run(workspace)
    with pytest.raises(RunError, match="is queued"):
        write_report(folder, tmp_path / "r.html")
    update_state(folder, status="failed")
    with pytest.raises(RunError, match="nothing to report"):
        write_report(folder, tmp_path / "r.html")
    assert not list(tmp_path.glob("*.html"))


def test_metrics_are_called_as_in_the_loss_panel():
    assert metric_title("val_mse") == "Error on validation samples (MSE)"
    assert metric_title("train_kl") == "KL divergence from the prior (training)"
    assert metric_title("coverage") == "Coverage"
