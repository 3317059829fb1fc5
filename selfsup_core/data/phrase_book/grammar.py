"""The sentences of the phrase book: each rule draws its words and writes the same in three languages.

Word order differs on purpose: German puts participles and infinitives last, Chinese puts time and place
before the verb.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from selfsup_core.data.phrase_book import numbers as say
from selfsup_core.data.phrase_book import words as w

KINDS = ("numbers", "dates", "prices", "places", "sentences")
T = TypeVar("T")
NOMINATIVE = {"m": "der", "f": "die", "n": "das"}
ACCUSATIVE = {"m": "den", "f": "die", "n": "das"}
DATIVE = {"m": "dem", "f": "der", "n": "dem"}
# (article, ending of the adjective) in the accusative
A_THING = {"m": ("einen", "en"), "f": ("eine", "e"), "n": ("ein", "es")}
THE_THING = {"m": ("den", "en"), "f": ("die", "e"), "n": ("das", "e")}


class Phrase(NamedTuple):
    """A sentence in three languages, and its kind, by number in `KINDS`."""

    english: str
    german: str
    chinese: str
    kind: int = 0


class Draw:
    """Draws words by a generator."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def one(self, known: list[T]) -> T:
        return known[int(self.generator.integers(len(known)))]

    def several(self, known: list[T], count: int) -> list[T]:
        """Different ones."""
        return [known[int(place)] for place in self.generator.choice(len(known), count, replace=False)]

    def number(self, low: int, high: int) -> int:
        """Small ones as often as large ones: each number of digits is as likely."""
        digits = int(self.generator.integers(len(str(low)), len(str(high)) + 1))
        least, most = max(low, 10 ** (digits - 1)), min(high, 10**digits - 1)
        return int(self.generator.integers(least, most + 1))


def first(text: str) -> str:
    """With a capital letter."""
    return text[0].upper() + text[1:]


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


# Sentences


def thing(draw: Draw, forms: dict[str, tuple[str, str]]) -> tuple[w.Word, w.Thing, str]:
    """An adjective, a noun, and both in German with their article."""
    adjective, noun = draw.one(w.ADJECTIVES), draw.one(w.THINGS)
    before, ending = forms[noun.gender]
    return adjective, noun, f"{before} {adjective.german}{ending} {noun.german}"


def past(draw: Draw) -> Phrase:
    time, who, verb = draw.one(w.PAST), draw.one(w.PEOPLE), draw.one(w.VERBS)
    how, what, german = thing(draw, A_THING)
    return Phrase(
        f"{first(time.english)} {who.english} {verb.english_past} {article(how.english)} {how.english} "
        f"{what.english}.",
        f"{first(time.german)} hat {who.german} {german} {verb.german_past}.",
        f"{time.chinese}{who.chinese}{verb.chinese}了一{what.measure}{how.chinese}{what.chinese}。",
    )


def modal(draw: Draw) -> Phrase:
    time, who, verb, must = draw.one(w.FUTURE), draw.one(w.PEOPLE), draw.one(w.VERBS), draw.one(w.MODALS)
    how, what, german = thing(draw, THE_THING)
    return Phrase(
        f"{first(who.english)} {must.english} {verb.english} the {how.english} {what.english} "
        f"{time.english}.",
        f"{first(who.german)} {must.german} {time.german} {german} {verb.german}.",
        f"{who.chinese}{time.chinese}{must.chinese}{verb.chinese}那{what.measure}{how.chinese}{what.chinese}。",
    )


def belief(draw: Draw) -> Phrase:
    head, who, verb = draw.one(w.BELIEFS), draw.one(w.PEOPLE), draw.one(w.VERBS)
    how, what, german = thing(draw, THE_THING)
    return Phrase(
        f"{head.english} {who.english} {verb.english_s} the {how.english} {what.english}.",
        f"{head.german} {who.german} {german} {verb.german_t}.",
        f"{head.chinese}{who.chinese}{verb.chinese}那{what.measure}{how.chinese}{what.chinese}。",
    )


def question(draw: Draw) -> Phrase:
    who, verb = draw.one(w.PEOPLE), draw.one(w.VERBS)
    how, what, german = thing(draw, THE_THING)
    return Phrase(
        f"Did {who.english} {verb.english} the {how.english} {what.english}?",
        f"Hat {who.german} {german} {verb.german_past}?",
        f"{who.chinese}{verb.chinese}了那{what.measure}{how.chinese}{what.chinese}吗？",
    )


# Places


def to(place: w.Place) -> str:
    return f"{'zur' if place.gender == 'f' else 'zum'} {place.german}"


def from_(place: w.Place) -> str:
    return f"{'von der' if place.gender == 'f' else 'vom'} {place.german}"


