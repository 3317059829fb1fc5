"""Joining: by code and nickname, once, and back again with the resume code."""

from __future__ import annotations

import json
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfsup_core.errors import RunError, SettingError
from selfsup_core.room.people import (
    MOST_NICKNAME,
    Joining,
    WrongCode,
    admit,
    new_code,
    nickname_key,
    shown_code,
)
from selfsup_core.room.store import Room
from selfsup_core.room.tries import MOST_OF_ALL, MOST_OF_ONE, WINDOW_SECONDS, Tries
from selfsup_core.room.viewer import cookie_for, find_viewer
from selfsup_core.shared import host_of, people_workspaces, person_of, person_workspace
from tests.room.helpers import joined, opened

CODE = "k7p2xm"


def ask(nickname: str = "Ada", code: str = CODE, **more: str) -> Joining:
    return Joining.of({"code": code, "nickname": nickname} | more)


@pytest.mark.parametrize(
    "nickname", ["Ada", "Ä", "李雷", "M. O’Neil-2", "  two   words ", "🙂", "x" * MOST_NICKNAME]
)
def test_nicknames_that_are_taken(nickname):
    assert ask(nickname).nickname == " ".join(nickname.split())


@pytest.mark.parametrize(
    "nickname", ["", "   ", "x" * 25, "a\u200bb", "a\u202eb", "a\x00b", "\u2066", "...", "\ue000", "\ud800"]
)
def test_nicknames_that_are_refused(nickname):
    with pytest.raises(SettingError, match="nickname"):
        ask(nickname)


def test_unknown_fields_are_refused():
    with pytest.raises(SettingError, match="person"):
        ask(person="0" * 24)


@given(st.text(max_size=40))
def test_no_nickname_breaks_the_check(nickname):
    try:
        found = ask(nickname).nickname
    except SettingError:
        return
    assert 1 <= len(found) <= MOST_NICKNAME
    assert found.isprintable()


def test_the_code_is_read_as_people_type_it():
    people = []
    assert admit(CODE, people, ask(code="K7P 2xm"))["nickname"] == "Ada"
    assert admit(CODE, people, ask("Ben", code=shown_code(CODE)))["nickname"] == "Ben"
    for wrong in ("", "k7p2x", "k7p2xmm", "k7p2xn", "ключ"):
        with pytest.raises(WrongCode):
            admit(CODE, people, ask("Cem", code=wrong))
    assert len(people) == 2


def test_sending_the_form_twice_is_joining_once():
    people = []
    first = admit(CODE, people, ask(once="form-1-of-somebody"))
    assert admit(CODE, people, ask(once="form-1-of-somebody")) == first
    assert len(people) == 1
    with pytest.raises(SettingError, match="resume code"):
        admit(CODE, people, ask(once="form-2-of-somebody"))
    for short in ("", "a", "x" * 15):
        with pytest.raises(SettingError, match="another nickname"):
            admit(CODE, people, ask(once=short))
    admit(CODE, people, ask("Ben", once="a"))
    with pytest.raises(SettingError, match="another nickname"):
        admit(CODE, people, ask("Ben", once="a"))


@pytest.mark.parametrize("nickname", ["ada", "ADA", " A da", "Ａｄａ"])
def test_a_nickname_that_looks_the_same_is_taken(nickname):
    people = []
    admit(CODE, people, ask("Ada"))
    with pytest.raises(SettingError) as caught:
        admit(CODE, people, ask(nickname))
    assert caught.value.code == "nickname-taken"
    assert nickname_key(nickname) == nickname_key("Ada")


def test_another_device_comes_back_with_nickname_and_resume_code():
    people = []
    ada, ben = admit(CODE, people, ask("Ada")), admit(CODE, people, ask("Ben"))
    assert admit(CODE, people, ask("ada", resume=shown_code(ada["resume"]))) == ada
    for nickname, resume in (("Ada", ben["resume"]), ("Ben", ada["resume"]), ("Cem", ada["resume"])):
        with pytest.raises(WrongCode, match="do not belong"):
            admit(CODE, people, ask(nickname, resume=resume))
    with pytest.raises(WrongCode, match="room code"):
        admit(CODE, people, ask("Ada", code="xxxxxx", resume=ada["resume"]))
    assert len(people) == 2


