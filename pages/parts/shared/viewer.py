"""Who looks at a page or asks a route, and which workspace is theirs.

Without a room everybody who was let in has the server's workspace. In a room `find_viewer` decides, each
time that something is read: for a page by the cookies of its connection, for a route by those of its
request. Where nobody is recognized there is no workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import streamlit as st

from selfsup_core.data.quota import DISK_MB
from selfsup_core.errors import RunError
from selfsup_core.room.login import LoginConfig, identity_of, not_a_member
from selfsup_core.room.store import Room
from selfsup_core.room.viewer import Viewer, account_of, find_viewer
from selfsup_core.runs.access import app_token, cookie_of, is_same
from selfsup_core.runs.folder import default_workspace
from selfsup_core.translation import tr

LOCAL = ("localhost", "127.0.0.1", "::1")
SEEN = "selfsup.viewer"  # of a request's scope: who the door has let in
PINNED = "viewer-of-session"
Claims = Mapping[str, object]  # what a provider tells of an account
NOBODY: Claims = MappingProxyType({})

# Set by server.py when it serves a room.
access: Access | None = None
# Set by server.py: the addresses under which other machines reach the app; none where it serves its own only.
reachable: list[str] = []


@dataclass
class Access:
    """Who is let in.

    Attributes:
        needs_token: False when a login stands before the app.
        hosts: names under which browsers reach it.
        secure_hosts: those of them that are reached by https only, through a proxy that may not say so.
        room: people besides who holds the token. shared: addresses for them; carries: what this machine can
            carry, in words; capacity: how many runs at once; disk_mb: what each person may use;
            login: set where people sign in with an account instead of joining by the code.
    """

    needs_token: bool = True
    hosts: list[str] = field(default_factory=lambda: list(LOCAL))
    secure_hosts: list[str] = field(default_factory=list)
    workspace: Path = field(default_factory=default_workspace)
    room: Room | None = None
    shared: list[str] = field(default_factory=list)
    carries: str = ""
    capacity: int = 1
    disk_mb: int = DISK_MB
    login: LoginConfig | None = None

    def __post_init__(self) -> None:
        self._keys: tuple[str, str] | None = None

    @property
    def token(self) -> str:
        """Raises SettingError, OSError: as `app_token`."""
        return app_token(self.workspace)

    def keys(self) -> tuple[str, str]:
        """(token, cookie) as they were when the first was asked for; "" for both where none is needed."""
        if self._keys is None:
            token = self.token if self.needs_token else ""
            self._keys = (token, cookie_of(self.workspace, token) if token else "")
        return self._keys

    def has_token(self, cookie: str, authorization: str) -> bool:
        """Whether a request has shown the app's token, or the cookie that stands for it."""
        if not self.needs_token:
            return True
        token, own = self.keys()
        kind, _, given = authorization.partition(" ")
        if kind.lower() == "bearer" and is_same(token, given.strip()):
            return True
        return is_same(own, cookie)

    def viewer(self, cookie: str, authorization: str, claims: Claims = NOBODY) -> Viewer | None:
        """Who sends these, None for somebody who is not let in. claims: of the account that they use."""
        return find_viewer(
            self.room,
            self.workspace,
            is_teacher=self.has_token(cookie, authorization),
            cookie=cookie,
            login=self.login,
            identity=identity_of(claims),
        )

    def admit(self, claims: Claims) -> Viewer | None:
        """Let the account join that a browser has signed in with; None where there is none.

        Raises:
            RunError: it may not join, or the room is full.
        """
        identity = identity_of(claims)
        if self.room is None or self.login is None or identity is None:
            return None
        if not self.login.may_join(identity):
            raise not_a_member()
        if not self.login.is_teacher(identity):
            self.room.join_account(account_of(self.room, identity), identity.name)
        return self.viewer("", "", claims)


def cookie_name(port: int | None) -> str:
    """Cookies belong to a host: each port, which may be another server's, has its own."""
    return f"selfsup-{port}" if port else "selfsup"


def in_room() -> bool:
    return access is not None and access.room is not None


def reached() -> list[str]:
    """Addresses under which others reach the app, the best one first."""
    return list(reachable)


def alone() -> Viewer:
    """Whoever is let in where there is no room."""
    return Viewer("teacher", default_workspace())


def of_scope(scope: Mapping[str, Any]) -> Viewer:
    """Who makes a request.

    Raises:
        RunError: in a room, somebody whom the door has not let in.
    """
    if not in_room():
        return alone()
    found = scope.get(SEEN)
    if not isinstance(found, Viewer):
        raise RunError(tr("There is no such run."), code="no-run")
    return found


def of_session(
    cookies: Mapping[str, str], authorization: Callable[[], str], claims: Claims = NOBODY
) -> Viewer | None:
    """Who is connected with these cookies, None for nobody that is known (any more).

    Args:
        authorization: the header of that name, looked at where the cookie tells nothing.
        claims: of the account that they have signed in with.
    """
    if access is None or access.room is None:
        return alone()
    cookie = cookies.get(cookie_name(st.get_option("server.port")), "")
    return access.viewer(cookie, "", claims) or access.viewer("", authorization())


def here() -> Viewer:
    """Who looks at the page that runs; where nobody is recognized the page ends here.

    A session begins with one viewer. Should the browser come back to it as another (two people at one
    laptop), all that the first has left in it is forgotten.
    """
    if not in_room():
        return alone()
    claims = st.user.to_dict() if access and access.login else NOBODY
    found = of_session(st.context.cookies, lambda: st.context.headers.get("Authorization", ""), claims)
    if found is None:
        st.error(tr("You are no longer in this room. Reload the page to join again."), icon=":material/lock:")
        st.stop()
    who = found.person or "teacher"
    if st.session_state.get(PINNED, who) != who:
        st.session_state.clear()
    st.session_state[PINNED] = who
    return found
