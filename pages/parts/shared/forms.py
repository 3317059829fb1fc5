"""Widgets made from settings: label, help, bounds and choices come from the one declaration."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from selfsup_core.settings import Setting


def help_text(setting: Setting) -> str:
    """The description, then the reason for the default."""
    return f"{setting.description} {setting.why}".strip()


def widget(setting: Setting, value: Any, *, key: str) -> Any:
    """Show the widget that fits a setting and return its value; numbers cannot leave their bounds."""
    label, help_ = setting.label, help_text(setting)
    if setting.choices:
        return st.selectbox(
            label,
            setting.choices,
            index=setting.choices.index(value),
            key=key,
            help=help_,
            format_func=setting.say,
        )
    if setting.annotation is bool:
        return st.toggle(label, value, key=key, help=help_)
    if setting.annotation is int:
        return st.number_input(
            label,
            number(setting.low, int),
            number(setting.high, int),
            int(value),
            1,
            key=key,
            help=help_,
        )
    if setting.annotation is float:
        return st.number_input(
            label,
            number(setting.low, float),
            number(setting.high, float),
            float(value),
            step=float(value) / 10 or 0.1,
            format="%g",
            key=key,
            help=help_,
        )
    if int in get_args(setting.annotation):
        text = st.text_input(label, ", ".join(str(v) for v in value), key=key, help=help_)
        return parse_numbers(text)
    return st.text_input(label, str(value), key=key, help=help_)


def number(bound: float | None, kind: type) -> Any:
    return None if bound is None else kind(bound)


def parse_numbers(text: str) -> Any:
    """ "64, 32, 16" → (64, 32, 16); anything else is handed on, so that validation names it."""
    parts = text.replace(",", " ").replace("-", " ").split()
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return text
