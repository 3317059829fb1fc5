"""The built-in generator, unpacked once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.pretrained.language_models import prepare


@pytest.fixture(scope="session")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare("smollm2-135m-instruct", tmp_path_factory.mktemp("models"), say=lambda _: None)
