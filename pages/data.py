"""Data: bring your own, see what it is and what is wrong with it, choose which labels may be seen."""

from __future__ import annotations

import streamlit as st

from pages.parts.data.add import show_add
from pages.parts.data.show import show_dataset
from pages.parts.shared.choice import choose_one
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.library.own import restore
from selfsup_core.data.sources import OWN_NAME, list_damaged_sources, list_sources

KINDS = {"image": "images", "table": "rows", "text": "texts", "sound": "sounds"}


def show_undo() -> None:
    deleted = st.session_state.get("deleted_data")
    if not deleted:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"Deleted **{plain(deleted['title'])}**.")
        if st.button("Undo", icon=":material/undo:", key="undo-data"):
            with errors_shown():
                restore(workspace(), deleted["name"])
                del st.session_state["deleted_data"]
                st.query_params.from_dict({"data": deleted["name"]})
                st.rerun()


def describe(name: str) -> str:
    source = sources[name]
    mine = "yours" if OWN_NAME.fullmatch(name) else "built in"
    away = ", not on this machine" if source.missing() else ""
    return f"{source.title} · {source.samples:,} {KINDS[source.kind]} · {mine}{away}"


st.title("Data", anchor=False)
show_undo()
sources = list_sources(workspace())
for folder, problem in list_damaged_sources(workspace()).items():
    st.warning(f"{plain(folder)} cannot be read. {plain(problem)}", icon=":material/broken_image:")
show_add(has_own=any(OWN_NAME.fullmatch(name) for name in sources))
if st.session_state.get("pending"):
    st.stop()  # one thing at a time: the files that were just given
wanted = st.query_params.get("data", "")
if wanted and wanted not in sources:
    st.error(
        f"There is no data set {plain(repr(wanted))}. It may have been deleted.",
        icon=":material/error:",
    )
if wanted in sources and st.session_state.get("data-shown") != wanted:
    st.session_state["data-choice"] = st.session_state["data-shown"] = wanted
if st.session_state.get("data-choice") not in sources:
    st.session_state["data-choice"] = wanted if wanted in sources else "mnist-5k"
name = choose_one(
    st,
    "Data set",
    {name: describe(name) for name in sources},
    key="data-choice",
    help="Your own data sets come first; the others are built in.",
)
if name != wanted:
    st.session_state["data-shown"] = name
    st.query_params["data"] = name
if missing := sources[name].missing():
    st.info(missing, icon=":material/download:")
else:
    with errors_shown():
        show_dataset(name, sources[name])
