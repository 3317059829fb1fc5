"""The first controls of a new run: a preset and a data set, chosen by hand, by the address or by a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.asked import Asked
from pages.parts.shared.choice import choose_asked
from pages.parts.shared.workspace import workspace
from selfsup_core.data.sources import Source, find_source, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.runs.recipes import list_presets
from selfsup_core.translation import tr


def choose_preset(
    place: DeltaGenerator,
    title: str,
    names: Sequence[str],
    task: str,
    *,
    asked: Asked,
    key: str,
    default: str,
    needs: str = "",
) -> str:
    """One of a task's presets; the help is about the chosen one. `?preset=` on the address chooses one once,
    or is refused in words.

    Args:
        default: chosen where the address has none. needs: why a preset of the task may not be among `names`.
    """
    presets = list_presets(task)
    value = asked.preset if asked.preset in names else default
    asked.open(key, "preset", value, is_first=not asked.chosen and asked.is_first(key))

    def refuse(name: str) -> str:
        if name in presets:
            return f"The preset {presets[name]['title']} cannot be used here. {needs}".strip()
        return tr("There is no preset {name!r} here. Known: {presets}.").format(
            name=name, presets=", ".join(presets)
        )

    shown = st.session_state.get(key)
    chosen = choose_asked(
        place,
        title,
        {name: presets[name]["title"] for name in names},
        key=key,
        param="preset",
        default=default,
        refusal=refuse,
        unwritten=names,
        help=presets[shown if shown in names else default]["about"],
    )
    if chosen is None:
        st.stop()
    asked.chosen = asked.chosen or chosen
    return chosen


def usable_sources(suits: Callable[[Source], bool], always: str = "") -> dict[str, Source]:
    """Id → data set: those of this machine that suit; `always` is shown even if it is not there yet."""
    found = list_sources(workspace()).items()
    return {name: s for name, s in found if suits(s) and (name == always or not s.missing())}


def choose_source(
    place: Any,
    title: str,
    sources: Mapping[str, Source],
    *,
    asked: Asked,
    key: str,
    default: str,
    help: str,
    preset: str = "",
    wanted: str = "",
    needs: str = "",
) -> str:
    """A data set by its id. `?data=` on the address, or `wanted`, chooses one once, or is refused in words.

    Args:
        preset: that was chosen before it, where one was.
        needs: what a set must have to be among `sources`, as a sentence that explains a refusal.
    """

    def refuse(name: str) -> str:
        return refuse_source(name, needs)

    value = asked.source if asked.source in sources else default
    asked.open(key, "data", value, is_first=asked.is_first(key, preset))
    chosen = choose_asked(
        place,
        title,
        {name: source.title for name, source in sources.items()},
        key=key,
        param="data",
        default=default,
        refusal=refuse,
        wanted=wanted,
        unwritten=sources,
        help=help,
    )
    if chosen is None:
        st.stop()
    return chosen


def refuse_source(name: str, needs: str = "") -> str:
    """Why a set that is asked for cannot be chosen here."""
    try:
        source = find_source(name, workspace())
    except StudioError:
        return tr("There is no data set {name!r}. It may have been deleted.").format(name=name)
    return f"{source.title} cannot be used here. {source.missing() or needs}".strip()
