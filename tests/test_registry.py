"""Registries: names, duplicates, what is said of an unknown name."""

from __future__ import annotations

import pytest

from selfsup_core.data.sources import SOURCES
from selfsup_core.errors import SettingError
from selfsup_core.registry import Registry


def test_unknown_name_lists_the_known():
    with pytest.raises(SettingError, match=r"no data source 'iris'. Known: .*digits.*wine"):
        SOURCES["iris"]


def test_duplicate_is_an_error():
    registry: Registry[int] = Registry("thing", "models")
    registry.register("a")(1)
    with pytest.raises(ValueError, match="thing 'a' is registered twice"):
        registry.register("a")(2)


def test_all_built_in_sources_are_found_without_listing_them():
    assert {"mnist-5k", "digits", "wine", "breast-cancer"} <= set(SOURCES)
