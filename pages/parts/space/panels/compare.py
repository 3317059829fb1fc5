"""Two maps of the same rows side by side."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one, refuse_asked, shorten
from pages.parts.shared.epochs import describe_epochs
from pages.parts.shared.workspace import workspace
from pages.parts.space.ask import MapAsked, again, ask
from pages.parts.space.panels.asking import question
from selfsup_core.errors import SettingError, StudioError
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.inspection.space.listing import SpaceEntry, list_spaces
from selfsup_core.projection.config import TITLES
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import local

PARAMS = ("second", "second-map", "second-epoch")
NEEDS = tr_later(
    "Two maps side by side need the app to be started with make run. space compare prints the numbers."
)
KINDS = [kind for kind in TITLES if kind not in ("axes", "code")]


def open_second(
    space: str, config: Mapping[str, object], epoch: int | None, source: str, title: str, *, not_key: str = ""
) -> None:
    """Begin a second map and show it. Raises SettingError when it is the first one."""
    begun, _ = ask(space, "start", config=config, epoch=epoch)
    if begun["key"] == not_key:
        raise SettingError(
            tr("This map is already shown."), remedy=tr("Choose another space, epoch or kind of map.")
        )
    st.session_state["space-second"] = {
        "key": begun["key"],
        "space": space,
        "source": source,
        "title": title,
        "epoch": begun["epochs"][-1],
    }
    st.query_params["second"], st.query_params["second-map"] = space, config["kind"]
    if epoch is None:
        st.query_params.pop("second-epoch", None)
    else:
        st.query_params["second-epoch"] = str(epoch)
    st.session_state["space-second-taken"] = wanted_second()


def close_second() -> None:
    st.session_state["space-second"] = None
    for param in PARAMS:
        st.query_params.pop(param, None)


def wanted_second() -> tuple[str, ...]:
    """What the address says of a second map."""
    return tuple(st.query_params.get(param, "") for param in PARAMS)


def take_second(asked: MapAsked) -> None:
    """Open the second map of the address, once, or say why not; one of other rows than the first map's is
    closed.
    """
    second = st.session_state.get("space-second")
    if second and second["source"] != asked["source"]:
        close_second()
    wanted = wanted_second()
    if not wanted[0]:
        return
    if not routes.is_mounted:
        refuse_asked("second", tr(NEEDS), tr("Show one map"))
        return
    if st.session_state.get("space-second-taken") != wanted or (not second and not refused_second()):
        st.session_state["space-second-taken"], st.session_state["space-second-refused"] = wanted, ""
        st.session_state["space-second"] = None
        try:
            open_asked(asked, *wanted)
        except StudioError as error:
            st.session_state["space-second-refused"] = str(error)
    if said := refused_second():
        refuse_asked("second", said, tr("Show one map"))


def refused_second() -> str:
    return str(st.session_state.get("space-second-refused", ""))


def open_asked(asked: MapAsked, space: str, kind: str, epoch: str) -> None:
    """Raises StudioError where there is no such second map."""
    fitting = spaces_beside(asked)
    if space not in fitting:
        raise SettingError(
            tr("There is no space {space!r} with the rows of this map.").format(space=shorten(space))
        )
    kind = kind or asked["config"]["kind"]
    if kind not in KINDS:
        raise SettingError(
            tr("A second map cannot be {kind!r}. Known: {kinds}.").format(
                kind=shorten(kind), kinds=", ".join(KINDS)
            )
        )
    epochs = fitting[space]["epochs"]
    number = whole_number(epoch)
    if epoch and number not in epochs:
        raise SettingError(
            tr("{title} has no epoch {epoch!r}. {describe_epochs}").format(
                title=fitting[space]["title"],
                epoch=shorten(epoch),
                describe_epochs=describe_epochs(epochs, "epoch"),
            )
        )
    config = asked["config"] | {"kind": kind, "dimensions": 2}
    title = title_beside(fitting[space]["title"], kind, number)
    open_second(space, config, number, asked["source"], title, not_key=asked["key"])


def spaces_beside(asked: MapAsked) -> dict[str, SpaceEntry]:
    """Spaces of the same rows, by id."""
    return {s["space"]: s for s in list_spaces(workspace()) if s["source"] == asked["source"] and s["source"]}


def title_beside(title: str, kind: str, epoch: int | None) -> str:
    at = f", epoch {epoch}" if epoch is not None else ""
    return f"{tr(TITLES[kind])} · {title}{at}"


def show_compare(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    if not routes.is_mounted:
        st.caption(tr(NEEDS))
        return
    fitting = spaces_beside(asked)
    if not fitting:
        st.caption(tr("There is no other space with these rows."))
        return
    others = [name for name in fitting if name != asked["space"]]
    begin = list(fitting).index(others[0]) if others else 0
    space = choose_one(
        st,
        tr("Second space"),
        {n: other["title"] for n, other in fitting.items()},
        index=begin,
        key="space-other",
        help=tr("Spaces with the same rows: another run, another epoch, or the data themselves."),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            tr("Its map"),
            KINDS,
            index=KINDS.index(asked["config"]["kind"]) if asked["config"]["kind"] in KINDS else 0,
            key="space-other-kind",
            format_func=TITLES.get,
        )
        epochs = fitting[space]["epochs"]
        epoch = (
            st.select_slider(tr("Its epoch"), epochs, epochs[-1], key=f"space-other-epoch-{space}")
            if len(epochs) > 1
            else None
        )
    with st.container(horizontal=True):
        if st.button(
            tr("Show beside"), key="space-beside", icon=":material/splitscreen_right:", type="primary"
        ):
            config = asked["config"] | {"kind": kind, "dimensions": 2}
            title = title_beside(fitting[space]["title"], kind, epoch)
            open_second(space, config, epoch, asked["source"], title, not_key=about["key"])
            again()
        second = st.session_state.get("space-second")
        if (
            second
            and second["source"] == asked["source"]
            and st.button(tr("Close"), key="space-beside-close", icon=":material/close:")
        ):
            close_second()
            again()
    second = st.session_state.get("space-second")
    if not second or second["source"] != asked["source"]:
        st.caption(tr("A selection on one map shows the same rows on the other."))
        return
    job, _ = ask(second["space"], "look", key=second["key"])
    if not job["done"]:
        st.caption(tr("The second map is being drawn; the numbers follow when it is ready."))
        if st.button(tr("Look again"), key="space-compare-again"):
            again()
        return
    said, _ = question(
        asked,
        about,
        "compare",
        other={"space": second["space"], "key": second["key"], "epoch": second["epoch"]},
    )
    number = lambda value: "–" if value is None else local(f"{value:.3f}")  # noqa: E731
    rows = [
        {
            tr("Measure"): tr("CKA of the vectors"),
            tr("Value"): number(said["cka"]),
            tr("Means"): tr("1: the same up to rotation and scale"),
        },
        {
            tr("Measure"): tr("Procrustes distance of the vectors"),
            tr("Value"): number(said["procrustes"]),
            tr("Means"): tr("0: the same up to rotation and scale"),
        },
        {
            tr("Measure"): tr("Procrustes distance of the maps"),
            tr("Value"): number(said["procrustes_maps"]),
            tr("Means"): tr("0: the same map"),
        },
        {
            tr("Measure"): tr("Shared among {neighbors} neighbors").format(neighbors=said["neighbors"]),
            tr("Value"): number(said["shared"]),
            tr("Means"): tr("1: the same neighbors"),
        },
    ]
    st.dataframe(rows, hide_index=True, key="space-compare")
    st.caption(tr("Measured on the {rows:,} rows that both have.").format(rows=said["rows"]))
