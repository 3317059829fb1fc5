"""The form by which people join a room: its code, a nickname and, to come back, their resume code."""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass

from selfsup_core.errors import SettingError, StudioError
from selfsup_core.files import disk_error
from selfsup_core.room.people import MOST_NICKNAME, Joining, WrongCode
from selfsup_core.room.store import Room
from selfsup_core.room.tries import Tries
from selfsup_core.room.viewer import cookie_for
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr

CODE = "room"  # of the address that the teacher shows
COOKIE_SECONDS = 7 * 86_400  # a phone that is put away comes back to the same place
FIELDS = ("code", "nickname", "resume", "once")
STATUS = {"wrong-code": 403, "too-many-tries": 429, "nickname-taken": 409, "room-full": 409, "no-room": 404}
ENDING = "<code>?token=…</code>"  # of the address that the terminal shows
ABOUT = {entry.path: entry for entry in list_settings(Joining)}


@dataclass(frozen=True)
class Joined:
    """What came of a form. cookie: "" where nobody was let in; said: why, in words."""

    cookie: str = ""
    status: int = 200
    said: str = ""
    is_taken: bool = False


class Desk:
    """Takes the forms of a room, and counts wrong codes."""

    def __init__(self, room: Room, tries: Tries | None = None) -> None:
        self.room, self.tries = room, tries or Tries()

    def join(self, form: dict[str, str], address: str) -> Joined:
        """Args: address: from where the form comes; only kept while wrong codes are counted."""
        try:
            self.tries.check(address)
            asked = Joining.of({name: form[name] for name in FIELDS if name in form})
            return Joined(cookie_for(self.room, self.room.join(asked)["id"]))
        except WrongCode as error:
            self.tries.count(address)
            return Joined(status=STATUS[error.code], said=str(error), is_taken=bool(form.get("resume")))
        except StudioError as error:
            usual = 422 if isinstance(error, SettingError) else 409
            status = STATUS.get(error.code, usual)
            said = str(error)
            return Joined("", status, said[:1].upper() + said[1:], error.code == "nickname-taken")
        except OSError as error:
            return Joined(status=507, said=str(disk_error(error)))

    def form(
        self, action: str, *, code: str = "", nickname: str = "", said: str = "", is_back: bool = False
    ) -> str:
        """The form as HTML.

        Args:
            said: what was wrong with the last one. is_back: open the part for those who come back.
        """
        wrong = f'<p class="wrong" role="alert">{html.escape(said)}</p>' if said else ""
        first = "nickname" if code and (not said or is_back) else "code"

        def line(name: str, value: str, more: str = "") -> str:
            about = ABOUT[name]
            focus = " autofocus" if name == first else ""
            return (
                f'<label for="{name}">{html.escape(about.title)}</label>\n'
                f'<div><input id="{name}" name="{name}" value="{html.escape(value, quote=True)}" '
                f'autocomplete="off" autocapitalize="none" spellcheck="false" '
                f'aria-describedby="{name}-help" {more}{focus}></div>\n'
                f'<p class="help" id="{name}-help">{html.escape(about.description)}</p>'
            )

        teacher = tr("Open the address that ends in {ending}. The terminal shows it.")
        return f"""{wrong}
<form method="post" action="{html.escape(action, quote=True)}">
{line("code", code, 'required maxlength="20"')}
{line("nickname", nickname, f'required maxlength="{MOST_NICKNAME}"')}
<details{" open" if is_back else ""}><summary>{tr("I have been here before")}</summary>
{line("resume", "", 'maxlength="20"')}
</details>
<input type="hidden" name="once" value="{secrets.token_hex(16)}">
<div class="last"><button type="submit">{tr("Join")}</button></div>
</form>
<p class="help">{tr("Of you, only the nickname is stored. No password, no account.")}</p>
<details><summary>{tr("I am the teacher")}</summary>
<p>{teacher.format(ending=ENDING)}</p>
</details>"""
