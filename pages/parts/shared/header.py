"""What stands in the header of every page: the tour, presenter's mode, and the link to what is shown.

It is drawn by the browser, which knows the newest address: the live view moves its cursor without a rerun.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.parts.shared import routes, showing, viewer
from pages.parts.shared.asked import EXPERIMENT
from pages.parts.shared.joining import CODE
from pages.parts.shared.live import assets_path, base_path, component
from pages.parts.shared.speech import languages
from pages.parts.shared.tour import tour
from selfsup_core.lessons.link import HIDDEN
from selfsup_core.room.people import shown_code
from selfsup_core.translation import tr, tr_later, tr_values

KEY = "header-tools"
PATH = "header-page"  # of the session: the path of the page that is shown

header_component = component("selfsup_header", "header/main.js")

WORDS = {
    "share": tr_later("Share"),
    "present": tr_later("Presenter's mode"),
    "leave": tr_later("Leave presenter's mode"),
    "leaveShort": tr_later("Leave"),
    "tour": tr_later("Tour of one minute"),
    "title": tr_later("Share this page"),
    "what": tr_later("What the link opens"),
    "view": tr_later("This run"),
    "settings": tr_later("Its settings, ready to train"),
    "link": tr_later("Link"),
    "copy": tr_later("Copy link"),
    "copied": tr_later("Copied."),
    "byHand": tr_later("The link is selected. Press Ctrl+C or Cmd+C to copy it."),
    "nothing": tr_later("Opening a link starts nothing."),
    "hide": tr_later("Hide controls"),
    "hideAbout": tr_later("Whoever opens the link can show them again."),
    "inPresent": tr_later("Open in presenter's mode"),
    "code": tr_later("QR code of the link"),
    "png": "PNG",
    "svg": "SVG",
    "pngAbout": tr_later("Download the QR code as PNG"),
    "svgAbout": tr_later("Download the QR code as SVG"),
    "tooLong": tr_later("This link is too long for a QR code that phones can read. Copy it instead."),
    "close": tr_later("Close"),
    "pages": tr_later("Pages"),
    "language": "Language · 语言",
}


def begin(page: str) -> None:
    """Before a page: nothing is known of what its form shows."""
    st.session_state[PATH] = page
    st.session_state.pop(EXPERIMENT, None)


def place_header() -> Any:
    """Before a page: where the header's tools will be."""
    return st.container(key=KEY)


def show_header(place: Any) -> None:
    """After a page, which has said by then what its form shows."""
    if not routes.is_mounted or st.session_state.get("header-failed"):
        return
    with place:
        result = header_component(
            key="header",
            data={
                "assets": assets_path(),
                "base": base_path(),
                "qr": f"{base_path()}{routes.BASE}/qr",
                "isPresenting": showing.is_presenting(),
                "settings": experiment(),
                "hidden": [{"name": name, "title": tr(title)} for name, title in HIDDEN.items()],
                "words": tr_values(WORDS),
                "languages": languages(),
                "tour": tour(),
                **reached(),
            },
            on_present_change=take_present,
            on_failed_change=lambda: None,
        )
        if result.failed:
            st.session_state["header-failed"] = result.failed


def take_present() -> None:
    wanted = st.session_state["header"].present
    if wanted is not None:
        showing.present(on=wanted == "on")


def experiment() -> dict[str, str] | None:
    """(page, query) that sets the form up as it is now, None where a page has no form."""
    address = st.session_state.get(EXPERIMENT)
    if not address:
        return None
    return {"page": st.session_state[PATH], "query": urlencode(address, doseq=True, safe=":/,")}


def reached() -> dict[str, Any]:
    """Where others reach the app, and what they need to be let in."""
    addresses = viewer.reached()
    found: dict[str, Any] = {"addresses": addresses, "code": None}
    if viewer.in_room():
        if viewer.here().is_teacher and viewer.access and viewer.access.room:
            found["code"] = [CODE, shown_code(viewer.access.room.read()["code"])]
        found["note"] = tr("Whoever opens it joins the room first, with a nickname.")
    elif addresses:
        found["note"] = tr("Whoever opens it needs the token of this app.")
    else:
        found["note"] = tr(
            "It opens on this machine only. Start the app with --address 0.0.0.0, or open a room, to let "
            "others in."
        )
    return found
