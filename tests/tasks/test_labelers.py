"""Language models as proposers: own runs and remote ones, a prompt of one's own, some rows only, and a pause
that pauses.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.export.pseudo_labels import export_pseudo_labels, read_pseudo_labels
from selfsup_core.features.config import DataConfig
from selfsup_core.pretrained.remote import label_texts
from selfsup_core.pseudo import remote as remote_labels
from selfsup_core.pseudo.remote import connect
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import read_state
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec
from selfsup_core.tasks.parts.labelers import load_labeler, read_said, trial_rows
from selfsup_core.workers import keeper as keeper_module
from selfsup_core.workers.keeper import RunKeeper, Stop
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.models.tiny import tiny_gpt
from tests.pretrained.remote_servers import answer, faulty_server, says, says_with
from tests.tasks.classify_helpers import make_pets
from tests.tasks.test_language_runs import SMALL
from tests.tasks.test_pseudo import spec_of

PROMPT = "{classes}: {text}"


def pets_spec(**overrides):
    values = {
        "data__source": "my-pets",
        "data__vocabulary": 50,
        "data__labels_per_class": 2,
        "objective__labeler_prompt": PROMPT,
        "train__epochs": 2,
    }
    return spec_of(**values | overrides)


@pytest.fixture
def pets(workspace: Path) -> Path:
    make_pets(workspace)
    return workspace


def test_some_rows_are_asked_about_with_ones_own_prompt(pets: Path, tmp_path: Path):
    folder = tiny_gpt(tmp_path / "tiny", context=512)
    spec = pets_spec(
        objective__proposers=["zero-shot"], objective__labeler=str(folder), objective__labeler_rows=5
    )
    run = make_run(pets, spec)
    state = run_here(run)
    assert state["status"] == "finished"
    assert any("is asked about 5 of" in note for note in state["notices"])
    rows = read_said(run.path)["zero-shot"]
    assert len(rows) == 5
    assert all(row["label"] == row["answer"] and 0 < row["p"] <= 1 for row in rows)
    done = cli("pseudo", "said", run.id, "--json", workspace=pets)
    assert len(json.loads(done.stdout)["zero-shot"]) == 5


def test_ones_own_language_model_proposes(pets: Path):
    text = "the cat sat on the mat and the dog sat on the log. " * 60
    details = {"rows": 1, "shape": [], "is_running": True}
    dataset = Dataset(id="my-text", kind="text", title="Cats", x=Texts.pack([text]), details=details)
    save_dataset(dataset, pets / "datasets" / "my-text")
    own = make_run(pets, make_spec(preset_spec("gpt-characters").as_dict(), SMALL | {"train.epochs": 1}))
    assert run_here(own)["status"] == "finished"
    labeler = f"run:{own.id}"
    run = make_run(
        pets,
        pets_spec(objective__proposers=["generated"], objective__labeler=labeler, objective__labeler_rows=4),
    )
    state = run_here(run)
    assert state["status"] == "finished"
    assert any("reads 16 tokens at once" in note for note in state["notices"])
    assert len(read_said(run.path)["generated"]) == 4
    tried = cli(
        "pseudo", "try", "my-pets", "--labeler", labeler, "--prompt", PROMPT, "--json", workspace=pets
    )
    assert len(json.loads(tried.stdout)) == 5, tried.stderr
    with pytest.raises(StudioError, match="There is no run"):
        load_labeler("run:nothing", pets, lambda text: None)


def test_a_remote_model_proposes_and_is_paid_once(pets: Path, monkeypatch):
    with faulty_server() as server:
        monkeypatch.setenv("SELFSUP_REMOTE_URL", server.url)
        monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
        monkeypatch.setenv("SELFSUP_REMOTE_REQUESTS_PER_MINUTE", "10000")
        monkeypatch.setenv("SELFSUP_REMOTE_PRICE_IN", "5")
        server.answers = [lambda handler, body: says("cats")]
        spec = pets_spec(objective__proposers=["remote"], objective__labeler_rows=6)
        check_spec(pets, spec)
        run = make_run(pets, spec)
        state = run_here(run)
        assert state["status"] == "finished"
        assert any("requests" in note and "cost" in note for note in state["notices"])
        rows = read_said(run.path)["remote"]
        assert [(row["label"], row["p"]) for row in rows] == [("cats", None)] * 6
        assert any(
            "no probability for its labels: they count as votes by name" in n for n in state["notices"]
        )
        labels = read_pseudo_labels(pets, run.id)
        told = [
            p
            for p, by in zip(labels["confidence"], labels["proposers"], strict=True)
            if by == "Remote language model"
        ]
        assert told == [None] * 6, "no confidence is made up"
        listed = cli("pseudo", "list", run.id, workspace=pets)
        assert "–" in listed.stdout
        assert b",cats,," in export_pseudo_labels(pets, run.id)
        asked = len(server.seen)
        assert asked
        assert run_here(make_run(pets, spec))["status"] == "finished"
        assert len(server.seen) == asked, "answers are kept"


def test_a_remote_model_gives_its_own_probability_where_its_server_does(pets: Path, monkeypatch):
    with faulty_server() as server:
        monkeypatch.setenv("SELFSUP_REMOTE_URL", server.url)
        monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
        monkeypatch.setenv("SELFSUP_REMOTE_REQUESTS_PER_MINUTE", "10000")
        server.answers = [lambda handler, body: says_with("cats", {"cats": 0.6, "dogs": 0.2})]
        run = make_run(pets, pets_spec(objective__proposers=["remote"], objective__labeler_rows=4))
        assert run_here(run)["status"] == "finished"
        rows = read_said(run.path)["remote"]
        assert [(row["label"], row["p"]) for row in rows] == [("cats", 0.75)] * 4
        assert all(
            body["logprobs"] and body["top_logprobs"] for body in server.bodies() if "messages" in body
        )
        # Of servers that refuse to give them they are not asked again; one by one, to see the order.
        monkeypatch.setenv("SELFSUP_REMOTE_WORKERS", "1")
        refusal = answer(400, {"error": {"message": "logprobs are not supported by this model"}})
        server.answers = [refusal, lambda handler, body: says("dogs")]
        server.seen.clear()
        found = label_texts(connect(), ["a", "b"], ["cats", "dogs"])
        assert [(one.label, one.p) for one in found] == [(1, None)] * 2
        assert "logprobs" not in server.bodies()[-1]


def test_an_answer_that_failed_is_asked_again_by_the_next_run(tmp_path: Path, monkeypatch):
    with faulty_server() as server:
        monkeypatch.setenv("SELFSUP_REMOTE_URL", server.url)
        monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
        monkeypatch.setenv("SELFSUP_REMOTE_REQUESTS_PER_MINUTE", "10000")
        monkeypatch.setenv("SELFSUP_REMOTE_WORKERS", "1")
        monkeypatch.setenv("SELFSUP_REMOTE_MOST_REQUESTS", "2")
        server.answers = [lambda handler, body: says("cat")]
        texts, config = ["a", "b", "c"], remote_labels.ZeroShotConfig()
        kept = tmp_path / "kept.jsonl"

        def ask() -> tuple[np.ndarray, str]:
            return remote_labels.ask_remote(
                remote_labels.connect(), texts, list(range(len(texts))), ("cat", "dog"), config, kept=kept
            )

        found, _ = ask()
        assert np.isnan(found[:, 0]).tolist() == [False, False, True]
        found, problem = ask()
        assert not np.isnan(found).any()
        assert not problem
        assert len(server.seen) == 3
        monkeypatch.setattr(remote_labels, "AT_ONCE", 1)
        texts += ["d", "e", "f"]
        found, problem = ask()
        assert np.isnan(found[:, 0]).tolist() == [False] * 5 + [True], "the cap is two requests"
        assert "limit of 2 requests" in problem


def test_a_pause_pauses_before_training_too(pets: Path, monkeypatch):
    folder = make_run(pets, pets_spec())
    held = RunKeeper(folder)
    held.set_status("running", message="The language model reads text 2 of 9.")
    seen = []

    def asleep(seconds: float) -> None:
        state = read_state(folder)
        seen.append((state["status"], state["message"]))
        send(folder, "resume")

    monkeypatch.setattr(keeper_module.time, "sleep", asleep)
    held.heed_stop()
    held.hold()
    assert not seen, "nobody has asked for it"
    send(folder, "pause")
    held.heed_stop()
    held.hold()
    assert seen == [("paused", "The language model reads text 2 of 9.")]
    assert read_state(folder)["status"] == "running"
    send(folder, "pause")
    held.heed_stop()
    monkeypatch.setattr(keeper_module.time, "sleep", lambda seconds: send(folder, "stop"))
    with pytest.raises(Stop):
        held.hold()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proposers": ["rules"], "rules": ""}, "There are no rules"),
        ({"proposers": ["rules"], "rules": "birds: tweet"}, "there is no class 'birds'"),
        ({"proposers": ["names"], "descriptions": "birds: tweet"}, "Description in line 1"),
        ({"proposers": ["remote"]}, "No remote model is configured"),
    ],
)
def test_what_can_be_known_to_fail_is_refused_before_it_is_queued(
    pets: Path, monkeypatch, changes, said: str
):
    monkeypatch.delenv("SELFSUP_REMOTE_URL", raising=False)
    spec = pets_spec(**{f"objective__{name}": value for name, value in changes.items()})
    with pytest.raises(StudioError, match=said):
        check_spec(pets, spec)


def test_a_one_word_text_is_refused_before_it_is_queued(workspace: Path):
    dataset = Dataset(
        id="my-word", kind="text", title="Word", x=Texts.pack(["cat"]), details={"rows": 1, "shape": []}
    )
    save_dataset(dataset, workspace / "datasets" / "my-word")
    spec = make_spec(preset_spec("gpt-characters").as_dict(), {"data.source": "my-word"})
    with pytest.raises(DataError, match="Word is too short"):
        check_spec(workspace, spec)


def test_a_prompt_without_its_places_is_refused():
    with pytest.raises(SettingError, match=r"it must contain \{classes\}"):
        spec_of("wine", objective__labeler_prompt="what? {text}")


def test_a_trial_shows_training_rows_alone(pets: Path):
    dataset = open_source("my-pets", pets)
    rows = trial_rows(pets, dataset, 10)
    config = DataConfig(source="my-pets")
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    assert len(rows) == 10
    assert set(rows) <= set(split.train.tolist())


def test_an_answer_of_the_server_that_names_nothing_is_shown(pets: Path, monkeypatch):
    with faulty_server() as server:
        monkeypatch.setenv("SELFSUP_REMOTE_URL", server.url)
        monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")
        server.answers = [lambda handler, body: says("no idea")]
        done = cli("pseudo", "try", "my-pets", "--how", "remote", "--rows", "2", workspace=pets)
        assert done.returncode == 0, done.stderr
        assert "no idea" in done.stdout
        assert "2 requests" in done.stderr or "1 requests" in done.stderr
        server.answers = [answer(401, {})]
        assert cli("pseudo", "try", "my-pets", "--how", "remote", workspace=pets).returncode == 1
