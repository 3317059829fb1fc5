"""Learn: the lessons, how far each has come, and ways in."""

from __future__ import annotations

import streamlit as st

from pages.parts.lessons.listed import show_listed
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.lessons.progress import read_progress, standing_of
from selfsup_core.lessons.reading import list_lessons
from selfsup_core.translation import tr_later

st.title(tr_later("Learn"), anchor=False)
st.markdown(
    tr_later(
        "Each lesson stands beside the page that it uses. You predict, train, and see "
        "whether you were right. "
        "Leave whenever you like: a lesson goes on where you left it."
    )
)
with errors_shown():
    lessons, progress = list_lessons(), read_progress(workspace())["lessons"]
    begun = {number: progress.get(str(number)) for number in lessons}
    left = [number for number, lesson in lessons.items() if not standing_of(lesson, begun[number]).is_done]
    for number, lesson in lessons.items():
        show_listed(lesson, begun[number], is_next=number == next(iter(left), 0))
