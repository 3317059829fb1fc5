"""What keeps a server quick that many people ask at once."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from types import SimpleNamespace

from streamlit.runtime.app_session import AppSession

from pages.parts.shared import quiet
from tests.helpers import python


def told_by_a_thread(acts, monkeypatch):
    """Have a thread tell a loop these; (how often the loop was woken, what the loop was told of errors)."""
    woken, errors = [], []

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
        wake = loop.call_soon_threadsafe
        monkeypatch.setattr(
            loop, "call_soon_threadsafe", lambda *told: (woken.append(told), wake(*told)), raising=False
        )
        gathered = quiet.Gathered(loop)
        thread = threading.Thread(target=lambda: [gathered.add(act) for act in acts])
        thread.start()
        while thread.is_alive() or gathered.waiting:
            await asyncio.sleep(quiet.GATHER_SECONDS)

    asyncio.run(listen())
    return len(woken), errors


def test_messages_of_a_script_come_in_their_order_and_wake_the_server_seldom(monkeypatch):
    seen: list[tuple[int, int]] = []
    acts = [lambda i=i: seen.append((i, threading.get_ident())) for i in range(500)]
    woken, errors = told_by_a_thread(acts, monkeypatch)
    assert seen == [(i, threading.get_ident()) for i in range(500)]  # on the thread of the loop
    assert woken < 100
    assert not errors


def test_a_message_that_fails_holds_up_no_other(monkeypatch):
    seen: list[str] = []

    def fail() -> None:
        raise ValueError("a bad message")

    _, errors = told_by_a_thread([lambda: seen.append("a"), fail, lambda: seen.append("b")], monkeypatch)
    assert seen == ["a", "b"]
    assert [str(error) for error in errors] == ["a bad message"]


def test_streamlits_sessions_hand_over_their_events_by_what_is_replaced(monkeypatch):
    assert "_call_soon_on_event_loop" in AppSession._on_scriptrunner_event.__code__.co_names
    monkeypatch.setattr(AppSession, "_call_soon_on_event_loop", AppSession._call_soon_on_event_loop)
    quiet.gather_messages()
    seen: list[str] = []

    async def listen() -> None:
        session = SimpleNamespace(_event_loop=asyncio.get_running_loop())
        AppSession._call_soon_on_event_loop(session, lambda: seen.append("a"))
        AppSession._call_soon_on_event_loop(session, lambda: seen.append("b"))
        assert not seen
        while len(seen) < 2:
            await asyncio.sleep(quiet.GATHER_SECONDS)

    asyncio.run(listen())
    assert seen == ["a", "b"]


IMPORTS = """
import sys
from pages.parts.shared import quiet
quiet.import_pages()
print([name for name in quiet.PAGE_LIBRARIES if name not in sys.modules])
print([name for name in ("torch", "sklearn", "transformers", "umap") if name in sys.modules])
"""


def test_what_pages_need_is_imported_before_a_visitor_comes_and_nothing_heavy():
    assert python(IMPORTS).stdout.split("\n")[:2] == ["[]", "[]"]


def test_the_heap_is_frozen_again_only_when_much_was_imported(monkeypatch):
    gc.unfreeze()
    try:
        quiet.freeze()
        frozen = gc.get_freeze_count()
        assert frozen > 1000
        gc.unfreeze()
        quiet.freeze_new()
        assert gc.get_freeze_count() == 0  # nothing new: it would cost everybody a moment
        for number in range(quiet.MANY):
            monkeypatch.setitem(sys.modules, f"made_up_{number}", sys)
        quiet.freeze_new()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
