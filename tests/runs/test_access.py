"""The secret and the token of a workspace: kept, private, and replaced when they could be guessed."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import get_args

import pytest

from selfsup_core.errors import RunError, SettingError
from selfsup_core.runs.access import (
    Action,
    app_token,
    cookie_of,
    forget_token,
    is_allowed,
    is_same,
    is_token,
    may,
    new_token,
    require,
    sign,
    workspace_secret,
)

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secret_and_token_are_kept(workspace: Path):
    assert workspace_secret(workspace) == workspace_secret(workspace)
    assert app_token(workspace, {}) == app_token(workspace, {})
    assert (workspace / "token").read_text() == app_token(workspace, {}) + "\n"


@posix
def test_they_are_their_owner_s_only_also_when_they_were_not(workspace: Path):
    workspace_secret(workspace), app_token(workspace, {})
    assert [mode(workspace / name) for name in (".", "secret", "token")] == [0o700, 0o600, 0o600]
    before = workspace_secret(workspace)
    for name in ("secret", "token"):
        (workspace / name).chmod(0o644)
    assert workspace_secret(workspace) == before
    app_token(workspace, {})
    assert [mode(workspace / name) for name in ("secret", "token")] == [0o600, 0o600]


@pytest.mark.parametrize("content", [b"", b"a", b"x" * 31, b"x" * 33])
def test_a_secret_that_can_be_guessed_is_replaced_with_a_warning(workspace: Path, content: bytes):
    workspace.mkdir()
    (workspace / "secret").write_bytes(content)
    with pytest.warns(UserWarning, match="secret of the workspace is damaged or too short"):
        found = workspace_secret(workspace)
    assert len(found) == 32
    assert found != content
    assert workspace_secret(workspace) == found
    assert {path.name for path in workspace.glob("*secret*")} == {"secret", ".secret.lock"}


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff" * 32, b"a b c d e f g h i j k l m\n"])
def test_a_token_that_can_be_guessed_is_replaced_with_a_warning(workspace: Path, content: bytes):
    workspace.mkdir()
    (workspace / "token").write_bytes(content)
    with pytest.warns(UserWarning, match="token of the workspace"):
        found = app_token(workspace, {})
    assert is_token(found.encode())


def test_many_at_once_get_one_secret(workspace: Path):
    workspace.mkdir()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(workspace_secret(workspace))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_environment_s_token_goes_before_the_kept_one(workspace: Path):
    chosen = "monday-afternoon-2026"
    assert app_token(workspace, {"SELFSUP_TOKEN": f" {chosen} "}) == chosen
    assert not (workspace / "token").exists()
    for bad in ("short", "a token with spaces", "über-lange-zeichenkette", "a&b=c-a&b=c-a&b=c-a&b=c"):
        with pytest.raises(SettingError, match="16 or more"):
            app_token(workspace, {"SELFSUP_TOKEN": bad})


def test_a_forgotten_token_and_its_cookie_are_void(workspace: Path):
    first = app_token(workspace, {})
    forget_token(workspace)
    second = app_token(workspace, {})
    assert first != second
    assert cookie_of(workspace, first) != cookie_of(workspace, second)


def test_tokens_differ_and_have_no_letters_that_look_alike():
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(is_token(token.encode()) for token in made)
    assert not set("".join(made)) & set("01ilo")


def test_what_no_browser_sends_is_compared_too(workspace: Path):
    assert is_allowed(workspace, "run", sign(workspace, "run"))
    for given in ("", "é", "\udcff", sign(workspace, "other")):
        assert not is_allowed(workspace, "run", given)
        assert not is_same("right", given)


@pytest.mark.parametrize("action", get_args(Action))
def test_the_owner_may_do_everything_and_a_watcher_only_what_is_drawn(action):
    assert may("owner", action)
    require("owner", action)
    if action in ("live", "static", "thumbnails", "frame"):
        require("watcher", action)
        return
    assert not may("watcher", action)
    with pytest.raises(RunError, match="you can watch it and nothing else"):
        require("watcher", action)
