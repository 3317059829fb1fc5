"""None was kept: said with its reason, and with a remedy for the rule in use."""

from __future__ import annotations

import pytest

from selfsup_core.pseudo.keepers import KEEPERS
from selfsup_core.pseudo.none_kept import find_none_kept
from selfsup_core.pseudo.select import SelectConfig


def said(**settings) -> str:
    found = find_none_kept(0, 12, 40, SelectConfig(**settings))
    assert found is not None
    return f"{found['text']} {found['remedy']}"


def test_where_one_is_kept_or_nothing_is_unlabeled_there_is_no_sign():
    assert find_none_kept(1, 12, 40, SelectConfig()) is None
    assert find_none_kept(0, 0, 0, SelectConfig()) is None


@pytest.mark.parametrize("keep", list(KEEPERS))
def test_each_rule_has_a_remedy(keep: str):
    assert said(keep=keep).startswith("None was kept: 12 labels proposed, none passed. ")
    assert said(keep=keep).endswith(".")


def test_the_setting_and_its_value_are_named():
    assert "Lower Threshold (now 0.99)" in said(keep="fixed", threshold=0.99)
    assert "Raise Maximum entropy (now 0.1)" in said(keep="entropy", most_entropy=0.1)


def test_the_guard_and_silent_proposers_are_told_apart():
    guarded = find_none_kept(0, 12, 40, SelectConfig(), doubt="Similar rows predict 1 of 9.")
    assert guarded is not None
    assert guarded["text"] == "Similar rows predict 1 of 9."
    assert "Guard" in guarded["remedy"]
    silent = find_none_kept(0, 0, 40, SelectConfig(), must_agree=True)
    assert silent is not None
    assert "no class was proposed for any of the 40 unlabeled rows" in silent["text"]
    assert "Vote" in silent["remedy"]
