"""The map itself: drawn in the browser where the routes are there, else by Plotly; beside it what is
asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.assets import BASE, assets_path, base_path
from pages.parts.shared.choice import choose_asked, refuse_asked, refuse_param, shorten
from pages.parts.shared.go import rerun
from pages.parts.shared.live import component
from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal, workspace
from pages.parts.space import routes as routes_space
from pages.parts.space.ask import MapAsked, ask, carry_over, is_same, remember, selected, wish
from pages.parts.space.panels import keep_panel, show_panels
from pages.parts.space.panels.compare import take_second
from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import DataError, StudioError
from selfsup_core.figures.space import space_figure
from selfsup_core.inspection.space.layouts import MapAndJob, read_layout, read_map, read_rows
from selfsup_core.inspection.space.selections import kept_under, pack_rows, read_selection
from selfsup_core.projection.config import TITLES
from selfsup_core.translation import tr
from selfsup_core.wording import percent

space_component = component("selfsup_space", "space/main.js")
MOST_PLOTLY = 5_000
MOST_FLOWING = 5_000
FOLLOWER = "the next map"  # it follows by itself, and waits while someone reads the one before
USUAL = "class"  # what a map is colored by at first
PICTURED = ("image", "sound")
RENDERERS = ("canvas", "webgl")  # by hand, where the one that is chosen by itself shows nothing


@st.fragment
def show_map(asked: MapAsked) -> None:
    """Map and panels; a selection reruns only this."""
    st.session_state["space-key"] = asked["key"]
    key, source = asked["key"], kept_under(asked["space"], asked["source"])
    if refuse_param("renderer", RENDERERS):
        return
    carry_over(key, source)
    take_named(key, source)
    take_color()
    take_second(asked)
    left, right = st.container(key="space-parts").columns((2.1, 1), gap="medium")
    with left:
        if routes.is_mounted and not st.session_state.get("space-failed"):
            show_component(asked, key)
        else:
            show_plotly(asked, key)
    try:
        about = read_map(workspace(), key)
    except DataError:
        rerun()
    with left:
        describe(about)
    with right:
        if not about["done"]:
            st.caption(tr("Tools for the map appear here once it is drawn."))
            keep_panel()
            return
        with errors_shown():
            show_panels(asked, about, selected(key), source)


def take_named(key: str, source: str) -> None:
    """The selection of the address, once."""
    name = st.query_params.get("pick", "")
    if not name:
        return
    if st.session_state.get("space-taken") != (key, name):
        st.session_state["space-taken"], st.session_state["space-untaken"] = (key, name), ""
        try:
            rows = read_selection(workspace(), source, name)
            places = np.flatnonzero(np.isin(read_rows(workspace(), key), rows))
            if not len(places):
                raise DataError(
                    tr("No row of the selection {name!r} is on this map.").format(name=shorten(name)),
                    code="no-row",
                )
            wish(key, bits=pack_rows(places))
        except StudioError as error:
            st.session_state["space-untaken"] = str(error)
    if refused := st.session_state.get("space-untaken"):
        refuse_asked("pick", refused, tr("Show the map without it"))


def take_color() -> None:
    """The color of the address, once; what the map cannot be colored by is said where it is drawn."""
    wanted = st.query_params.get("color", "")
    if wanted and st.session_state.get("space-color-taken") != wanted:
        st.session_state["space-color-taken"] = st.session_state["space-color-asked"] = wanted
        st.session_state["space-by"] = wanted


def take_by(key: str, by: str) -> None:
    """What the browser has colored by: kept for the next map, and written to the address unless it is the
    usual one.
    """
    if st.session_state.get("space-by-heard") == (key, by):
        return
    st.session_state["space-by-heard"] = (key, by)
    st.session_state["space-by"] = by
    st.session_state["space-color-asked"] = ""
    if by == USUAL:
        st.query_params.pop("color", None)
    else:
        st.query_params["color"] = st.session_state["space-color-taken"] = by


def pane_of(asked: MapAsked, key: str, title: str, epoch: int | None) -> dict[str, Any]:
    return {
        "key": key,
        "token": routes_space.token_of(key),
        "title": title,
        "epoch": epoch,
        "space": asked["space"],
        "follows": tr(TITLES[asked["config"]["kind"]])
        if st.session_state.get("space-followed") == key
        else "",
        "hasPictures": asked["data"] in PICTURED,
        "renderer": st.query_params.get("renderer", ""),
    }


def flows(asked: MapAsked) -> bool:
    """Whether UMAP follows by itself: at a first visit that asks for no map, where it takes some seconds
    only.
    """
    is_first = bool(st.session_state.get("space-flows")) and asked["config"]["kind"] == "pca"
    return is_first and asked["rows"] <= MOST_FLOWING


def show_component(asked: MapAsked, key: str) -> None:
    second = st.session_state.get("space-second")
    second = second if second and second["key"] != key and second["source"] == asked["source"] else None
    if st.session_state.get("space-followed") == FOLLOWER and asked["config"]["kind"] == "umap":
        st.session_state["space-followed"] = key
    title = f"{tr(TITLES[asked['config']['kind']])} · {asked['title']}" if second else ""
    panes = [pane_of(asked, key, title, asked["epochs"][-1])]
    if second:
        panes.append(pane_of(asked, second["key"], second["title"], None))
    wished = st.session_state.get("space-wish")
    result = space_component(
        key=f"space-{key}-{second['key'] if second else ''}",
        data={
            "base": f"{base_path()}{BASE}",
            "assets": assets_path(),
            "panes": panes,
            "by": st.session_state.get("space-by", USUAL),
            "asked": bool(st.session_state.get("space-color-asked")),
            "wish": wished if wished and wished["key"] == key else None,
            "flows": flows(asked),
        },
        default={"selection": None, "point": None, "by": None, "frame": None},
        on_selection_change=lambda: None,
        on_point_change=lambda: None,
        on_by_change=lambda: None,
        on_frame_change=lambda: None,
        on_ended_change=lambda: None,
        on_failed_change=lambda: None,
    )
    if result.failed:
        st.session_state["space-failed"] = result.failed
        rerun()
    if result.ended == "cancelled":
        st.session_state["space-cancelled"] = asked["mark"]
        rerun()
    if result.ended == "shown" and flows(asked):
        st.session_state["space-flows"] = False
        st.session_state["space-next-kind"] = "umap"
        st.session_state["space-followed"] = FOLLOWER
        rerun()
    if result.by:
        take_by(key, result.by)
    if result.frame is not None:
        st.session_state["space-frame"] = (key, result.frame)
    said = result.selection
    if said and said["key"] == key and said["at"] != st.session_state.get("space-heard"):
        st.session_state["space-heard"] = said["at"]
        if not is_same(said["bits"], selected(key)):
            # The address still names the old selection, which must not be restored.
            st.query_params.pop("pick", None)
        remember(key, said["bits"])
    elif said and said["key"] != key and second and said["at"] != st.session_state.get("space-heard"):
        st.session_state["space-heard"] = said["at"]
        take_from_second(key, second["key"], said["bits"])
    point = result.point
    if point and point["key"] == key and st.session_state.get("space-point") != point:
        st.session_state["space-point"] = point
        st.session_state["space-panel"] = "point"


def take_from_second(key: str, other: str, bits: str) -> None:
    """A selection made on the second map means the same rows here."""
    remember(other, bits)
    rows = st.session_state["space-selection"]["rows"]
    places = np.flatnonzero(np.isin(read_rows(workspace(), key), rows))
    remember(key, pack_rows(places) if len(places) else "")


def show_plotly(asked: MapAsked, key: str) -> None:
    """A static figure of at most `MOST_PLOTLY` points; selecting works with Plotly's own tools."""
    about = read_map(workspace(), key)
    if about["job"]["status"] in ("running", "paused"):
        wait_for(asked, key)
        return
    if about["job"]["status"] == "failed":
        st.error(plain(about["job"].get("error", "")), icon=":material/error:")
        return
    points = read_layout(workspace(), key, about["done"][-1])
    names, _ = ask(asked["space"], "colors", key=key)
    options = [*names["categories"], *names["numbers"], *names["measured"]]
    by: str | None = ""
    if options:
        by = choose_asked(
            st,
            tr("Color"),
            {name: name for name in options},
            key="advanced-space-by",
            param="color",
            default=USUAL,
            refusal=lambda name: tr("This map cannot be colored by {name!r}. It can by {options}.").format(
                name=name, options=", ".join(options)
            ),
        )
    if by is None:
        return
    said, arrays = ask(asked["space"], "color", key=key, by=by)
    codes = arrays["codes"]
    chosen = np.arange(len(points))
    if len(points) > MOST_PLOTLY:
        chosen = np.sort(choose_stratified(chosen, codes, MOST_PLOTLY, 0))
        st.caption(
            tr(
                "{most_plotly:,} of {count:,} points, sampled in proportion to the groups: more would be "
                "slow here."
            ).format(most_plotly=MOST_PLOTLY, count=len(points))
        )
    figure = space_figure(points[chosen], codes[chosen], said, read_rows(workspace(), key)[chosen])
    events = st.plotly_chart(
        figure,
        key=f"space-plotly-{key}-{by}",
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
    )
    if picked := events.selection.points:
        places = np.array(
            sorted(
                int(p["customdata"][0] if isinstance(p["customdata"], list) else p["customdata"])
                for p in picked
            )
        )
        order = np.argsort(read_rows(workspace(), key)[chosen], kind="stable")
        rows = read_rows(workspace(), key)[chosen][order]
        remember(key, pack_rows(chosen[order[np.searchsorted(rows, places)]]))


