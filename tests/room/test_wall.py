"""The teacher's wall: all runs at once, pause, resume, reset, spotlight, results, delete."""

from __future__ import annotations

import csv
import io

import pytest

from selfsup_core.errors import RunError
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.files import write_json
from selfsup_core.room import spotlight, votes, wall
from selfsup_core.room.line import FILE, TURNS
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import read_state, update_state
from selfsup_core.runs.processes import identity
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.shared import people_workspaces
from tests.helpers import make_run, run_here, tiny_spec
from tests.room.helpers import joined, opened, place_of


@pytest.fixture
def class_room(workspace):
    room = opened(workspace)
    ada, ben = joined(room, "Ada"), joined(room, "Ben")
    return room, ada, ben


def at_work(place):
    folder = make_run(place)
    update_state(folder, status="running", worker=identity())
    return folder


def actions(folder):
    return [request["action"] for request in receive(folder)[0]]


def test_the_wall_shows_the_run_at_work_or_else_the_newest(class_room):
    room, ada, ben = class_room
    place = place_of(room, ada)
    finished = make_run(place)
    run_here(finished)
    update_state(finished, created="2026-01-01T00:00:00Z")
    running = at_work(place)
    submit(place, tiny_spec())
    first, second = wall.overview(room)
    assert (first.person["nickname"], first.folder, first.waiting) == ("Ada", running, 1)
    assert (second.person["id"], second.state, second.loss) == (ben["id"], None, None)
    update_state(running, status="stopped", worker=None)
    assert wall.look_at(room, ada).folder == running
    state = read_state(finished)
    update_state(running, metrics={"val_loss": state["metrics"]["val_loss"]})
    assert wall.look_at(room, ada).loss == state["metrics"]["val_loss"]


def test_pause_all_pauses_what_works_and_resume_all_only_what_it_has_paused(class_room, workspace):
    room, ada, ben = class_room
    own = at_work(workspace)
    works, other = at_work(place_of(room, ada)), make_run(place_of(room, ben))
    update_state(other, status="paused", frees_slot=True, worker=identity())
    assert wall.pause_all(room) == 1
    assert room.read()["is_paused"]
    assert (actions(works), actions(other), actions(own)) == (["pause"], [], [])
    assert wall.pause_all(room) == 1, "asked again; still one to resume"
    assert len(room.read()["held"]) == 1
    update_state(works, status="paused", frees_slot=True)
    assert wall.resume_all(room) == 1
    assert not room.read()["is_paused"]
    assert [entry["run"] for entry in list_queue(works.workspace)] == [works.id]
    assert list_queue(other.workspace) == []
    assert wall.resume_all(room) == 0


def test_reset_stops_all_and_keeps_people_and_results(class_room):
    room, ada, ben = class_room
    works, waits = at_work(place_of(room, ada)), submit(place_of(room, ben), tiny_spec())
    done = make_run(place_of(room, ben))
    run_here(done)
    spotlight.put_on(room, ben["id"], done.id)
    assert wall.reset(room) == 2
    assert actions(works) == ["stop"]
    assert read_state(waits)["status"] == "stopped"
    assert read_state(done)["status"] == "finished"
    assert (spotlight.in_spotlight(room), len(room.read()["people"])) == (None, 2)


def test_only_a_run_of_the_room_comes_into_the_spotlight(class_room, workspace):
    room, ada, ben = class_room
    mine, own = make_run(place_of(room, ada)), make_run(workspace)
    spotlight.put_on(room, ada["id"], mine.id)
    assert spotlight.in_spotlight(room) == ("Ada", mine)
    for person, run in ((ben["id"], mine.id), ("", own.id), (ada["id"], ".."), (ada["id"], "")):
        with pytest.raises(RunError, match="no run"):
            spotlight.put_on(room, person, run)
    with pytest.raises(RunError, match="no such person"):
        spotlight.put_on(room, "..", own.id)
    room.remove(ada["id"])
    assert spotlight.in_spotlight(room) is None


def test_results_are_a_table_that_no_spreadsheet_computes(class_room):
    room, ada, _ = class_room
    run_here(make_run(place_of(room, ada), tiny_spec(name='=HYPERLINK("http://x")')))
    joined(room, "+A1")
    submit(place_of(room, room.read()["people"][-1]), tiny_spec(name='a, "b"'))
    rows = list(csv.DictReader(io.StringIO(csv_bytes(*wall.results(room)).decode(), newline="")))
    assert [row["nickname"] for row in rows] == ["Ada", "'+A1"]
    assert rows[0]["name"] == '\'=HYPERLINK("http://x")'
    assert (rows[0]["status"], rows[0]["epoch"], rows[1]["name"]) == ("finished", "3", 'a, "b"')
    assert float(rows[0]["validation_loss"]) > 0


def test_who_is_removed_leaves_no_vote_behind(class_room):
    room, ada, ben = class_room
    question = votes.ask(room, {"text": "Up?", "choices": ("yes", "no")})["id"]
    for person, choice in ((ada, 0), (ben, 1)):
        votes.vote(room, person["id"], question, choice)
    wall.remove(room, ada["id"])
    votes.reveal(room, question)
    tally = votes.tally(votes.list_questions(room)[-1])
    assert (tally["voted"], tally["counts"]) == (1, [0, 1])
    assert ada["id"] not in votes.path_of(room).read_text("utf-8")
    wall.remove(room, ada["id"])
    assert [one["nickname"] for one in room.read()["people"]] == ["Ben"]


def test_delete_all_leaves_nothing_of_anybody_and_twice_is_once(class_room, workspace):
    room, ada, ben = class_room
    at_work(place_of(room, ada))
    question = votes.ask(room, {"text": "Up?", "choices": ("yes", "no")})["id"]
    votes.vote(room, ada["id"], question, 0)
    (workspace / "supervisor").mkdir()
    write_json(workspace / "supervisor" / TURNS, {ada["id"]: 1.0})
    write_json(workspace / "supervisor" / FILE, {"is_paused": False, "places": {f"{ben['id']}/x": {}}})
    (own := make_run(workspace)).control.mkdir(exist_ok=True)
    wall.delete_all(room)
    assert not (workspace / "room").exists()
    assert people_workspaces(workspace) == []
    assert own.exists(), "the teacher's own workspace stays"
    with pytest.raises(RunError, match="no room"):
        wall.overview(room)
    with pytest.raises(RunError, match="no room"):
        wall.delete_all(room)
    left = [path for path in workspace.rglob("*") if path.is_file()]
    for word in (ada["id"], ben["id"], ada["resume"], "Ada", "Ben"):
        assert not [path for path in left if word in str(path) or word.encode() in path.read_bytes()], word
