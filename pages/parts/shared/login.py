"""Signing in with an account of a school or a company (OpenID Connect), as `.streamlit/secrets.toml` says.

Streamlit does the talking with the provider, as for `st.login`: it sends the browser there, takes it back at
`/oauth2callback` and keeps what it was told in a signed cookie. Here that cookie is read for requests that
are no page's; pages have it as `st.user`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.auth_util import encode_provider_token, get_secrets_auth_section, is_authlib_installed
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from selfsup_core.errors import SettingError
from selfsup_core.room.login import LoginConfig
from selfsup_core.translation import tr

SECRETS = ".streamlit/secrets.toml"
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
LEAST_SECRET = 32  # characters of cookie_secret, which signs who somebody is
CALLBACK, LOGIN, LOGOUT = "/oauth2callback", "/auth/login", "/auth/logout"


def read_login(hosts: list[str]) -> LoginConfig | None:
    """How people sign in; None where no provider is set.

    Args:
        hosts: names under which the app is served; the provider sends browsers back to one of them.

    Raises:
        SettingError: something is missing or wrong, with the way to mend it.
    """
    auth: Any = get_secrets_auth_section()
    if not auth:
        return None
    if not is_authlib_installed():
        raise SettingError(
            tr(
                "{secrets} has a section [auth], and Authlib, which signing in needs, is not installed."
            ).format(secrets=SECRETS),
            remedy=tr("Install it with `pip install -r requirements-login.txt`, or take the section out."),
        )
    if missing := [name for name in NEEDED if not auth.get(name)]:
        raise SettingError(
            tr("The section [auth] of {secrets} lacks {missing}.").format(
                secrets=SECRETS, missing=", ".join(missing)
            ),
            remedy=tr(
                "Your provider's page for this client shows them; cookie_secret is any long random text."
            ),
        )
    if len(str(auth["cookie_secret"])) < LEAST_SECRET:
        raise SettingError(
            tr(
                "cookie_secret in {secrets} must have {least_secret} or more characters: "
                "whoever guesses it can "
                "sign in as anybody."
            ).format(secrets=SECRETS, least_secret=LEAST_SECRET),
            remedy=tr("`python -c 'import secrets; print(secrets.token_urlsafe(32))'` makes one."),
        )
    back = urlsplit(str(auth["redirect_uri"]))
    if back.path != CALLBACK and not back.path.endswith(CALLBACK):
        raise SettingError(
            tr("redirect_uri in {secrets} must end in {callback}; found {redirect_uri!r}.").format(
                secrets=SECRETS, callback=CALLBACK, redirect_uri=auth["redirect_uri"]
            )
        )
    if "*" not in hosts and (back.hostname or "") not in {host.lower() for host in hosts}:
        raise SettingError(
            tr("redirect_uri in {secrets} leads to {hostname}, where this app is not served.").format(
                secrets=SECRETS, hostname=back.hostname
            ),
            remedy=tr("Name the address that people use by --url, or correct redirect_uri."),
        )
    room: Any = secrets_singleton.get("room", {})
    return LoginConfig.of(room.to_dict() if hasattr(room, "to_dict") else dict(room))


def claims_in(cookies: Mapping[str, str]) -> dict[str, object]:
    """What the provider has told of whoever sends these cookies; {} for nobody."""
    if USER_COOKIE_NAME not in cookies:
        return {}
    found = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    try:
        claims = json.loads(found) if found else {}
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def own_path(path: str) -> str:
    """A path of signing in, below the one that the app is served at."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path


def sign_in_address() -> str:
    """Where a browser begins to sign in; valid for some minutes."""
    return f"{own_path(LOGIN)}?provider={encode_provider_token('default')}"


def is_of_login(path: str) -> bool:
    """Whether a request is of the signing in itself, which must work for those who are not in yet."""
    return path in (own_path(CALLBACK), own_path(LOGIN), own_path(LOGOUT))
