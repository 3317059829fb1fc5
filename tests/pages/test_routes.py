"""The stage's routes: what they answer, and that nothing is answered without the run's token."""

from __future__ import annotations

import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx2 as httpx
import numpy as np
import pytest
from safetensors.numpy import load as load_arrays
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.parts.shared import assets, picture, routes
from selfsup_core.errors import RunError, SettingError
from selfsup_core.inspection.answer import Answer, pack
from selfsup_core.inspection.subject import Subject
from selfsup_core.places import ASSETS
from selfsup_core.runs.access import sign
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import RunFolder, list_states, read_rows, update_state
from selfsup_core.runs.processes import identity
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import early_path, frame_path
from tests.helpers import make_run, run_here, tiny_spec


@pytest.fixture
def client(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr(routes, "ensure_supervisor", lambda workspace: None)
    monkeypatch.setattr(routes, "warm", lambda workspace: None)
    routes.live_runs.cache_clear()
    return TestClient(Starlette(routes=routes.routes()))


@pytest.fixture
def finished(workspace: Path) -> RunFolder:
    folder = make_run(workspace)
    run_here(folder)
    return folder


def token(folder: RunFolder) -> dict[str, str]:
    return {"X-Studio-Token": sign(folder.workspace, folder.id)}


PATHS = ("live", "static", "thumbnails", "frames/1")


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_without_the_token(client, finished, path):
    url = f"/studio/runs/{finished.id}/{path}"
    assert client.get(url).status_code == 403
    other = {"X-Studio-Token": sign(finished.workspace, "another-run")}
    assert client.get(url, headers=other).status_code == 403
    assert client.get(url, headers=token(finished)).status_code == 200


def test_no_command_without_the_token(client, workspace):
    folder = submit(workspace, tiny_spec())
    answer = client.post(f"/studio/runs/{folder.id}/control", json={"action": "stop"})
    assert answer.status_code == 403
    assert json.loads(folder.state.read_bytes())["status"] == "queued"


def test_live_sends_all_rows_once(client, finished):
    url = f"/studio/runs/{finished.id}/live"
    first = client.get(url, headers=token(finished)).json()
    assert first["rows"] == read_rows(finished.metrics)
    assert first["frames"] == [0, 1, 2, 3]
    assert first["state"]["status"] == "finished"
    again = client.get(url, params={"since": first["next"]}, headers=token(finished)).json()
    assert again["rows"] == []
    assert not again["restart"]


def test_live_starts_over_when_the_file_was_cut_back(client, finished):
    url = f"/studio/runs/{finished.id}/live"
    first = client.get(url, headers=token(finished)).json()
    finished.metrics.write_bytes(finished.metrics.read_bytes().splitlines(keepends=True)[0])
    routes.live_runs(finished.workspace).view(finished.id).refreshed = float("-inf")
    again = client.get(url, params={"since": first["next"]}, headers=token(finished)).json()
    assert again["restart"]
    assert again["rows"] == first["rows"][:1]


def test_live_survives_rubbish_in_since(client, finished):
    url = f"/studio/runs/{finished.id}/live"
    for rubbish in ("-1", "x", "abc-99999999999", "", "%00", "0-0"):
        answer = client.get(url, params={"since": rubbish}, headers=token(finished))
        assert len(answer.json()["rows"]) == len(read_rows(finished.metrics))


def test_a_frame_is_what_the_views_draw(client, finished):
    url = f"/studio/runs/{finished.id}/frames/2"
    arrays = load_arrays(client.get(url, headers=token(finished)).content)
    assert set(arrays) == {"reconstructions", "tile_loss", "map", "sample_loss"}
    assert arrays["reconstructions"].shape == (8, 13)
    missing = client.get(f"/studio/runs/{finished.id}/frames/99", headers=token(finished))
    assert missing.status_code == 404
    assert "99" in missing.json()["error"]


def test_a_frame_of_a_step_is_of_the_first_epoch(client, finished):
    early_path(finished.frames, 30).write_bytes(frame_path(finished.frames, 1).read_bytes())
    url = f"/studio/runs/{finished.id}/frames"
    one = client.get(f"{url}/0?step=30", headers=token(finished))
    same = load_arrays(client.get(f"{url}/1", headers=token(finished)).content)
    assert load_arrays(one.content)["map"].tobytes() == same["map"].tobytes()
    assert client.get(f"{url}/0?step=31", headers=token(finished)).status_code == 404
    assert client.get(f"{url}/1?step=30", headers=token(finished)).status_code == 404
    for odd in ("-1", "x", "1.5"):
        assert client.get(f"{url}/0?step={odd}", headers=token(finished)).status_code == 422


def test_a_command_reaches_the_worker(client, workspace):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    url = f"/studio/runs/{folder.id}/control"
    body = {"action": "set", "name": "learning_rate", "value": 0.5}
    assert client.post(url, json=body, headers=token(folder)).json() == {"ok": True}
    assert receive(folder) == ([body], [])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"action": "set", "name": "learning_rate", "value": 99}, 422, "at most 10"),
        ({"action": "set", "name": "learning_rate", "value": "high"}, 422, "number"),
        ({"action": "set", "name": "batch_size", "value": 3}, 422, "cannot be changed"),
        ({"action": "explode"}, 409, "no action"),
        (["pause"], 422, "object"),
        ("x" * 5000, 422, "larger"),
    ],
)
def test_bad_commands_are_answered_in_words(client, workspace, body, status, says):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    answer = client.post(f"/studio/runs/{folder.id}/control", json=body, headers=token(folder))
    assert (answer.status_code, says in answer.json()["error"]) == (status, True)
    assert receive(folder) == ([], [])


