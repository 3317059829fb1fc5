"""A class in a room: 30 people open the app within ten seconds and watch live while two runs train.

Each is a browser as the server sees one: joins by the form, opens pages by a WebSocket, asks for news and
frames once a second, and changes pages. Whatever reaches one of them is searched for the others' names.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.people import Served, open_page, serve_room
from benchmarks.size import sized
from benchmarks.table import Row, percentile
from selfsup_core.room.people import Person
from selfsup_core.runs.access import sign
from selfsup_core.runs.control import send
from selfsup_core.runs.examples import add_examples, list_examples
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.shared import person_workspace
from selfsup_core.workers.live import FRESH_SECONDS
from selfsup_core.workers.supervisor import ensure_supervisor

PEOPLE, OPENING_SECONDS, SECONDS = sized(30, 4), sized(10.0, 1.0), sized(40.0, 3.0)
TRAINING = 2
CLICKS = sized(0.1, 0.5)  # a second, of somebody who watches
LONG = {"train.epochs": 100_000, "data.source": "digits"}
PAGES = ("runs", "data", "autoencoder")
COLUMNS = (
    "load_p50_s",
    "load_p95_s",
    "click_p50_s",
    "click_p95_s",
    "news_p95_s",
    "server_cpu_s",
    "clients_cpu_s",
    "training_cpu_s",
    "others_cpu_s",
    "errors",
    "foreign",
)


@dataclass
class Seen:
    """What all of them saw: seconds until a page was there, of clicks and of news; what went wrong."""

    loads: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    news: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


class Participant(threading.Thread):
    """One of them. Their run has a name that nobody else may ever receive."""

    def __init__(self, served: Served, number: int, people: int, seen: Seen) -> None:
        super().__init__(daemon=True)
        self.served, self.number, self.seen = served, number, seen
        self.nickname = name_of(number)
        self.others = [name_of(other).encode() for other in range(people) if other != number]
        self.browser = served.join(self.nickname)
        self.person: Person = next(
            one for one in served.room.read()["people"] if one["nickname"] == self.nickname
        )
        self.workspace = person_workspace(served.workspace, self.person["id"])
        add_examples(self.workspace)
        self.run_id = list_examples()[0]
        self.begun: RunFolder | None = None

    def train(self) -> None:
        """Have a run at work that does not end by itself."""
        spec = preset_spec("dense-64-32-16", LONG | {"name": f"run of {self.nickname}"})
        self.begun = submit(self.workspace, spec)
        self.run_id = self.begun.id

    def run(self) -> None:
        try:
            self.visit()
        except Exception as error:
            self.seen.errors.append(f"{self.nickname}: {type(error).__name__}: {error}")

    def visit(self) -> None:
        time.sleep(random.random() * OPENING_SECONDS)
        began = time.monotonic()
        if self.browser.get("/").status_code != 200:
            raise RuntimeError("the app was not served")
        with self.served.connected(self.browser) as socket:
            self.check(open_page(socket)[1])
            self.seen.loads.append(time.monotonic() - began)
            until, since, looks = time.monotonic() + SECONDS, "0", 0
            while time.monotonic() < until or not looks:
                begun = time.monotonic()
                since = self.look(since)
                self.seen.news.append(time.monotonic() - begun)
                looks += 1
                if looks == 1 or random.random() < CLICKS:
                    begun = time.monotonic()
                    page = random.choice(PAGES)
                    self.check(
                        open_page(socket, page, f"run={self.run_id}" if page == "autoencoder" else "")[1]
                    )
                    self.seen.clicks.append(time.monotonic() - begun)
                time.sleep(max(0.0, 1 - (time.monotonic() - begun)))

    def look(self, since: str) -> str:
        """The news of the run that is watched, and a frame, as the stage asks for them."""
        headers = {"X-Studio-Token": sign(self.workspace, self.run_id)}
        address = f"/studio/runs/{self.run_id}"
        answer = self.browser.get(f"{address}/live?since={since}", headers=headers)
        self.check(answer.content)
        about = answer.json()
        if len(about["frames"]) > 1:
            # The second newest: the very newest may be thinned out between the two requests.
            frame = self.browser.get(f"{address}/frames/{about['frames'][-2]}", headers=headers)
            if frame.status_code == 404:
                # Thinned out in between, which the stage expects; the next news may not list it any more.
                time.sleep(2 * FRESH_SECONDS)
                again = self.browser.get(f"{address}/live?since={about['next']}", headers=headers).json()
                if about["frames"][-2] in again["frames"]:
                    self.seen.errors.append("frame: 404 for one that is listed")
            elif frame.status_code != 200:
                self.seen.errors.append(f"frame: {frame.status_code}")
        return str(about["next"])

    def check(self, received: bytes) -> None:
        """Note what is somebody else's."""
        self.seen.foreign += [
            f"{self.nickname} saw {name.decode()}" for name in self.others if name in received
        ]


