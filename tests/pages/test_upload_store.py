"""What st.file_uploader sends goes to disk as it comes, and a page reads it from there."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from pages.parts.shared import upload_store
from pages.parts.shared.upload_store import OnDisk, UploadedOnDisk, UploadStore
from selfsup_core.data.library import arrivals as arrivals_module
from selfsup_core.data.library.uploads import keep_upload
from selfsup_core.data.limits import LIMITS
from tests.helpers import python
from tests.pages.test_pages import texts

PLACE = "/_stcore/upload_file/ann/one"


@pytest.fixture
def store(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> UploadStore:
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr(arrivals_module, "LIMITS", replace(LIMITS, total_bytes=3_000_000))
    return UploadStore("/_stcore/upload_file")


@pytest.fixture
def here(store: UploadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in which Ann has a session."""
    here = SimpleNamespace(uploaded_file_mgr=store, is_active_session=lambda session: session == "ann")
    monkeypatch.setattr(upload_store.runtime, "get_instance", lambda: here)
    monkeypatch.setattr(upload_store, "is_xsrf_enabled", lambda: False)


@pytest.fixture
def client(here: None) -> TestClient:
    other = Route("/{rest:path}", lambda request: PlainTextResponse("another's"), methods=["PUT", "GET"])
    return TestClient(Starlette(routes=[other], middleware=[Middleware(upload_store.TakesUploads)]))


def shown(store: UploadStore, *ids: str) -> list[UploadedOnDisk]:
    return [UploadedOnDisk(record, None) for record in store.get_files("ann", ids)]


def no_links(*given):
    raise OSError(18, "Invalid cross-device link")


def test_a_file_goes_to_disk_and_is_read_from_there(client, store, workspace, monkeypatch):
    content = bytes(range(256)) * 10_000
    assert client.put(PLACE, files={"file": ("a.csv", content, "text/csv")}).status_code == 204
    (file,) = shown(store, "one")
    assert isinstance(file, UploadedFile)
    assert (file.name, file.type, file.size, file.refused) == ("a.csv", "text/csv", len(content), None)
    assert super(UploadedFile, file).getvalue() == b""  # nothing of it is in memory
    assert file.getvalue() == content
    assert (file.read(300), file.tell(), file.read(2)) == (content[:300], 300, content[300:302])
    file.seek(0)
    assert b"".join(file) == content
    file.seek(0)
    (path,) = keep_upload(workspace, [(file.name, file)])
    assert path.read_bytes() == content
    assert path.samefile(file.path)  # on disk once
    monkeypatch.setattr(os, "link", no_links)
    (again,) = keep_upload(workspace / "other", [(file.name, file)])
    assert again.read_bytes() == content
    assert again.parent.name == path.parent.name
    assert OnDisk(file_arrived(store)).data == content
    assert not list(workspace.rglob("*.tmp"))


def file_arrived(store: UploadStore):
    return store.arrivals.files("ann", ["one"])[0]


def test_what_is_too_much_is_answered_and_the_page_is_told_why(client, store):
    client.put(PLACE, files={"file": ("a.csv", bytes(2_000_000))})
    assert client.put(PLACE[:-3] + "two", files={"file": ("b.csv", bytes(2_000_000))}).status_code == 204
    first, second = shown(store, "one", "two")
    assert first.refused is None
    assert second.refused.code == "session-full"
    assert (second.size, second.read()) == (0, b"")
    store.remove_file("ann", "one")
    client.put(PLACE[:-3] + "two", files={"file": ("b.csv", bytes(2_000_000))})
    assert shown(store, "two")[0].refused is None
    store.remove_session_files("ann")
    assert store.arrivals.bytes_held() == 0


