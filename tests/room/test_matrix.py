"""Who may do what in a room, over real requests: role × action; nothing of one person reaches another.

Every text field of Ada's work holds a canary; whatever Ben, the teacher's own pages or a stranger receive is
searched for it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest

from benchmarks.people import Served, open_page, upload
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.quota import DISK_MB
from selfsup_core.files import MB
from selfsup_core.inspection.space.layouts import MapAbout
from selfsup_core.room import spotlight
from selfsup_core.room.people import shown_code
from selfsup_core.room.viewer import cookie_for
from selfsup_core.runs.access import sign
from selfsup_core.runs.examples import MARK
from selfsup_core.runs.folder import RunFolder, list_states, read_state
from selfsup_core.runs.spec import RunSpec
from selfsup_core.shared import people_workspaces, person_workspace
from tests.helpers import make_run, run_here, tiny_spec
from tests.room.served import room_served

CANARY = "Kanari"  # of Ada
TEACHERS = "Lehrvogel"  # of the teacher's own workspace
DATA = "my-secret-set"
MAP = "0123456789abcdef"
PAGES = ("", "data", "runs", "autoencoder", "classify", "latent", "language", "views")


def finish(made: Path, place: Path, spec: RunSpec) -> RunFolder:
    """A finished run, trained where no supervisor takes it, and put into a workspace as a whole."""
    run = make_run(made, spec)
    assert run_here(run)["status"] == "finished"
    return RunFolder(Path(shutil.copytree(run.path, place / "runs" / run.id)))


class Class:
    """A server, three people and a stranger."""

    def __init__(self, served: Served, made: Path) -> None:
        self.served = served
        self.browsers: dict[str, httpx.Client] = {
            "stranger": served.browser(),
            "ada": served.join("Ada"),
            "ben": served.join("Ben"),
            "teacher": served.teacher(),
        }
        people = {person["nickname"]: person for person in served.room.read()["people"]}
        self.ada, self.ben = people["Ada"], people["Ben"]
        self.place = person_workspace(served.workspace, self.ada["id"])
        self.other_place = person_workspace(served.workspace, self.ben["id"])
        for place in (served.workspace, self.place, self.other_place):
            (place / MARK).touch()
        self.run = self._work(made)
        finish(made / "teacher", served.workspace, tiny_spec(name=TEACHERS))

    def _work(self, made: Path) -> RunFolder:
        """Ada's: a data set, a run and a map whose texts are all canaries."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(60, 4)).astype(np.float32)
        save_dataset(
            Dataset(
                id=DATA,
                kind="table",
                title=f"{CANARY} title",
                x=x,
                y=np.arange(60, dtype=np.int32) % 2,
                classes=(f"{CANARY} class", "other"),
                columns=(f"{CANARY} column", "b", "c", "d"),
                provenance={"source": f"{CANARY} source"},
                details={"rows": 60, "shape": [4]},
            ),
            made / "ada" / "datasets" / DATA,
        )
        shutil.copytree(made / "ada" / "datasets", self.place / "datasets")
        run = finish(made / "ada", self.place, tiny_spec(name=f"{CANARY} run", data__source=DATA))
        folder = self.place / "layouts" / MAP
        folder.mkdir(parents=True)
        about: MapAbout = {
            "key": MAP,
            "space": f"run:{run.id}",
            "source": DATA,
            "title": f"{CANARY} map",
            "kind": "table",
            "classes": [f"{CANARY} class"],
            "config": {},
            "epochs": [3],
            "done": [3],
            "rows": 60,
            "total": 60,
            "width": 4,
            "notes": [f"{CANARY} note"],
            "explained": {},
            "can_decode": False,
        }
        (folder / "about.json").write_text(json.dumps(about))
        np.save(folder / "rows.npy", np.arange(60))
        np.save(folder / "000003.npy", np.zeros((60, 2), np.float32))
        return run

    def tokens(self) -> dict[str, str]:
        """Ada's own, as if they had been seen over her shoulder."""
        return {"run": sign(self.place, self.run.id), "map": sign(self.place, f"map-{MAP}")}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with room_served(tmp_path_factory.mktemp("room") / "workspace") as served:
        yield Class(served, tmp_path_factory.mktemp("made"))


