"""What folders and file names say of samples: the split that they belong to, and their class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.splits import PARTS
from selfsup_core.translation import tr

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), 0),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), 1),
    **dict.fromkeys(("test", "testing"), 2),
}
FILLERS = {"set", "data", "dataset", "images", "image", "img", "imgs", "split", "files", "seg"}
GLUED = re.compile(r"(train|training|test|testing|val|valid|validation|dev|eval)(set|data|images?|imgs?)")
UNLABELED = frozenset(["unsup", "unsupervised", "unlabeled", "unlabelled", "nolabel", "nolabels"])
WORD = re.compile(r"[^\W_\d]+")
MOST_OFFERED = 200  # classes in file names


@dataclass
class Layout:
    """What the names of samples say.

    Attributes:
        labels: class of each, "" for none; None when there are none at all.
        parts: (N,) 0 training, 1 validation, 2 test; None when no split is given.
        notes: what was decided.
        offers: {value of the setting "classes": names of the classes it would give}, where there is a choice.
        columns: of tables beside the files, those that may hold the class. label: the one that was taken.
        cells: of that column, as they are in the file.
    """

    labels: list[str] | None = None
    parts: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    offers: dict[str, list[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    label: str = ""
    cells: list[str] = field(default_factory=list)


def split_of(folder: str) -> int | None:
    """Part that a folder of this name holds: 0 training, 1 validation, 2 test; None when it is no split."""
    words = [word for word in re.split(r"[^a-z]+", folder.lower()) if word]
    words = [found[1] if (found := GLUED.fullmatch(word)) else word for word in words]
    parts = [SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS]
    others = [word for word in words if word not in SPLIT_WORDS and word not in FILLERS]
    return parts[0] if len(parts) == 1 and not others else None


def read_layout(names: Sequence[str], config: ImportConfig) -> Layout:
    """Splits and classes of files by their names, / between folders."""
    layout = Layout()
    folders = [list(PurePosixPath(name).parts[:-1]) if "/" in name else [] for name in names]
    if config.splits == "keep":
        take_splits(folders, layout)
    levels = class_levels(folders)
    found: dict[str, list[str]] = {}
    if levels:
        found["first"] = [at(parts, levels[0]) for parts in folders]
    if len(levels) > 1:
        found["last"] = [at(parts, levels[-1]) for parts in folders]
    elif levels:
        found["last"] = found["first"]
    for way, place in (("name-start", 0), ("name-end", -1)):
        chosen = way == config.classes
        if levels and not chosen:
            continue
        labels = [word_of(name, place) for name in names]
        if chosen or (is_offered(labels) and labels not in found.values()):
            found[way] = labels
    layout.offers = {way: sorted(set(labels) - {""}) for way, labels in found.items()}
    if len(levels) < 2:
        layout.offers.pop("last", None)
    if config.classes == "none" or config.label == "-":
        return layout
    layout.labels = found.get("first") if config.classes == "auto" else found.get(config.classes)
    if config.classes == "auto":
        layout.notes += describe_choice(layout, len(levels))
    if layout.labels is not None:
        empty_unlabeled(layout)
    return layout


def empty_unlabeled(layout: Layout) -> None:
    """Take a folder called unsup or unlabeled for samples without a label, where it is one of several."""
    labels = layout.labels or []
    names = {label for label in labels if re.sub(r"[\W_]+", "", label.lower()) in UNLABELED}
    if not names or not set(labels) - names - {""}:
        return
    layout.labels = ["" if label in names else label for label in labels]
    count = sum(label in names for label in labels)
    layout.notes.append(
        tr("{count:,} samples in {names} have no label; they train without.").format(
            count=count, names=", ".join(sorted(names))
        )
    )
    layout.offers = {way: [n for n in found if n not in names] for way, found in layout.offers.items()}


def describe_choice(layout: Layout, levels: int) -> list[str]:
    """What was taken where there was a choice, and how to choose otherwise."""
    if levels > 1:
        shown = {way: ", ".join(layout.offers[way][:4]) for way in ("first", "last")}
        return [
            tr(
                "{levels} levels of folders differ. The first is taken for the class ({first}); "
                "To take the last ({last}), set Classes from to last."
            ).format(levels=levels, first=shown["first"], last=shown["last"])
        ]
    if layout.labels is None and layout.offers:
        way, classes = next(iter(layout.offers.items()))
        place = tr("begin with") if way == "name-start" else tr("end in")
        return [
            tr(
                "File names {place} {classes}{value}. If these are classes, set Classes from to {way}."
            ).format(
                place=place, classes=", ".join(classes[:4]), value="…" if len(classes) > 4 else "", way=way
            )
        ]
    return []


def take_splits(folders: list[list[str]], layout: Layout) -> None:
    """Find the levels of folders that are a split, and take them out of `folders`."""
    depth = 0
    while depth < max(map(len, folders), default=0):
        known = {name: split_of(name) for name in {at(parts, depth) for parts in folders} if name}
        inside = {part for part in known.values() if part is not None}
        # One folder called "train" is a split only if all is in it; then nothing is known of a test set.
        if len(inside) < 2 or 0 not in inside or any(part is None for part in known.values()):
            depth += 1
            continue
        parts = np.array([known.get(at(names, depth)) or 0 for names in folders], dtype=np.uint8)
        names = {part: sorted(n for n, p in known.items() if p == part) for part in sorted(inside)}
        if layout.parts is None:
            layout.parts = parts
            counts = Counter(parts.tolist())
            said = ", ".join(f"{', '.join(names[p])} ({PARTS[p]}, {counts[p]:,})" for p in names)
            layout.notes.append(
                tr(
                    "Given split, which is kept: {said}. To take them as folders, set Given split to ignore."
                ).format(said=said)
            )
        for place in folders:
            del place[depth : depth + 1]


def class_levels(folders: list[list[str]]) -> list[int]:
    """The levels at which folders differ: the first one, and those below that split it further."""
    levels: list[int] = []
    for depth in range(max(map(len, folders), default=0)):
        names = {at(parts, depth) for parts in folders}
        if len(names) < 2 or (levels and ("" in names or len(names) < 2)):
            continue
        above = {(at(parts, levels[-1]), at(parts, depth)) for parts in folders} if levels else set()
        if not levels or len(above) > len({a for a, _ in above}):
            levels.append(depth)
    return levels


def at(parts: list[str], depth: int) -> str:
    return parts[depth] if len(parts) > depth else ""


def word_of(name: str, place: int) -> str:
    """The first or last word of a file's name that is no number: cat of cat.0.jpg."""
    file = name.rpartition("/")[2]
    dot = file.rfind(".")
    words = WORD.findall(file[:dot] if dot > 0 else file)
    return words[place] if words else ""


def is_offered(labels: list[str]) -> bool:
    """Whether words of file names look like classes: 2 to 200, with at least two files each on average."""
    classes = set(labels)
    return 2 <= len(classes) <= min(MOST_OFFERED, len(labels) // 2) and "" not in classes
