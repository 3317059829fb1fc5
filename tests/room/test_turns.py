"""One scheduler for all of a room: by turns, one run a person, never without memory."""

from __future__ import annotations

import threading

import pytest
from typer.testing import CliRunner

from selfsup_core import environment
from selfsup_core.cli.main import app as cli
from selfsup_core.errors import DataError, RunError
from selfsup_core.inspection import server
from selfsup_core.inspection.catalogue import describe_folder
from selfsup_core.inspection.server import Lab
from selfsup_core.pretrained.encoders.catalogue import find_encoder
from selfsup_core.pretrained.language_models import prepare
from selfsup_core.room import wall
from selfsup_core.room.line import TURNS, read_line, say_briefly, say_place, say_wait
from selfsup_core.runs import memory_left
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_state, update_state
from selfsup_core.runs.processes import identity
from selfsup_core.runs.queue import MAX_QUEUED, WAITING, submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec, spec_yaml
from selfsup_core.workers import scheduler as scheduling
from selfsup_core.workers.launcher import may_ask_remote
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.supervisor import home, write_line
from selfsup_core.workers.turns import Turns
from tests.helpers import make_run, tiny_spec
from tests.room.helpers import joined, opened, place_of
from tests.runs.test_queue import Clock, FakeLauncher, end


