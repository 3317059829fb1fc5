"""Labels without training: a generator is shown a text and the names of the classes, and its answer is read
as one of them.

Nothing here asks a model: prompts and answers are the same for remote and local ones.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import field_validator

from selfsup_core.errors import SettingError
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

TEMPLATE = """Classify the text into one of these categories: {classes}.

Text: {text}

Category:"""
PLACES = re.compile(r"\{(text|classes|labels)\}")
MOST_CLASSES = 200
MOST_ANSWER = 4_000

THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL | re.IGNORECASE)
FENCE = re.compile(r"```\w*\s*(.*?)\s*```", re.DOTALL)
KEYS = ("label", "class", "category", "topic", "answer", "标签", "类别", "答案")
NAMED = re.compile(
    r"(?:final answer|label|class|category|topic|answer|标签|类别|答案)\W{0,3}\s*(?:is|[:：=是为])\s*(.+)",
    re.IGNORECASE,
)
NUMBERING = re.compile(r"^\W*\d{1,3}\s*[.):、]\s*(?=\S)")
EDGES = " \t\r\n\"'`*_.,;:!?()[]{}<>“”‘’«»「」『』《》【】。，；：！？、（）-–—•#"
DENIAL = re.compile(
    r"(?:\b(?:not|no|neither|nor|never|without)|n't|不是|并非|不属于|非)\s*(?:about|a|an|the)?\W*\Z"
)


def check_template(value: str) -> str:
    """The prompt. Raises ValueError when it has no place for the text or the classes; {labels} is an older
    {classes}.
    """
    there = {match.group(1).replace("labels", "classes") for match in PLACES.finditer(value)}
    missing = [f"{{{name}}}" for name in ("classes", "text") if name not in there]
    if missing:
        raise ValueError(tr("It must contain {missing}").format(missing=tr(" and ").join(missing)))
    return value


class ZeroShotConfig(Config):
    """How a generator is asked for the label of a text."""

    template: str = setting(
        TEMPLATE,
        "The prompt; {text} and {classes} stand for the text and the names of the classes.",
        title="Prompt",
        why="Of six prompts that were tried, a small model most often answered with a single label to this "
        "one.",
        min_length=1,
        max_length=4_000,
    )
    most_characters: int = setting(
        2_000,
        "How many characters of a text are sent, from its beginning.",
        title="Characters per text",
        why="The topic shows early, and every character costs.",
        ge=20,
        le=20_000,
    )
    most_tokens: int = setting(
        16,
        "Maximum number of tokens in an answer.",
        title="Tokens per answer",
        why="A label is short; a reasoning model needs some hundreds.",
        ge=1,
        le=2_000,
    )
    temperature: float = setting(
        0.0,
        "0 takes the most likely answer; higher values add randomness.",
        title="Temperature",
        why="The same text gets the same label.",
        ge=0.0,
        le=2.0,
    )
    seed: int = setting(0, "Seed of the sampling, if the server takes one.", title="Seed", ge=0, le=2**31 - 1)

    @field_validator("template")
    @classmethod
    def has_places(cls, value: str) -> str:
        return check_template(value)


@dataclass(frozen=True)
class Labelled:
    """What came of one text.

    Attributes:
        label: class index; -1 where the answer names none of the classes, or there is none.
        answer: the model's own words.
        reason: why there is no label, or "".
        failed: whether there was no answer at all, so that it may be asked again.
        p: (C,) probabilities of the classes; None where the model gives none.
    """

    label: int
    answer: str
    reason: str = ""
    failed: bool = False
    p: tuple[float, ...] | None = None


def check_classes(classes: Sequence[str]) -> None:
    """Raises SettingError: the names are too few or too many, or an answer could not tell them apart."""
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise SettingError(
            tr("Labels need 2 to {most_classes} classes; found {count}.").format(
                most_classes=MOST_CLASSES, count=len(classes)
            )
        )
    seen: dict[str, str] = {}
    for name in classes:
        key = fold(name)
        if not key:
            raise SettingError(
                tr("The class {name!r} has no name that a model could answer with.").format(name=name)
            )
        if key in seen:
            raise SettingError(
                tr("The classes {seen!r} and {name!r} cannot be told apart.").format(
                    seen=seen[key], name=name
                )
            )
        seen[key] = name


def make_prompt(text: str, classes: Sequence[str], config: ZeroShotConfig) -> str:
    """The prompt for one text. Filled in one pass: a text that holds {classes} keeps it as it is."""
    names = ", ".join(classes)
    values = {"text": text[: config.most_characters].strip(), "classes": names, "labels": names}
    return PLACES.sub(lambda match: values[match.group(1)], config.template)


def fold(text: str) -> str:
    """Without regard to case, width and spacing: " Ｆor  Sale" → "for sale"."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def trim(text: str) -> str:
    """Nor to marks around it: "“Space”." → "space"."""
    return fold(text).strip(EDGES)


