"""Labels by keyword rules (texts) and comparisons (tables): one rule a line, `class: word, another phrase` or
`class: column > 3.5`.

Every match is a vote. A row with votes for two classes alike is left open.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

COMPARISON = re.compile(r"^(.+?)\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:[eE][+-]?\d+)?)$")
COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq}
MOST_LINES = 500


@dataclass(frozen=True)
class Rule:
    """label: class number, terms: what stands behind the colon, line: its number, from 1."""

    label: int
    terms: tuple[str, ...]
    line: int


def read_rules(text: str, classes: Sequence[str]) -> list[Rule]:
    """Rules, one per line; empty lines and lines that begin with # are left out.

    Raises:
        SettingError: names the line and what is wrong with it.
    """
    numbers = {name.casefold(): i for i, name in enumerate(classes)}
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, rest = line.partition(":")
        terms = tuple(term.strip() for term in rest.split(",") if term.strip())
        if not colon or not terms:
            raise SettingError(
                tr("Rule in line {number}: expected `class: word, another phrase`; found {line!r}.").format(
                    number=number, line=line.strip()[:60]
                ),
            )
        if name.strip().casefold() not in numbers:
            known = ", ".join(list(classes)[:12])
            raise SettingError(
                tr("Rule in line {number}: there is no class {name!r}. Classes: {known}.").format(
                    number=number, name=name.strip()[:60], known=known
                )
            )
        found.append(Rule(numbers[name.strip().casefold()], terms, number))
    if len(found) > MOST_LINES:
        raise SettingError(
            tr("At most {most_lines} rules; found {count}.").format(most_lines=MOST_LINES, count=len(found))
        )
    if not found:
        raise SettingError(
            tr("There are no rules."), remedy=tr("Write one per line, as `class: word, another phrase`.")
        )
    return found


def tally(votes: np.ndarray) -> np.ndarray:
    """(N, C) counts of votes → (N, C) shares; rows of NaN without a vote, or when two classes lead alike."""
    best = votes.max(axis=1, initial=0)
    is_open = (best == 0) | ((votes == best[:, None]).sum(axis=1) > 1)
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return np.where(is_open[:, None], np.nan, shares).astype(np.float32)


def by_words(texts: Sequence[str], rules: list[Rule], classes: int) -> np.ndarray:
    """N texts → (N, C); a term is found as whole words, whatever their case, or anywhere where scripts write
    no spaces.
    """
    votes = np.zeros((len(texts), classes), np.int64)
    for rule in rules:
        for term in rule.terms:
            pattern = re.compile(whole_words(term), re.IGNORECASE)
            votes[:, rule.label] += [bool(pattern.search(text)) for text in texts]
    return tally(votes)


def whole_words(term: str) -> str:
    inner = r"\s+".join(re.escape(word) for word in term.split())
    is_plain = term.isascii()
    return rf"(?<!\w){inner}(?!\w)" if is_plain else inner


def by_columns(x: np.ndarray, columns: Sequence[str], rules: list[Rule], classes: int) -> np.ndarray:
    """x: (N, D) in the data's own units → (N, C).

    Raises:
        SettingError: a term is not a comparison, or names no column.
    """
    numbers = {name.casefold(): i for i, name in enumerate(columns)}
    votes = np.zeros((len(x), classes), np.int64)
    for rule in rules:
        for term in rule.terms:
            match = COMPARISON.match(term)
            if not match or match[1].strip().casefold() not in numbers:
                raise SettingError(
                    tr(
                        "Rule in line {line}: expected `column > number` with a column of the table; "
                        "found {term!r}."
                    ).format(line=rule.line, term=term[:60]),
                    remedy=f"Columns: {', '.join(list(columns)[:12])}.",
                )
            values = x[:, numbers[match[1].strip().casefold()]]
            votes[:, rule.label] += COMPARE[match[2]](values, float(match[3]))
    return tally(votes)
