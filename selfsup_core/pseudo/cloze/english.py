"""English: "The bridge was opened in 1932 by the mayor." → "When was the bridge opened by the mayor?" """

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from selfsup_core.pseudo.cloze.english_words import (
    AUXILIARIES,
    FOLLOWS,
    NO_PHRASE,
    NOT_NAMES,
    STOPS,
    base_form,
)
from selfsup_core.pseudo.cloze.found import Found

SENTENCE = re.compile(r"(?:[^.!?]|[.](?=\d)|(?<=\b[A-Z])[.]|(?<=\b(?:Dr|Mr|St))[.]|(?<=\bMrs)[.])+[.!?]*")
CLAUSE = re.compile(r"; |: |, (?=(?:and|but|so|while|because|although|though)\b)")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
DATE = re.compile(
    rf"\b(?:\d{{1,2}} (?:{MONTHS})(?: \d{{4}})?|(?:{MONTHS})(?: \d{{1,2}})?(?:,? \d{{4}})?|1[0-9]{{3}}|20\d\d"
    rf"|(?:{DAYS})s?|\d{{1,2}}:\d\d)\b(?! ?(?:metres|meters|kilo|people|per))"
)
WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
NUMBER = re.compile(
    rf"\b(?:\d[\d,]*(?:\.\d+)?|(?:{WORDS})(?:-\w+)?)(?: (?:hundred|thousand|million))?\b(?!:)", re.I
)
NAME = re.compile(r"\b[A-Z][\w’'-]*(?: (?:(?:of|de|van|von|the) )?[A-Z][\w’'-]*)*")
PLACE_CUES = ("in", "at", "near", "from", "to", "into", "outside", "towards", "beside")
PERSON_CUES = ("by", "with", "for", "to", "named", "called")
BEFORE_DATE = (
    "in",
    "on",
    "at",
    "since",
    "by",
    "until",
    "before",
    "after",
    "from",
    "around",
    "about",
    "during",
)
DETERMINERS = "the|a|an|its|their|his|her|this|these|those|each|every|some|many|several"
LEAD = re.compile(
    r"(?:(?:in|on|at|by|from|after|before|during|since|until|for|with|within|under|every|each|last|some|around|"
    r"about|over) [^,]{1,40}|then|later|today|now|soon|first|finally|here|there|once|still), ",
    re.I,
)
ASIDE = re.compile(r", [^,]{4,80}, ")
MOST_PHRASE, LEAST_CLAUSE = 4, 4  # words