def bare(text: str) -> str:
    """Letters and digits alone: "ms-windows" and "MS Windows" are one."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


def parse_label(answer: str, classes: Sequence[str]) -> tuple[int, str]:
    """(class index, "") of the class that an answer names, or (-1, why none is taken).

    Taken are, in this order: an answer, or a line of one, that is a class's name whatever its case, marks and
    numbering; what is behind "label:"; the one class whose name stands in the answer. A name inside a longer
    one does not count.
    """
    thought = THOUGHT.sub(" ", answer).strip()
    if not thought:
        reason = (
            tr("The answer was cut off while the model was reasoning.")
            if answer.strip()
            else tr("The model gave no answer.")
        )
        return -1, reason
    said = from_json(thought[:MOST_ANSWER])
    named = {match.group(1) for line in said.splitlines() for match in [NAMED.search(line)] if match}
    # A name is looked for the stricter way first: two classes may differ in nothing but marks.
    for pieces in ([said], said.splitlines(), sorted(named)):
        found = {i for piece in pieces if (i := exact(piece, classes)) >= 0}
        if len(found) > 1:
            return -1, several(found, classes)
        if found:
            return found.pop(), ""
    for spell in (fold, bare):
        found, denied = contained(spell(said), [spell(name) for name in classes])
        if len(found | denied) > 1:
            return -1, several(found | denied, classes)
        if denied:
            return -1, tr("The answer rules out {classes!r} and names no other label.").format(
                classes=classes[denied.pop()]
            )
        if found:
            return found.pop(), ""
    return -1, tr("The answer names none of the labels.")


def several(found: set[int], classes: Sequence[str]) -> str:
    names = [repr(classes[i]) for i in sorted(found)]
    more = tr(" and {count} more").format(count=len(names) - 3) if len(names) > 3 else ""
    return tr("The answer names several labels: {names}{more}.").format(names=", ".join(names[:3]), more=more)


def from_json(text: str) -> str:
    """What an answer in JSON holds as the label; any other text as it is."""
    match = FENCE.search(text)
    inner = match.group(1) if match else text
    try:
        value: Any = json.loads(inner)
    except (ValueError, RecursionError):
        return inner
    if isinstance(value, dict):
        lower = {str(key).casefold(): v for key, v in value.items()}
        picked = [lower[key] for key in KEYS if key in lower]
        value = picked[0] if picked else list(value.values())
    values = value if isinstance(value, list) else [value]
    strings = [v for v in values if isinstance(v, str)]
    return "\n".join(strings) or inner


def exact(text: str, classes: Sequence[str]) -> int:
    """Index of the class that a text is the name of, or -1."""
    if text.strip() in classes:
        return list(classes).index(text.strip())
    for spell in (fold, trim, bare):
        names = [spell(name) for name in classes]
        for candidate in (text, NUMBERING.sub("", text, count=1)):
            wanted = spell(candidate)
            if wanted and names.count(wanted) == 1:
                return names.index(wanted)
    return -1


def is_word(character: str) -> bool:
    """Whether a letter belongs to a word with its neighbours; Chinese has no spaces between words."""
    return character.isalnum() and not "\u3040" <= character <= "\u9fff"


def contained(text: str, names: Sequence[str]) -> tuple[set[int], set[int]]:
    """(classes whose names stand in a text, those that are only denied there): longest names first, each
    place for one.
    """
    taken = [False] * len(text)
    found: set[int] = set()
    denied: set[int] = set()
    for index in sorted(range(len(names)), key=lambda i: -len(names[i])):
        name = names[index]
        at = text.find(name) if name else -1
        while at >= 0:
            end = at + len(name)
            grows_left = at > 0 and is_word(name[0]) and is_word(text[at - 1])
            grows_right = end < len(text) and is_word(name[-1]) and is_word(text[end])
            if not grows_left and not grows_right and not any(taken[at:end]):
                taken[at:end] = [True] * len(name)
                (denied if DENIAL.search(text[:at]) else found).add(index)
            at = text.find(name, at + 1)
    return found, denied - found
