"""Models of the Hub, asked from a stand-in for it through huggingface_hub itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfsup_core.errors import DataError
from selfsup_core.inspection.catalogue import list_models
from selfsup_core.inspection.loaded import Models
from selfsup_core.pretrained import hub
from selfsup_core.pretrained.hub import fetch_model, find_fetched, list_fetched, plan_fetch, split_id
from selfsup_core.pretrained.language_models import load_causal, prepare
from selfsup_core.pretrained.whisper_folder import find_whisper
from tests.inspection.asking import ask_model
from tests.models.tiny import tiny_gpt
from tests.models.tiny_whisper import tiny_whisper
from tests.pretrained.hub_server import REVISION, Hub, serve_hub


@contextlib.contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve_hub(folder) as (running, address):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", address, raising=False)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(hub, "require_online", lambda: None)
        yield running


@pytest.fixture
def server(tmp_path: Path, monkeypatch) -> Iterator[Hub]:
    folder = tiny_gpt(tmp_path / "source")
    (folder / "modeling_evil.py").write_text("raise SystemExit('ran')")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "README.md").write_text("text")
    with serving(folder, monkeypatch) as running:
        yield running


def left_over(workspace: Path) -> list[str]:
    return sorted(p.name for p in (workspace / "models").glob("*"))


def test_only_what_cannot_run_is_fetched_and_it_loads(server: Hub, workspace: Path):
    plan = plan_fetch("me/tiny")
    assert plan.revision == REVISION
    assert plan.licence == "mit"
    assert plan.bytes == sum(len(server.files[name]) for name in plan.files)
    assert server.asked == [], "nothing is downloaded to say how large it is"
    said: list[str] = []
    folder = fetch_model("me/tiny", workspace, said.append)
    names = {p.name for p in folder.iterdir()}
    assert not [n for n in names if n.endswith((".py", ".bin", ".md"))]
    assert {"config.json", "model.safetensors", "tokenizer.json", "studio.json"} <= names
    assert left_over(workspace) == ["hub--me--tiny"]
    assert any("of 0 MB" in text for text in said)
    (mark,) = list_fetched(workspace)
    assert (mark["id"], mark["revision"], mark["licence"]) == ("me/tiny", REVISION, "mit")
    assert prepare("hub:me/tiny", workspace) == folder
    assert load_causal(folder)[0] is not None
    asked = len(server.asked)
    assert fetch_model("me/tiny", workspace, said.append) == folder
    assert len(server.asked) == asked, "the same revision is not fetched again"


def test_a_model_with_code_is_refused_before_its_weights(server: Hub, workspace: Path):
    config = json.loads(server.files["config.json"])
    server.files["config.json"] = json.dumps(config | {"auto_map": {"A": "evil.A"}}).encode()
    with pytest.raises(DataError, match="needs its own code"):
        fetch_model("me/tiny", workspace, lambda _: None)
    assert "model.safetensors" not in server.asked
    assert left_over(workspace) == []


def test_too_large_is_said_before_anything_is_fetched(server: Hub, workspace: Path):
    server.sizes["model.safetensors"] = 9_000_000_000
    with pytest.raises(DataError, match=r"me/tiny, revision 0123456: 9,000 MB .* at most 4,000 MB"):
        fetch_model("me/tiny", workspace)
    assert server.asked == []


def test_other_weights_than_promised_are_refused(server: Hub, workspace: Path):
    server.digests["model.safetensors"] = "0" * 64
    with pytest.raises(DataError, match=r"model\.safetensors of me/tiny arrived damaged"):
        fetch_model("me/tiny", workspace, lambda _: None)
    assert left_over(workspace) == []


def test_without_safetensors(server: Hub, workspace: Path):
    del server.files["model.safetensors"]
    with pytest.raises(DataError, match=r"has no \.safetensors file"):
        plan_fetch("me/tiny")


def test_a_model_that_is_not_there(server: Hub, workspace: Path):
    with pytest.raises(DataError, match="you/other could not be fetched"):
        plan_fetch("you/other")
    with pytest.raises(DataError, match="you/other has not been downloaded"):
        find_fetched("you/other", workspace)


@pytest.mark.parametrize(
    "name", ["", "tiny", "../x", "a/../b", "a/b/c", "me/tiny@../x", "-x/y", "a b/c", "me/ti..ny"]
)
def test_what_is_no_id(name: str):
    with pytest.raises(DataError, match="not an ID of the Hub"):
        split_id(name)


def test_ids():
    assert split_id("hub:me/tiny@v1.0") == ("me/tiny", "v1.0")
    assert split_id(" me/ti-ny.2 ") == ("me/ti-ny.2", "main")


def test_parts_of_one_copy_are_chosen():
    names = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.fp16.safetensors",
        "onnx/model.safetensors",
    ]
    assert hub.choose_weights(names) == names[:2]
    assert hub.choose_weights([*names, "model.safetensors"]) == ["model.safetensors"]


@pytest.mark.usefixtures("passes")  # the first test has it tried in a child
def test_fetched_by_the_lab_process_in_the_background(server: Hub, workspace: Path):
    models = Models(workspace)
    first = ask_model(models, "hub:me/tiny", "fetch", {"wait": 0})
    assert first["state"] in ("loading", "ready")
    done = ask_model(models, f"hub:me/tiny@{REVISION}", "fetch", {"wait": 10})
    assert done == {"state": "ready", "said": "", "model": "hub:me/tiny"}
    found = ask_model(models, "hub:me/tiny", "read", {"text": "the cat"})
    assert found["title"] == "hub:me/tiny"
    with pytest.raises(DataError, match="could not be fetched"):
        ask_model(models, "hub:you/other", "fetch", {"wait": 10})
    with pytest.raises(DataError, match="has not been downloaded"):
        ask_model(models, "hub:you/other", "read", {"text": "a"})
    (entry,) = [e for e in list_models(workspace) if e["model"] == "hub:me/tiny"]
    assert (entry["kind"], entry["licence"], entry["prepared"]) == ("causal", "mit", True)


def test_of_two_fetches_the_first_one_stays(server: Hub, workspace: Path, monkeypatch):
    first = fetch_model("me/tiny", workspace)
    mark = (first / hub.MARK).read_text()
    moved = first.rename(first.with_name("aside"))

    def slow(*_):
        moved.rename(first)  # the other one ends while this one checks
        (first / "being-read").touch()

    monkeypatch.setattr(hub, "check_digests", slow)
    assert fetch_model("me/tiny", workspace) == first
    assert (first / "being-read").exists()
    assert (first / hub.MARK).read_text() == mark
    assert [p.name for p in first.parent.iterdir()] == [first.name]


def test_a_whisper_model_is_fetched_and_listed_as_one(tmp_path: Path, workspace: Path, monkeypatch):
    with serving(tiny_whisper(tmp_path / "source"), monkeypatch):
        fetch_model("me/tiny", workspace, lambda _: None)
    facts = find_whisper("hub:me/tiny", workspace)
    assert (facts.title, facts.is_multilingual, facts.suppressed) == ("me/tiny", False, (3, 4))
    (entry,) = [one for one in list_models(workspace) if one["model"] == "hub:me/tiny"]
    assert (entry["kind"], entry["prepared"]) == ("speech", True)
    with pytest.raises(DataError, match="not a causal language model"):
        load_causal(find_fetched("me/tiny", workspace))
