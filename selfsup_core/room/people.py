"""People of a room: what they send to join, and what is kept of them.

Everything here works on values; `store.py` reads and writes them.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from typing import Annotated, NotRequired

from pydantic import Field, ValidationError, field_validator
from typing_extensions import TypedDict

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import sha256
from selfsup_core.runs.access import LETTERS
from selfsup_core.runs.folder import now_iso
from selfsup_core.settings import Config, Values, explain, setting
from selfsup_core.shared import new_person
from selfsup_core.translation import tr

CODE_LETTERS = 6  # of 31: 30 bits, which a hundred tries a minute would need decades for
MOST_NICKNAME = 24
MOST_PEOPLE = 60
LEAST_ONCE = 16  # characters of a form's name: a shorter one could be guessed, and is none
# Control and format characters (they may hide or turn text around), surrogates, private and unassigned ones,
# separators of lines.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Person(TypedDict):
    """One of the room.

    Attributes:
        id: random. resume: what brings them back on another device. once: of their form.
        login: digest of the account of somebody who has signed in with one.
    """

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    nickname: str
    resume: str
    joined: str
    once: str
    login: NotRequired[str]


def new_code() -> str:
    """Six letters and digits without those that look alike."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))


def plain_code(text: str) -> str:
    """A code as it is compared: what people type has capitals, spaces and hyphens."""
    return "".join(text.split()).replace("-", "").lower()[:100]


def shown_code(code: str) -> str:
    """A code as it is read out: in capitals, in two groups."""
    half = (len(code) + 1) // 2
    return f"{code[:half]}-{code[half:]}".upper()


def is_same_code(expected: str, given: str) -> bool:
    """Constant-time comparison."""
    return hmac.compare_digest(expected.encode(), plain_code(given).encode())


def nickname_key(nickname: str) -> str:
    """Equal for nicknames that people would take for the same."""
    return "".join(unicodedata.normalize("NFKC", nickname).casefold().split())


class Joining(Config):
    """What the door's form sends."""

    code: str = setting(..., "The code of the room; the teacher shows it.", title="Room code", max_length=100)
    nickname: str = setting(..., "1 to 24 characters; the teacher sees it.", title="Nickname", max_length=200)
    resume: str = setting(
        "", "Only if you have been here before: it is on your Home page.", title="Resume code", max_length=100
    )
    once: str = setting("", "Sent with the form, so that sending it twice is joining once.", max_length=100)

    @field_validator("nickname")
    @classmethod
    def _visible(cls, nickname: str) -> str:
        nickname = " ".join(unicodedata.normalize("NFC", nickname).split())
        if not nickname or len(nickname) > MOST_NICKNAME:
            raise ValueError(
                tr("must have 1 to {most_nickname} characters").format(most_nickname=MOST_NICKNAME)
            )
        if any(unicodedata.category(letter) in UNSEEN for letter in nickname):
            raise ValueError(tr("may hold visible characters only"))
        if not any(unicodedata.category(letter)[0] in "LNS" for letter in nickname):
            raise ValueError(tr("must hold a letter, a digit or a symbol"))
        return nickname

    @classmethod
    def of(cls, values: Values) -> Joining:
        """Raises SettingError: says what is wrong with them."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise explain(error, cls) from error


class WrongCode(RunError):
    """A code that opens nothing; counted, so that nobody tries them all."""

    code = "wrong-code"


def admit(code: str, people: list[Person], asked: Joining, *, most: int = MOST_PEOPLE) -> Person:
    """The person who joins or comes back; somebody new is added to `people`.

    Raises:
        WrongCode: of the room, or of a person who comes back.
        SettingError: somebody has this nickname. RunError: the room is full.
    """
    if not is_same_code(code, asked.code):
        raise WrongCode(tr("This room code is wrong."), remedy=tr("The teacher's screen shows it."))
    once = sha256(asked.once.encode())[:32] if len(asked.once) >= LEAST_ONCE else ""
    known = next(
        (one for one in people if nickname_key(one["nickname"]) == nickname_key(asked.nickname)), None
    )
    if known and once and hmac.compare_digest(known["once"], once):
        return known
    if asked.resume:
        if known and is_same_code(known["resume"], asked.resume):
            return known
        raise WrongCode(
            tr("This nickname and resume code do not belong together."),
            remedy=tr("Your Home page on the other device shows it; the teacher can look it up too."),
        )
    if known:
        raise SettingError(
            tr("Somebody in this room is called {nickname} already.").format(nickname=asked.nickname),
            code="nickname-taken",
            remedy=tr("Choose another nickname. If it is you, enter your resume code as well."),
        )
    return add(people, asked.nickname, once=once, most=most)


def add(people: list[Person], nickname: str, *, once: str = "", most: int = MOST_PEOPLE) -> Person:
    """Somebody new. Raises RunError: the room is full."""
    if len(people) >= most:
        raise RunError(tr("The room is full: {most} people are in it.").format(most=most), code="room-full")
    person = Person(id=new_person(), nickname=nickname, resume=new_code(), joined=now_iso(), once=once)
    people.append(person)
    return person
