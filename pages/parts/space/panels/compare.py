"""Two maps of the same rows side by side."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one
from pages.parts.shared.workspace import workspace
from pages.parts.space.ask import MapAsked, again, ask
from pages.parts.space.panels.asking import question
from selfsup_core.errors import SettingError
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.projection.config import TITLES


def open_second(
    space: str, config: Mapping[str, object], epoch: int | None, source: str, title: str, *, not_key: str = ""
) -> None:
    """Begin a second map and show it. Raises SettingError when it is the first one."""
    begun, _ = ask(space, "start", config=config, epoch=epoch)
    if begun["key"] == not_key:
        raise SettingError("This map is already shown.", remedy="Choose another space, epoch or kind of map.")
    st.session_state["space-second"] = {
        "key": begun["key"],
        "space": space,
        "source": source,
        "title": title,
        "epoch": begun["epochs"][-1],
    }
    again()


def show_compare(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    if not routes.is_mounted:
        st.caption(
            "Two maps side by side need the app to be started with `make run`. `space compare` prints the numbers."
        )
        return
    fitting = {
        s["space"]: s for s in list_spaces(workspace()) if s["source"] == asked["source"] and s["source"]
    }
    if not fitting:
        st.caption("There is no other space with these rows.")
        return
    others = [name for name in fitting if name != asked["space"]]
    begin = list(fitting).index(others[0]) if others else 0
    space = choose_one(
        st,
        "Second space",
        {n: other["title"] for n, other in fitting.items()},
        index=begin,
        key="space-other",
        help="Spaces with the same rows: another run, another epoch, or the data themselves.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = [k for k in TITLES if k not in ("axes", "code")]
        kind = st.selectbox(
            "Its map",
            kinds,
            index=kinds.index(asked["config"]["kind"]) if asked["config"]["kind"] in kinds else 0,
            key="space-other-kind",
            format_func=TITLES.get,
        )
        epochs = fitting[space]["epochs"]
        epoch = (
            st.select_slider("Its epoch", epochs, epochs[-1], key=f"space-other-epoch-{space}")
            if len(epochs) > 1
            else None
        )
    with st.container(horizontal=True):
        if st.button("Show beside", key="space-beside", icon=":material/splitscreen_right:", type="primary"):
            config = asked["config"] | {"kind": kind, "dimensions": 2}
            at = f", epoch {epoch}" if epoch is not None else ""
            open_second(
                space,
                config,
                epoch,
                asked["source"],
                f"{TITLES[kind]} · {fitting[space]['title']}{at}",
                not_key=about["key"],
            )
        second = st.session_state.get("space-second")
        if (
            second
            and second["source"] == asked["source"]
            and st.button("Close", key="space-beside-close", icon=":material/close:")
        ):
            st.session_state["space-second"] = None
            again()
    second = st.session_state.get("space-second")
    if not second or second["source"] != asked["source"]:
        st.caption("A selection on one map shows the same rows on the other.")
        return
    job, _ = ask(second["space"], "look", key=second["key"])
    if not job["done"]:
        st.caption("The second map is being drawn; the numbers follow when it is ready.")
        if st.button("Look again", key="space-compare-again"):
            again()
        return
    said, _ = question(
        asked,
        about,
        "compare",
        other={"space": second["space"], "key": second["key"], "epoch": second["epoch"]},
    )
    number = lambda value: "–" if value is None else f"{value:.3f}"  # noqa: E731
    rows = [
        {
            "Measure": "CKA of the vectors",
            "Value": number(said["cka"]),
            "Means": "1: the same up to rotation and scale",
        },
        {
            "Measure": "Procrustes distance of the vectors",
            "Value": number(said["procrustes"]),
            "Means": "0: the same up to rotation and scale",
        },
        {
            "Measure": "Procrustes distance of the maps",
            "Value": number(said["procrustes_maps"]),
            "Means": "0: the same map",
        },
        {
            "Measure": f"Shared among {said['neighbors']} neighbors",
            "Value": number(said["shared"]),
            "Means": "1: the same neighbors",
        },
    ]
    st.dataframe(rows, hide_index=True, key="space-compare")
    st.caption(f"Measured on the {said['rows']:,} rows that both have.")
