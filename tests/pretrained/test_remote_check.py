"""What is said of a remote model's settings: which are needed, which are set, and nothing of the key."""

from __future__ import annotations

import pytest

from selfsup_core.pretrained.remote.check import list_variables

NAMES = ["SELFSUP_REMOTE_URL", "SELFSUP_REMOTE_MODEL", "SELFSUP_REMOTE_KEY"]
KEY = "sk-not-looked-at"


def values(environment: dict[str, str], secrets: dict | None = None) -> list[str]:
    found = list_variables(environment, secrets)
    assert [one["name"] for one in found] == NAMES
    assert all(one["purpose"] for one in found)
    assert KEY not in str(found)
    return [one["value"] for one in found]


def test_without_settings_nothing_is_set():
    assert values({}) == ["", "", ""]
    assert values({NAMES[0]: "  "}) == ["", "", ""]


def test_the_key_is_only_said_to_be_set():
    environment = {NAMES[0]: "http://localhost:1/v1", NAMES[1]: "m", NAMES[2]: KEY}
    assert values(environment) == ["http://localhost:1/v1", "m", "set"]
    assert values({NAMES[0]: "http://localhost:1/v1"}) == ["http://localhost:1/v1", "", ""]


def test_secrets_count_where_the_environment_names_no_address():
    secrets = {"remote": {"url": "https://far.example/v1", "key": KEY}}
    assert values({}, secrets) == ["https://far.example/v1", "", "set"]


@pytest.mark.parametrize("url", [f"https://me:{KEY}@far.example/v1", f"far.example/{KEY}"])
def test_an_address_that_cannot_be_used_is_not_repeated(url: str):
    assert values({NAMES[0]: url}) == ["set", "", ""]
