"""A remote model behind real servers: `transformers serve` with a tiny model, and one with log-probabilities
where there is one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from selfsup_core.cli.remote import remote_app
from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading.writing import go_on, predict_next, read_text
from selfsup_core.pretrained.language_models import load_causal
from selfsup_core.pretrained.remote import Remote, RemoteConfig, RemoteError, label_texts
from selfsup_core.pretrained.zero_shot import ZeroShotConfig, make_prompt
from tests.models.tiny import tiny_gpt
from tests.pretrained.remote_servers import connect, serve_model

# It takes half a minute of a core to start; what servers answer is played in test_remote.py.
pytestmark = pytest.mark.thorough
# For example: python -m llama_cpp.server --model SmolLM2-135M-Instruct.Q4_1.gguf --logits_all true
LLAMA = os.environ.get("SELFSUP_TEST_LLAMA_URL", "")
QUICK = RemoteConfig(requests_per_minute=10_000)
TEXTS = ["the cat sat on the mat.", "the dog sat on the log.", "", "the cat sat on the mat."]
CLASSES = ["cat", "dog"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that chats: a message is its text alone."""
    from transformers import AutoTokenizer

    made = tiny_gpt(tmp_path_factory.mktemp("tiny"), context=512)
    tokenizer = AutoTokenizer.from_pretrained(made)
    tokenizer.chat_template = "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    tokenizer.save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def url(folder, tmp_path_factory):
    with serve_model(folder, tmp_path_factory.mktemp("home") / "hf") as address:
        yield address


@pytest.fixture
def environment(url, folder, monkeypatch):
    monkeypatch.setenv("SELFSUP_REMOTE_URL", url)
    monkeypatch.setenv("SELFSUP_REMOTE_MODEL", str(folder))
    monkeypatch.setenv("SELFSUP_REMOTE_KEY", "sk-not-looked-at")
    monkeypatch.setenv("SELFSUP_REMOTE_REQUESTS_PER_MINUTE", "10000")


def test_the_answer_is_that_of_the_model(url, folder):
    remote = Remote(connect(url, model=str(folder)), QUICK)
    pair = load_causal(folder)
    config = ZeroShotConfig(most_tokens=12)
    found = label_texts(remote, TEXTS, CLASSES, config)
    for text, labelled in zip(TEXTS, found, strict=True):
        if text:
            prompt = make_prompt(text, CLASSES, config)
            assert labelled.answer == go_on(*pair, prompt, tokens=12, temperature=0)
            assert labelled.answer.strip()
    assert found[2].reason == "The text is empty."
    assert all((f.label >= 0) != bool(f.reason) for f in found)
    assert remote.counts.requests == 2
    prompt = make_prompt(TEXTS[0], CLASSES, config)
    expected = [len(pair[1](make_prompt(t, CLASSES, config))["input_ids"]) + 1 for t in TEXTS[:2]]
    assert remote.counts.tokens_in == sum(expected)
    assert remote.counts.guessed == 0


def test_no_log_probabilities_is_said(url, folder):
    remote = Remote(connect(url, model=str(folder)), QUICK)
    for ask in (remote.read, remote.next):
        with pytest.raises(RemoteError) as caught:
            ask("the cat sat")
        assert caught.value.code == "remote-no-logprobs"


def test_a_model_that_the_server_does_not_have(url):
    remote = Remote(connect(url, model="no-such-model"), QUICK)
    with pytest.raises(RemoteError) as caught:
        remote.complete_label("the cat")
    assert caught.value.code == "remote-refused"
    assert remote.counts.requests == 1


def test_a_wrong_path(url, folder):
    remote = Remote(connect(url.removesuffix("/v1"), model=str(folder)), QUICK)
    with pytest.raises(RemoteError, match=r"404.*Not Found.*/v1"):
        remote.complete_label("the cat")


def test_the_list_of_models_is_asked_for(url):
    remote = Remote(connect(url, model=""), QUICK)
    assert remote.models() == []  # serve lists its download cache, and that is empty
    with pytest.raises(RemoteError, match="No model is configured"):
        remote.complete_label("the cat")


