"""Where the remote model is and the key to it: from the environment or from secrets, never from a page or a
run.

The two sources are not mixed: a key of one must not go to an address of the other.
"""

from __future__ import annotations

import html
import ipaddress
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr
from typing_extensions import TypedDict

from selfsup_core.environment import REMOTE_KEY
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.translation import tr

NAMES = {"url": "SELFSUP_REMOTE_URL", "model": "SELFSUP_REMOTE_MODEL", "key": REMOTE_KEY}
HIDDEN = "[key]"
LEAST_SECRET = 8  # characters: what is shorter is not a secret, and may be part of any word


class ConnectionAbout(TypedDict):
    """What may be shown of a connection; key: "set" or "not set"."""

    url: str
    model: str
    key: str
    warning: str


class Connection(BaseModel):
    """An endpoint. The key shows in no text made of it, and it cannot be pickled.

    Attributes:
        url: base address, to which `chat/completions` is added; it ends in /v1 with most servers.
        model: the model's name there; "" for the only one that the server has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str = ""
    key: SecretStr = SecretStr("")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A connection holds a key and is not pickled.")

    @property
    def has_key(self) -> bool:
        return bool(self.key.get_secret_value())

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def warning(self) -> str:
        """What a person should know of the address, or ""."""
        if urlsplit(self.url).scheme == "https" or is_local(self.host):
            return ""
        return tr("{host} is reached over plain http: texts and the key are not encrypted.").format(
            host=self.host
        )

    def redact(self, text: str) -> str:
        """The text without the key, should a server have sent it back."""
        key = self.key.get_secret_value()
        if len(key) < LEAST_SECRET:
            return text.replace(key, HIDDEN) if key else text
        return forms_of(key).sub(HIDDEN, text)

    def redact_all(self, value: Any) -> Any:
        """The same structure with every text of an answer redacted."""
        if len(self.key.get_secret_value()) < LEAST_SECRET:
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.redact(name): self.redact_all(inner) for name, inner in value.items()}
        return [self.redact_all(inner) for inner in value] if isinstance(value, list) else value

    def about(self) -> ConnectionAbout:
        """What may be shown."""
        return {
            "url": self.url,
            "model": self.model,
            "key": "set" if self.has_key else tr("not set"),
            "warning": self.warning,
        }


@lru_cache(maxsize=4)
def forms_of(key: str) -> re.Pattern[str]:
    """The key in upper or lower case, as an address, JSON, HTML or hexadecimal digits hold it, backwards, or
    in base64.
    """
    found = {key[::-1], json.dumps(key)[1:-1], html.escape(key), key.encode().hex()}
    forms = [re.escape(form) for form in sorted(found, key=len, reverse=True)]
    forms.append("".join(f"(?:{re.escape(letter)}|%{ord(letter):02x})" for letter in key))
    for core in base64_cores(key.encode()):
        # What stands around belongs half to the key's first and last letters, half to the text beside it.
        letters = re.escape(core).replace(r"\+", "[+-]").replace("/", "[/_]")
        forms.append(rf"[\w+/-]{{0,3}}{letters}[\w+/-]{{0,2}}={{0,2}}")
    return re.compile("|".join(forms), re.IGNORECASE)


def base64_cores(secret: bytes) -> list[str]:
    """What base64 of any text with the secret in it must contain: one for each place in a group of three
    bytes.
    """
    cores = []
    for before in range(3):
        whole = b64encode(bytes(before) + secret).decode().rstrip("=")
        after = (before + len(secret)) % 3
        cores.append(whole[(0, 2, 3)[before] : len(whole) - (1 if after else 0)])
    return cores


def is_local(host: str) -> bool:
    """Whether a host is this very machine, judged by its name."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_connection(environment: Mapping[str, str], secrets: Mapping[str, Any] | None = None) -> Connection:
    """The endpoint that is configured.

    Args:
        environment: SELFSUP_REMOTE_URL, SELFSUP_REMOTE_MODEL, SELFSUP_REMOTE_KEY.
        secrets: looked at when the environment names no address; a table `remote` with url, model and key.

    Raises:
        RemoteError: nothing is configured (remote-off), or not as it should be (remote-refused).
    """
    values = {field: environment.get(name, "") for field, name in NAMES.items()}
    names: Mapping[str, str] = NAMES
    if not values["url"].strip():
        table = (secrets or {}).get("remote") or {}
        if not isinstance(table, Mapping):
            table = {}
        values = {field: str(table.get(field) or "") for field in NAMES}
        names = {field: tr("remote.{field} of the secrets").format(field=field) for field in NAMES}
    values = {field: value.strip() for field, value in values.items()}
    if not values["url"]:
        raise RemoteError(
            tr("No remote model is configured."),
            code="remote-off",
            remedy=tr("Set {url}, or url under [remote] in the secrets file.").format(url=NAMES["url"]),
        )
    check_url(values["url"], names["url"])
    if not all("!" <= character <= "~" for character in values["key"]):
        raise RemoteError(
            tr(
                "{key} contains a character that is not allowed in a key, such as a space or a line break."
            ).format(key=names["key"])
        )
    if len(values["model"]) > 500 or not values["model"].isprintable():
        raise RemoteError(tr("{model} is not the name of a model.").format(model=names["model"]))
    return Connection(url=values["url"].rstrip("/"), model=values["model"], key=SecretStr(values["key"]))


def check_url(url: str, name: str) -> None:
    """Raises RemoteError, which never repeats the address: it may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise RemoteError(tr("{name} is not an address.").format(name=name)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise RemoteError(f"{name} must begin with https:// or http:// and name a host.")
    if "@" in parts.netloc:
        raise RemoteError(
            tr("{name} contains a user name or password.").format(name=name),
            remedy=tr("Put the key into {key}, or key under [remote] in the secrets file.").format(
                key=NAMES["key"]
            ),
        )
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise RemoteError(tr("{name} must not have anything after ? or #.").format(name=name))
    if not all("!" <= character <= "~" for character in url):
        raise RemoteError(
            tr("{name} contains a space or a character that is not allowed in an address.").format(name=name)
        )
