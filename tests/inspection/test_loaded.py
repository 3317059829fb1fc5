"""Models in memory: loaded once, others answer meanwhile, what is kept, and names of runs at an epoch."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
import torch

from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.inspection import loaded
from selfsup_core.inspection.catalogue import describe_folder, list_models
from selfsup_core.inspection.loaded import Models, Place, split_run
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here
from tests.inspection.asking import ask_model
from tests.inspection.conftest import save_texts
from tests.models.tiny import tiny_bert, tiny_gpt


class Few:
    """Stands for models by name: loading "slow" waits until it is told to go on, "bad" fails."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.count = 0

    def locate(self, name: str, workspace: Path) -> Place:
        def load(say):
            self.count += 1
            say(f"Unpacking {name}.")
            if name == "slow":
                assert self.go_on.wait(20)
            if name == "bad":
                raise DataError("It is damaged.")
            return torch.nn.Linear(2, 2), None

        return Place((name,), name, load, is_large=name.startswith("large"))


@pytest.fixture
def few(monkeypatch) -> Few:
    made = Few()
    monkeypatch.setattr(loaded, "locate", made.locate)
    monkeypatch.setattr(loaded, "kind_of_model", lambda model: "causal")
    return made


@pytest.mark.serial
def test_a_model_that_is_there_answers_while_another_one_loads(few: Few, workspace: Path):
    models = Models(workspace)
    quick = models.get("quick")
    waiting = [threading.Thread(target=models.get, args=("slow",)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    begun = time.monotonic()
    assert models.get("quick") is quick
    status = models.status("slow", wait=0.2)
    assert time.monotonic() - begun < 5
    assert (status["state"], status["said"]) == ("loading", "Unpacking slow.")
    assert models.status("quick")["state"] == "ready"
    few.go_on.set()
    for thread in waiting:
        thread.join(20)
    assert models.status("slow", wait=5)["state"] == "ready"
    assert few.count == 2, "four asked for it, it was loaded once"


def test_a_failure_is_told_once_and_then_tried_again(few: Few, workspace: Path):
    models = Models(workspace)
    models.status("bad")
    with pytest.raises(DataError, match="damaged"):
        models.status("bad", wait=5)
    with pytest.raises(DataError, match="damaged"):
        models.get("bad")
    assert few.count == 2


def test_only_so_many_are_kept(few: Few, workspace: Path, monkeypatch):
    models = Models(workspace)
    monkeypatch.setattr(loaded, "LARGE", 1)
    for name in ("large-1", "large-2", "large-1", "large-3"):
        models.get(name)
    assert [key for (key,) in models.large] == ["large-1", "large-3"]
    monkeypatch.setattr(loaded, "LARGE", 1000)
    for i in range(14):
        models.get(f"small-{i}")
    assert len(models.small) == loaded.MOST_SMALL


def test_a_folder_that_changes_or_goes_away(tmp_path: Path, workspace: Path):
    models = Models(workspace)
    folder = tiny_gpt(tmp_path / "gpt")
    first = models.get(str(folder))
    assert models.get(str(folder)) is first
    tiny_gpt(folder, seed=1)
    os.utime(folder / "model.safetensors")
    second = models.get(str(folder))
    assert second is not first
    shutil.rmtree(folder)
    with pytest.raises(DataError, match="neither a built-in one nor a folder"):
        models.get(str(folder))


def test_a_model_that_does_not_fit_is_not_loaded(tmp_path: Path, workspace: Path, monkeypatch):
    folder = tiny_gpt(tmp_path / "gpt")
    monkeypatch.setattr(loaded, "free_memory", lambda: 1000)
    with pytest.raises(DataError, match=r"gpt takes 0\.0 GB of memory"):
        Models(workspace).get(str(folder))


def test_names_of_runs():
    assert split_run("run:abc") == ("abc", None)
    assert split_run("run:abc@12") == ("abc", 12)
    assert split_run("run:a@b@3") == ("a@b", 3)
    with pytest.raises(SettingError, match="does not name an epoch"):
        split_run("run:abc@last")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(workspace, a causal run, a masked run) of three epochs each."""
    workspace = tmp_path_factory.mktemp("language") / "workspace"
    save_texts(workspace)
    runs = []
    for kind, objective in (("gpt", "causal-language"), ("bert", "masked-language")):
        spec = make_spec(
            {
                "name": f"my {kind}",
                "data": {"source": "my-texts"},
                "objective": {"kind": objective},
                "model": {"kind": kind, "layers": 1, "heads": 2, "width": 16, "context": 32},
                "train": {"epochs": 3, "steps_per_epoch": 4, "batch_size": 4, "device": "cpu", "threads": 1},
            }
        )
        folder = make_run(workspace, spec)
        state = run_here(folder)
        assert state["status"] == "finished", state["error"]
        runs.append(folder)
    return workspace, *runs


def test_a_run_at_an_epoch(trained):
    workspace, run, _ = trained
    models = Models(workspace)
    first = ask_model(models, f"run:{run.id}@0", "read", {"text": "orbit moon"})
    last = ask_model(models, f"run:{run.id}", "read", {"text": "orbit moon"})
    assert (first["epoch"], last["epoch"]) == (0, 3)
    assert first["title"] == "my gpt"
    assert last["log_probability"] > first["log_probability"], "it has learned its letters"
    assert models.get(f"run:{run.id}@3") is models.get(f"run:{run.id}")
    assert ask_model(models, f"run:{run.id}@1", "write", {"text": "or", "tokens": 3})["text"]


def test_a_masked_run(trained):
    workspace, _, run = trained
    found = ask_model(Models(workspace), f"run:{run.id}", "next", {"text": "orb[MASK]t"})
    assert found["place"] == 3
    assert sum(p for _, p, _ in found["next"]) <= 1 + 1e-6


def test_a_list_of_all_models(trained, tmp_path: Path):
    workspace, causal, masked = trained
    found = {entry["model"]: entry for entry in list_models(workspace)}
    assert [found[f"run:{r.id}"]["kind"] for r in (causal, masked)] == ["causal", "masked"]
    assert found[f"run:{causal.id}"]["epochs"] == [0, 1, 2, 3]
    assert found["all-minilm-l6-v2"]["kind"] == "encoder"
    assert found["smollm2-135m-instruct"]["parameters"] == 134_515_008
    mine = describe_folder(str(tiny_bert(tmp_path / "bert")))
    assert set(mine) == set(found["all-minilm-l6-v2"]) - {"measured"}
    with pytest.raises(DataError, match="There is no folder"):
        describe_folder(str(tmp_path / "nowhere"))


def test_a_run_that_is_deleted_meanwhile(trained, tmp_path: Path):
    workspace, run, _ = trained
    copy = tmp_path / "workspace"
    shutil.copytree(workspace, copy)
    models = Models(copy)
    models.get(f"run:{run.id}")
    shutil.rmtree(copy / "runs" / run.id)
    with pytest.raises(RunError, match="There is no run"):
        models.get(f"run:{run.id}")
