"""Switches of the augmentation lab, each with what it teaches to ignore; the address keeps what is set."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.choice import refuse_asked, shorten
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.workspace import plain
from selfsup_core.augment.config import AUGMENTATIONS, augmentation_of
from selfsup_core.augment.transformations import Transformation, settings_of, transformations_of
from selfsup_core.errors import SettingError
from selfsup_core.inspection.asking import checked
from selfsup_core.settings import Setting
from selfsup_core.translation import tr

FIRST = 6  # transformations that are shown at once; the others are under Advanced
KIND = "lab-kind"
IGNORED, DESTROYED = ":material/visibility_off:", ":orange[:material/warning:]"


def key_of(kind: str, name: str) -> str:
    return f"lab-{kind}-{name}"


def refuse_settings(kind: str) -> bool:
    """Whether the address asks for a value that a setting cannot have; this is then said."""
    for name in settings_of(kind):
        asked = st.query_params.get(name, "")
        if not asked:
            continue
        try:
            checked(augmentation_of(kind), {name: read_number(asked)})
        except SettingError as error:
            refuse_asked(name, tr("The address cannot be shown: {message}").format(message=error.message))
            return True
    return False


def read_number(asked: str) -> float | str:
    try:
        return float(asked)
    except ValueError:
        return shorten(asked)


def forget_other_kinds(kind: str) -> None:
    """Of another kind of data a setting of the same name is another one: it leaves the address."""
    before = st.session_state.get(KIND, kind)
    st.session_state[KIND] = kind
    known = {name for each in AUGMENTATIONS for name in settings_of(each)}
    for name in known if before != kind else known - set(settings_of(kind)):
        st.query_params.pop(name, None)


def take(setting: Setting, key: str) -> None:
    """Have a widget show once what the address says; without that, at first the default."""
    asked, mark = st.query_params.get(setting.path, ""), f"{key}-taken"
    if asked and (st.session_state.get(mark) != asked or key not in st.session_state):
        number = float(asked)
        st.session_state[key] = int(number) if setting.annotation is int else number
        st.session_state[mark] = asked
    elif not asked and st.session_state.get(mark):
        st.session_state[key] = setting.default  # Back, or a link without it
        st.session_state.pop(mark)
    st.session_state.setdefault(key, setting.default)


def write(setting: Setting, key: str, value: float) -> None:
    """Have the address say what differs from the default."""
    mark = f"{key}-taken"
    if value == setting.default:
        st.session_state.pop(mark, None)
        st.query_params.pop(setting.path, None)
        return
    text = f"{value:g}"
    st.session_state[mark] = text
    if st.query_params.get(setting.path) != text:
        st.query_params[setting.path] = text


def choose_settings(
    kind: str, shape: Sequence[int], place: DeltaGenerator, more: DeltaGenerator
) -> dict[str, float]:
    """Name → value of what is shown: the first transformations in `place`, the others in `more`."""
    settings = settings_of(kind)
    shown = transformations_of(kind, shape)
    values: dict[str, float] = {}
    with place:
        for one in shown[:FIRST]:
            values[one.name] = show_switch(one)
    with more:
        for one in shown[FIRST:]:
            values[one.name] = show_switch(one)
        for one in shown:
            for name in one.details:
                if name not in values and fits(name, shape):
                    values[name] = show_detail(kind, settings[name])
    for name, value in values.items():
        write(settings[name], key_of(kind, name), value)
    return values


def fits(name: str, shape: Sequence[int]) -> bool:
    """Whether a detail changes samples of this shape: gray pictures have neither hue nor saturation."""
    return name not in ("hue", "saturation") or (len(shape) == 3 and shape[-1] == 3)


def show_switch(one: Transformation) -> float:
    """A slider from 0, which is off, with one line, and a second one while it is on."""
    setting, key = one.setting, key_of(one.kind, one.name)
    take(setting, key)
    most = float(setting.high or 1.0)
    value = st.slider(
        setting.title,
        0.0,
        most,
        step=0.01 if most <= 1 else 1.0,
        format="%g",
        key=key,
        help=tr("{help_text} Destroys the meaning: {destroys}").format(
            help_text=help_text(setting), destroys=one.destroys
        ),
    )
    st.markdown(f":small[{IGNORED} {plain(one.ignores)}]")
    if value > 0:
        st.markdown(f":small[{DESTROYED} {plain(one.destroys)}]")
    return float(value)


def show_detail(kind: str, setting: Setting) -> float:
    key = key_of(kind, setting.path)
    take(setting, key)
    return float(widget(setting, st.session_state[key], key=key))