def inside(place: w.Place) -> str:
    return f"{'in der' if place.gender == 'f' else 'im'} {place.german}"


def beside(draw: Draw) -> Phrase:
    (one, two), where = draw.several(w.PLACES, 2), draw.one(w.PREPOSITIONS)
    return Phrase(
        f"The {one.english} is {where.english} the {two.english}.",
        f"{first(NOMINATIVE[one.gender])} {one.german} ist {where.german} {DATIVE[two.gender]} {two.german}.",
        f"{one.chinese}在{two.chinese}{where.chinese}。",
    )


def between(draw: Draw) -> Phrase:
    one, two, third = draw.several(w.PLACES, 3)
    return Phrase(
        f"The {third.english} is between the {one.english} and the {two.english}.",
        f"{first(NOMINATIVE[third.gender])} {third.german} ist zwischen {DATIVE[one.gender]} {one.german} "
        f"und {DATIVE[two.gender]} {two.german}.",
        f"{third.chinese}在{one.chinese}和{two.chinese}之间。",
    )


def way(draw: Draw) -> Phrase:
    one, two = draw.several(w.PLACES, 2)
    return Phrase(
        f"How do I get from the {one.english} to the {two.english}?",
        f"Wie komme ich {from_(one)} {to(two)}?",
        f"从{one.chinese}到{two.chinese}怎么走？",
    )


def distance(draw: Draw) -> Phrase:
    (one, two), n = draw.several(w.PLACES, 2), draw.number(2, 99)
    return Phrase(
        f"It is {say.english(n)} kilometers from the {one.english} to the {two.english}.",
        f"{first(from_(one))} {to(two)} sind es {say.german(n)} Kilometer.",
        f"从{one.chinese}到{two.chinese}有{say.chinese_count(n)}公里。",
    )


def turn(draw: Draw) -> Phrase:
    place, side, n = draw.one(w.PLACES), draw.one(w.SIDES), draw.number(1, 12)
    return Phrase(
        f"Turn {side.english} at the {place.english} and take the {say.english_ordinal(n)} street.",
        f"Biegen Sie {'an der' if place.gender == 'f' else 'am'} {place.german} {side.german} ab und nehmen "
        f"Sie die {say.german_ordinal(n)}e Straße.",
        f"在{place.chinese}向{side.chinese}转，走第{say.chinese(n)}条街。",
    )


# Dates


def day(draw: Draw) -> tuple[str, str, str]:
    """ "the third of May", "dritten Mai", "五月三日" """
    n, month = draw.number(1, 28), int(draw.generator.integers(12))
    english, german = w.MONTHS[month]
    return (
        f"the {say.english_ordinal(n)} of {english}",
        f"{say.german_ordinal(n)}en {german}",
        f"{say.chinese(month + 1)}月{say.chinese(n)}日",
    )


def opening(draw: Draw) -> Phrase:
    place, weekday, opens = draw.one(w.PLACES), draw.one(w.WEEKDAYS), bool(draw.generator.integers(2))
    english, german, chinese = day(draw)
    return Phrase(
        f"The {place.english} {'opens' if opens else 'closes'} on {weekday.english}, {english}.",
        f"{first(NOMINATIVE[place.gender])} {place.german} {'öffnet' if opens else 'schließt'} am "
        f"{weekday.german}, dem {german}.",
        f"{place.chinese}{chinese}{weekday.chinese}{'开门' if opens else '关门'}。",
    )


def event(draw: Draw) -> Phrase:
    what = draw.one(w.EVENTS)
    english, german, chinese = day(draw)
    return Phrase(
        f"{what.english} is on {english}.",
        f"{what.german} ist am {german}.",
        f"{what.chinese}在{chinese}。",
    )


def clock(draw: Draw) -> tuple[str, str, str]:
    """ "half past three", "halb vier", "三点半" """
    hour = int(draw.generator.integers(1, 13))
    after = hour % 12 + 1
    now, then = say.english(hour), say.english(after)
    here, there = say.german(hour), say.german(after)
    at, next_ = f"{say.chinese_count(hour)}点", f"{say.chinese_count(after)}点"
    known = [
        (f"{now} o'clock", f"{'ein' if hour == 1 else here} Uhr", at),
        (f"half past {now}", f"halb {there}", f"{at}半"),
        (f"a quarter past {now}", f"Viertel nach {here}", f"{at}一刻"),
        (f"a quarter to {then}", f"Viertel vor {there}", f"差一刻{next_}"),
        (f"ten past {now}", f"zehn nach {here}", f"{at}十分"),
        (f"twenty to {then}", f"zwanzig vor {there}", f"差二十分{next_}"),
    ]
    return draw.one(known)


