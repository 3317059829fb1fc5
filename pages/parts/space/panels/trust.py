"""How far the map can be trusted."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.workspace import plain
from pages.parts.space.ask import MapAsked, again, wish
from pages.parts.space.panels.asking import frame_of, question
from pages.parts.space.panels.compare import open_second
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.projection.config import TITLES
from selfsup_core.translation import tr
from selfsup_core.wording import local, percent


def show_trust(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    kept = st.session_state.get("space-trust")
    if kept is None or kept[:2] != (about["key"], frame_of(about)):
        with st.spinner(tr("Comparing neighbors."), show_time=True):
            kept = (about["key"], frame_of(about), question(asked, about, "trust")[0])
        st.session_state["space-trust"] = kept
    said = kept[2]
    columns = st.columns(3)
    columns[0].metric(
        tr("Trustworthiness"),
        local(f"{said['trustworthiness']:.3f}"),
        help=tr(
            "1: no points that are far apart in the space are neighbors on the map (Venna and Kaski, 2001)."
        ),
    )
    columns[1].metric(
        tr("Continuity"),
        local(f"{said['continuity']:.3f}"),
        help=tr("1: no points that are neighbors in the space are far apart on the map."),
    )
    columns[2].metric(
        tr("Kept neighbors"),
        f"{percent(said['kept'])}",
        help=tr(
            "Share of the {neighbors} nearest neighbors in the space that are also nearest on the map."
        ).format(neighbors=said["neighbors"]),
    )
    st.markdown(plain(said["text"]))
    if said["asked"] < said["of"]:
        st.caption(
            tr("Measured for {asked:,} of {of:,} points, among all points.").format(
                asked=said["asked"], of=said["of"]
            )
        )
    with st.container(horizontal=True):
        if st.button(tr("Color by kept neighbors"), key="space-trust-color", icon=":material/palette:"):
            wish(about["key"], by=tr("kept neighbors"))
            again()
        if asked["config"]["kind"] in ("umap", "tsne", "random") and st.button(
            tr("Compare with another seed"),
            key="space-trust-seed",
            icon=":material/casino:",
            help=tr("The same vectors with another seed: differences are not in the data."),
        ):
            config = asked["config"] | {"seed": asked["config"].get("seed", 0) + 1}
            open_second(
                asked["space"],
                config,
                asked["epochs"][-1],
                asked["source"],
                tr("{titles} with seed {seed}").format(titles=TITLES[config["kind"]], seed=config["seed"]),
            )
