"""Accounts of a room that people sign in to: the same account is the same person; nothing else is kept."""

from __future__ import annotations

import json

import pytest

from selfsup_core.errors import RunError, SettingError
from selfsup_core.room.login import LoginConfig, identity_of, nickname_from
from selfsup_core.room.people import MOST_NICKNAME, MOST_PEOPLE
from selfsup_core.room.viewer import account_of, cookie_for, find_viewer
from tests.room.helpers import joined, opened, place_of

CLAIMS = {
    "is_logged_in": True,
    "iss": "https://id.school.example",
    "sub": "1234",
    "name": "Ada Lovelace",
    "email": "Ada@School.example",
    "email_verified": True,
}
LOGIN = LoginConfig.of(
    {"teachers": ["teacher@school.example"], "members": ["@school.example", "guest@x.org"]}
)


def viewer(room, login=LOGIN, **claims):
    return find_viewer(
        room, room.host, is_teacher=False, login=login, identity=identity_of({**CLAIMS, **claims})
    )


def test_the_same_account_is_the_same_person_whatever_it_is_called(workspace):
    room = opened(workspace)
    account = account_of(room, identity_of(CLAIMS))
    ada = room.join_account(account, "Ada Lovelace")
    assert viewer(room).workspace == place_of(room, ada)
    assert viewer(room, name="Ada King", email="ada.king@school.example").person == ada["id"]
    assert room.join_account(account, "Ada King") == ada
    assert viewer(room).resume == ""
    assert viewer(room, sub="1235") is None, "another account has not joined"
    assert viewer(room, iss="https://other.example") is None, "nor the same number of another provider"
    kept = (workspace / "room" / "room.json").read_text("utf-8")
    assert not [word for word in ("1234", "school.example", "King") if word in kept]


def test_a_teacher_is_whose_verified_address_is_listed(workspace):
    room = opened(workspace)
    teacher = viewer(room, email="Teacher@School.example", sub="t")
    assert (teacher.is_teacher, teacher.workspace) == (True, workspace)
    for claims in (
        {"email_verified": False},
        {"email_verified": "false"},
        {"email": ""},
        {"email": None},
        {"is_logged_in": False},
        {"is_logged_in": "true"},
        {"sub": ""},
        {"iss": None},
    ):
        assert viewer(room, **{"email": "teacher@school.example", "sub": "t", **claims}) is None, claims
    assert viewer(room, login=LoginConfig(), email="teacher@school.example") is None


def test_an_address_that_nobody_has_verified_gives_no_rights_unless_it_is_trusted(workspace):
    """Some providers let people write any address into their account, and say nothing of it."""
    silent = {name: value for name, value in CLAIMS.items() if name != "email_verified"}
    identity = identity_of(silent | {"email": "teacher@school.example"})
    assert not LOGIN.is_teacher(identity)
    assert not LOGIN.may_join(identity)
    trusting = LOGIN.model_copy(update={"trust_addresses": True})
    assert trusting.is_teacher(identity)
    assert trusting.may_join(identity)
    lying = identity_of(silent | {"email": "teacher@school.example", "email_verified": False})
    assert not trusting.is_teacher(lying)
    assert LoginConfig().may_join(identity), "every account that the provider lets in"


@pytest.mark.parametrize(
    ("email", "may"),
    [
        ("ben@school.example", True),
        ("guest@x.org", True),
        ("other@x.org", False),
        ("ben@school.example.evil.org", False),
        ("ben@sub.school.example", False),
        ("", False),
    ],
)
def test_members_are_those_who_are_listed(email, may):
    assert LOGIN.may_join(identity_of({**CLAIMS, "email": email})) is may
    assert LoginConfig().may_join(identity_of({**CLAIMS, "email": email}))


def test_who_is_taken_from_the_list_is_out_at_once(workspace):
    room = opened(workspace)
    room.join_account(account_of(room, identity_of(CLAIMS)), "Ada")
    assert viewer(room)
    assert viewer(room, login=LoginConfig.of({"members": ["ben@school.example"]})) is None


def test_a_cookie_of_the_code_opens_nothing_where_people_sign_in(workspace):
    room = opened(workspace)
    cookie = cookie_for(room, joined(room, "Ben")["id"])
    assert find_viewer(room, workspace, is_teacher=False, cookie=cookie)
    assert find_viewer(room, workspace, is_teacher=False, cookie=cookie, login=LOGIN) is None


@pytest.mark.parametrize(
    ("name", "taken", "nickname"),
    [
        ("Ada Lovelace", (), "Ada Lovelace"),
        ("Ada", ("ada", "ADA 2"), "Ada 3"),
        ("  A\u202eda\n", (), "Ada"),
        ("", ("Guest",), "Guest 2"),
        ("...", (), "Guest"),
        ("x" * 40, ("x" * MOST_NICKNAME,), "x" * (MOST_NICKNAME - 2) + " 2"),
    ],
)
def test_a_nickname_is_made_of_the_name_and_nobody_has_it_twice(name, taken, nickname):
    assert nickname_from(name, taken) == nickname


def test_a_full_room_takes_in_nobody_new_but_those_who_come_back(workspace):
    room = opened(workspace)
    first = room.join_account("0", "Ada")
    for i in range(1, MOST_PEOPLE):
        room.join_account(str(i), "Ada")
    assert len({one["nickname"] for one in room.read()["people"]}) == MOST_PEOPLE
    with pytest.raises(RunError, match="The room is full"):
        room.join_account("another", "Ada")
    assert room.join_account("0", "Ada") == first


@pytest.mark.parametrize(
    "values",
    [
        {"teachers": ["@school.example"]},
        {"teachers": ["ada"]},
        {"members": ["a@b@c"]},
        {"members": ["a b@c"]},
        {"members": "ada@school.example"},
        {"teacher": ["ada@school.example"]},
    ],
)
def test_what_is_no_list_of_addresses_is_refused(values):
    with pytest.raises(SettingError) as caught:
        LoginConfig.of(values)
    assert next(iter(values)) in str(caught.value)
    assert json.dumps(values)
