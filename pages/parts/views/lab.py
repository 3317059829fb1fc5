"""Augmentation lab: a few samples, each with several random views, redrawn at every change."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.address import own_address
from pages.parts.shared.choice import choose_asked, refuse_asked, shorten
from pages.parts.shared.preset_and_data import refuse_source
from pages.parts.shared.workspace import errors_shown, workspace
from pages.parts.views.drawn import show_pictures, show_rows, show_texts, titles_of
from pages.parts.views.switches import (
    DESTROYED,
    IGNORED,
    choose_settings,
    forget_other_kinds,
    refuse_settings,
)
from selfsup_core.augment.config import augmentation_of
from selfsup_core.augment.transformations import DROPOUT_ALONE, is_on, transformations_of
from selfsup_core.data.sources import Source, list_sources
from selfsup_core.inspection.asking import checked
from selfsup_core.inspection.client import warm
from selfsup_core.inspection.subject import Subject
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr, tr_later

SAMPLES, VIEWS = 4, 5  # they fit a laptop's screen, and a phone's width
NUMBERS = {
    "seed": tr_later("New views"),
    "samples": tr_later("Other samples"),
}  # of the address, each turned on by a button


def show() -> None:
    warm(workspace())
    show_lab()


@st.fragment
def show_lab() -> None:
    """The whole lab: whatever is changed in it, nothing else runs."""
    with own_address("views"):
        choose_and_draw()


def choose_and_draw() -> None:
    sources = {name: s for name, s in list_sources(workspace()).items() if not s.missing()}
    data, new, more = st.container(key="lab-controls").columns((3.4, 1.3, 1.3), vertical_alignment="bottom")
    name = choose_asked(
        data,
        tr("Data"),
        {n: s.title for n, s in sources.items()},
        key="lab-data",
        param="data",
        default="emoji",
        refusal=refuse_source,
        writes=True,
        drops=("samples",),
        help=tr("Images, sounds, tables or texts: each kind has transformations of its own."),
    )
    if name is None or refuse_numbers():
        return
    source = sources[name]
    forget_other_kinds(source.kind)
    if refuse_settings(source.kind):
        return
    new.button(
        tr("New views"),
        key="lab-new",
        icon=":material/casino:",
        type="primary",
        width="stretch",
        on_click=turn,
        args=("seed",),
        help=tr("Draw other random views with the same settings."),
    )
    advanced = more.popover(tr("Advanced"), icon=":material/tune:", width="stretch")
    with advanced:
        st.button(
            tr("Other samples"),
            key="advanced-lab-samples",
            icon=":material/shuffle:",
            on_click=turn,
            args=("samples",),
            help=tr("Look at other samples of this data set."),
        )
    more_switches = advanced.container(key="advanced-lab-switches")
    pictures, switches = st.container(key="lab-parts").columns((2.2, 1), gap="large")
    with switches.container(key="lab-switches"):
        st.markdown(f":small[{LEGEND}]")
        at = st.container()
    values = choose_settings(source.kind, source.shape, at, more_switches)
    with pictures, errors_shown():
        show_views(name, source, values)


def refuse_numbers() -> bool:
    """Whether the address asks for views or samples by something that is no number."""
    for param, title in NUMBERS.items():
        asked = st.query_params.get(param, "")
        if asked and whole_number(asked) is None:
            refuse_asked(
                param,
                tr("{title}: the address asks for {param} {asked!r}, not a number.").format(
                    title=title, param=param, asked=shorten(asked)
                ),
            )
            return True
    return False


def number_of(param: str) -> int:
    return whole_number(st.query_params.get(param, "")) or 0


def turn(param: str) -> None:
    st.query_params[param] = str((number_of(param) + 1) % 10**9)


def show_views(name: str, source: Source, values: dict[str, float]) -> None:
    """Ask for the views, and draw them. Raises StudioError."""
    asked: dict[str, Any] = {
        "settings": values,
        "samples": SAMPLES if source.kind in ("image", "sound") else 3,
        "views": VIEWS if source.kind in ("image", "sound") else 3,
        "seed": number_of("seed"),
        "choice": number_of("samples"),
    }
    with st.spinner(tr("Drawing the views …")):
        answer = routes.lab().ask(Subject("data", name), "views", asked)
    st.caption(explain(source, values))
    about = answer.about
    titles = titles_of(about["rows"], about["labels"], about["names"])
    if source.kind == "text":
        show_texts(about["texts"], titles)
    elif source.kind == "table":
        show_rows(answer.arrays["values"], titles, about["columns"])
    else:
        show_pictures(answer.arrays["values"], titles)


LEGEND = f"{IGNORED} What is ignored, {DESTROYED} where that destroys the meaning"
WORDS = {
    "image": tr_later("On the left the picture itself."),
    "sound": tr_later(
        "On the left the spectrogram itself: time runs to the right, low frequencies are at the bottom."
    ),
    "table": tr_later(
        "Each row itself, then its views; what has changed is orange. Each column is scaled to 0–1."
    ),
    "text": tr_later(
        "The beginning of each text, then its views: gone words are struck out, new ones underlined."
    ),
}
AIM = tr_later("A network learns to represent all views alike, and so to ignore what changes.")
NOTHING = tr_later(
    "Everything is off: the views are the sample itself, and a network has nothing to learn from them."
)


def explain(source: Source, values: dict[str, float]) -> str:
    config = checked(augmentation_of(source.kind), values)
    if any(is_on(config, one.name) for one in transformations_of(source.kind, source.shape)):
        return f"{WORDS[source.kind]} {AIM}"
    return DROPOUT_ALONE if source.kind == "text" else NOTHING
