"""Preview of an import: the first samples as they would be stored, and what would be left out."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from selfsup_core.data.importing.beside import label_files
from selfsup_core.data.importing.build import MAKERS
from selfsup_core.data.importing.build_table import from_table
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.made import BuildPlan, Made
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.importing.sounds import RATE
from selfsup_core.data.importing.table import Table
from selfsup_core.data.questions import ANSWERS, QUESTION
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr

PICTURES, SOUNDS, ROWS, TEXTS = 12, 4, 8, 8  # samples that are shown
MOST_ROWS = 20_000  # of a table, from which its categories are taken
MOST_LETTERS = 500  # of a text or a cell


class ImportPreview(TypedDict, total=False):
    """Some samples in plain values, as the import would make them.

    Attributes:
        plan: what `inspect_files` says for the same settings.
        left_out: {file or column: reason} of what is known not to come along.
        names, labels: of each sample; a label is "" where there is none.
        pictures: PNG in base64, of images and spectrograms. sounds: WAV in base64.
        texts: of texts, cut.
        columns, rows: the table's cells as they are in the file.
        made_columns, made_rows: the same rows with categories one-hot; None where a value is missing.
    """

    plan: ImportPlan
    left_out: dict[str, str]
    names: list[str]
    labels: list[str]
    pictures: list[str]
    sounds: list[str]
    texts: list[str]
    columns: list[str]
    rows: list[list[str]]
    made_columns: list[str]
    made_rows: list[list[float | None]]


LEARNED = ("label", "translation", "question", "answer")  # roles of what stands beside a text


def preview_files(paths: list[Path], config: ImportConfig) -> ImportPreview:
    """Read what files hold and make a few samples of them.

    Raises:
        DataError: nothing here can be imported in this way.
    """
    read: Kept = {}
    plan = inspect_files(paths, config, read)
    form, members, beside = read["sorted"].form, read["sorted"].members, read["sorted"].beside
    kind = plan["kind"] if config.kind == "auto" else config.kind
    seen: ImportPreview = {"plan": plan, "left_out": dict(plan["aside"])}
    whole: BuildPlan = {**plan, **read, "kind": kind}
    if form in ("image", "wav"):
        return seen | see_files(form, members, beside, config, whole)
    if "table" in read:
        return seen | see_table(read["table"], config, whole)
    made = MAKERS[form](members, beside, config, whole)
    plan["notes"] += made.get("notes", [])
    return seen | see_made(made)


def see_files(
    form: str, members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan
) -> ImportPreview:
    """Images or sounds from all over the files, so that most classes are among them."""
    readable = [member for member in members if member.name not in plan["aside"]]
    places = np.linspace(0, len(readable) - 1, min(len(readable), PICTURES if form == "image" else SOUNDS))
    chosen = [readable[int(place)] for place in places]
    made = MAKERS[form](chosen, [], config, plan)
    # Which folders are the classes is seen from all names only.
    labels = label_files([m.name for m in members], beside, config).labels
    known = dict(zip((m.name for m in members), labels, strict=True)) if labels else {}
    names = list(made["extra"]["names"])
    seen: ImportPreview = {
        "left_out": plan["aside"] | made.get("aside", {}),
        "names": names,
        "labels": [known.get(name, "") for name in names],
        "pictures": [png(picture) for picture in np.asarray(made["x"])],
    }
    if form == "wav":
        seen["sounds"] = [wav(sound) for sound in np.asarray(made["extra"]["audio"])]
    return seen


def see_made(made: Made) -> ImportPreview:
    """Samples of arrays and of text files."""
    x, labels = made["x"], made["labels"] or []
    if isinstance(x, Texts):
        shown = [cut(x[i]) + beside(made, i) for i in range(min(TEXTS, len(x)))]
        return {"texts": shown, "labels": labels[:TEXTS]}
    if made["kind"] == "image":
        first = np.asarray(x[:PICTURES])
        return {
            "names": [tr("row {i}").format(i=i) for i in range(len(first))],
            "labels": labels[:PICTURES] or [""] * len(first),
            "pictures": [png(picture) for picture in first],
        }
    return {
        "labels": labels[:ROWS],
        "made_columns": list(made["columns"]),
        "made_rows": numbers(x[:ROWS]),
    }


def beside(made: Made, row: int) -> str:
    """What stands beside a text, in lines below it: its translation, or a question and its answer."""
    extra = made.get("extra", {})
    if "target" in extra:
        return f"\n→ {cut(str(extra['target'][row]))}"
    if QUESTION not in extra or not extra[QUESTION][row]:
        return ""
    answers = json.loads(str(extra[ANSWERS][row]))
    return f"\n{cut(str(extra[QUESTION][row]))}\n→ {cut(' | '.join(answers))}"


def see_table(table: Table, config: ImportConfig, plan: BuildPlan) -> ImportPreview:
    """The first rows as they are in the file and as they become."""
    most = PICTURES if plan["kind"] == "image" else MOST_ROWS
    head = replace(table, columns=[cells[:most] for cells in table.columns], values={})
    if plan["kind"] == "image":
        return see_made(from_table([], [], config, {**plan, "table": head}))
    cells = [column[: max(ROWS, TEXTS)].to_pylist() for column in head.columns]
    seen: ImportPreview = {
        "left_out": plan["aside"] | left_columns(plan),
        "columns": list(table.names),
        "rows": [[cut(cell) for cell in row] for row in zip(*cells, strict=True)],
    }
    made = see_made(from_table([], [], config, {**plan, "table": head}))
    return seen | made


def left_columns(plan: BuildPlan) -> dict[str, str]:
    """{column: reason} of columns that are not used for learning."""
    roles = {c["name"]: c for c in plan["columns"]}
    if plan["kind"] == "text":
        text = next((name for name, c in roles.items() if c["role"] == "text"), "")
        kept = {text, *(name for name, c in roles.items() if c["role"] in LEARNED)}
        return {name: tr("only the text is learned from") for name in roles if name not in kept}
    return {
        name: c["reason"] if c["role"] == "ignore" else f"{c['role']}: {c['reason']}"
        for name, c in roles.items()
        if c["role"] in ("id", "ignore", "text") or (c["role"] == "date" and not c["date_format"])
    }


def cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def numbers(x: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(v) else float(v) for v in row] for row in np.asarray(x, np.float64)]


def png(pixels: np.ndarray) -> str:
    """(H, W[, 3]) bytes → PNG in base64."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return b64encode(buffer.getvalue()).decode()


def wav(sound: np.ndarray) -> str:
    """(samples,) int16 → WAV in base64."""
    from scipy.io import wavfile

    buffer = io.BytesIO()
    wavfile.write(buffer, RATE, sound)
    return b64encode(buffer.getvalue()).decode()


def without_media(seen: ImportPreview) -> dict[str, object]:
    """For a terminal: everything but pictures and sounds."""
    return {name: value for name, value in seen.items() if name not in ("pictures", "sounds", "plan")}


def describe_left_out(left: dict[str, str], most: int = 10) -> list[str]:
    """A line each: what is left out, and why."""
    lines = [
        tr("Left out: {name} ({rstrip}).").format(name=name, rstrip=reason.rstrip("."))
        for name, reason in list(left.items())[:most]
    ]
    return lines + (
        [tr("{count:,} more are left out.").format(count=len(left) - most)] if len(left) > most else []
    )