def test_a_full_room_still_lets_those_back_in_who_are_in_it():
    people = []
    ada = admit(CODE, people, ask("Ada"), most=1)
    with pytest.raises(RunError, match="full"):
        admit(CODE, people, ask("Ben"), most=1)
    assert admit(CODE, people, ask("Ada", resume=ada["resume"]), most=1) == ada


def test_wrong_codes_are_counted_by_address_and_in_all():
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(MOST_OF_ONE):
        tries.check("one")
        tries.count("one")
    with pytest.raises(RunError, match="Too many"):
        tries.check("one")
    tries.check("another")
    for i in range(MOST_OF_ALL - MOST_OF_ONE):
        tries.count(f"other-{i}")
    with pytest.raises(RunError, match="Too many"):
        tries.check("another")
    now[0] += WINDOW_SECONDS
    tries.check("one")


def test_codes_differ_and_hold_no_letters_that_look_alike():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("".join(codes)) & set("01ilo")


def test_a_room_keeps_its_people_over_a_restart(workspace):
    room = opened(workspace)
    ada = joined(room, "Ada")
    again = Room(workspace)
    assert again.open(3)["code"] == room.read()["code"]
    assert (again.person(ada["id"]), again.read()["capacity"]) == (ada, 3)
    assert person_workspace(workspace, ada["id"]).is_dir()
    assert os.name != "posix" or (room.path.stat().st_mode & 0o077) == 0, "codes are nobody else's"


def test_everybody_gets_in_who_joins_at_the_same_time(workspace):
    room = opened(workspace)
    threads = [threading.Thread(target=joined, args=(Room(workspace), f"Person {i}")) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p["nickname"] for p in room.read()["people"]) == sorted(f"Person {i}" for i in range(12))
    assert len(people_workspaces(workspace)) == 12


def test_only_what_a_room_needs_is_kept(workspace):
    room = opened(workspace)
    joined(room, "Ada")
    (person,) = json.loads(room.path.read_text("utf-8"))["people"]
    assert set(person) == {"id", "nickname", "resume", "joined", "once"}


def test_where_a_workspace_is(workspace):
    person = "0123456789abcdef01234567"
    own = person_workspace(workspace, person)
    assert (person_of(own), host_of(own)) == (person, workspace)
    assert (person_of(workspace), host_of(workspace)) == ("", workspace)
    assert person_workspace(workspace, "") == workspace
    for strange in ("..", "../people", person.upper(), f"{person}/..", "x" * 24, f"{person}\n"):
        with pytest.raises(RunError, match="no such person"):
            person_workspace(workspace, strange)


def test_a_cookie_is_one_persons_in_one_room(workspace, tmp_path):
    room = opened(workspace)
    ada, ben = joined(room, "Ada"), joined(room, "Ben")
    cookie = cookie_for(room, ada["id"])

    def seen(cookie: str, *, is_teacher: bool = False, room: Room | None = room):
        return find_viewer(room, workspace, is_teacher=is_teacher, cookie=cookie)

    found = seen(cookie)
    assert (found.role, found.person, found.workspace.name) == ("participant", ada["id"], ada["id"])
    assert seen("", is_teacher=True).workspace == workspace
    signature = cookie.partition(".")[2]
    for strange in ("", ".", ada["id"], f"{ben['id']}.{signature}", f".{signature}", f"{cookie}0", "é.é"):
        assert seen(strange) is None
    assert seen(cookie, room=None) is None
    other = opened(tmp_path / "other")
    joined(other, "Ada")
    assert find_viewer(other, other.host, is_teacher=False, cookie=cookie) is None
    room.remove(ada["id"])
    assert seen(cookie) is None
    assert not person_workspace(workspace, ada["id"]).exists()


def test_delete_leaves_nothing_of_anybody(workspace):
    room = opened(workspace)
    ada = joined(room, "Zaphod")
    cookie = cookie_for(room, ada["id"])
    (person_workspace(workspace, ada["id"]) / "note").write_text("private")
    (workspace / "mine").write_text("the teacher's own")
    room.delete()
    assert sorted(p.name for p in workspace.iterdir() if p.name[0] != ".") == ["mine", "secret"]
    assert find_viewer(room, workspace, is_teacher=False, cookie=cookie) is None
    with pytest.raises(RunError, match="no room"):
        room.join(Joining.of({"code": "x", "nickname": "Ada"}))
    assert room.open(1)["people"] == []
    assert find_viewer(room, workspace, is_teacher=False, cookie=cookie) is None
