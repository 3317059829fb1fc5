"""Clozes of a passage, by the rules of its language."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import NamedTuple

from selfsup_core.pseudo.cloze import chinese, english
from selfsup_core.pseudo.cloze.found import Found, Kind

HAN = re.compile(r"[\u3400-\u9fff]")
CHINESE = 0.2  # share of such characters, from which a passage is taken to be Chinese
KINDS: tuple[Kind, ...] = ("name", "number", "date", "place", "phrase")
TWICE = 2  # an answer is asked for at most so often


class Cloze(NamedTuple):
    """A question, and the characters [start, end) of the passage that answer it."""

    question: str
    start: int
    end: int
    kind: Kind


def make_clozes(passage: str, most: int) -> list[Cloze]:
    """Up to `most` of a passage, in the order of the answers; each kind of answer in turn."""
    rules = chinese if len(HAN.findall(passage)) > CHINESE * len(passage) else english
    found: dict[Kind, list[Cloze]] = {kind: [] for kind in KINDS}
    for start, end in rules.sentences(passage):
        for one in without_overlap(rules.find(passage, start, end)):
            if question := rules.ask(passage, start, end, one):
                found[one.kind].append(Cloze(question, one.start, one.end, one.kind))
    chosen: list[Cloze] = []
    asked: list[str] = []
    for row in zip_longest(*(spread_out(found[kind]) for kind in KINDS)):
        for cloze in row:
            if cloze is None or len(chosen) == most:
                continue
            answer = passage[cloze.start : cloze.end].lower()
            if asked.count(answer) < TWICE and cloze.question not in {one.question for one in chosen}:
                chosen.append(cloze)
                asked.append(answer)
    return sorted(chosen, key=lambda cloze: (cloze.start, cloze.end))


def without_overlap(found: list[Found]) -> list[Found]:
    """In the order in which the rules name them, without what lies within an earlier one."""
    kept: list[Found] = []
    for one in found:
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return kept


def spread_out(clozes: list[Cloze]) -> list[Cloze]:
    """The first, the last, then those between: few of them still come from all over the passage."""
    order: list[Cloze] = []
    rest = list(clozes)
    while rest:
        order.append(rest.pop(0 if len(order) % 2 == 0 else -1))
    return order
