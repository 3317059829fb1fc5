"""Workers on a Ray cluster, over a workspace folder that all its nodes share.

A run gets a detached actor, which outlives the supervisor as a forked worker does: the actor starts the
worker's program on its node, with CPUs, GPUs and memory as `runs/estimate.py` reckons, and waits for its end.
All else goes through the run's folder. Ray itself is an optional package (`requirements-ray.txt`).
[1] Moritz et al.: Ray: a distributed framework for emerging AI applications, 2018
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from selfsup_core.environment import REMOTE_KEY, without_secrets
from selfsup_core.errors import StudioError
from selfsup_core.files import MB, sha256
from selfsup_core.runs.estimate import Need, need_of
from selfsup_core.runs.folder import RunFolder, sound_state, update_state
from selfsup_core.runs.processes import PLACE, Identity
from selfsup_core.runs.spec import read_spec
from selfsup_core.train.device import CORES
from selfsup_core.translation import tr
from selfsup_core.workers.launcher import NO_FOLDER, may_ask_remote

NAMESPACE = "selfsup-studio"
CONNECT_SECONDS = 15.0  # between two attempts to reach the cluster
KNOCK_SECONDS = 2.0
LINGER_SECONDS = 60.0  # that an actor waits for a supervisor to ask how its run ended
KILL_SECONDS = 5.0
ROOT = Path(__file__).parents[2]


class Place:
    """One run's place on a node: an actor there. It starts the worker and knows how it ended."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.code: int | None = None
        self.ended = threading.Event()

    def run(self, path: str, name: str, cores: int, key: str) -> int:
        """Be there for a run from its start to its end; the worker's exit code."""
        folder = Path(path)
        if not folder.is_dir():
            return self._end(NO_FOLDER)
        added = {PLACE: name, CORES: str(cores), "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
        added["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        if key:
            added[REMOTE_KEY] = key
        words = [sys.executable, "-m", "selfsup_core.workers.worker", path, "--parent", str(os.getpid())]
        with open(RunFolder(folder).log, "ab") as log:
            self.child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=without_secrets(**added)
            )
        return self._end(self.child.wait())

    def _end(self, code: int) -> int:
        self.code = code
        self.ended.set()
        # Without a supervisor nobody takes this actor away, and it holds CPUs and memory.
        timer = threading.Timer(LINGER_SECONDS, os._exit, (0,))
        timer.daemon = True
        timer.start()
        return code

    def end(self) -> int:
        """Wait for the end; the worker's exit code. For a supervisor that did not start it."""
        self.ended.wait()
        return self.code or 0

    def kill(self) -> None:
        """End the worker, even one that does not answer."""
        if self.child:
            self.child.kill()


class RayLauncher:
    """Starts workers on a cluster.

    Args:
        address: of the cluster, as `ray start` says it.
        key: of the remote endpoint, for workers that ask it.
    """

    def __init__(self, address: str, key: str = "") -> None:
        self.address, self.key = address, key
        self.actors: dict[str, Any] = {}
        self.ends: dict[str, Any] = {}  # what says how a worker has ended, once it has
        self.begun: dict[str, Any] = {}
        self.needs: dict[str, Need] = {}
        self.codes: dict[str, int] = {}
        self.lost: set[str] = set()
        self.tried = float("-inf")

    def connect(self) -> bool:
        """Whether the cluster answers; asked again after a while when it did not."""
        ray = import_ray()

        if ray.is_initialized():
            return True
        if time.monotonic() - self.tried < CONNECT_SECONDS:
            return False
        self.tried = time.monotonic()
        try:
            knock(self.address)  # Ray itself waits for minutes where nothing answers
            ray.init(self.address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.WARNING)
        except Exception as error:  # whatever Ray raises where nothing answers
            print(f"Ray: {type(error).__name__}: {error}", flush=True)
            return False
        return True

    def waits_for(self, folder: RunFolder) -> str:
        if not self.connect():
            return tr("The Ray cluster at {address} does not answer.").format(address=self.address)
        ray = import_ray()

        try:
            need = self._need(folder)
        except (StudioError, OSError):
            return ""  # the worker says what is wrong with it
        wanted = as_resources(need)
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if not any(covers(node, wanted) for node in nodes):
            return tr("Waiting for a node of the cluster with {need}.").format(need=say_need(need))
        mine: dict[str, float] = {}
        for other in self.needs.values():
            for name, amount in as_resources(other).items():
                mine[name] = mine.get(name, 0.0) + amount
        # What Ray says is free lags a little behind what was just begun.
        total = ray.cluster_resources()
        left = {name: amount - mine.get(name, 0.0) for name, amount in total.items()}
        if covers(ray.available_resources(), wanted) and covers(left, wanted):
            return ""
        return tr("Waiting for a place in the cluster: it needs {need}.").format(need=say_need(need))

    def _need(self, folder: RunFolder) -> Need:
        ray = import_ray()

        state = sound_state(folder)
        return need_of(
            read_spec(folder.spec),
            folder.workspace,
            parameters=state["parameters"] if state else 0,
            has_gpus=ray.cluster_resources().get("GPU", 0) > 0,
        )

    def start(self, folder: RunFolder) -> str:
        ray = import_ray()

        name = f"{name_of(folder)}-{uuid.uuid4().hex[:8]}"
        need = self._need(folder)
        # Before there is an actor: another supervisor then knows what this one has started.
        update_state(folder, worker={"pid": os.getpid(), "start": None, "place": name})
        actor = (
            ray.remote(Place)
            .options(
                name=name,
                namespace=NAMESPACE,
                lifetime="detached",
                max_restarts=0,
                max_concurrency=8,
                num_cpus=need.cpus,
                num_gpus=need.gpus,
                memory=need.memory,
            )
            .remote()
        )
        key = self.key if self.key and may_ask_remote(folder) else ""
        self.actors[name], self.needs[name] = actor, need
        self.begun[name] = actor.__ray_ready__.remote()
        self.ends[name] = actor.run.remote(str(folder.path), name, need.cpus, key)
        return name

    def has_begun(self, worker: str) -> bool:
        ray = import_ray()

        waiting = self.begun.get(worker)
        if waiting is not None and ray.wait([waiting], timeout=0)[0]:
            del self.begun[worker]
        return worker not in self.begun

    def is_alive(self, worker: str) -> bool:
        ray = import_ray()

        end = self.ends.get(worker)
        if end is None:
            return False
        if not ray.wait([end], timeout=0)[0]:
            return True
        try:
            self.codes[worker] = ray.get(end)
        except ray.exceptions.ActorUnavailableError:  # its node does not answer, but is not yet given up
            self.ends[worker] = self.actors[worker].end.remote()
            return True
        except ray.exceptions.RayError as error:
            print(f"{worker}: {type(error).__name__}: {error}", flush=True)
            self.lost.add(worker)
        self._end_actor(worker)
        return False

    def exit_code(self, worker: str) -> int | None:
        return self.codes.get(worker)

    def was_lost(self, worker: str) -> bool:
        return worker in self.lost

    def recognizes(self, worker: Identity, folder: RunFolder) -> bool:
        name = worker.get("place", "")
        if not name.startswith(f"{name_of(folder)}-") or not self.connect():
            return False
        if name in self.ends:
            return True
        ray = import_ray()

        try:
            actor = ray.get_actor(name, namespace=NAMESPACE)
        except ValueError:  # there is none
            return False
        self.actors[name], self.ends[name] = actor, actor.end.remote()
        try:
            self.needs[name] = self._need(folder)
        except (StudioError, OSError):
            self.needs[name] = Need(1, 0, 0)
        return True

    def kill(self, worker: str) -> None:
        ray = import_ray()

        actor = self.actors.get(worker)
        if actor is None:
            return
        try:
            ray.get(actor.kill.remote(), timeout=KILL_SECONDS)
        except ray.exceptions.RayError:
            self._end_actor(worker)

    def _end_actor(self, worker: str) -> None:
        ray = import_ray()

        if actor := self.actors.pop(worker, None):
            ray.kill(actor)
        for known in (self.ends, self.begun, self.needs):
            known.pop(worker, None)


def import_ray() -> Any:
    """Ray, which is optional, has few types, and sends its makers no statistics from here."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it is imported
    import ray
    import ray.exceptions

    return ray


def knock(address: str) -> None:
    """Raises OSError: nothing listens there. An address without a port says nothing of that."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def name_of(folder: RunFolder) -> str:
    """How the names of a run's actors begin."""
    return f"{folder.id}-{sha256(str(folder.path).encode())[:12]}"


def as_resources(need: Need) -> dict[str, float]:
    """By Ray's names."""
    return {"CPU": need.cpus, "GPU": need.gpus, "memory": need.memory}


def covers(there: dict[str, float], wanted: dict[str, float]) -> bool:
    return all(there.get(name, 0.0) >= amount for name, amount in wanted.items())


def say_need(need: Need) -> str:
    gpus = tr(", {gpus} GPUs").format(gpus=need.gpus) if need.gpus else ""
    return tr("{cpus} CPUs{gpus} and {megabytes:,} MB of memory").format(
        cpus=need.cpus, gpus=gpus, megabytes=need.memory // MB
    )
