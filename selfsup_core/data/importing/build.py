"""Files and a plan → Dataset. What was decided, and why, is kept in `details`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from selfsup_core.data.boxes import BOXES, write_boxes
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.details import Details
from selfsup_core.data.groups import find_groups
from selfsup_core.data.importing.annotated import boxes_in_squares
from selfsup_core.data.importing.arrays import as_pixels
from selfsup_core.data.importing.beside import label_files
from selfsup_core.data.importing.build_table import from_table
from selfsup_core.data.importing.columns import MOST_CLASSES
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import NO_LABELS
from selfsup_core.data.importing.images import read_images
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.made import BuildPlan, Made
from selfsup_core.data.importing.plan import Kept
from selfsup_core.data.importing.sounds import RATE, read_sound
from selfsup_core.data.importing.squares import resize
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.importing.tones import Tone
from selfsup_core.data.importing.transcripts import find_transcripts, from_clips
from selfsup_core.data.questions import pack_questions
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LEAST_VOLUMES = 10  # of which each goes to one part of the split as a whole


def build_dataset(paths: list[Path], config: ImportConfig, name: str) -> Dataset:
    """Read everything and make the data set called `name` of it.

    Raises:
        DataError: nothing can be made of these files.
    """
    read: Kept = {}
    plan = inspect_files(paths, config, read)
    found = read["sorted"]
    form, members, beside, aside = found.form, found.members, found.beside, found.aside
    kind = plan["kind"] if config.kind == "auto" else config.kind
    made = MAKERS.get(form, from_table)(members, beside, config, {**plan, **read, "kind": kind})
    aside = aside | made.get("aside", {})
    classes, y = index_labels(made["labels"])
    x = made["x"]
    details: Details = {
        "rows": len(x),
        "shape": [] if isinstance(x, Texts) else list(x.shape[1:]),
        "form": form,
        "notes": plan["notes"] + made.get("notes", []),
        "aside": aside,
        "config": config.model_dump(),
        **made.get("details", {}),
    }
    extra = dict(made.get("extra", {}))
    parts = made.get("parts")
    if parts is not None:
        extra["part"] = parts
    files = ", ".join(path.name for path in paths)
    dataset = Dataset(
        id=name,
        title=config.name or plan["title"],
        y=y,
        classes=classes,
        details=details,
        provenance={
            "source": tr("own files: {files}").format(files=files),
            "licence": tr("as the files"),
            "steps": made["steps"],
        },
        kind=made["kind"],
        x=x,
        scale=made.get("scale", 1.0),
        columns=made.get("columns", ()),
        extra=extra,
    )
    groups = made["groups"] if "groups" in made else find_groups(dataset)
    return replace(dataset, groups=groups)


def index_labels(labels: list[str] | None) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Labels as class names in their natural order, and (N,) indices, -1 for an empty one.

    Raises:
        DataError: as many classes as a column of ids would have.
    """
    if labels is None or not any(labels):
        return (), None
    names = sorted(set(labels) - {""}, key=natural)
    if len(names) > MOST_CLASSES:
        raise DataError(
            tr("The label has {count:,} different values; at most {most_classes:,}.").format(
                count=len(names), most_classes=MOST_CLASSES
            ),
            code="too-many-classes",
            remedy=tr("Choose another label column, or none (-)."),
            fix=NO_LABELS,
        )
    index = {name: i for i, name in enumerate(names)} | {"": -1}
    return tuple(names), np.array([index[label] for label in labels], dtype=np.int32)


def natural(name: str) -> tuple[int, float, str]:
    """2 before 10, numbers before words."""
    try:
        return (0, float(name), name) if float(name) == float(name) else (1, 0.0, name)
    except ValueError:
        return (1, 0.0, name)


