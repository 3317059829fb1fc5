"""What people call a run, and what they note of it: name, tags and a note in `labels.json`.

They have a file of their own because `state.json` belongs to the worker while it trains. The spec keeps the
name that the run began with, so nothing that is computed changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.errors import SettingError
from selfsup_core.files import read_shaped, write_json
from selfsup_core.translation import tr

FILE = "labels.json"
MOST_NAME, MOST_TAG, MOST_NOTE = 120, 30, 500  # characters
MOST_TAGS = 10


class Labels(TypedDict):
    """name: "" while the run has the one that it began with."""

    name: str
    tags: list[str]
    note: str


EMPTY: Labels = {"name": "", "tags": [], "note": ""}


def read_labels(run: Path) -> Labels:
    """Of a run's folder; empty where there are none, or where the file is damaged."""
    return read_shaped(run / FILE, Labels, lacking=EMPTY) or Labels(name="", tags=[], note="")


def rename(run: Path, name: str) -> Labels:
    """Give a run another name. Raises SettingError when it is empty or too long."""
    text = " ".join(name.split())
    if not text or len(text) > MOST_NAME:
        raise SettingError(
            tr("A name has 1 to {most_name} characters; found {count}.").format(
                most_name=MOST_NAME, count=len(text)
            )
        )
    return write_labels(run, {**read_labels(run), "name": text})


def write_note(run: Path, note: str) -> Labels:
    """Replace the note of a run; "" removes it. Raises SettingError when it is too long."""
    text = note.strip()
    if len(text) > MOST_NOTE:
        raise SettingError(
            tr("A note has at most {most_note} characters; found {count}.").format(
                most_note=MOST_NOTE, count=len(text)
            )
        )
    return write_labels(run, {**read_labels(run), "note": text})


def add_tags(run: Path, tags: Iterable[str]) -> Labels:
    """Add tags to a run; those that it has stay once. Raises SettingError when one is none, or too many."""
    found = read_labels(run)
    joined = list(dict.fromkeys([*found["tags"], *(clean_tag(tag) for tag in tags)]))
    if len(joined) > MOST_TAGS:
        raise SettingError(
            tr("A run has at most {most_tags} tags; found {count}.").format(
                most_tags=MOST_TAGS, count=len(joined)
            ),
            remedy=tr("Remove some of them first."),
        )
    return write_labels(run, {**found, "tags": joined})


def remove_tags(run: Path, tags: Iterable[str]) -> Labels:
    """Take tags from a run; one that it does not have changes nothing."""
    found, gone = read_labels(run), {clean_tag(tag) for tag in tags}
    return write_labels(run, {**found, "tags": [tag for tag in found["tags"] if tag not in gone]})


def clean_tag(tag: str) -> str:
    """A tag without `#` and in small letters. Raises SettingError when nothing is left, or too much."""
    text = tag.strip().lstrip("#").casefold()
    if not text or len(text) > MOST_TAG or any(letter.isspace() or letter == "," for letter in text):
        raise SettingError(
            tr("{tag!r} is not a tag.").format(tag=tag[:40]),
            remedy=tr("A tag is one word of at most {most_tag} characters, without a comma.").format(
                most_tag=MOST_TAG
            ),
        )
    return text


def write_labels(run: Path, labels: Labels) -> Labels:
    write_json(run / FILE, labels)
    return labels
