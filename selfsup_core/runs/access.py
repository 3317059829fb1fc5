"""Who may see and steer: the token of the app, signed tokens of what its pages show, and who may do what with
a run.

Signed tokens are HMAC-SHA256 of a run's or map's name under a secret of the workspace (RFC 2104).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import read_file, tighten, write_private
from selfsup_core.translation import tr

SECRET_BYTES = 32
MOST_SECRET = 4096  # bytes of a file that holds one
TOKEN = "SELFSUP_TOKEN"
TOKEN_FILE = "token"
LEAST_CHARACTERS = 16
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # without characters that look alike, such as 0 and O

# How somebody stands to a run: it is in their own workspace, or the teacher shows it to everybody just now.
Standing = Literal["owner", "watcher"]
Action = Literal["live", "static", "thumbnails", "frame", "family", "control", "repeat", "tool", "archive"]
# Watchers read what the panels draw. Whatever writes, trains, asks the network or takes away is the owner's.
WATCHING: frozenset[Action] = frozenset(("live", "static", "thumbnails", "frame"))


def may(standing: Standing, action: Action) -> bool:
    """Whether somebody who stands so to a run may do this with it."""
    return standing == "owner" or action in WATCHING


def require(standing: Standing, action: Action) -> None:
    """Raises RunError: this is not for somebody who only watches."""
    if not may(standing, action):
        raise RunError(
            tr("This run is shown to you: you can watch it and nothing else."), code="only-watching"
        )


def workspace_secret(workspace: Path) -> bytes:
    """32 random bytes of the workspace, made at first use and readable by its owner only."""
    return kept_secret(
        workspace / "secret", lambda: secrets.token_bytes(SECRET_BYTES), lambda b: len(b) == SECRET_BYTES
    )


def app_token(workspace: Path, environment: Mapping[str, str] = os.environ) -> str:
    """What opens the app: SELFSUP_TOKEN, or the workspace's own token, which a restart keeps.

    Raises:
        SettingError: SELFSUP_TOKEN can be guessed, or cannot stand in an address. OSError: the disk is full
        or read-only.
    """
    chosen = environment.get(TOKEN, "").strip()
    if not chosen:
        return (
            kept_secret(workspace / TOKEN_FILE, lambda: f"{new_token()}\n".encode(), is_token)
            .decode()
            .strip()
        )
    if not is_token(chosen.encode()):
        raise SettingError(
            tr("{token} must have {least_characters} or more letters, digits, - or _.").format(
                token=TOKEN, least_characters=LEAST_CHARACTERS
            ),
            remedy=tr("Leave it out to have a token created."),
        )
    return chosen


def new_token() -> str:
    """Four groups of four characters, 79 bits: hard to guess, and short enough to be typed."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def is_token(found: bytes) -> bool:
    text = found.decode("ascii", "replace").strip()
    return (
        len(text) >= LEAST_CHARACTERS and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    )


def forget_token(workspace: Path) -> None:
    """The next start makes another token; browsers that used the old one are signed out."""
    (workspace / TOKEN_FILE).unlink(missing_ok=True)


def kept_secret(path: Path, make: Callable[[], bytes], is_sound: Callable[[bytes], bool]) -> bytes:
    """What a file of the workspace keeps; made at first use, and again with a warning when it is not sound.

    Raises:
        OSError: the disk is full or read-only.
    """
    from filelock import FileLock

    with contextlib.suppress(FileNotFoundError):
        if is_sound(found := read_file(path, MOST_SECRET)):
            tighten(path)
            return found
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600):  # whoever is first decides
        with contextlib.suppress(FileNotFoundError):
            if is_sound(found := read_file(path, MOST_SECRET)):
                return found
            warnings.warn(
                f"The file {path.name} of the workspace is damaged or too short to be safe and was replaced; "
                "reload pages that are open.",
                stacklevel=2,
            )
        made = make()
        write_private(path, made)
    return made


def sign(workspace: Path, run: str) -> str:
    """The token of a run."""
    return hmac.new(workspace_secret(workspace), run.encode(), hashlib.sha256).hexdigest()


def is_allowed(workspace: Path, run: str, token: str) -> bool:
    """Whether the token belongs to the run; in constant time."""
    return is_same(sign(workspace, run), token)


def is_same(expected: str, given: str) -> bool:
    """Constant-time comparison, so that timing reveals nothing."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def cookie_of(workspace: Path, token: str) -> str:
    """What a browser keeps that has shown the app's token: not the token itself, and void once that
    changes.
    """
    return sign(workspace, f"cookie:{token}")
