"""What the terminal says when the app starts: the addresses that open it, and who can use them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pages.parts.shared.joining import CODE
from pages.parts.shared.viewer import LOCAL
from selfsup_core.errors import SettingError
from selfsup_core.files import write_private
from selfsup_core.room.people import shown_code
from selfsup_core.translation import tr

WIDE = ("0.0.0.0", "::", "")
OPEN_FILE = "open.html"


def machine_addresses() -> list[str]:
    """IPv4 addresses under which other machines may reach this one."""
    import socket

    import psutil

    up = {name for name, about in psutil.net_if_stats().items() if about.isup}
    found = [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        if name in up
        for entry in entries
        if entry.family == socket.AF_INET and not entry.address.startswith("127.")
    ]
    return list(dict.fromkeys(found))


def hosts_of(address: str, url: str) -> list[str]:
    """Names that browsers may give for the app when it listens at `address`, behind a proxy at `url` or at
    none.
    """
    found = [*LOCAL]
    if address in WIDE:
        import socket

        found += [*machine_addresses(), socket.gethostname()]
    elif address not in LOCAL:
        found.append(address)
    if url:
        found.append(urlsplit(url).hostname or "")
    return list(dict.fromkeys(name for name in found if name))


def hosts_by_https(url: str) -> list[str]:
    """The name under which a proxy makes the app known by https, if it does."""
    parts = urlsplit(url)
    return [parts.hostname] if parts.scheme == "https" and parts.hostname else []


def with_token(base: str, token: str) -> str:
    return f"{base.rstrip('/')}/" + (f"?token={token}" if token else "")


def addresses(address: str, port: int, base_path: str, url: str) -> tuple[str, list[str]]:
    """(the address for this machine, those for others)."""
    path = f"/{base_path.strip('/')}" if base_path.strip("/") else ""
    here = "localhost" if address in (*WIDE, *LOCAL) else address
    if url:
        others = [url]
    elif address in WIDE:
        others = [f"http://{host}:{port}{path}" for host in machine_addresses()]
    else:
        others = [] if address in LOCAL else [f"http://{address}:{port}{path}"]
    return f"http://{here}:{port}{path}", others


def welcome(here: str, others: Sequence[str], token: str) -> str:
    """The lines that are printed."""
    lines = ["", tr("  SelfSup Studio is running. Ctrl-C ends it; training runs continue."), ""]
    lines.append(tr("  Open it here:    {with_token}").format(with_token=with_token(here, token)))
    lines += [
        tr("  Share it:        {with_token}").format(with_token=with_token(other, token)) for other in others
    ]
    lines.append("")
    if token:
        lines.append(
            tr("  Anyone who has an address with its token can see, start, stop and delete everything.")
        )
        if not others:
            lines.append(
                tr(
                    "  It can be opened on this machine only; --address 0.0.0.0 lets others "
                    "in, for example for "
                    "a workshop."
                )
            )
    else:
        lines.append(
            tr(
                "  There is no token: anyone who can reach this port, including every "
                "account on this machine,"
            )
        )
        lines.append(tr("  can see, start, stop and delete everything. Use --no-token only behind a login."))
    if any(other.startswith("http://") for other in others):
        lines.append(
            tr(
                "  http is not encrypted: in a network that you do not trust, put an https "
                "proxy in front of it."
            )
        )
    return "\n".join([*lines, ""])


def refuse_open(address: str, *, needs_token: bool) -> None:
    """Raises SettingError: others could reach the app and nothing would ask them who they are."""
    if needs_token or address in LOCAL:
        return
    raise SettingError(
        tr("--no-token lets in anyone who can reach {address}, which is not this machine alone.").format(
            address=address
        ),
        code="open-to-all",
        remedy=tr(
            "Leave out --no-token, or open a room (--room), or listen at --address 127.0.0.1 behind a "
            "proxy that asks for a login."
        ),
    )


def room_lines(here: str, others: Sequence[str], token: str, code: str) -> str:
    """The lines that are printed for a room. code: "" where people sign in with an account."""
    shown = (
        tr("code {shown_code}").format(shown_code=shown_code(code))
        if code
        else tr("they sign in with their account")
    )
    lines = ["", tr("  The room is open. Ctrl-C ends it; runs and people are kept."), ""]
    lines.append(tr("  For you, the teacher:  {with_token}").format(with_token=with_token(here, token)))
    lines += [
        tr("  For the participants:  {with_code}").format(with_code=with_code(other, code))
        for other in others or [here]
    ]
    lines += [f"                         {shown}", ""]
    lines.append(tr("  Keep your own address to yourself: who has it can see and delete everything."))
    if not others:
        lines.append(tr("  Only this machine can open it; --address 0.0.0.0 lets others in."))
    if any(other.startswith("http://") for other in others):
        lines.append(
            tr(
                "  http is not encrypted: in a network that you do not trust, put an https "
                "proxy in front of it."
            )
        )
    return "\n".join([*lines, ""])


def with_code(base: str, code: str) -> str:
    """The address that participants open; the form then knows the code. code: "" where they sign in."""
    if not code:
        return base
    return f"{base.rstrip('/')}/?{CODE}={shown_code(code)}"


def write_open_file(workspace: Path, address: str) -> Path:
    """A page that leads to the address: handed to the browser by name, since everybody may read a command
    line.
    """
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = html.escape(address, quote=True)
    content = (
        f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={target}">'
        f'<title>SelfSup Studio</title><a href="{target}">Open SelfSup Studio</a>'
    )
    write_private(workspace / OPEN_FILE, content.encode())
    return workspace / OPEN_FILE
