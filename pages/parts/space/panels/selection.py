"""What selected points have in common; one point and its neighbors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.shared.choice import choose_one
from pages.parts.shared.forms import number_field
from pages.parts.shared.workspace import plain, workspace
from pages.parts.space.ask import MapAsked, again, wish
from pages.parts.space.panels.asking import mix, question, show_cards
from selfsup_core.figures.standing import picture_sheet
from selfsup_core.inspection.space.layouts import MapAndJob, read_rows
from selfsup_core.inspection.space.selections import (
    delete_selection,
    list_selections,
    pack_rows,
    read_selection,
    unpack_rows,
)
from selfsup_core.projection.config import ABOUT
from selfsup_core.translation import tr
from selfsup_core.wording import ROW, brief, local, percent


def show_why(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    show_named(about, source)
    if not bits:
        st.markdown(
            tr(
                "**Select points** with Lasso or Box, with Shift-click in the legend, or with a "
                "search. This panel then shows "
                "what they have in common."
            )
        )
        what = "token" if asked["data"] == "token" else tr("row of the data")
        st.caption(
            tr("Each point is a {what}, here with {width} numbers. {about}").format(
                what=what, width=about["width"], about=ABOUT[asked["config"]["kind"]]
            )
        )
        return
    st.markdown(
        tr("**{count:,} of {rows:,} points**").format(count=len(unpack_rows(bits)), rows=about["rows"])
    )
    said, arrays = question(asked, about, "why", bits=bits)
    for name, value in said["whole"].items():
        st.caption(
            tr("These are all points of {name} {value}; below is what else they share.").format(
                name=plain(name), value=plain(value)
            )
        )
    if said["labels"] and not said["whole"]:
        st.markdown(mix(said["labels"]))
    if said["differences"]:
        st.markdown(tr("**What sets them apart**"))
        rows = [
            {tr("Effect"): d["effect"], tr("What"): d["what"], tr("Here"): d["text"]}
            for d in said["differences"]
        ]
        effect = st.column_config.ProgressColumn(
            min_value=0.0,
            max_value=1.0,
            format="%.2f",
            width="small",
            help=tr(
                "0: no difference, 1: separates both completely. |2 AUC − 1| for numbers, the difference "
                "for shares."
            ),
        )
        st.dataframe(
            rows,
            hide_index=True,
            key="space-why",
            column_config={
                tr("Effect"): effect,
                tr("Here"): st.column_config.TextColumn(
                    help=tr(
                        "The median of a number or the share of a class; then the same for all other points."
                    )
                ),
            },
        )
    elif said["count"] < said["of"]:
        st.caption(tr("No label or number sets them apart by more than 0.1."))
    if said["words"]:
        words = " ".join(f":gray-badge[{plain(w['what'])}]" for w in said["words"])
        st.markdown(tr("**Words** {words}").format(words=words))
    if "mean" in arrays:
        mean, rest = st.columns((1, 3), vertical_alignment="center")
        mean.image(
            picture_sheet(arrays["mean"].reshape(1, -1), arrays["mean"].shape[1:], columns=1),
            width=84,
            clamp=True,
            alt=tr("Decoded mean of the selection"),
        )
        rest.caption(tr("The decoder's output for their mean code."))
    st.markdown(tr("**Most typical**"))
    show_cards(said["typical"], asked, about)
    if said["odd"]:
        st.markdown(f"**{tr('Oddest')}**")
        show_cards(said["odd"], asked, about)


def show_named(about: MapAndJob, source: str) -> None:
    """Selections that were kept; choosing one puts it on the map and into the address."""
    kept = list_selections(workspace(), source)
    if not kept:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_one(
            st,
            tr("Saved selections"),
            {n: local(f"{n} ({count:,})") for n, count in kept.items()},
            index=None,
            key=f"space-named-{source}",
            placeholder=tr("choose one"),
            help=tr(
                "Selects the same rows in every space of this data set, and adds the selection to the "
                "address."
            ),
        )
        if name and st.session_state.get("space-named-taken") != (about["key"], name):
            st.session_state["space-named-taken"] = (about["key"], name)
            rows = read_selection(workspace(), source, name)
            places = np.flatnonzero(np.isin(read_rows(workspace(), about["key"]), rows))
            wish(about["key"], bits=pack_rows(places) if len(places) else "")
            st.session_state["space-taken"], st.session_state["space-untaken"] = (about["key"], name), ""
            st.query_params["pick"] = name
            again()
        if name and st.button(
            tr("Delete"),
            key="space-forget",
            icon=":material/delete:",
            help=tr("Delete the saved selection; the data are not changed."),
        ):
            delete_selection(workspace(), source, name)
            st.query_params.pop("pick", None)
            again()


def show_point(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    point = st.session_state.get("space-point") or {}
    if point.get("key") != about["key"]:
        rows = read_rows(workspace(), about["key"])
        st.markdown(tr("**Click a point** on the map, or enter its row number."))
        row = number_field(
            st,
            tr(ROW),
            int(rows[0]),
            int(rows[-1]),
            int(rows[0]),
            key="space-row",
            help=tr("Number of the row in the data set."),
        )
        places = np.flatnonzero(rows == row)
        if not len(places):
            st.caption(tr("This row is not on the map."))
            return
        place = int(places[0])
    else:
        place = point["place"]
    said, _ = question(asked, about, "neighbors", place=place)
    st.markdown(tr("**The point**"))
    show_cards([said["point"]], asked, about)
    facts = {k: v for k, v in said["point"].items() if k not in ("place", "row", "label", "text")}
    if facts:
        st.caption(
            ", ".join(
                f"{plain(str(k))} {brief(v, 4)}"
                if isinstance(v, float)
                else f"{plain(str(k))} {plain(str(v))}"
                for k, v in facts.items()
            )
        )
    if not said["found"]:
        return
    st.markdown(tr("**Nearest neighbors in the space itself** (not on the map)"))
    st.caption(
        tr("{kept} of these {count} are also among its nearest on the map.").format(
            kept=percent(said["kept"]), count=len(said["found"])
        )
    )
    if asked["data"] in ("image", "sound"):
        show_cards(said["found"][:8], asked, about)
    table = [
        {
            tr("Distance"): f["distance"],
            tr("Label"): f["label"],
            tr("Near on the map"): f["kept"],
            tr(ROW): f["row"],
            **({tr("Text"): f["text"]} if f["text"] else {}),
        }
        for f in said["found"]
    ]
    st.dataframe(
        table,
        hide_index=True,
        key="space-near",
        column_config={tr("Distance"): st.column_config.NumberColumn(format="%.4g")},
    )
    if st.button(tr("Select them"), key="space-near-take", icon=":material/select_all:"):
        wish(about["key"], bits=said["bits"])
        again()
