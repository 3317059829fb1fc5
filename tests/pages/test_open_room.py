"""Home says how a room is opened: command, address and what this machine carries."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.parts.home import open_room
from pages.parts.shared import carry, viewer
from selfsup_core.room.store import Room
from selfsup_core.workers.measure import Carries, NotMeasured
from tests.pages.test_pages import buttons


def said(page) -> str:
    return "\n".join(part.value for part in (*page.markdown, *page.caption, *page.code))


@pytest.fixture
def machine(monkeypatch):
    monkeypatch.setattr(open_room, "machine_addresses", lambda: ["192.168.1.5"])
    monkeypatch.setattr(open_room, "memory", lambda: (3 * 1024**3, 8 * 1024**3))


def test_home_says_how_a_room_is_opened_and_measures_on_demand(studio, machine, monkeypatch):
    page = studio()
    words = said(page)
    assert "make room" in words
    assert f"`http://192.168.1.5:{st.get_option('server.port')}`" in words
    assert "Only this machine can reach this app" in words
    assert "8.0 GB of memory, of which 3.0 GB are free" in words

    def fail(port, token):
        raise NotMeasured

    monkeypatch.setattr(carry, "find", fail)
    buttons(page)["room-measure"].click()
    page.run()
    assert "could not be measured. Try again when no run is training." in page.error[0].value
    monkeypatch.setattr(carry, "find", lambda port, token: Carries(2, 12.0, 0.005))
    buttons(page)["room-measure"].click()
    page.run()
    assert "carries 2 runs at a time and 100 live views" in said(page)
    assert not page.error


def test_what_is_said_where_others_can_reach_the_app_or_nobody_can(studio, machine, monkeypatch):
    monkeypatch.setattr(open_room, "serves_this_machine_only", lambda: False)
    monkeypatch.setattr(open_room, "machine_addresses", list)
    words = said(studio())
    assert "Only this machine" not in words
    assert "in no network at the moment" in words


def test_an_installed_package_has_no_makefile(tmp_path, monkeypatch):
    assert open_room.command() == "make room"
    monkeypatch.setattr(open_room, "APP", tmp_path)
    assert open_room.command() == "selfsup app --room --address 0.0.0.0"


def test_in_a_room_nothing_of_it_is_shown(studio, workspace, monkeypatch):
    room = Room(workspace)
    workspace.mkdir(parents=True, exist_ok=True)
    room.open(1)
    monkeypatch.setattr(viewer, "access", viewer.Access(workspace=workspace, room=room, needs_token=False))
    assert "make room" not in said(studio())