def command(*arguments: str) -> str:
    result = CliRunner().invoke(remote_app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "sk-not-looked-at" not in result.output
    return result.stdout


def test_the_command_says_what_is_configured(environment, url, folder, monkeypatch):
    found = json.loads(command("show", "--json"))
    assert (found["url"], found["model"], found["key"]) == (url, str(folder), "set")
    assert found["configured"]
    assert found["requests_per_minute"] == 10_000
    assert "key" in command("show")
    monkeypatch.delenv("SELFSUP_REMOTE_URL")
    assert json.loads(command("show", "--json"))["configured"] is False
    assert "No remote model is configured" in command("show")
    assert "SELFSUP_REMOTE_KEY" in command("show")


def test_the_command_asks_once(environment, folder):
    found = json.loads(command("test", "--json"))
    assert found["model"] == str(folder)
    assert found["requests"] == 1
    assert 0 < found["seconds"] < 60


def test_the_command_labels_a_data_set(environment, workspace):
    from selfsup_core.data.library.own import import_files

    workspace.mkdir()
    lines = [f"{animal},the {animal} sat on the mat {i}" for i in range(6) for animal in CLASSES]
    (workspace / "a.csv").write_text("label,text\n" + "\n".join(lines))
    name = import_files(workspace, [workspace / "a.csv"])
    where = ("--workspace", str(workspace), "--json")
    plan = json.loads(command("label", name, "--limit", "5", "--plan", *where))
    assert plan["requests"] == 5
    found = json.loads(command("label", name, "--limit", "5", "--set", "most_tokens=4", *where))
    assert (found["dataset"], found["texts"], found["requests"]) == (name, 5, 5)
    assert found["labelled"] + sum(found["abstained"].values()) == 5
    assert [set(entry) for entry in found["labels"]] == [{"row", "label", "answer", "reason"}] * 5
    cap = ("--limit", "5", "--set", "most_requests=2", *where)
    with pytest.raises(SettingError, match="exceeds the limit of 2") as caught:
        command("label", name, *cap)
    assert caught.value.code == "remote-confirm"
    found = json.loads(command("label", name, "--yes", *cap))
    assert found["requests"] == 2
    assert any("limit of 2" in reason for reason in found["abstained"])
    with pytest.raises(SettingError, match="--yes"):
        command("label", name, "--set", "price_in=1", *where)
    with pytest.raises(SettingError, match="no setting 'url'"):
        command("label", name, "--set", "url=http://elsewhere.example", *where)
    with pytest.raises(DataError, match="not texts"):
        command("label", "digits", *where)


def test_the_command_reads_where_it_can(environment):
    with pytest.raises(RemoteError, match="does not return log-probabilities"):
        command("read", "the cat")


if LLAMA:

    @pytest.mark.parametrize("text", ["The cat sat on the mat, and the dog slept.", "Größe 猫。"])
    def test_a_reading_agrees_with_that_of_the_same_model_here(smollm, text):
        """The server computes with eight-bit activations: a few tenths of a nat at single tokens."""
        pair = load_causal(smollm)
        remote = Remote(connect(LLAMA, model=""), RemoteConfig(start="<|im_start|>"))
        there, here = remote.read(text), read_text(*pair, text)
        assert len(there["pieces"]) == len(here.pieces)
        assert there["log_p"][0] is None  # this server gives none of the first token of a prompt
        off = np.array(there["log_p"][1:], float) - here.log_p[1:]
        assert np.abs(off).max() < 1.0
        assert abs(off.mean()) < 0.25
        assert np.corrcoef(np.array(there["log_p"][1:], float), here.log_p[1:])[0, 1] > 0.99
        best = [row[0][0] for row in here.alternatives[1:]]
        pairs = [(a[0][0], b) for a, b in zip(there["alternatives"][1:], best, strict=True)]
        # Tokens of one name are one entry of the server's answer, so parts of characters are lost.
        assert np.mean([a == b for a, b in pairs if b != "⍰"]) > 0.6

    def test_the_next_token_agrees(smollm):
        found = Remote(connect(LLAMA, model=""), RemoteConfig(start="<|im_start|>")).next(
            "The capital of France is"
        )
        here = predict_next(*load_causal(smollm), "The capital of France is", count=3)
        assert found["next"][0][0] == here[0][0] == " Paris"
        assert found["next"][0][1] == pytest.approx(here[0][1], abs=0.05)

    def test_numbers_that_the_server_shifts_are_refused():
        """Without a beginning llama-cpp-python gives each token the numbers of the next one."""
        with pytest.raises(RemoteError, match="not those of its tokens"):
            Remote(connect(LLAMA, model="")).read("The cat sat on the mat.")