def from_images(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    size, color = plan["size"], plan["color"]
    x, kept, sizes, aside = read_images(members, config, size, color, Tone(**plan["tone"]))
    names = [members[place].name for place in kept]
    layout = plan["layout"] if len(names) == len(members) else label_files(names, beside, config)
    how = {"pad": tr("padded to a square"), "crop": tr("cropped to a square"), "stretch": "stretched"}
    made: Made = {
        "kind": "image",
        "x": x,
        "scale": 1 / 255,
        "labels": layout.labels,
        "parts": layout.parts,
        "aside": aside,
        "extra": {"names": Texts.pack(names), "sizes": sizes},
        "steps": tr("{how}, resized to {size} × {size}, {value}").format(
            how=how[config.fit], size=size, value="color" if color else "gray"
        ),
        "details": {"tone": dict(plan["tone"])},
    }
    if annotated := plan["sorted"].annotated:
        boxes, made["notes"] = boxes_in_squares(annotated, names, sizes, size, config.fit)
        made["extra"][BOXES] = Texts.pack(write_boxes(one) for one in boxes)
    volumes = [members[place].volume for place in kept]
    if len(set(volumes)) >= LEAST_VOLUMES:
        # The first row of the same volume; an image that is no slice stands alone.
        first = {volume: place for place, volume in reversed(list(enumerate(volumes)))}
        made["groups"] = np.array([first[v] if v else place for place, v in enumerate(volumes)])
        made["details"]["grouped_by"] = "volume"
    return made


def from_sounds(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    from selfsup_core.data.logmel import log_mel

    if found := find_transcripts([member.name for member in members], beside, config):
        return from_clips(members, found)
    seconds = min(30.0, max(0.05, config.seconds or plan["seconds"]))
    check_decoded(
        tr("{count:,} sounds of {seconds:g} s").format(count=len(members), seconds=seconds),
        2 * len(members) * round(seconds * RATE),
        tr("Choose a shorter sound length, or take a sample."),
    )
    audio: list[np.ndarray] = []
    pictures: list[np.ndarray] = []
    names: list[str] = []
    aside: dict[str, str] = {}
    for member in members:
        try:
            sound = read_sound(member, seconds)
        except DataError as error:
            aside[member.name] = error.message
            continue
        audio.append(sound)
        pictures.append(log_mel(sound.astype(np.float32) / 32767, RATE))
        names.append(member.name)
    if not audio:
        raise DataError(
            tr("None of {count} sounds can be read; the first: {next}").format(
                count=len(members), next=next(iter(aside.values()))
            ),
            code="no-sounds",
            remedy=tr("Save them as WAV."),
        )
    layout = plan["layout"] if len(names) == len(members) else label_files(names, beside, config)
    return {
        "kind": "sound",
        "x": np.stack(pictures),
        "scale": 1 / 255,
        "aside": aside,
        "labels": layout.labels,
        "parts": layout.parts,
        "extra": {"names": Texts.pack(names), "audio": np.stack(audio)},
        "details": {"rate": RATE, "seconds": seconds},
        "steps": tr("mono, {rate} kHz, cut or padded to {seconds:g} s, log-mel spectrogram 32 × 32").format(
            rate=RATE // 1000, seconds=seconds
        ),
    }


def from_lines(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    return {
        "kind": "text",
        "x": plan["lines"],
        "labels": plan["line_labels"],
        "parts": plan["line_parts"],
        "steps": tr("one text per {unit}").format(unit=plan["unit"][:-1]),
    }


def from_arrays(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    found = plan["arrays"]
    x = found.x
    beside_x = {"names": found.names, "ids": found.ids}
    names: dict[str, np.ndarray | Texts] = {k: Texts.pack(v) for k, v in beside_x.items() if v}
    if x.ndim > 2:
        pixels, notes = as_pixels(x)
        size = plan["size"]
        if pixels.shape[1:3] != (size, size) or (config.color == "gray" and pixels.ndim == 4):
            pixels = resize(pixels, size, config)
        return {
            "kind": "image",
            "x": pixels,
            "scale": 1 / 255,
            "labels": found.labels,
            "parts": found.parts,
            "aside": found.aside,
            "extra": names,
            "notes": notes,
            "steps": tr("array of images, {size} × {size}").format(size=size),
        }
    if x.dtype.kind not in "biuf":
        raise DataError(
            tr("The array holds words, not numbers."), code="bad-array", remedy=tr("Upload it as CSV.")
        )
    values = x.astype(np.float32, copy=False)
    known = np.isfinite(values)
    return {
        "kind": "table",
        "x": values if known.all() else np.where(known, values, np.float32(np.nan)),
        "labels": found.labels,
        "parts": found.parts,
        "aside": found.aside,
        "extra": names,
        "columns": tuple(found.columns or (tr("column {i}").format(i=i + 1) for i in range(x.shape[1]))),
        "steps": tr("array of numbers; columns are scaled when a run starts, from its training rows"),
    }


def from_squad(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    """A row for each question, beside its passage."""
    rows, numbers = plan["questions"], dict[str, int]()
    return {
        "kind": "text",
        "x": Texts.pack(row.passage for row in rows),
        "labels": None,
        "steps": tr("passages, questions and answers of SQuAD's JSON"),
        "extra": pack_questions(rows),
        "details": {"grouped_by": "passage"},
        "groups": np.array([numbers.setdefault(row.passage, len(numbers)) for row in rows], np.int64),
    }


MAKERS: dict[str, Callable[[list[Member], list[Member], ImportConfig, BuildPlan], Made]] = {
    "image": from_images,
    "wav": from_sounds,
    "npy": from_arrays,
    "txt": from_lines,
    "squad": from_squad,
}