class RoomLauncher(FakeLauncher):
    """Remembers the folders, since runs of two people may have one id."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: list[RunFolder] = []

    def start(self, folder: RunFolder) -> int:
        self.folders.append(folder)
        return super().start(folder)


@pytest.fixture
def room(workspace):
    room = opened(workspace, capacity=2)
    home(workspace).mkdir(parents=True)
    launcher, clock = RoomLauncher(), Clock()
    people = [place_of(room, joined(room, name)) for name in ("Ada", "Ben", "Cem")]
    return room, people, Scheduler(workspace, launcher, capacity=1, clock=clock), launcher, clock


def ended(launcher: RoomLauncher, folder: RunFolder) -> None:
    pid = next(pid for pid, one in launcher.alive.items() if one == folder)
    update_state(launcher.alive.pop(pid), status="finished", worker=None, epoch=3, seconds=6.0)


def test_turns_go_round_whoever_asked_for_how_many(room):
    _, (ada, ben, cem), scheduler, launcher, clock = room
    many = [submit(ada, tiny_spec()) for _ in range(3)]
    one, other = submit(ben, tiny_spec()), submit(cem, tiny_spec())
    scheduler.turn()
    assert launcher.folders == [many[0], one], "two at a time, as the room says; one a person"
    for expected in (other, many[1]):
        clock.now += 1
        ended(launcher, launcher.folders[-2])
        scheduler.turn()
        assert launcher.folders[-1] == expected
    assert len(launcher.alive) == 2


def test_runs_of_two_people_with_one_id_are_two_runs(room):
    _, (ada, ben, _), scheduler, launcher, _ = room
    mine, other = submit(ada, tiny_spec()), submit(ben, tiny_spec())
    twin = RunFolder(ben / "runs" / mine.id)
    other.path.rename(twin.path)
    (ben / "queue" / f"{other.id}.json").unlink()
    update_state_of_renamed(twin)
    scheduler.recover()
    scheduler.turn()
    assert sorted(map(str, (f.path for f in launcher.folders))) == sorted(map(str, (mine.path, twin.path)))
    assert len(scheduler.watched) == 2
    ended(launcher, mine)
    scheduler.turn()
    assert read_state(twin)["status"] == "running"


def update_state_of_renamed(folder: RunFolder) -> None:
    from selfsup_core.files import read_json, write_json

    write_json(folder.state, read_json(folder.state) | {"run": folder.id})


def test_at_most_so_many_wait_and_those_of_others_do_not_count(room):
    _, (ada, ben, _), *_ = room
    for _ in range(MAX_QUEUED):
        submit(ada, tiny_spec())
    with pytest.raises(RunError, match="at most 5"):
        submit(ada, tiny_spec())
    assert submit(ben, tiny_spec()).exists()


def test_nothing_begins_in_a_paused_room_but_the_teachers_own(room, workspace):
    about, (ada, *_), scheduler, launcher, _ = room
    mine, own = submit(ada, tiny_spec()), submit(workspace, tiny_spec())

    def pause(state):
        state["is_paused"] = True

    about.change(pause)
    scheduler.turn()
    assert launcher.folders == [own]
    write_line(workspace, scheduler, None)
    assert say_place(mine) == "The teacher has paused the room. Number 1 in the queue."


def test_a_run_waits_for_memory_and_says_so_and_the_next_is_not_held_up(room, monkeypatch):
    _, (ada, ben, _), scheduler, launcher, clock = room
    large, small = submit(ada, tiny_spec(model__widths=[2000, 4])), submit(ben, tiny_spec())
    between = (
        memory_left.needed_bytes(read_state(small)["parameters"], scheduling.find_source("wine", ada)) + 1
    )
    left = [between + memory_left.RESERVE_BYTES]
    monkeypatch.setattr(memory_left, "memory", lambda: (left[0], 10**12))
    scheduler.turn()
    assert launcher.folders == [small]
    assert read_state(large)["message"].startswith("Waiting for memory: it needs about ")
    write_line(ada.parents[2], scheduler, None)
    said = say_wait(large, read_state(large))
    assert said.startswith("Number 1 of 1 in the queue")
    assert "Waiting for memory: it needs about" in said
    assert LiveRuns(ada).state(large.id)["message"] == said
    left[0] = 10**12
    clock.now += scheduling.WAIT_SECONDS
    scheduler.turn()
    assert launcher.folders == [small, large]


def test_a_run_that_can_never_fit_is_refused_at_once(room, workspace, monkeypatch):
    _, (ada, *_), *_ = room
    monkeypatch.setattr(memory_left, "memory", lambda: (10**9, memory_left.RESERVE_BYTES))
    with pytest.raises(RunError, match="of memory; this machine has"):
        submit(ada, tiny_spec())
    assert not (ada / "runs").exists()
    assert submit(workspace, tiny_spec()).exists(), "outside of a room it is tried"


def test_who_keeps_workers_paused_begins_no_more_but_may_resume_and_is_told_so(room, workspace):
    _, (ada, ben, _), scheduler, launcher, clock = room
    runs = []
    for _ in range(2):
        runs.append(submit(ada, tiny_spec()))
        scheduler.turn()
        update_state(runs[-1], status="paused", frees_slot=True, worker=identity(), beat=len(runs))
        clock.now += 5
        scheduler.turn()
    third = submit(ada, tiny_spec())
    scheduler.turn()
    assert launcher.folders == runs, "two workers are kept already"
    other = submit(ben, tiny_spec())
    line = write_line(workspace, scheduler, None)
    assert line["places"][f"{ada.name}/{third.id}"]["position"] == 2, "whoever may start comes first"
    expected = (
        "Number 2 of 2 in the queue. 2 of your runs are paused, and each keeps its memory: this one starts "
        "after you resume or stop one of them."
    )
    assert say_place(third) == LiveRuns(ada).state(third.id)["message"] == expected
    assert say_wait(third, read_state(third)) == expected
    assert say_briefly(third) == "number 2, after one of 2 paused runs ends or goes on"
    assert "2 of your runs are paused" in runs_shown(third)
    assert read_state(third)["message"] == WAITING, "what a run waits for is not kept in it"
    scheduler.turn()
    ended(launcher, other)
    clock.now += 5
    send(runs[0], "resume")
    scheduler.turn()
    ended(launcher, runs[0])
    clock.now += 5
    scheduler.turn()
    assert launcher.folders == [*runs, other, third]


def runs_shown(folder: RunFolder) -> str:
    """What the command line says of a run."""
    answer = CliRunner().invoke(cli, ["runs", "show", folder.id, "--workspace", str(folder.workspace)])
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_turns_go_round_also_after_the_supervisor_was_killed(room, workspace):
    _, (ada, ben, _), scheduler, launcher, _ = room
    scheduler.turns.room.change(one_at_a_time)
    first, second = submit(ada, tiny_spec()), submit(ada, tiny_spec())
    scheduler.turn()
    other = submit(ben, tiny_spec())  # asked later than Ada's second
    assert launcher.folders == [first]
    again = Scheduler(workspace, launcher, capacity=1, clock=Clock())  # the old one is gone without a word
    again.recover()
    ended(launcher, first)
    again.turn()
    assert launcher.folders == [first, other], "Ada had a turn, Ben had none"
    ended(launcher, other)
    third = Scheduler(workspace, launcher, capacity=1, clock=Clock())
    third.go_round()
    assert launcher.folders == [first, other, second]


@pytest.mark.parametrize("content", [b"", b"{", b'{"x": "y"}', b"[1]"])
def test_a_damaged_memory_of_turns_is_none(room, workspace, content):
    (home(workspace) / TURNS).write_bytes(content)
    assert Turns(workspace).served == {}


def test_turns_of_people_who_are_gone_are_forgotten(room, workspace):
    about, (ada, ben, _), scheduler, *_ = room
    for place in (ada, ben):
        submit(place, tiny_spec())
    scheduler.turn()
    assert set(Turns(workspace).served) == {ada.name, ben.name}
    about.remove(ada.name)
    scheduler.turns.take(ben.name)
    assert set(Turns(workspace).served) == {ben.name}
    wall.delete_all(about)
    assert not (home(workspace) / TURNS).exists()


def one_at_a_time(about):
    about["capacity"] = 1


def test_the_line_says_each_persons_place_and_start_but_nothing_of_others(room, workspace):
    _, (ada, ben, cem), scheduler, launcher, clock = room
    for place in (ada, ben):
        submit(place, tiny_spec(name="secret-of-somebody"))
    scheduler.turn()
    waiting = submit(cem, tiny_spec())
    ended(launcher, launcher.folders[0])
    again = submit(ben, tiny_spec())
    next_one = submit(ada, tiny_spec())
    clock.now += 1
    launched = list(launcher.folders)
    line = write_line(workspace, scheduler, None)
    assert line["is_paused"] is False
    assert read_line(cem) == line
    expected = [(cem, waiting), (ada, next_one), (ben, again)]  # Ada had her turn before Ben
    assert [line["places"][f"{p.name}/{r.id}"]["position"] for p, r in expected] == [1, 2, 3]
    assert say_place(waiting).startswith("Number 1 of 3 in the queue")
    assert LiveRuns(cem).state(waiting.id)["message"] == say_place(waiting)
    assert "secret" not in str(line)
    assert say_place(launched[1]) == ""
    assert read_state(again)["status"] == "queued"


def test_starts_are_expected_from_runs_like_it(room, workspace):
    _, (ada, ben, cem), scheduler, launcher, clock = room
    first = submit(ada, tiny_spec())
    scheduler.turn()
    ended(launcher, first)
    clock.now += 1
    scheduler.turn()
    runs = [submit(place, tiny_spec()) for place in (ada, ben, cem)]
    scheduler.turn()
    for folder in launcher.folders[-2:]:
        update_state(folder, seconds_left=4.0)
    write_line(workspace, scheduler, None)
    (waiting,) = [run for run in runs if run not in launcher.folders]
    assert say_place(waiting) == "Number 1 of 1 in the queue, starts in about 4 s."
    later = submit(next(p for p in (ada, ben, cem) if p != waiting.workspace), tiny_spec())
    write_line(workspace, scheduler, None)
    assert say_place(later) == (
        "Number 2 of 2 in the queue, starts in about 4 s. Another run of yours is training, and "
        "everybody trains one at a time."
    )
    end(launcher, launcher.folders[-1].id)


def test_people_have_the_hosts_supervisor(room, workspace):
    _, (ada, *_), *_ = room
    assert home(ada) == home(workspace) == workspace / "supervisor"


def test_the_hosts_key_is_not_for_the_people_of_a_room(room, workspace):
    """A remote model costs whoever opened the room."""
    _, (ada, *_), *_ = room
    remote = make_spec(
        preset_spec("pseudo-table").as_dict(), {"data.source": "wine", "objective.proposers": ["remote"]}
    )
    mine, own = (make_run(place) for place in (ada, workspace))
    for folder in (mine, own):
        folder.spec.write_text(spec_yaml(remote))
    assert may_ask_remote(own)
    assert not may_ask_remote(mine)


def test_no_folder_of_the_machine_is_opened_for_the_people_of_a_room(room, workspace, monkeypatch, tmp_path):
    _, (ada, *_), *_ = room
    monkeypatch.setattr(environment, "_closed", threading.Event())
    (tmp_path / "folder").mkdir()
    assert prepare(str(tmp_path / "folder"), workspace) == tmp_path / "folder"
    for find in (find_encoder, describe_folder):
        with pytest.raises(DataError) as before:
            find(str(tmp_path / "folder"))
        assert "in a room" not in str(before.value)
    lab = Lab(workspace)
    assert lab.desk_of("") is lab.desk
    assert not environment._closed.is_set()
    desk = lab.desk_of(ada.name)
    assert desk.workspace == ada
    assert lab.desk_of(ada.name) is desk
    for find in (find_encoder, describe_folder, lambda name: prepare(name, ada)):
        with pytest.raises(DataError, match="cannot be opened in a room"):
            find(str(tmp_path / "folder"))
    for strange in ("0" * 24, "..", "x"):
        with pytest.raises(RunError, match="no such person"):
            lab.desk_of(strange)


def test_desks_that_nobody_asks_are_put_away(room, workspace, monkeypatch):
    _, people, *_ = room
    monkeypatch.setattr(environment, "_closed", threading.Event())
    monkeypatch.setattr(server, "MOST_DESKS", 2)
    lab = Lab(workspace)
    first = lab.desk_of(people[0].name)
    for place in people[1:]:
        lab.desk_of(place.name)
    assert len(lab.desks) == 2
    assert lab.desk_of(people[0].name) is not first
