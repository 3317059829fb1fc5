"""Widgets made from settings: label, help, bounds and choices come from the one declaration."""

from __future__ import annotations

import re
from typing import Any, get_args

import streamlit as st

from selfsup_core.settings import Setting
from selfsup_core.translation import tr
from selfsup_core.wording import local


def help_text(setting: Setting) -> str:
    """The description, then the reason for the default."""
    return f"{setting.description} {setting.why}".strip()


def widget(setting: Setting, value: Any, *, key: str) -> Any:
    """Show the widget that fits a setting and return its value; numbers cannot leave their bounds.

    Args:
        value: with which it begins, unless the session has one for `key`.
    """
    label, help_ = setting.label, help_text(setting)
    begin_with(key, as_shown(setting, value))
    # Also as the default: what a closed popover holds is made by the browser when it opens, from the last run
    # of the page, which no longer says what the session was told before.
    now: Any = st.session_state[key]
    if setting.choices:
        index = setting.choices.index(now)
        return st.selectbox(label, setting.choices, index, key=key, help=help_, format_func=setting.say)
    if setting.annotation is bool:
        return st.toggle(label, now, key=key, help=help_)
    if setting.annotation is int:
        low, high = number(setting.low, int), number(setting.high, int)
        return number_field(st, label, low, high, now, 1, key=key, help=help_)
    if setting.annotation is float:
        low, high = number(setting.low, float), number(setting.high, float)
        step = float(value) / 10 or 0.1
        return number_field(st, label, low, high, now, step, format="%g", key=key, help=help_)
    text = st.text_input(label, now, key=key, help=help_)
    return parse_numbers(text) if is_numbers(setting) else text


def number_field(place: Any, label: str, low: Any, high: Any, *rest: Any, key: str, **more: Any) -> Any:
    """A number input that says its range where a number outside is typed: the browser does not send one.

    Args:
        place: where it stands; `st` or a place of the page. rest, more: of `number_input`.
    """
    # Streamlit makes a class of the key; a style alone takes no place on the page.
    name = re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())
    said = f'content: "{say_range(low, high)}"'
    st.html(f"<style>.st-key-{name}:has(input:out-of-range)::after {{ {said} }}</style>")
    return place.number_input(label, low, high, *rest, key=key, **more)


def say_range(low: float | None, high: float | None) -> str:
    """ "From 1 to 100,000", or what there is of it."""
    bounds = [None if bound is None else local(f"{bound:,}") for bound in (low, high)]
    if None not in bounds:
        return tr("From {bounds} to {bounds_2}.").format(bounds=bounds[0], bounds_2=bounds[1])
    return (
        tr("At least {bounds}.").format(bounds=bounds[0])
        if bounds[0]
        else tr("At most {bounds}.").format(bounds=bounds[1])
    )


def as_shown(setting: Setting, value: Any) -> Any:
    """A setting's value as its widget has it."""
    if setting.choices or setting.annotation is bool:
        return value
    if setting.annotation in (int, float):
        return setting.annotation(value)
    return ", ".join(str(one) for one in value) if is_numbers(setting) else str(value)


def is_numbers(setting: Setting) -> bool:
    return int in get_args(setting.annotation)


def begin_with(key: str, value: Any) -> None:
    """The first value of a widget, without the warning that a default beside a session value brings."""
    if key not in st.session_state:
        st.session_state[key] = value


def number(bound: float | None, kind: type) -> Any:
    return None if bound is None else kind(bound)


def parse_numbers(text: str) -> Any:
    """ "64, 32, 16" → (64, 32, 16); anything else is handed on, so that validation names it."""
    parts = text.replace(",", " ").replace("-", " ").split()
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return text