def name_of(number: int) -> str:
    return f"Person-{number:02d}-{number * 7919 % 9973:04d}"


@dataclass
class Spent:
    """Seconds of a core: of the server, of those who visit it (this process, on the same machine), of
    training, and of everything else that this machine does.
    """

    server: float
    clients: float
    training: float
    others: float

    @classmethod
    def now(cls, server: psutil.Process, workers: Sequence[psutil.Process]) -> Spent:
        """Since each of them began."""
        own = [sum(process.cpu_times()[:2]) for process in (server, psutil.Process(), *workers)]
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        return cls(own[0], own[1], sum(own[2:]), sum(times) - idle - sum(own))

    def since(self, before: Spent) -> Spent:
        return Spent(
            self.server - before.server,
            self.clients - before.clients,
            self.training - before.training,
            self.others - before.others,
        )


def measure() -> list[Row]:
    seen = Seen()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, serve_room(Path(name)) as served:
        people = [Participant(served, number, PEOPLE, seen) for number in range(PEOPLE)]
        for person in people[:TRAINING]:
            person.train()
        ensure_supervisor(served.workspace)
        begun = [person.begun for person in people if person.begun]
        while min(read_state(folder)["epoch"] for folder in begun) < sized(3, 1):
            time.sleep(0.1)
        for page in ("", *PAGES):
            served.page(people[-1].browser, page)  # what is imported once
        server = psutil.Process(served.pid)
        workers = [
            psutil.Process(worker["pid"]) for folder in begun if (worker := read_state(folder)["worker"])
        ]
        before = Spent.now(server, workers)
        for person in people:
            person.start()
        for person in people:
            person.join()
        spent = Spent.now(server, workers).since(before)
        at_work = sum(read_state(folder)["status"] == "running" for folder in begun)
        for folder in begun:
            send(folder, "stop")
    load, click, news = (
        [percentile(seconds or [float("nan")], share) for share in (0.5, 0.95)]
        for seconds in (seen.loads, seen.clicks, seen.news)
    )
    found = (
        f"first load p50 {load[0]:.2f} s, p95 {load[1]:.2f} s; a click p50 {click[0]:.2f} s, "
        f"p95 {click[1]:.2f} s; news p95 {news[1]:.2f} s; {len(seen.clicks)} clicks, {at_work} runs "
        f"training, {len(seen.errors)} errors, {len(seen.foreign)} times something of others; seconds of a "
        f"core: server {spent.server:.1f}, the visitors here {spent.clients:.1f}, training "
        f"{spent.training:.1f}, all else on this machine {spent.others:.1f}"
    )
    is_well = not seen.errors and not seen.foreign and len(seen.loads) == PEOPLE and at_work == len(begun)
    rows = [
        Row(
            f"{PEOPLE} people in a room, {TRAINING} runs training",
            found,
            "first load p95 at most 3 s, a click at most 1 s, no error, nothing of others",
            is_well and load[1] <= 3 and click[1] <= 1,
            {
                "load_p50_s": load[0],
                "load_p95_s": load[1],
                "click_p50_s": click[0],
                "click_p95_s": click[1],
                "news_p95_s": news[1],
                "server_cpu_s": spent.server,
                "clients_cpu_s": spent.clients,
                "training_cpu_s": spent.training,
                "others_cpu_s": spent.others,
                "errors": len(seen.errors),
                "foreign": len(seen.foreign),
            },
        )
    ]
    return rows + [Row("  an error", said) for said in sorted({*seen.errors, *seen.foreign})[:3]]