def test_same_start_makes_one_run_for_one_click(client, workspace, finished):
    url = f"/studio/runs/{finished.id}/repeat"
    clicks = [client.post(url, json={"submission": "one"}, headers=token(finished)) for _ in "ab"]
    runs = {click.json()["run"] for click in clicks}
    assert len(runs) == 1
    assert {state["run"] for state in list_states(workspace)} == {finished.id} | runs
    again = RunFolder(workspace / "runs" / runs.pop())
    assert again.spec.read_text() == finished.spec.read_text()


def test_only_the_stages_own_files_are_served(client):
    base = f"/studio/assets/{assets.assets_digest()}"
    assert client.get(f"{base}/stage/main.js").status_code == 200
    script = client.get(f"{base}/plotly.min.js")
    assert script.headers["content-encoding"] == "gzip"
    assert "immutable" in script.headers["cache-control"]
    for path in ("../live.py", "%2e%2e/live.py", "PROTOCOL.md", "/etc/passwd", "panels"):
        assert client.get(f"{base}/{path}").status_code == 404


def test_pictures_of_home_are_asked_for_once_and_not_sent_with_the_page(client, monkeypatch):
    monkeypatch.setattr(routes, "is_mounted", True)
    shown = picture.picture_of("map")
    assert len(shown) < 1000
    addresses = re.findall(r'(?:src|srcset)="([^"]+)"', shown)
    assert len(addresses) == 2
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.content == (ASSETS / "previews" / address.rpartition("/")[2]).read_bytes()
        assert answer.headers["content-type"] == "image/webp"
        assert "immutable" in answer.headers["cache-control"]
        assert "content-encoding" not in answer.headers  # packed already
    assert client.get(f"/studio/assets/{assets.assets_digest()}/previews/draw.py").status_code == 404


def test_run_ids_cannot_leave_the_workspace(client, workspace):
    workspace.mkdir(exist_ok=True)
    for run in ("..", "%2e%2e", "..%2f..", "."):
        headers = {"X-Studio-Token": sign(workspace, run)}
        assert client.get(f"/studio/runs/{run}/live", headers=headers).status_code in (403, 404)


