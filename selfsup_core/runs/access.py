"""Signed tokens: whoever was shown a run's page may ask for its frames and steer it; nobody else can guess how.

HMAC-SHA256 of the run's id under a secret of the workspace (RFC 2104).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path


def workspace_secret(workspace: Path) -> bytes:
    """32 random bytes of the workspace, made at first use and readable by its owner only."""
    path = workspace / "secret"
    with contextlib.suppress(FileNotFoundError):
        found = path.read_bytes()
        if len(found) == 32:
            return found
    workspace.mkdir(parents=True, exist_ok=True)
    temporary = workspace / f".secret.{secrets.token_hex(4)}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        os.link(temporary, path)  # whoever is first decides
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_bytes()


def sign(workspace: Path, run: str) -> str:
    """The token of a run."""
    return hmac.new(workspace_secret(workspace), run.encode(), hashlib.sha256).hexdigest()


def is_allowed(workspace: Path, run: str, token: str) -> bool:
    """Whether the token belongs to the run; takes the same time either way."""
    return hmac.compare_digest(sign(workspace, run).encode(), token.encode())
