"""Groups that an algorithm finds on the map or in the space."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.forms import widget
from pages.parts.space.ask import MapAsked, again, wish
from pages.parts.space.panels.asking import frame_of, question
from selfsup_core.evaluate.clusters import ClusterConfig
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr

CLUSTERS = {entry.path: entry for entry in list_settings(ClusterConfig)}


def show_groups(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            tr("Method"),
            ["hdbscan", "kmeans"],
            default="hdbscan",
            key="space-method",
            required=True,
            format_func={"hdbscan": "HDBSCAN", "kmeans": "k-means"}.get,
            help=CLUSTERS["method"].description,
        )
        where = st.segmented_control(
            tr("Where"),
            ["map", "space"],
            default="map",
            key="space-where",
            required=True,
            help=f"{CLUSTERS['where'].description} {CLUSTERS['where'].why}",
        )
    path = "least" if method == "hdbscan" else "count"
    size = widget(CLUSTERS[path], 0, key=f"space-groups-{path}")
    if st.button(tr("Find groups"), key="space-groups-go", icon=":material/workspaces:", type="primary"):
        with st.spinner(tr("Looking for groups."), show_time=True):
            said, _ = question(asked, about, "clusters", method=method, where=where, **{path: size})
        st.session_state["space-groups"] = (about["key"], frame_of(about), said)
        wish(about["key"], by="cluster")
        again()
    kept = st.session_state.get("space-groups")
    if not kept or kept[:2] != (about["key"], frame_of(about)):
        return
    said = kept[2]
    loners = (
        tr(", {loners:,} points belong to no group").format(loners=said["loners"]) if said["loners"] else ""
    )
    st.markdown(tr("**{count} groups**{loners}.").format(count=said["count"], loners=loners))
    if said["agreement"]:
        st.caption(
            tr(
                "Compared with the known labels: adjusted Rand index {ari:.2f} (1: the "
                "same groups, 0: chance), normalized mutual information {nmi:.2f}."
            ).format(ari=said["agreement"]["ari"], nmi=said["agreement"]["nmi"])
        )
    rows = [
        {"Group": g["name"], "Points": g["size"], "Most frequent label": g["label"]} for g in said["groups"]
    ]
    picked = st.dataframe(
        rows, hide_index=True, key="space-groups-table", on_select="rerun", selection_mode="single-row"
    )
    chosen = picked.selection.rows
    if chosen and st.session_state.get("space-group") != (about["key"], chosen[0]):
        st.session_state["space-group"] = (about["key"], chosen[0])
        wish(about["key"], bits=said["groups"][chosen[0]]["bits"])
        again()
    st.caption(tr("Click a row to select its group on the map."))
