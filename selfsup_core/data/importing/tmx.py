"""TMX, the exchange format of translation memories: two of its languages become a table of sentence pairs.

A unit (tu) holds a variant (tuv) for each language with one segment (seg). Inline elements of a segment
(bpt, ept, ph, it, ut) hold the markup of the program that it came from, which is no part of the sentence;
what hi highlights is.
[1] LISA: TMX 1.4b specification, 2005
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.table import Table, check_size, clean
from selfsup_core.data.importing.xml_files import read_xml
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.settings import short
from selfsup_core.translation import tr
from selfsup_core.wording import counted

MARKUP = frozenset(["bpt", "ept", "it", "ph", "ut"])
TAG = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")  # of a language, in small letters
MOST_LANGUAGES = 100
MOST_OFFERED = 20  # pairs of languages
BLOCK = 65_536  # units counted at once
ALL = "*all*"  # as the source language: any


@dataclass
class Side:
    """The segments of one language. name: as the file writes it first; units: (K,) which ones have it."""

    name: str
    texts: list[str] = field(default_factory=list)
    units: array[int] = field(default_factory=lambda: array("q"))


class Memory:
    """What is heard of a file: `lines` of its units, and the sides by language in small letters."""

    def __init__(self, name: str) -> None:
        self.name, self.source = name, ""
        self.lines = array("q")
        self.sides: dict[str, Side] = {}
        self.nameless = 0  # variants that name no language
        self.repeated = 0  # variants of a language that their unit has already
        self.root = ""
        self.language = ""
        self.parts: list[str] | None = None  # of the segment that is being read
        self.inside = 0  # elements of markup around the place

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if not self.root:
            self.begin(tag, line)
        elif self.parts is not None:
            if tag in MARKUP:
                # A line break or an image stands where words part.
                self.parts += [" "] if tag == "ph" and not self.inside else []
                self.inside += 1
        elif tag == "seg":
            self.parts = []
        elif tag == "tuv":
            self.language = self.language_of(attributes, line)
        elif tag == "tu":
            self.lines.append(line)
            self.language = ""
            if len(self.lines) > LIMITS.table_rows:
                check_size(self.name, len(self.lines), 2)
        elif tag == "header":
            self.source = plain(attributes.get("srclang", ""))

    def begin(self, tag: str, line: int) -> None:
        self.root = tag
        if tag != "tmx":
            raise DataError(
                tr("{name}, line {line} begins with the element {tag}, not with tmx.").format(
                    name=self.name, line=line, tag=short(tag, 40)
                ),
                code="bad-tmx",
                remedy=tr("Export the translation memory as TMX, or the sentences as a table."),
            )

    def language_of(self, attributes: dict[str, str], line: int) -> str:
        """ "" where none is named."""
        written = attributes.get("xml:lang", attributes.get("lang", "")).strip()
        key = plain(written)
        if not TAG.fullmatch(key):
            self.nameless += 1
            return ""
        if key not in self.sides:
            if len(self.sides) == MOST_LANGUAGES:
                raise DataError(
                    tr("{name}, line {line}: more than {most} languages.").format(
                        name=self.name, line=line, most=MOST_LANGUAGES
                    ),
                    code="bad-tmx",
                    remedy=tr("Export two of the languages."),
                )
            self.sides[key] = Side(written)
        return key

    def letters(self, text: str) -> None:
        if self.parts is not None and not self.inside:
            self.parts.append(text)

    def end(self, tag: str, line: int) -> None:
        if self.parts is None:
            return
        if tag in MARKUP:
            self.inside -= 1
        elif tag == "seg":
            self.keep(" ".join("".join(self.parts).split()), line)
            self.parts = None

    def keep(self, text: str, line: int) -> None:
        if len(text) > LIMITS.cell_bytes:
            raise DataError(
                tr("{name}, line {line}: a segment has more than {most} MB.").format(
                    name=self.name, line=line, most=LIMITS.cell_bytes // MB
                ),
                code="cell-too-large",
                remedy=tr("Cut it into sentences."),
            )
        if not text or not self.language or not self.lines:
            return
        side, unit = self.sides[self.language], len(self.lines) - 1
        if side.units and side.units[-1] == unit:
            self.repeated += 1
            return
        side.texts.append(text)
        side.units.append(unit)


def plain(language: str) -> str:
    return language.strip().lower().replace("_", "-")


def read_tmx(member: Member, config: ImportConfig) -> Table:
    """Two columns, called by their languages, with a row for each unit that has both.

    Raises:
        DataError: it is not well-formed, holds fewer than two languages, or not those that are asked for.
    """
    import pyarrow as pa

    memory = Memory(member.name)
    read_xml(member.name, member.read(), memory, config.encoding)
    memory.sides = {key: side for key, side in memory.sides.items() if side.units}
    if len(memory.sides) < 2:
        names = ", ".join(side.name for side in memory.sides.values()) or tr("none")
        raise DataError(
            tr("{name} has {units:,} units, with segments in fewer than two languages: {names}.").format(
                name=member.name, names=names, units=len(memory.lines)
            ),
            code="bad-tmx",
            remedy=tr("Each unit needs a segment in two languages, named by xml:lang."),
        )
    check_size(member.name, len(memory.lines), len(memory.sides))
    offers = count_pairs(memory)
    first, second = chosen_pair(memory, offers, config.languages)
    one, other = memory.sides[first], memory.sides[second]
    _, left, right = np.intersect1d(one.units, other.units, assume_unique=True, return_indices=True)
    columns = [
        clean(pa.array([side.texts[place] for place in places.tolist()], pa.string()))
        for side, places in ((one, left), (other, right))
    ]
    written = {key: side.name for key, side in memory.sides.items()}
    pair = f"{one.name}, {other.name}"
    pairs = {f"{written[a]}, {written[b]}": count for (a, b), count in offers.items()}
    offered = dict(list(pairs.items())[:MOST_OFFERED]) | {pair: len(left)}
    notes = say_units(memory, (first, second), len(left))
    return Table([one.name, other.name], columns, {"pairs": offered, "pair": pair}, notes)


def count_pairs(memory: Memory) -> dict[tuple[str, str], int]:
    """Units that have both languages, the most first; each pair in both orders, the file's own first."""
    keys = list(memory.sides)
    if memory.source in keys:
        keys.remove(memory.source)
        keys.insert(0, memory.source)
    total = np.zeros((len(keys), len(keys)))
    for start in range(0, len(memory.lines), BLOCK):
        has = np.zeros((len(keys), BLOCK), np.float32)
        for row, key in enumerate(keys):
            units = np.frombuffer(memory.sides[key].units, np.int64)
            begin, stop = np.searchsorted(units, (start, start + BLOCK))
            has[row, units[begin:stop] - start] = 1
        total += has @ has.T
    counts = {
        (keys[a], keys[b]): round(total[a, b]) for a, b in permutations(range(len(keys)), 2) if total[a, b]
    }
    order = sorted(counts, key=lambda pair: (-counts[pair], keys.index(pair[0]), keys.index(pair[1])))
    return {pair: counts[pair] for pair in order}


