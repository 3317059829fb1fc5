"""What the terminal prints: addresses that open the app, for oneself and for a class."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pages.parts.shared import welcome
from pages.parts.shared.door import LOCAL
from selfsup_core.errors import SettingError
from tests.helpers import python

TOKEN = "gvy6-998t-vxqq-6bk2"


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(welcome, "machine_addresses", lambda: ["192.168.1.5", "10.0.0.7"])


@pytest.mark.parametrize(
    ("address", "url", "here", "others"),
    [
        ("127.0.0.1", "", "http://localhost:8501/s", []),
        ("0.0.0.0", "", "http://localhost:8501/s", ["http://192.168.1.5:8501/s", "http://10.0.0.7:8501/s"]),
        ("10.0.0.7", "", "http://10.0.0.7:8501/s", ["http://10.0.0.7:8501/s"]),
        ("127.0.0.1", "https://s.example.org/x/", "http://localhost:8501/s", ["https://s.example.org/x/"]),
    ],
)
def test_addresses_for_this_machine_and_for_others(address, url, here, others):
    assert welcome.addresses(address, 8501, "/s", url) == (here, others)


def test_browsers_may_use_the_names_that_are_printed_and_no_others(monkeypatch):
    assert welcome.hosts_of("127.0.0.1", "") == list(LOCAL)
    assert {"192.168.1.5", "10.0.0.7"} <= set(welcome.hosts_of("0.0.0.0", ""))
    assert welcome.hosts_of("10.0.0.7", "") == [*LOCAL, "10.0.0.7"]
    assert welcome.hosts_of("127.0.0.1", "https://s.example.org:444/x") == [*LOCAL, "s.example.org"]


def test_every_printed_address_opens_the_app():
    lines = welcome.welcome("http://localhost:8501", ["https://s.example.org/x/"], TOKEN)
    assert f"http://localhost:8501/?token={TOKEN}" in lines
    assert f"https://s.example.org/x/?token={TOKEN}" in lines
    assert "not encrypted" not in lines
    assert "not encrypted" in welcome.welcome("http://localhost:8501", ["http://10.0.0.7:8501"], TOKEN)
    assert "--address 0.0.0.0" in welcome.welcome("http://localhost:8501", [], TOKEN)


def test_no_token_says_what_it_means():
    lines = welcome.welcome("http://localhost:8501", [], "")
    assert "?token" not in lines
    assert "every account on this machine" in lines


def test_the_page_that_opens_the_browser_is_its_owner_s_only(workspace: Path):
    path = welcome.write_open_file(workspace, f"http://localhost:8501/?a=1&token={TOKEN}")
    assert f'url=http://localhost:8501/?a=1&amp;token={TOKEN}"' in path.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_is_refused_in_words(tmp_path: Path):
    code = (
        "import os, runpy, sys; os.environ.update(SELFSUP_WORKSPACE={!r}, SELFSUP_TOKEN={!r}); sys.argv[1:] "
        "= {!r}; runpy.run_path('server.py', run_name='__main__')"
    )
    done = python(code.format(str(tmp_path / "w"), "short", []))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Error: SELFSUP_TOKEN must have 16 or more")
    done = python(code.format(str(tmp_path / "w"), "", ["--url", "studio.example.org"]))
    assert done.returncode == 2
    assert "--url must begin with https://" in done.stderr


def test_an_address_that_others_can_reach_needs_a_token_or_a_room(tmp_path: Path):
    for address in LOCAL:
        welcome.refuse_open(address, needs_token=False)
    welcome.refuse_open("0.0.0.0", needs_token=True)
    for address in ("0.0.0.0", "::", "", "192.168.1.5", "studio.example.org"):
        with pytest.raises(SettingError) as caught:
            welcome.refuse_open(address, needs_token=False)
        assert "--room" in caught.value.remedy
    code = (
        "import os, runpy, sys; os.environ['SELFSUP_WORKSPACE'] = {!r}; sys.argv[1:] = {!r}; "
        "runpy.run_path('server.py', run_name='__main__')"
    )
    for given, said in (
        (["--no-token", "--address", "0.0.0.0"], "Error: --no-token lets in anyone who can reach 0.0.0.0"),
        (["--room", "--no-token"], "--room needs the token"),
        (["--runs", "2"], "--runs is for a room"),
    ):
        done = python(code.format(str(tmp_path / "w"), given))
        assert done.returncode in (1, 2)
        assert said in done.stderr


def test_a_room_prints_one_address_for_the_teacher_and_others_for_the_class():
    lines = welcome.room_lines("http://localhost:8501", ["http://192.168.1.5:8501/s"], TOKEN, "k7p2xm")
    assert f"http://localhost:8501/?token={TOKEN}" in lines
    assert "http://192.168.1.5:8501/s/?room=K7P-2XM" in lines
    assert lines.count(TOKEN) == 1, "nobody else's address has the token"
    assert "not encrypted" in lines
    assert "--address 0.0.0.0" in welcome.room_lines("http://localhost:8501", [], TOKEN, "k7p2xm")
