"""Data: add data sets, inspect them, fix problems, and set the split and the label budget."""

from __future__ import annotations

import streamlit as st

from pages.parts.data.add import show_add
from pages.parts.data.show import show_dataset
from pages.parts.shared.bin import show_bin
from pages.parts.shared.choice import choose_asked
from pages.parts.shared.preset_and_data import refuse_source
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.library.own import restore
from selfsup_core.data.sources import OWN_NAME, list_damaged_sources, list_sources
from selfsup_core.translation import tr
from selfsup_core.wording import counted

KINDS = {"image": "image", "table": "row", "text": "text", "sound": "sound"}  # of which it has so many


def describe(name: str) -> str:
    source = sources[name]
    mine = tr("yours") if OWN_NAME.fullmatch(name) else tr("built in")
    parts = [tr(source.title), counted(source.samples, KINDS[source.kind]), mine]
    return " · ".join([*parts, tr("not on this machine")] if source.missing() else parts)


def open_restored(name: str) -> None:
    st.query_params.from_dict({"data": name})


st.title(tr("Data"), anchor=False)
sources = list_sources(workspace())
for folder, problem in list_damaged_sources(workspace()).items():
    said = tr("{folder} cannot be read. {problem}").format(folder=plain(folder), problem=plain(problem))
    st.warning(said, icon=":material/broken_image:")
show_add()
if st.session_state.get("pending"):
    st.stop()  # only the pending import is shown until it is done or discarded
name = choose_asked(
    st,
    tr("Data set"),
    {name: describe(name) for name in sources},
    key="data-choice",
    param="data",
    default="emoji",
    refusal=refuse_source,
    help=tr("Your own data sets come first; the others are built in."),
    writes=True,
)
if name is None:
    st.stop()
if missing := sources[name].missing():
    st.info(missing, icon=":material/download:")
else:
    with errors_shown():
        show_dataset(name, sources[name])
show_bin(restore, is_data=True, after=open_restored)