class FakeLab:
    """Stands for the lab process: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []

    def ask(self, subject: Subject, question: str, values: dict) -> Answer:
        self.asked.append((subject, question, values))
        if question == "archive":
            return Answer({"zip": np.frombuffer(b"PK zip", np.uint8)})
        if question == "traversal":
            raise SettingError("steps must be at least 3.")
        if question == "posterior":
            raise RunError("Only a variational autoencoder has one.")
        return Answer({"images": np.zeros((1, 4), np.uint8)}, {"epoch": 3})

    def ask_packed(self, subject: Subject, question: str, values: dict) -> bytes:
        return pack(self.ask(subject, question, values))


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    monkeypatch.setattr(routes, "lab", lambda workspace: fake)
    return fake


def test_a_tool_is_asked_with_what_the_stage_sent(client, finished, lab):
    url = f"/studio/runs/{finished.id}/tools/decode"
    body = {"epoch": 2, "points": [[0.0, 1.0]]}
    assert client.post(url, json=body).status_code == 403
    assert lab.asked == []
    answer = client.post(url, json=body, headers=token(finished))
    assert load_arrays(answer.content)["images"].shape == (1, 4)
    assert lab.asked == [(Subject("run", finished.id), "decode", body)]


@pytest.mark.parametrize(("name", "status"), [("traversal", 422), ("posterior", 409)])
def test_what_a_tool_says_against_it_is_handed_on(client, finished, lab, name, status):
    url = f"/studio/runs/{finished.id}/tools/{name}"
    answer = client.post(url, json={}, headers=token(finished))
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_run_that_is_gone_is_not_asked_about(client, finished, lab):
    headers = {"X-Studio-Token": sign(finished.workspace, "gone")}
    assert client.post("/studio/runs/gone/tools/decode", json={}, headers=headers).status_code == 404
    assert lab.asked == []


def test_the_archive_comes_as_a_zip(client, finished, lab):
    url = f"/studio/runs/{finished.id}/script.zip"
    assert client.get(url).status_code == 403
    answer = client.get(url, headers=token(finished))
    assert answer.content == b"PK zip"
    assert answer.headers["content-type"] == "application/zip"


def test_a_family_is_queued_once_for_a_click(client, finished):
    url = f"/studio/runs/{finished.id}/family"
    assert client.get(url, headers=token(finished)).json() == {"members": []}
    body = {"submission": "one click"}
    runs = client.post(url, json=body, headers=token(finished)).json()["runs"]
    assert len(runs) == 4
    client.post(url, json=body, headers=token(finished))
    found = client.get(url, headers=token(finished)).json()["members"]
    assert {m["run"] for m in found} == {finished.id, *runs}
    assert [m["kind"] for m in found] == [
        "reconstruction",
        "denoising",
        "sparse",
        "variational",
        "vector-quantized",
    ]
    assert (
        client.get(f"/studio/runs/{runs[0]}/live", headers={"X-Studio-Token": found[1]["token"]}).status_code
        == 200
    )


def test_a_run_can_be_repeated_without_a_class(client, finished):
    url = f"/studio/runs/{finished.id}/repeat"
    body = {"submission": "a", "leave_out": "class_1"}
    made = client.post(url, json=body, headers=token(finished)).json()["run"]
    spec = read_spec(finished.workspace / "runs" / made / "spec.yaml")
    assert spec.data.leave_out == "class_1"
    assert spec.name.endswith("without class_1")


def test_deep_json_and_endless_names_are_refused(client, finished):
    url = f"/studio/runs/{finished.id}/control"
    answer = client.post(url, content="[" * 1500 + "]" * 1500, headers=token(finished))
    assert (answer.status_code, answer.json()["error"]) == (422, "The request is not JSON.")
    assert client.get(f"/studio/runs/{'x' * 5000}/live").status_code == 404
    assert client.get(f"/studio/maps/{'x' * 5000}/about").status_code == 404


@pytest.mark.serial
@pytest.mark.parametrize("action", ["pause", "stop"])
def test_a_command_does_not_wait_behind_questions(client, finished, monkeypatch, action):
    """A helper that hangs: every question thread waits for it, and the run still pauses or stops at once."""
    released, under_way, ended = threading.Event(), [], []

    class HungLab:
        def ask_packed(self, *asked: object) -> bytes:
            under_way.append(asked)
            released.wait(60)
            ended.append(asked)
            return b""

        def ask(self, *asked: object) -> Answer:
            self.ask_packed(*asked)
            return Answer({"zip": np.zeros(1, np.uint8)})

    monkeypatch.setattr(routes, "lab", lambda workspace: HungLab())
    update_state(finished, status="running", worker=identity())
    transport = httpx.ASGITransport(app=client.app)

    async def ask(browser: httpx.AsyncClient) -> None:
        await browser.post(f"/studio/runs/{finished.id}/tools/decode", json={}, headers=token(finished))

    async def take(browser: httpx.AsyncClient) -> None:
        await browser.get(f"/studio/runs/{finished.id}/script.zip", headers=token(finished))

    async def journey() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            async with anyio.create_task_group() as group:
                for _ in range(30):
                    group.start_soon(take, browser)
                    group.start_soon(ask, browser)
                while len(under_way) < routes.MOST_QUESTIONS:
                    await anyio.sleep(0.01)
                try:
                    with anyio.fail_after(1):
                        url = f"/studio/runs/{finished.id}/control"
                        answer = await browser.post(url, json={"action": action}, headers=token(finished))
                    assert not ended, "every question thread still hangs"
                finally:
                    at_once = len(under_way)
                    released.set()
            assert at_once == routes.MOST_QUESTIONS
            return answer.status_code

    # In a thread: tests in a browser, which may have run before, leave a loop behind in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(anyio.run, journey).result() == 200
    assert [request["action"] for request in receive(finished)[0]] == [action]
    assert len(under_way) == len(ended) == 60


@pytest.mark.parametrize("number", ["²", "٣x", "9" * 5000, "-1", "1e3", ""])
def test_numbers_in_addresses_that_are_none_are_answered_in_words(client, finished, number):
    base, headers = f"/studio/runs/{finished.id}", token(finished)
    given = client.get(f"{base}/frames/0", params={"step": number}, headers=headers)
    assert given.status_code == (422 if number else 200)
    if number:
        assert client.get(f"{base}/frames/{number}", headers=headers).status_code == 422
    assert client.get(f"{base}/live", params={"since": f"x-{number}"}, headers=headers).status_code == 200


def test_a_frame_that_is_no_frame_is_named_and_not_sent(client, finished, tmp_path):
    """A link of a stranger's folder leads to a file that is none of theirs; a pipe would be waited for."""
    base, headers = f"/studio/runs/{finished.id}", token(finished)
    (tmp_path / "secret").write_text("a secret")
    for name, address in (("static", "static"), ("000000", "frames/0")):
        path = finished.frames / f"{name}.safetensors"
        kept = path.read_bytes()
        for put in (
            lambda path: path.symlink_to(tmp_path / "secret"),
            lambda path: path.write_bytes(b"a secret"),
            os.mkfifo,
            lambda path: (path.touch(), os.truncate(path, 10**10)),
        ):
            path.unlink()
            put(path)
            answer = client.get(f"{base}/{address}", headers=headers)
            assert answer.status_code in (409, 500)
            assert name in answer.json()["error"]
        path.unlink()
        path.write_bytes(kept)
        assert client.get(f"{base}/{address}", headers=headers).status_code == 200
