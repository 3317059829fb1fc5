"""Settings that stay out of the way until they are asked for, group by group, as tabs of widgets."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.forms import widget
from pages.parts.workspace import workspace
from selfsup_core.data.own import read_split
from selfsup_core.runs.spec import RunSpec

ELSEWHERE = ("kind", "loss")  # these have their place in the row above


def choose_advanced(
    base: RunSpec, settings: dict[str, Any], groups: dict[str, tuple[str, ...]], preset: str, source: str
) -> dict[str, Any]:  # fmt: skip
    """Path → value; split and label budget begin as the Data page set them.

    Args:
        groups: name of a tab → paths of its settings; one that ends with a dot takes all below it.
    """
    kept = {f"data.{name}": value for name, value in read_split(workspace(), source).items()}
    found = {name: expand(paths, settings) for name, paths in groups.items()}
    found = {name: paths for name, paths in found.items() if paths}
    values = {}
    for tab, paths in zip(st.tabs(list(found)), found.values(), strict=True):
        with tab:
            for path in paths:
                value: Any = base
                for part in path.split("."):
                    value = getattr(value, part)
                mark = ""
                if path.startswith("data."):
                    # Another set, or another split of it, is another widget, which begins with that value.
                    value, mark = kept.get(path, value), f"-{source}-{kept.get(path, value)}"
                values[path] = widget(settings[path], value, key=f"advanced-{preset}-{path}{mark}")
    return values


def expand(paths: tuple[str, ...], settings: dict[str, Any]) -> list[str]:
    """Paths of single settings."""
    found = [
        known
        for path in paths
        for known in (settings if path.endswith(".") else [path])
        if known == path or (path.endswith(".") and known.startswith(path))
    ]
    return [path for path in found if path.rsplit(".", 1)[-1] not in ELSEWHERE]