def leaving(draw: Draw) -> Phrase:
    what, weekday, leaves = draw.one(w.VEHICLES), draw.one(w.WEEKDAYS), bool(draw.generator.integers(2))
    english, german, chinese = clock(draw)
    verb, rest = ("fährt", "ab") if leaves else ("kommt", "an")
    return Phrase(
        f"{what.english} {'leaves' if leaves else 'arrives'} on {weekday.english} at {english}.",
        f"{what.german} {verb} am {weekday.german} um {german} {rest}.",
        f"{what.chinese}{weekday.chinese}{chinese}{'出发' if leaves else '到达'}。",
    )


def birth(draw: Draw) -> Phrase:
    who, year = draw.one(w.PEOPLE), int(draw.generator.integers(1911, 2000))
    return Phrase(
        f"{first(who.english)} was born in nineteen {say.english(year % 100)}.",
        f"{first(who.german)} wurde neunzehnhundert{say.german(year % 100)} geboren.",
        f"{who.chinese}{''.join(say.CHINESE[int(digit)] for digit in str(year))}年出生。",
    )


# Prices


def cost(draw: Draw) -> Phrase:
    what, euros, cents = draw.one(w.GOODS), draw.number(2, 99), draw.number(2, 99)
    return Phrase(
        f"{what.english} costs {say.english(euros)} euros and {say.english(cents)} cents.",
        f"{what.german} kostet {say.german(euros)} Euro und {say.german(cents)} Cent.",
        f"{what.chinese}要{say.chinese_count(euros)}欧元{say.chinese_count(cents)}分。",
    )


def order(draw: Draw) -> Phrase:
    what, coin, n, price = draw.one(w.THINGS), draw.one(w.COINS), draw.number(2, 99), draw.number(2, 999)
    return Phrase(
        f"I would like {say.english(n)} {what.englishes}, {say.english(price)} {coin.english} in all.",
        f"Ich hätte gern {say.german(n)} {what.germans}, zusammen {say.german(price)} {coin.german}.",
        f"我想要{say.chinese_count(n)}{what.measure}{what.chinese}，一共{say.chinese_count(price)}{coin.chinese}。",
    )


def too_much(draw: Draw) -> Phrase:
    coin, price = draw.one(w.COINS), draw.number(2, 999)
    how, what, german = thing(draw, A_THING)
    return Phrase(
        f"{first(say.english(price))} {coin.english} for {article(how.english)} {how.english} {what.english} "
        "is too much.",
        f"{first(say.german(price))} {coin.german} für {german} sind zu viel.",
        f"一{what.measure}{how.chinese}{what.chinese}要{say.chinese_count(price)}{coin.chinese}，太贵了。",
    )


# Numbers


def count(draw: Draw) -> Phrase:
    place, how, what, n = draw.one(w.PLACES), draw.one(w.ADJECTIVES), draw.one(w.THINGS), draw.number(2, 999)
    return Phrase(
        f"There are {say.english(n)} {how.english} {what.englishes} in the {place.english}.",
        f"{first(inside(place))} sind {say.german(n)} {how.german}e {what.germans}.",
        f"{place.chinese}里有{say.chinese_count(n)}{what.measure}{how.chinese}{what.chinese}。",
    )


def plus(draw: Draw) -> Phrase:
    a, b = draw.number(1, 99), draw.number(1, 99)
    return Phrase(
        f"{first(say.english(a))} plus {say.english(b)} is {say.english(a + b)}.",
        f"{first(say.german(a))} plus {say.german(b)} ist {say.german(a + b)}.",
        f"{say.chinese(a)}加{say.chinese(b)}等于{say.chinese(a + b)}。",
    )


def answer(draw: Draw) -> Phrase:
    what, n = draw.one(w.SUMS), draw.number(1, 9999)
    return Phrase(
        f"{what.english} is {say.english(n)}.",
        f"{what.german} ist {say.german(n)}.",
        f"{what.chinese}是{say.chinese(n)}。",
    )


RULES: dict[str, tuple[Callable[[Draw], Phrase], ...]] = {
    "numbers": (count, plus, answer),
    "dates": (opening, event, leaving, birth),
    "prices": (cost, order, too_much),
    "places": (beside, between, way, distance, turn),
    "sentences": (past, modal, belief, question),
}


def make_phrases(size: int, seed: int) -> list[Phrase]:
    """So many different sentences: none comes twice in any of the languages, and each kind is as frequent."""
    draw = Draw(np.random.default_rng(seed))
    seen: set[str] = set()
    found: list[Phrase] = []
    while len(found) < size:
        kind = len(found) % len(KINDS)
        made = draw.one(list(RULES[KINDS[kind]]))(draw)._replace(kind=kind)
        texts = {made.english, made.german, made.chinese}
        if not texts & seen:
            seen |= texts
            found.append(made)
    return [found[place] for place in draw.generator.permutation(size)]
