"""The built-in generator, unpacked once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.pretrained import trial
from selfsup_core.pretrained.language_models import prepare


@pytest.fixture(scope="session")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare("smollm2-135m-instruct", tmp_path_factory.mktemp("models"), say=lambda _: None)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is tried passes at once: tests of what the loaders themselves find."""
    monkeypatch.setenv(trial.CACHE, str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(trial, "_passed", set())
    monkeypatch.setattr(trial, "try_apart", lambda folder: None)
