"""Navigation and theme. `python server.py` serves it; under `streamlit run app.py` it shows nothing."""

from pathlib import Path

import streamlit as st

from pages.parts.lessons.opened import keep_in_address
from pages.parts.lessons.panel import show_lesson
from pages.parts.room.spotlight import announce
from pages.parts.shared import door, header, showing, uploader, viewer
from pages.parts.shared.address import begin_address, end_address
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.workspace import open_workspace
from selfsup_core.translation import tr

ROOT = Path(__file__).parent

st.set_page_config(page_title="SelfSup Studio", page_icon=str(ROOT / "assets" / "icon.svg"), layout="wide")
st.logo(str(ROOT / "assets" / "logo.svg"), size="large")
st.html(ROOT / "assets" / "page.css")
shown = [
    st.Page("pages/home.py", title=tr("Home"), icon=":material/home:", default=True),
    st.Page("pages/learn.py", title=tr("Learn"), icon=":material/school:", url_path="learn"),
    st.Page("pages/data.py", title=tr("Data"), icon=":material/database:", url_path="data"),
    st.Page(
        "pages/autoencoder.py",
        title=tr("Autoencoder"),
        icon=":material/compress:",
        url_path="autoencoder",
    ),
    st.Page(
        "pages/language.py",
        title=tr("Language model"),
        icon=":material/match_word:",
        url_path="language",
    ),
    st.Page(
        "pages/classify.py",
        title=tr("Classifier"),
        icon=":material/category:",
        url_path="classify",
    ),
    st.Page(
        "pages/latent.py",
        title=tr("Latent space"),
        icon=":material/scatter_plot:",
        url_path="latent",
    ),
    st.Page("pages/views.py", title=tr("Views"), icon=":material/auto_fix_high:", url_path="views"),
    st.Page(
        "pages/scenarios.py", title=tr("Scenarios"), icon=":material/theater_comedy:", url_path="scenarios"
    ),
    st.Page("pages/runs.py", title=tr("Runs"), icon=":material/list:", url_path="runs"),
    # Opened from the list of runs, and by its address.
    st.Page(
        "pages/compare.py",
        title=tr("Compare"),
        icon=":material/compare:",
        url_path="compare",
        visibility="hidden",
    ),
    st.Page(
        "pages/sweep.py",
        title=tr("Sweep"),
        icon=":material/tune:",
        url_path="sweep",
        visibility="hidden",
    ),
]
if door.is_there and viewer.in_room():
    shown.append(st.Page("pages/room.py", title=tr("Room"), icon=":material/groups:", url_path="room"))
page = st.navigation(shown, position="top")
if st.session_state.get("page-shown") != page.title:
    st.session_state["page-shown"] = page.title
    st.session_state.pop("refused", None)  # what a click on another page was told
try:
    open_workspace(workspace())
except StudioError as error:
    st.error(plain(str(error)), icon=":material/error:")
    st.stop()
uploader.begin_page()
begin_address(page.url_path)
tools = header.place_header()
try:
    header.begin(page.url_path)
    showing.follow_address()
    if viewer.in_room() and page.url_path != "room":
        announce()
    show_lesson(page.url_path)
    page.run()
finally:
    keep_in_address()
    showing.keep()
    end_address(page.url_path)
    header.show_header(tools)
uploader.end_page()
