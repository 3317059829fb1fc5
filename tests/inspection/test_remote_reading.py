"""A remote model's reading beside a local one: places in the text, time-out, nothing where nothing is
configured.
"""

from __future__ import annotations

import time

import pytest

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.reading.comparing import compare_readings
from selfsup_core.inspection.remote_reading import read_remote, remote_title


@pytest.fixture
def configured(monkeypatch) -> None:
    monkeypatch.setenv("SELFSUP_REMOTE_URL", "http://localhost:9/v1")
    monkeypatch.setenv("SELFSUP_REMOTE_MODEL", "far")


def answer(text: str) -> dict:
    return {
        "pieces": ["the", " cat"],
        "log_p": [None, -1.0],
        "alternatives": [[], []],
        "note": "",
        "log_probability": -1.0,
        "perplexity": 2.7,
        "bits_per_character": 0.4,
        "tokens": 1,
    }


def test_nothing_is_configured(monkeypatch):
    monkeypatch.delenv("SELFSUP_REMOTE_URL", raising=False)
    assert remote_title() == ""
    assert remote_title({"remote": {"url": "https://example.org/v1"}}) == "model at example.org"
    with pytest.raises(StudioError, match="No remote model is configured"):
        read_remote("the cat")


def test_its_tokens_are_found_in_the_text(configured, monkeypatch):
    monkeypatch.setattr("selfsup_core.pretrained.remote.Remote.read", lambda self, text: answer(text))
    found = read_remote("the cat")
    assert found["spans"] == [(0, 3), (3, 7)]
    assert found["title"] == "far at localhost"
    compared = compare_readings(found, found | {"log_p": [-1.0, -3.0]}, "the cat")
    assert [part["text"] for part in compared["parts"]] == [" cat"]
    odd = read_remote("another text")
    assert odd["spans"] == []
    assert compare_readings(found, odd, "the cat")["parts"] == []


@pytest.mark.serial
def test_a_server_that_does_not_answer_holds_nobody(configured, monkeypatch):
    def slow(self, text):
        self.stopping.wait(20)
        raise StudioError("Stopped.")

    monkeypatch.setattr("selfsup_core.pretrained.remote.Remote.read", slow)
    begun = time.monotonic()
    with pytest.raises(StudioError, match="localhost did not answer within 0 seconds"):
        read_remote("the cat", seconds=0.2)
    assert time.monotonic() - begun < 5
