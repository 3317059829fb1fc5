"""People who sign in with an account (OpenID Connect) instead of a code: who they are, and what they may do.

What is kept of an account is a keyed digest of its issuer and subject (HMAC-SHA256 under the secret of the
host's workspace), which brings somebody back to their workspace, and a nickname. No e-mail address is kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pydantic import ValidationError, field_validator

from selfsup_core.errors import RunError, SettingError
from selfsup_core.room.people import MOST_NICKNAME, UNSEEN, Joining, Person, nickname_key
from selfsup_core.settings import Config, Values, explain, setting
from selfsup_core.translation import tr, tr_later

NAMELESS = tr_later("Guest")


class Identity(NamedTuple):
    """An account.

    Attributes:
        issuer, subject: by which it is known; both together never change.
        email: in small letters; "" where the provider gives none or says that it is not verified.
        is_verified: whether the provider says that the address is the account's own; some say nothing of it,
        and let their users write whatever they like.
    """

    issuer: str
    subject: str
    name: str
    email: str
    is_verified: bool = False


class LoginConfig(Config):
    """The section [room] of secrets.toml."""

    teachers: tuple[str, ...] = setting(
        (), "E-mail addresses of those who see the wall and steer the room.", title="Teachers"
    )
    members: tuple[str, ...] = setting(
        (),
        "E-mail addresses, or domains such as @school.example, of those who may join; empty: every account "
        "that the provider lets in.",
        title="Members",
    )
    trust_addresses: bool = setting(
        False,
        "Believe addresses of a provider that does not say whether they are verified (it sends no "
        "`email_verified`). Only where its users cannot choose their address themselves.",
        title="Trust addresses",
    )

    @field_validator("teachers", "members")
    @classmethod
    def _addresses(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(entry.strip().lower() for entry in entries)
        for entry in found:
            if entry.count("@") != 1 or entry.endswith("@") or len(entry.split()) != 1:
                raise ValueError(
                    tr("must be e-mail addresses or @domains; found {entry!r}").format(entry=entry)
                )
        return found

    @field_validator("teachers")
    @classmethod
    def _whole(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        if any(entry.startswith("@") for entry in entries):
            raise ValueError(tr("must be whole e-mail addresses: a domain would make everybody a teacher"))
        return entries

    @classmethod
    def of(cls, values: Values) -> LoginConfig:
        """Raises SettingError: says what is wrong with them."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise explain(error, cls) from error

    def address_of(self, identity: Identity) -> str:
        """The e-mail address that rights may hang on, or ""."""
        return identity.email if identity.is_verified or self.trust_addresses else ""

    def is_teacher(self, identity: Identity) -> bool:
        address = self.address_of(identity)
        return bool(address) and address in self.teachers

    def may_join(self, identity: Identity) -> bool:
        """Whether the account belongs to the room."""
        if not self.members or self.is_teacher(identity):
            return True
        address = self.address_of(identity)
        domain = f"@{address.partition('@')[2]}"
        return bool(address) and (address in self.members or domain in self.members)


def identity_of(claims: Mapping[str, object]) -> Identity | None:
    """The account that a provider has told of; None for nobody, or for one that could not be known again.

    Args:
        claims: of the ID token, as `st.user` has them.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if claims.get("is_logged_in") is not True or not is_text(issuer) or not is_text(subject):
        return None
    email = claims.get("email")
    said = claims.get("email_verified")
    names = (claims.get(key) for key in ("name", "given_name", "nickname", "preferred_username"))
    return Identity(
        str(issuer),
        str(subject),
        next((str(name) for name in names if is_text(name)), ""),
        str(email).strip().lower() if is_text(email) and said in (None, True, "true") else "",
        is_verified=said in (True, "true"),
    )


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def nickname_from(name: str, taken: Collection[str]) -> str:
    """A nickname that nobody in the room has, made of an account's name."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) not in UNSEEN)
    base = " ".join(unicodedata.normalize("NFC", seen).split())[:MOST_NICKNAME].strip()
    try:
        base = Joining.of({"code": "", "nickname": base}).nickname
    except SettingError:
        base = NAMELESS
    keys = {nickname_key(one) for one in taken}
    found, number = base, 1
    while nickname_key(found) in keys:
        number += 1
        found = f"{base[: MOST_NICKNAME - len(str(number)) - 1].strip()} {number}"
    return found


def find_account(people: list[Person], account: str) -> Person | None:
    """The person of an account. account: as `viewer.account_of`."""
    return next((one for one in people if one.get("login") == account), None) if account else None


def not_a_member() -> RunError:
    return RunError(
        tr("This account may not join the room."),
        code="not-a-member",
        remedy=tr("Sign in with another account, or ask the teacher to add yours."),
    )
