"""Built-in data of a room: made once, and each person has the same files in a workspace of their own."""

from __future__ import annotations

import dataclasses
import errno
import os

import numpy as np

from selfsup_core.data.library import own
from selfsup_core.data.sources import SOURCES, open_source
from selfsup_core.shared import new_person, person_workspace


def room_of(host, people=2):
    return [person_workspace(host, new_person()) for _ in range(people)]


def count_builds(monkeypatch):
    built: list[int] = []
    source = SOURCES["digits"]

    def build():
        built.append(1)
        return source.build()

    monkeypatch.setitem(SOURCES._entries, "digits", dataclasses.replace(source, build=build))
    return built


def test_a_class_makes_a_built_in_set_once_and_keeps_it_once(workspace, monkeypatch):
    built, people = count_builds(monkeypatch), room_of(workspace)
    first, second = (open_source("digits", person) for person in people)
    assert len(built) == 1
    np.testing.assert_array_equal(first.x, second.x)
    assert first.digest == second.digest
    files = [next((person / "datasets").glob("digits-*")) / "x.npy" for person in people]
    assert os.path.samefile(*files)


def test_what_one_has_set_for_it_is_nobody_elses(workspace):
    ada, ben = room_of(workspace)
    own.save_split(workspace, "digits", test=0.3)
    own.save_split(ada, "digits", test=0.4)
    assert own.read_split(ben, "digits") == {}
    open_source("digits", ben)
    assert own.read_split(ben, "digits") == {}
    assert own.read_split(ada, "digits")["test"] == 0.4


def test_a_file_system_without_links_gets_copies(workspace, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    person, _ = room_of(workspace)
    assert len(open_source("digits", person, verify=True)) == len(open_source("digits", workspace))