@pytest.mark.parametrize(
    ("place", "sent", "status"),
    [
        (PLACE.replace("ann", "bob"), {"files": {"file": ("a", b"x")}}, 400),
        (PLACE, {"content": b"no form"}, 400),
        (PLACE, {"content": b"torn", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400),
        (PLACE, {"content": b"", "headers": {"content-type": "multipart/form-data"}}, 400),
        (PLACE, {"data": {"a": "b"}}, 400),
        (PLACE, {"files": [("a", ("a", b"x")), ("b", ("b", b"y"))]}, 400),
    ],
    ids=["session", "no-form", "torn", "boundary", "field", "two"],
)
def test_what_is_no_upload_leaves_nothing(client, store, place, sent, status):
    assert client.put(place, **sent).status_code == status
    assert store.arrivals.bytes_held() == 0
    assert not [
        path for path in store.arrivals.folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    ]


def test_a_body_without_end_is_cut_off(client, store, monkeypatch):
    monkeypatch.setattr(upload_store, "MOST_BODY", 100_000)
    assert client.put(PLACE, files={"file": ("a", bytes(200_000))}).status_code == 413
    assert store.arrivals.bytes_held() == 0


def test_a_sender_without_the_token_is_refused(client, store, monkeypatch):
    monkeypatch.setattr(upload_store, "is_xsrf_enabled", lambda: True)
    assert client.put(PLACE, files={"file": ("a", b"x")}).status_code == 403


def test_all_else_goes_on_to_streamlit(client):
    assert client.get(PLACE).text == client.put("/data").text == "another's"


def test_a_record_of_streamlits_own_is_read_as_before():
    file = UploadedOnDisk(UploadedFileRec("1", "a.csv", "text/csv", b"a,b\n1,2\n"), None)
    assert (file.size, file.refused, file.readline()) == (8, None, b"a,b\n")
    assert (file.read(), file.getvalue()) == (b"1,2\n", b"a,b\n1,2\n")
    assert io.TextIOWrapper(UploadedOnDisk(UploadedFileRec("1", "a", "", b"a"), None)).read() == "a"


CODE = """
import server
from streamlit.elements.widgets import file_uploader
print(type(server.app._create_runtime().uploaded_file_mgr).__name__, file_uploader.UploadedFile.__name__)
"""


def test_the_server_has_it():
    done = python(CODE)
    assert done.stdout.split() == ["UploadStore", "UploadedOnDisk"], done.stderr


TABLE = b"a,b,label\n" + b"".join(b"%d.5,%d,g%d\n" % (i, i % 7, i % 2) for i in range(60))


@pytest.fixture
def page(studio, monkeypatch):
    """The Data page of an app that has the store."""
    made = []

    def make(endpoint: str) -> UploadStore:
        made.append(UploadStore(endpoint))
        return made[-1]

    monkeypatch.setattr("streamlit.testing.v1.local_script_runner.MemoryUploadedFileManager", make)
    monkeypatch.setattr("streamlit.elements.widgets.file_uploader.UploadedFile", UploadedOnDisk)
    return studio("pages/data.py"), made


def test_the_page_takes_what_was_kept_and_says_what_was_not(page, monkeypatch):
    app, stores = page
    monkeypatch.setattr(arrivals_module, "LIMITS", replace(LIMITS, file_bytes=100_000))
    given = [("good.csv", TABLE, "text/csv"), ("large.csv", bytes(200_000), "text/csv")]
    app.file_uploader(key="upload-0").set_value(given).run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "large.csv has more than 0 MB. Split it or take a sample."
    ]
    assert "60 samples in 2 classes" in texts(app)
    assert stores[-1].arrivals.bytes_held() == len(TABLE)


def two_pages():
    """An app as app.py is: its first page has an uploader, its second has none."""
    import streamlit as st

    from pages.parts.shared import uploader

    uploader.begin_page()
    if st.session_state.get("page") != "second":
        uploader.uploader("Files", ["csv"], key="files", several=True)
    uploader.end_page()


def test_what_no_page_shows_any_longer_is_removed(store, monkeypatch):
    """AppTest makes a manager for each run, so both are given the same one."""
    monkeypatch.setattr("streamlit.testing.v1.local_script_runner.MemoryUploadedFileManager", lambda _: store)
    monkeypatch.setattr("streamlit.elements.widgets.file_uploader.UploadedFile", UploadedOnDisk)
    app = AppTest.from_function(two_pages).run()
    app.file_uploader(key="files").set_value([("good.csv", TABLE, "text/csv")]).run()
    assert store.arrivals.bytes_held() == len(TABLE)
    app.session_state["page"] = "second"
    app.run()
    assert not app.exception
    assert store.arrivals.bytes_held() == 0


def test_what_a_closed_session_left_is_removed(here, store, monkeypatch):
    """Not at once: a browser that lost its connection comes back to its files."""
    for session in ("ann", "bob"):
        store.add_file(session, UploadedFileRec("1", "a.csv", "", TABLE))
    now = [100.0]
    monkeypatch.setattr(upload_store.time, "monotonic", lambda: now[0])
    store.drop_closed(60)
    now[0] += 59
    store.drop_closed(60)
    assert store.arrivals.bytes_held("bob") == len(TABLE)
    now[0] += 2
    store.drop_closed(60)
    assert store.arrivals.bytes_held("bob") == 0
    assert store.arrivals.bytes_held("ann") == len(TABLE)