RUN, ABOUT_MAP = "/studio/runs/{run}", f"/studio/maps/{MAP}"
ACTIONS = {
    "live": ("GET", f"{RUN}/live", "run", 200),
    "static": ("GET", f"{RUN}/static", "run", 200),
    "thumbnails": ("GET", f"{RUN}/thumbnails", "run", (200, 404)),
    "frame": ("GET", f"{RUN}/frames/1", "run", 200),
    "family": ("GET", f"{RUN}/family", "run", 200),
    "pause": ("POST", f"{RUN}/control", "run", 409),  # it has finished
    "question": ("POST", f"{RUN}/tools/unexplained", "run", 200),
    "export": ("GET", f"{RUN}/script.zip", "run", 200),
    "about a map": ("GET", f"{ABOUT_MAP}/about", "map", 200),
    "layout": ("GET", f"{ABOUT_MAP}/layout?epoch=3", "map", 200),
    "rows": ("GET", f"{ABOUT_MAP}/rows", "map", 200),
    "question to a map": ("POST", f"{ABOUT_MAP}/ask/cancel", "map", (200, 422)),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_persons_work_is_there_for_them_and_for_nobody_else(room: Class, action: str):
    method, path, kind, expected = ACTIONS[action]
    token = room.tokens()[kind]
    statuses = {}
    for role, browser in room.browsers.items():
        body = {"action": "pause"} if action == "pause" else {}
        answer = browser.request(
            method,
            path.format(run=room.run.id),
            headers={"X-Studio-Token": token},
            **({"json": body} if method == "POST" else {}),
        )
        statuses[role] = answer.status_code
        if role != "ada":
            assert CANARY not in answer.text
            assert (answer.status_code, list(answer.json())) in ((404, ["error"]), (401, ["error"])), role
    allowed = expected if isinstance(expected, tuple) else (expected,)
    assert statuses.pop("ada") in allowed
    assert statuses == {"stranger": 401, "ben": 404, "teacher": 404}


WATCHED = "/studio/spotlight/runs/{run}"
WATCHING = ("live", "static", "thumbnails", "frame")
OF_A_RUN = {name: of for name, of in ACTIONS.items() if of[2] == "run"} | {
    "repeat": ("POST", f"{RUN}/repeat", "run", 200),
    "train family": ("POST", f"{RUN}/family", "run", 200),
}


@pytest.fixture
def shown(room: Class) -> Iterator[str]:
    """Ada's run is in the spotlight; the token of the page that shows it."""
    spotlight.put_on(room.served.room, room.ada["id"], room.run.id)
    yield spotlight.watch_token(room.served.room, room.run)
    spotlight.take_off(room.served.room)


def test_whoever_is_in_the_room_may_watch_the_run_in_the_spotlight_and_nothing_else(room: Class, shown: str):
    """Role × action; before the spotlight, in it, and after it."""
    for name, (method, path, _, _) in OF_A_RUN.items():
        address = path.format(run=room.run.id).replace("/studio/runs/", "/studio/spotlight/runs/")
        statuses = {}
        before = [len(list(list_states(place))) for place in people_workspaces(room.served.workspace)]
        for role, browser in room.browsers.items():
            answer = browser.request(
                method,
                address,
                headers={"X-Studio-Token": shown},
                **({"json": {}} if method == "POST" else {}),
            )
            statuses[role] = 200 if name == "thumbnails" and answer.status_code == 404 else answer.status_code
            if answer.status_code == 200:
                assert answer.headers["Cache-Control"] == "no-store"
        allowed = 200 if name in WATCHING else 403
        assert statuses == {"stranger": 401, "ada": allowed, "ben": allowed, "teacher": allowed}, name
        assert [len(list(list_states(p))) for p in people_workspaces(room.served.workspace)] == before
    ben = room.browsers["ben"]
    assert (
        CANARY in ben.get(WATCHED.format(run=room.run.id) + "/live", headers={"X-Studio-Token": shown}).text
    )
    for token in ("", room.tokens()["run"], sign(room.other_place, room.run.id)):
        answer = ben.get(WATCHED.format(run=room.run.id) + "/live", headers={"X-Studio-Token": token})
        assert (answer.status_code, CANARY in answer.text) == (404, False)
    other = RUN.format(run=room.run.id) + "/live"
    assert ben.get(other, headers={"X-Studio-Token": shown}).status_code == 404, "it is no run of Ben's"


def test_when_the_spotlight_ends_nobody_reads_that_run_any_more(room: Class):
    served, ben = room.served, room.browsers["ben"]
    address = WATCHED.format(run=room.run.id)
    token = {"X-Studio-Token": spotlight.watch_token(served.room, room.run)}

    def read() -> set[int]:
        paths = ("live", "static", "frames/1", "frames/3")
        return {ben.get(f"{address}/{path}", headers=token).status_code for path in paths}

    assert read() == {404}
    spotlight.put_on(served.room, room.ada["id"], room.run.id)
    assert read() == {200}
    assert CANARY.encode() in served.page(ben, "room", "do=watch")
    assert b"The teacher shows a run of" in served.page(ben, "data")
    other = finish(served.workspace.parent / "ben", room.other_place, tiny_spec(name="of Ben"))
    spotlight.put_on(served.room, room.ben["id"], other.id)
    assert read() == {404}, "another one is shown"
    spotlight.put_on(served.room, room.ada["id"], room.run.id)
    spotlight.take_off(served.room)
    assert read() == {404}
    assert CANARY.encode() not in served.page(ben, "room", "do=watch")
    shutil.rmtree(other.path)


@pytest.mark.parametrize("path", [f"{RUN}/repeat", f"{RUN}/family"])
def test_nobody_starts_anything_from_somebody_elses_run(room: Class, path: str):
    for role in ("stranger", "ben", "teacher"):
        before = [len(list(list_states(place))) for place in people_workspaces(room.served.workspace)]
        answer = room.browsers[role].post(
            path.format(run=room.run.id), json={}, headers={"X-Studio-Token": room.tokens()["run"]}
        )
        assert answer.status_code == (401 if role == "stranger" else 404)
        assert [len(list(list_states(p))) for p in people_workspaces(room.served.workspace)] == before


def test_a_run_of_ones_own_needs_its_token_in_a_room_too(room: Class):
    address = f"/studio/runs/{room.run.id}/live"
    assert room.browsers["ada"].get(address).status_code == 403
    others = sign(room.other_place, room.run.id)
    assert room.browsers["ada"].get(address, headers={"X-Studio-Token": others}).status_code == 403


@pytest.mark.parametrize("role", ["ben", "teacher"])
def test_no_page_shows_anything_of_somebody_else(room: Class, role: str):
    browser, served = room.browsers[role], room.served
    for page in PAGES:
        assert CANARY.encode() not in served.page(browser, page), page
        for query in (
            f"run={room.run.id}",
            f"run={room.run.id[:8]}",
            f"data={DATA}",
            f"space=run:{room.run.id}",
        ):
            assert CANARY.encode() not in served.page(browser, page, query), (page, query)


def test_each_sees_their_own(room: Class):
    """So that the tests above can fail."""
    served = room.served
    for page in ("", "runs", "data"):
        assert CANARY.encode() in served.page(room.browsers["ada"], page), page
        assert TEACHERS.encode() not in served.page(room.browsers["ada"], page), page
    assert TEACHERS.encode() in served.page(room.browsers["teacher"], "runs")
    # The live view asks for the name; the page gives it the run.
    assert room.run.id.encode() in served.page(room.browsers["ada"], "autoencoder", f"run={room.run.id}")


def test_nobody_takes_over_anothers_session_or_its_uploads(room: Class):
    served, browsers = room.served, room.browsers
    with served.connected(browsers["ada"]) as socket:
        session, said = open_page(socket, "data")
        assert CANARY.encode() in said
        assert upload(browsers["ada"], session, b"a,b\n1,2\n", name="mine") == 204
        for role in ("stranger", "ben", "teacher"):
            expected = 401 if role == "stranger" else 400
            assert upload(browsers[role], session, b"x,y\n1,2\n") == expected
            assert upload(browsers[role], session, b"", method="DELETE", name="mine") == expected
    with served.connected(browsers["ben"], session) as socket:
        assert CANARY.encode() not in open_page(socket, "data")[1]


def test_who_has_no_disk_space_left_uploads_nothing_and_the_others_do(room: Class):
    served = room.served
    large = room.other_place / "datasets" / "large"
    large.parent.mkdir(exist_ok=True)
    kept = served.workspace / "uploads"

    def keeps(role: str, rows: int) -> bool:
        """Whether a file that somebody sends while their page is open is kept: 4 bytes a row."""
        with served.connected(room.browsers[role]) as socket:
            session, _ = open_page(socket, "data")
            assert upload(room.browsers[role], session, b"a,b\n" * rows, name="mine") == 204
            return 4 * rows in {path.stat().st_size for path in kept.rglob("*") if path.is_file()}

    try:
        with open(large, "wb") as file:
            file.truncate(2 * DISK_MB * MB)
        assert keeps("ada", 1001)
        assert not keeps("ben", 1002)
    finally:
        large.unlink()


def test_a_stranger_learns_nothing_but_how_to_join(room: Class):
    stranger = room.browsers["stranger"]
    answer = stranger.get(
        f"/runs?room={shown_code(room.served.room.read()['code'])}", headers={"Accept": "text/html"}
    )
    assert answer.status_code == 401
    assert shown_code(room.served.room.read()["code"]) in answer.text, "as it came with the address"
    for word in ("Ada", "Ben", CANARY, TEACHERS, room.ada["id"], room.ada["resume"]):
        assert word not in answer.text
    assert room.served.room.read()["code"] not in stranger.get("/", headers={"Accept": "text/html"}).text
    with pytest.raises(Exception, match="403"), room.served.connected(stranger):
        pass


def test_a_wrong_code_or_a_taken_nickname_is_said_and_changes_nothing(room: Class):
    served = room.served
    for fields, status, word in (
        ({"code": "xxxxxx"}, 403, "room code is wrong"),
        ({}, 409, "called ada already"),
        ({"resume": "xxxxxx"}, 403, "do not belong together"),
    ):
        browser = served.browser()
        answer = served.send_form(browser, "ada", **fields)
        assert (answer.status_code, word in answer.text) == (status, True)
        assert not browser.cookies
    answer = served.send_form(served.browser(), "<script>x</script>" * 3)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert [p["nickname"] for p in served.room.read()["people"]][:2] == ["Ada", "Ben"]


def test_another_device_comes_back_to_the_same_place_and_twice_is_once(room: Class):
    served = room.served
    device = served.join("ada", resume=shown_code(room.ada["resume"]))
    assert dict(device.cookies) == dict(room.browsers["ada"].cookies)
    assert CANARY.encode() in served.page(device, "runs")
    again = served.send_form(device, "ada")
    assert again.status_code == 200
    assert "Continue" in again.text
    once = served.join("Cem", once="the-form-of-cem-alone")
    assert dict(served.join("Cem", once="the-form-of-cem-alone").cookies) == dict(once.cookies)
    assert [p["nickname"] for p in served.room.read()["people"]].count("Cem") == 1


def test_a_cookie_cannot_be_made_or_lent_and_is_not_for_scripts(room: Class):
    served = room.served
    name, cookie = next(iter(room.browsers["ada"].cookies.items()))
    assert cookie == cookie_for(served.room, room.ada["id"])
    signature = cookie.partition(".")[2]
    for made in (
        f"{room.ben['id']}.{signature}",
        room.ada["id"],
        f"{room.ada['id']}.",
        f".{signature}",
        "teacher",
    ):
        assert served.browser(Cookie=f"{name}={made}").get("/studio/runs/x/live").status_code == 401
    answer = served.send_form(served.browser(), "ada", resume=room.ada["resume"])
    (sent,) = answer.headers.get_list("set-cookie")
    assert "HttpOnly" in sent
    assert "SameSite=strict" in sent


def test_a_participant_is_nowhere_the_teacher(room: Class):
    """The wall and all that is on it are shown to the teacher only; its address leads others nowhere."""
    assert b"Delete everything" in room.served.page(room.browsers["teacher"], "room")
    for role in ("ada", "ben"):
        found = room.served.page(room.browsers[role], "room")
        assert b"Delete everything" not in found
        assert room.ben["resume"].encode() not in found or role == "ben"


def test_no_page_failed_and_the_log_keeps_no_name(room: Class):
    log = (room.served.workspace / "server.log").read_text("utf-8")
    assert "Traceback" not in log
    assert not [word for word in ("Ada", "Ben", room.ada["id"], CANARY) if word in log]


def test_who_is_removed_is_out_at_once_and_finds_nothing(room: Class):
    """Last: it takes Ben away."""
    served, ben = room.served, room.browsers["ben"]
    with served.connected(ben) as socket:
        open_page(socket, "runs")
        served.room.remove(room.ben["id"])
        _, said = open_page(socket, "runs")
        assert b"no longer in this room" in said
    assert ben.get("/studio/runs/x/live").status_code == 401
    assert not room.other_place.exists()
    assert read_state(room.run)["status"] == "finished"