def chosen_pair(memory: Memory, offers: dict[tuple[str, str], int], asked: str) -> tuple[str, str]:
    """The two languages that are asked for, else those with most units. Raises DataError."""
    if not asked.strip():
        if not offers:
            raise no_pair(memory, tr("no unit of {name} has two languages").format(name=memory.name))
        return next(iter(offers))
    wanted = [find_language(memory, part) for part in re.split(r"[,;>→\s]+", asked.strip()) if part]
    if len(wanted) != 2 or wanted[0] == wanted[1]:
        raise no_pair(memory, tr("{asked} are not two languages").format(asked=short(asked, 40)))
    pair = (wanted[0], wanted[1])
    if pair not in offers:
        raise no_pair(
            memory, tr("no unit of {name} has both {asked}").format(name=memory.name, asked=short(asked, 40))
        )
    return pair


def find_language(memory: Memory, asked: str) -> str:
    """As it is written, else the only one of that language in any country. Raises DataError."""
    key = plain(asked)
    alike = [known for known in memory.sides if known.partition("-")[0] == key]
    if key in memory.sides:
        return key
    if len(alike) == 1:
        return alike[0]
    raise no_pair(
        memory, tr("{name} has no language {asked}").format(name=memory.name, asked=short(asked, 40))
    )


def no_pair(memory: Memory, why: str) -> DataError:
    found = ", ".join(f"{side.name} ({len(side.units):,})" for side in memory.sides.values())
    return DataError(
        tr("Languages: {why}. Found, with their segments: {found}.").format(why=why, found=found),
        code="no-language",
        remedy=tr("Name two of them, as in en, de."),
        fix={"setting": "languages", "value": "", "title": tr("Take the two with most units")},
    )


def say_units(memory: Memory, pair: tuple[str, str], whole: int) -> list[str]:
    """What was taken, and what was left out with the first line of it."""
    one, other = (memory.sides[key] for key in pair)
    said = [
        tr("Translation memory: {whole:,} of {units:,} units have both {one} and {other}.").format(
            whole=whole, units=len(memory.lines), one=one.name, other=other.name
        )
    ]
    lonely = np.setxor1d(one.units, other.units, assume_unique=True)
    some = np.zeros(len(memory.lines), bool)
    some[np.frombuffer(one.units, np.int64)] = some[np.frombuffer(other.units, np.int64)] = True
    empty = np.flatnonzero(~some)
    if len(lonely):
        said.append(
            tr("Left out: {units} with only one of the two, first in line {line:,}.").format(
                units=counted(len(lonely), "unit"), line=memory.lines[int(lonely[0])]
            )
        )
    if len(empty):
        said.append(
            tr("Left out: {units} with neither of the two, first in line {line:,}.").format(
                units=counted(len(empty), "unit"), line=memory.lines[int(empty[0])]
            )
        )
    if memory.repeated:
        said.append(
            tr("Left out: {segments} after the first one of the same language in a unit.").format(
                segments=counted(memory.repeated, "segment")
            )
        )
    if memory.nameless:
        said.append(
            tr("Left out: {segments} without a language (xml:lang).").format(
                segments=counted(memory.nameless, "segment")
            )
        )
    rest = [f"{side.name} ({len(side.units):,})" for key, side in memory.sides.items() if key not in pair]
    if rest:
        said.append(
            tr("Other languages, with their segments: {rest}. To take two others, set Languages.").format(
                rest=", ".join(rest)
            )
        )
    return said
