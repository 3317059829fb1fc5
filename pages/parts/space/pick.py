"""Which space, at which epoch, by which map: the row of controls, and the map begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.choice import choose_asked, refuse_asked, refuse_param
from pages.parts.shared.epochs import asked_epoch, is_wish, refuse_epoch, write_epoch
from pages.parts.shared.forms import widget
from pages.parts.shared.workspace import errors_shown, workspace
from pages.parts.space.ask import MapAsked, ask
from selfsup_core.inspection.space.listing import SpaceEntry, list_spaces
from selfsup_core.inspection.space.selections import kept_under, list_selections
from selfsup_core.projection.config import TITLES, USED, MapConfig
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr

SETTINGS = {entry.path: entry for entry in list_settings(MapConfig)}
REPLAYED = ("pca", "umap", "tsne")
PLAY = "all"


def first_space(spaces: Mapping[str, SpaceEntry]) -> str:
    """The newest run that learns a code, else the emoji; the digits are always there."""
    runs = [name for name in spaces if name.startswith("run:")]
    return next((name for name in (*runs, "data:emoji") if name in spaces), "data:digits")


def choose_map() -> MapAsked | None:
    """The map that is wanted, begun; None while someone has to press Draw."""
    spaces = {one["space"]: one for one in list_spaces(workspace())}
    if "space-kind" not in st.session_state:
        # Whoever asks for nothing sees PCA at once, and then how UMAP moves the points.
        st.session_state["space-flows"] = "map" not in st.query_params
    if follower := st.session_state.pop("space-next-kind", ""):
        st.session_state["space-kind"] = follower
    what, how, at, more = st.container(key="space-controls").columns(
        (3, 1.6, 2.6, 1.2), vertical_alignment="bottom"
    )
    name = choose_asked(
        what,
        tr("Space"),
        {n: space["title"] for n, space in spaces.items()},
        key="space-name",
        param="space",
        default=first_space(spaces),
        refusal=lambda asked: tr(
            "There is no space {asked!r}. Its run or data set may have been deleted."
        ).format(asked=asked),
        writes=True,
        drops=("epoch", "play"),
        help=tr("What the map shows: a run's code, embeddings, or the data themselves."),
    )
    kind = choose_asked(
        how,
        tr("Map"),
        TITLES,
        key="space-kind",
        param="map",
        default="pca",
        refusal=lambda asked: tr("There is no map {asked!r}. Known: {titles}.").format(
            asked=asked, titles=", ".join(TITLES)
        ),
        writes=True,
        help=SETTINGS["kind"].description,
    )
    if name is None or kind is None:
        return None
    epochs = spaces[name]["epochs"]
    values: dict[str, object] = {"kind": kind, "dimensions": 2}
    can_replay = len(epochs) > 1 and kind in REPLAYED
    replay = choose_replay(name, spaces[name]["title"], can_replay)
    if replay is None:
        return None
    if replay:
        epoch = epochs[-1]  # the slider below the map has them all
        at.caption(tr("Use the slider below the map to go through all epochs."))
    else:
        wanted = asked_epoch(epochs)
        if refuse_epoch(epochs, name, of=tr("The space {title!r}").format(title=spaces[name]["title"])):
            return None
        epoch = choose_epoch(at, name, epochs, wanted)
    with more.popover(tr("Advanced"), icon=":material/tune:", width="stretch"):
        # Texts are compared by the angle of their vectors: a long one is not farther away.
        by_angle = spaces[name]["kind"] == "text" and not name.startswith("run:")
        for path in ("most_rows", *USED[kind]):
            if path in ("x_from", "x_to", "y_from", "y_to"):
                continue
            begin = "cosine" if path == "metric" and by_angle else SETTINGS[path].default
            values[path] = widget(SETTINGS[path], begin, key=f"advanced-space-{path}-{begin}")
    if can_replay:
        st.toggle(
            tr("Play all epochs"),
            key=f"space-replay-{name}",
            help=tr("Each map starts from the one before, so that points move smoothly."),
        )
    if by_angle:
        values.setdefault("metric", "cosine")
    if kind == "axes" and not choose_axes(name, spaces[name], values):
        return None
    mark = f"{name} {epoch} {replay} {sorted(values.items())}"
    if st.session_state.get("space-cancelled") == mark:
        st.caption(tr("This map was cancelled."))
        if not st.button(tr("Draw"), key="space-draw", type="primary", icon=":material/play_arrow:"):
            return None
        st.session_state.pop("space-cancelled")
    with errors_shown():
        with st.spinner(tr("Reading the vectors."), show_time=True):
            begun, _ = ask(name, "start", config=values, epoch=epoch, replay=replay)
        return {
            "key": begun["key"],
            "status": begun["status"],
            "epochs": begun["epochs"],
            "space": name,
            "title": spaces[name]["title"],
            "source": spaces[name]["source"],
            "config": values,
            "mark": mark,
            "data": spaces[name]["kind"],
            "rows": spaces[name]["rows"],
        }
    return None


def choose_replay(name: str, title: str, can_replay: bool) -> bool | None:
    """Whether all epochs are played, as the toggle or the address says; None while that is refused."""
    key, mark = f"space-replay-{name}", "space-replay-written"
    is_wish = "play" in st.query_params and not (
        st.session_state.get(mark) == name and key in st.session_state
    )
    if is_wish:
        if refuse_param("play", (PLAY,)):
            return None
        if not can_replay:
            kinds = ", ".join(TITLES[kind] for kind in REPLAYED)
            said = tr(
                "{title} has no epochs to play on this map: a run that kept several has, by {kinds}."
            ).format(title=title, kinds=kinds)
            refuse_asked("play", said)
            return None
        st.session_state[key] = True
    is_on = can_replay and bool(st.session_state.get(key))
    st.session_state[mark] = name if is_on else None
    if is_on:
        write_epoch(None, name)
        st.query_params["play"] = PLAY
    else:
        st.query_params.pop("play", None)
    return is_on


def choose_epoch(place: Any, name: str, epochs: list[int], wanted: int | None) -> int | None:
    """Of a run; None where there is nothing to choose.

    Args:
        wanted: by the address.
    """
    if len(epochs) < 2:
        return epochs[0] if epochs else None
    value = epochs[-1] if wanted is None else wanted
    key = f"space-epoch-{name}-{epochs[-1]}"
    if is_wish(name):
        st.session_state.pop(key, None)  # a link, within the session of another epoch
    chosen = place.select_slider(tr("Epoch"), epochs, value, key=key, help=tr("The network as it was then."))
    write_epoch(chosen if chosen != epochs[-1] else None, name)
    return chosen


def choose_axes(name: str, space: SpaceEntry, values: dict[str, object]) -> bool:
    """The ends of own axes; False while there are none."""
    about, _ = ask(name, "describe")
    kept = list_selections(workspace(), kept_under(name, about["source"]))
    ends = [*kept, *(f"class:{c}" for c in about["classes"])]
    if len(ends) < 2:
        st.info(
            tr(
                "Each axis runs from one group of points to another. Select points on another map first, and "
                "save both selections with a name."
            ),
            icon=":material/info:",
        )
        return False
    columns = st.columns(4)
    titles = {"x_from": tr("x from"), "x_to": tr("x to"), "y_from": tr("y from"), "y_to": tr("y to")}
    for (path, title), column, index in zip(titles.items(), columns, (0, 1, None, None), strict=True):
        chosen = column.selectbox(
            title,
            ends,
            index=index,
            key=f"advanced-space-{path}-{name}",
            placeholder=tr("what varies most"),
            help=SETTINGS[path].description,
        )
        values[path] = chosen or ""
    return bool(values["x_from"] and values["x_to"])
