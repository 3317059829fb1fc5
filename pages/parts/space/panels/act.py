"""Acting on selected rows: labels, files, a table."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import streamlit as st

from pages.parts.shared.workspace import errors_shown, plain, workspace
from pages.parts.space.ask import MapAsked, again, remember, wish
from pages.parts.space.panels.asking import frame_of, question
from selfsup_core.errors import SettingError
from selfsup_core.inspection.space.layouts import MapAndJob, read_rows
from selfsup_core.inspection.space.selections import (
    pack_rows,
    save_selection,
    unpack_rows,
)
from selfsup_core.translation import tr, tr_later

MOST_TABLE = 1000


def show_export(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    count = len(unpack_rows(bits)) if bits else 0
    what = (
        tr("the {count:,} selected points").format(count=count)
        if count
        else tr("all {rows:,} points").format(rows=about["rows"])
    )
    if count:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                tr("Name of the selection"),
                key="space-name-it",
                max_chars=60,
                placeholder=tr("unusual island"),
            )
            keeps = st.button(tr("Save selection"), key="space-keep", icon=":material/bookmark:")
        if keeps:
            with errors_shown():  # what is below stays, whatever the name
                keep_selection(about, bits, source, name)
    st.markdown(tr("**Export {what}**").format(what=what))
    export_files(asked, about, bits)
    st.toggle(
        tr("As a table"),
        key="space-table",
        help=tr("The points as a table: the map for those who cannot see it."),
    )
    if st.session_state.get("space-table"):
        show_table(asked, about, bits)


def keep_selection(about: MapAndJob, bits: str, source: str, name: str) -> None:
    """Raises SettingError when it cannot have this name."""
    rows = read_rows(workspace(), about["key"])[unpack_rows(bits)]
    save_selection(workspace(), source, name, rows)
    kept = " ".join(name.split())
    st.session_state["space-taken"], st.session_state["space-untaken"] = (about["key"], kept), ""
    st.query_params["pick"] = kept
    st.success(
        tr("Saved. The address of this page now opens “{kept}”.").format(kept=plain(kept)),
        icon=":material/bookmark_added:",
    )


def show_edit(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    if not asked["source"]:
        st.caption(tr("These points are not rows of a data set, so they have no labels to edit."))
        return
    if not bits:
        st.markdown(
            tr(
                "**Select points** with Lasso or Box, with Shift-click in the legend, or with a "
                "search. Then label them here."
            )
        )
        return
    st.markdown(
        tr("**{count:,} of {rows:,} points**").format(count=len(unpack_rows(bits)), rows=about["rows"])
    )
    label = st.selectbox(
        tr("Label"),
        about["classes"],
        index=None,
        key=f"space-label-{asked['source']}",
        accept_new_options=True,
        placeholder=tr("a class, or a new name"),
        help=tr("For the selected rows."),
    )
    acts = {
        "version": (
            tr("Label in a new version"),
            ":material/label:",
            tr("The data set stays as it is; a new version gets these labels."),
        ),
        "hand": (
            tr("Use as hand labels"),
            ":material/back_hand:",
            tr("The next run with pseudo-labels on this data set learns from them."),
        ),
        "leave-out": (
            tr("Leave out in a new version"),
            ":material/delete_sweep:",
            tr("Creates a new version without these rows."),
        ),
    }
    for how, (title, icon, help_) in acts.items():
        if st.button(title, key=f"space-act-{how}", icon=icon, help=help_):
            check_label(how, label, about["classes"])
            said, _ = question(asked, about, "relabel", bits=bits, label=label or "", how=how)
            st.session_state["space-acted"] = (how, said, about["key"])
    done = st.session_state.get("space-acted")
    if done and done[2] == about["key"]:
        how, said, _ = done
        if how == "hand":
            st.success(
                tr("{rows:,} hand labels saved, {labels:,} in all for this data set.").format(
                    rows=said["rows"], labels=said["labels"]
                ),
                icon=":material/check:",
            )
            st.page_link(
                "pages/classify.py",
                label=tr("Train with them"),
                icon=":material/category:",
                query_params={"do": "pseudo", "data": said["source"]},
            )
        else:
            st.success(tr("The new version is ready."), icon=":material/check:")
            st.page_link(
                "pages/data.py",
                label=tr("Look at it"),
                icon=":material/database:",
                query_params={"data": said["source"]},
            )


def check_label(how: str, label: str | None, classes: list[str]) -> None:
    """Raises SettingError when what is asked for needs another label."""
    if how != "leave-out" and not label:
        raise SettingError(tr("No label is chosen."), remedy=tr("Choose a class first, or type a new name."))
    if how == "hand" and label not in classes:
        raise SettingError(
            tr("{label!r} is not a class of this data set, and hand labels cannot add one.").format(
                label=label
            ),
            remedy=tr("Choose one of the classes, or create a new version with this label."),
        )


KINDS = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": (tr_later("NPZ with vectors"), "application/octet-stream"),
    "html": (tr_later("HTML map"), "text/html"),
}


def export_files(asked: MapAsked, about: MapAndJob, bits: str) -> None:
    with st.container(horizontal=True):
        for kind, (title, mime) in KINDS.items():
            mark = (about["key"], frame_of(about), bits, kind)
            kept = st.session_state.get("space-file-made")
            if kept and kept[0] == mark:
                st.download_button(
                    tr("Download {title}").format(title=tr(title)),
                    kept[1],
                    f"{asked['source'] or 'tokens'}-map.{kind}",
                    mime,
                    key=f"space-take-{kind}",
                    icon=":material/download:",
                    on_click="ignore",
                )
            elif st.button(
                title,
                key=f"space-make-{kind}",
                icon=":material/description:",
                help=tr("The whole map as a single page that works offline.")
                if kind == "html"
                else tr("Row, label, position on the map, numbers."),
            ):
                content = make_file(asked, about, bits, kind)
                st.session_state["space-file-made"] = (mark, content)
                again()


def make_file(asked: MapAsked, about: MapAndJob, bits: str, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / f"map.{kind}")
        if kind == "html":
            by = st.session_state.get("space-by") or ""
            known = question(asked, about, "colors")[0]
            there = [*known["categories"], *known["numbers"], *known["measured"]]
            question(asked, about, "html", target=target, by=by if by in there else "")
        else:
            question(asked, about, "export", target=target, kind=kind, bits=bits)
        return Path(target).read_bytes()


def show_table(asked: MapAsked, about: MapAndJob, bits: str) -> None:
    """The first thousand points; choosing rows selects them on the map."""
    import pyarrow.csv

    table = pyarrow.csv.read_csv(io.BytesIO(make_file(asked, about, bits, "csv")))
    shown = table.slice(0, MOST_TABLE)
    picked = st.dataframe(
        shown,
        hide_index=True,
        key=f"space-table-{about['key']}-{hash(bits)}",
        on_select="rerun",
        selection_mode="multi-row",
        height=320,
    )
    if table.num_rows > MOST_TABLE:
        st.caption(
            tr("The first {most_table:,} of {num_rows:,} points.").format(
                most_table=MOST_TABLE, num_rows=table.num_rows
            )
        )
    if picked.selection.rows and st.button(tr("Select these rows on the map"), key="space-table-take"):
        rows = shown.column("row").to_numpy()[picked.selection.rows]
        places = np.flatnonzero(np.isin(read_rows(workspace(), about["key"]), rows))
        remember(about["key"], pack_rows(places))
        wish(about["key"], bits=pack_rows(places))
        again()