def wait_for(asked: MapAsked, key: str) -> None:
    @st.fragment(run_every=0.7)
    def poll() -> None:
        job = read_map(workspace(), key)["job"]
        if job["status"] not in ("running", "paused"):
            rerun()
        st.progress(
            float(job.get("share") or 0.0),
            tr("{stage}: {done} of {total}").format(stage=job["stage"], done=job["done"], total=job["total"]),
        )
        with st.container(horizontal=True):
            other = "resume" if job["status"] == "paused" else "pause"
            if st.button(other.capitalize(), key="space-pause"):
                with acting("space-job"):
                    ask(asked["space"], other, key=key)
            if st.button(tr("Cancel"), key="space-cancel"):
                with acting("space-job"):
                    ask(asked["space"], "cancel", key=key)
                    st.session_state["space-cancelled"] = asked["mark"]
                    rerun()
        show_refusal("space-job")

    poll()


def describe(about: MapAndJob) -> None:
    """One line under the map: number of points, dimensions, explained variance, notes."""
    if not about["done"]:
        return
    explained = about["explained"].get(str(about["done"][-1]))
    seen = (
        tr(" Its axes explain {explained} of the variance.").format(explained=percent(explained))
        if explained is not None
        else ""
    )
    notes = " ".join(about["notes"])
    st.caption(
        plain(
            tr("{rows:,} points of {width} numbers each.{seen} {notes}").format(
                rows=about["rows"], width=about["width"], seen=seen, notes=notes
            )
        )
    )