def sentences(passage: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each, without the space around it."""
    for match in SENTENCE.finditer(passage):
        text = match.group()
        start = match.start() + len(text) - len(text.lstrip())
        if text.strip(" .!?\n"):
            yield start, match.start() + len(text.rstrip())


def find(passage: str, start: int, end: int) -> list[Found]:
    """What can be left out of the sentence."""
    found = [
        Found(*m.span(), "date", word_before(passage, m.start(), start))
        for m in DATE.finditer(passage, start, end)
    ]
    for match in NUMBER.finditer(passage, start, end):
        if re.search(r"(?<!^)(?:\b[A-Z]\w*|\bpast|\bhalf) $", passage[start : match.start()]):
            continue  # "Voyager 1", "half past two"
        after = re.match(r" ([a-z]+)", passage[match.end() : end])
        counted = after.group(1) if after and after.group(1) not in STOPS else ""
        found.append(Found(*match.span(), "number", counted))
    found += find_names(passage, start, end)
    found += find_phrases(passage, start, end)
    return found


def word_before(passage: str, at: int, start: int) -> str:
    before = re.search(r"(\w+) $", passage[start:at])
    return before.group(1).lower() if before else ""


def find_names(passage: str, start: int, end: int) -> Iterator[Found]:
    """Capitalized words; the first word of a sentence only where it is no common one."""
    for match in NAME.finditer(passage, start, end):
        begin, text = match.start(), re.sub(r"[’']s?$", "", match.group())
        first = text.split()[0]
        if first.lower() in NOT_NAMES:
            begin, text = begin + len(first) + 1, text[len(first) + 1 :]
            if not text or not text[0].isupper():
                continue
        elif begin == start and " " not in text and passage.count(text) < 2:
            continue
        cue = word_before(passage, begin, start)
        if cue == "the":
            cue = word_before(passage, begin - len("the "), start)
        is_place = cue in PLACE_CUES
        yield Found(begin, begin + len(text), "place" if is_place else "name", cue)


def find_phrases(passage: str, start: int, end: int) -> Iterator[Found]:
    """ "the", "a" … with the nouns behind it, up to a word or mark that ends a phrase."""
    for match in re.compile(rf"\b(?:{DETERMINERS})((?: [a-z][\w’'-]*)+)", re.I).finditer(passage, start, end):
        words = match.group(1).split()
        size = next((i for i, word in enumerate(words) if word in STOPS), len(words))
        if not 1 <= size <= MOST_PHRASE or words[size - 1].endswith(("ed", "ing", "ly")):
            continue
        first = match.start(1) + 1
        last = first + len(" ".join(words[:size]))
        if size == len(words) and passage[last : last + 1] == " ":
            continue  # a capitalized word or a number follows
        if (size < len(words) and words[size] not in FOLLOWS) or set(words[:size]) <= NO_PHRASE:
            continue
        yield Found(first, last, "phrase", match.group()[: match.start(1) - match.start()].lower())


def ask(passage: str, start: int, end: int, found: Found) -> str:
    """The question, or "" where too little is left to ask."""
    start, end = clause_around(passage, start, end, found)
    lead, before, after = parts_around(passage[start:end], found.start - start, found.end - start)
    asked, before, after = question_word(found, before, after)
    after = f"{after} {lead}".strip()
    if len(before.split()) + len(after.split()) < LEAST_CLAUSE - 1:
        return ""
    words = [asked, *turn(before), after] if before else [asked, after]
    text = re.sub(r"\s+([,;:])", r"\1", " ".join(word for word in words if word)).strip(" ,;:")
    return text[0].upper() + text[1:] + "?"


def parts_around(text: str, first: int, last: int) -> tuple[str, str, str]:
    """What stood before the first comma and can stand at the end as well ("In 1932, …"), and what is before
    and after the answer; without an aside between two commas.
    """
    lead = ""
    if (head := LEAD.match(text)) and head.end() < len(text):
        if first >= head.end():
            lead = text[: head.end() - 2]
            lead = lead[0].lower() + lead[1:]
            text, first, last = text[head.end() :], first - head.end(), last - head.end()
        else:  # the answer is in it: what it says goes to the end
            rest, cut = text[head.end() :].rstrip(" .!?"), text[: head.end() - 2]
            text = f"{rest} {cut[0].lower()}{cut[1:]}"
            first, last = first + len(rest) + 1, last + len(rest) + 1
    before, after = text[:first], text[last:].strip(" .!?,;:")
    if aside := ASIDE.search(before):
        before = f"{before[: aside.start()]} {before[aside.end() :]}"
    return lead, before.strip(), re.sub(r"^, |,$", "", after).strip()


def clause_around(passage: str, start: int, end: int, found: Found) -> tuple[int, int]:
    """The clause of the sentence that holds it, where that says enough."""
    edges = [start, *(m.end() for m in CLAUSE.finditer(passage, start, end)), end]
    for begin, stop in pairwise(edges):
        inside = passage[begin:stop]
        if begin <= found.start < stop and len(inside.split()) > LEAST_CLAUSE + 1:
            skipped = re.match(r"(?:and|but|so|while|because|although|though) ", inside)
            return begin + (skipped.end() if skipped else 0), stop
    return start, end


def question_word(found: Found, before: str, after: str) -> tuple[str, str, str]:
    """The word that asks, and what is left of the text before and after the answer."""
    cue = found.cue
    if found.kind == "number":
        counted = cue and after.startswith(cue)
        return (
            (f"how many {cue}", before, after[len(cue) :].strip()) if counted else ("how many", before, after)
        )
    if found.kind == "date":
        return "when", without_last(before, cue) if cue in BEFORE_DATE else before, after
    if found.kind == "place":
        lean = without_last(without_last(before, "the"), cue)
        return ("where" if cue not in ("from", "to", "into") else f"{cue} where"), lean, after
    if found.kind == "name":
        lean = without_last(before, "the")
        if cue in PERSON_CUES[:3]:
            return f"{cue} whom", without_last(lean, cue), after
        return ("who" if lean == before and not cue else "what"), lean, after
    lean = without_last(before, cue)
    last = lean.rsplit(" ", 1)[-1].lower()
    if last in PLACE_CUES[:3] or last in ("by", "with", "for", "on", "from"):
        return f"{last} what", without_last(lean, last), after
    return "what", lean, after


def without_last(text: str, word: str) -> str:
    is_last = bool(word) and text.lower().split(" ")[-1] == word
    return text[: len(text) - len(word)].rstrip() if is_last else text


def turn(before: str) -> list[str]:
    """The words before what is asked for, in the order of a question: the auxiliary first, or "did" and the
    plain form of the verb.
    """
    words = before.split()
    if words[0].lower() in NOT_NAMES:
        words[0] = words[0].lower()
    if any(word.endswith(",") for word in words):
        return words
    for place, word in enumerate(words[1:], 1):
        if word in AUXILIARIES:
            return [word, *words[:place], *words[place + 1 :]]
        if plain := base_form(word):
            return ["did", *words[:place], plain, *words[place + 1 :]]
    return words
