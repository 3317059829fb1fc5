"""Language models in memory: each is loaded once, by its own thread, while loaded ones keep answering."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import psutil
from cachetools import LRUCache

from selfsup_core.errors import DataError, SettingError
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr

RUN = "run:"
MOST_LARGE = 2
MOST_SMALL = 12
LARGE = 50_000_000  # parameters
STALE_SECONDS = 30.0
SPARE = 1.2  # memory that loading takes, as a multiple of the weights


class LoadingStatus(TypedDict):
    """state: "ready" or "loading"; said: what is being done; seconds: since it began, or that it took. The
    rest once ready.
    """

    state: str
    said: str
    seconds: float
    title: NotRequired[str]
    kind: NotRequired[str]
    epoch: NotRequired[int | None]
    parameters: NotRequired[int]


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Attributes:
        key: changes whenever its files do.
        load: (model, tokenizer), given a function that is told the stages.
    """

    key: tuple[Any, ...]
    title: str
    load: Callable[[Callable[[str], None]], tuple[Any, Any]]
    epoch: int | None = None
    is_large: bool = False


@dataclass
class Loaded:
    """A model in memory.

    Attributes:
        kind: "causal", "masked" or "encoder".
        epoch: of a run's model, else None.
        seconds: that loading took.
        lock: held while it is used: tokenizers and attention keep settings that two threads must not share.
    """

    model: Any
    tokenizer: Any
    title: str
    kind: str
    epoch: int | None
    parameters: int
    seconds: float
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Work:
    """A slow task in a thread: its current stage, and its outcome."""

    said: str
    started: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    made: Any = None
    error: Exception | None = None
    ended: float = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether it failed long ago and no one asked."""
        return self.done.is_set() and time.monotonic() - self.ended > STALE_SECONDS

    def begin(self, act: Callable[[Callable[[str], None]], Any]) -> Work:
        def run() -> None:
            try:
                self.made = act(self.say)
            except Exception as error:
                self.error = error
            finally:
                self.ended = time.monotonic()
                self.done.set()

        threading.Thread(target=run, daemon=True).start()
        return self

    def say(self, text: str) -> None:
        self.said = text

    def about(self) -> LoadingStatus:
        return {"state": "loading", "said": self.said, "seconds": time.monotonic() - self.started}


def split_run(name: str) -> tuple[str, int | None]:
    """ "run:ID@12" → (ID, 12); None for the newest epoch.

    Raises:
        SettingError: what stands behind the @ is not an epoch.
    """
    run, at, epoch = name.removeprefix(RUN).rpartition("@")
    if not at:
        return epoch, None
    if (number := whole_number(epoch)) is None:
        raise SettingError(
            tr("{name!r} does not name an epoch.").format(name=name),
            remedy=tr("Write run:ID@12, or run:ID for the newest epoch."),
        )
    return run, number


def locate(name: str, workspace: Path) -> Place:
    """Where the model of a name is, and how it is loaded.

    Raises:
        StudioError: there is none.
    """
    return locate_run(name, workspace) if name.startswith(RUN) else locate_folder(name, workspace)


def locate_run(name: str, workspace: Path) -> Place:
    from selfsup_core.runs.folder import open_run, read_state
    from selfsup_core.runs.thinned import frame_path
    from selfsup_core.runs.weights import nearest_epoch
    from selfsup_core.tasks.parts.language_loading import load_run_model

    run, epoch = split_run(name)
    folder = open_run(workspace, run)
    used = nearest_epoch(folder.weights, epoch)
    path = frame_path(folder.weights, used)

    def load(say: Callable[[str], None]) -> tuple[Any, Any]:
        say(tr("Loading epoch {used} of {title}.").format(used=used, title=title))
        return load_run_model(workspace, folder.id, used)[:2]

    try:
        about = path.stat()
    except FileNotFoundError as error:  # removed by thinning in the meantime
        raise DataError(
            tr("Epoch {used} of run {id} is no longer kept.").format(used=used, id=folder.id), code="no-epoch"
        ) from error
    title = read_state(folder).get("name") or tr("run {id}").format(id=folder.id)
    # Kept in half precision.
    is_large = about.st_size > 2 * LARGE
    return Place((RUN, folder.id, used, about.st_mtime_ns), title, load, used, is_large)


def locate_folder(name: str, workspace: Path) -> Place:
    from selfsup_core.inspection.unpacking import prepare_apart
    from selfsup_core.pretrained.hub import HUB
    from selfsup_core.pretrained.language_models import BUILT_IN, is_prepared, prepare, ready_folder
    from selfsup_core.pretrained.loading import load_model
    from selfsup_core.pretrained.model_folder import measure_folder

    built_in = BUILT_IN.get(name)
    if built_in and not is_prepared(built_in, workspace):
        folder, title = ready_folder(built_in, workspace), built_in.title
    else:
        folder = prepare(name, workspace, say=lambda _: None)
        title = built_in.title if built_in else name if name.startswith(HUB) else folder.name

    def load(say: Callable[[str], None]) -> tuple[Any, Any]:
        ready = prepare_apart(name, workspace, say)
        check_memory(measure_folder(ready).memory_bytes, title)
        say(tr("Loading {title}.").format(title=title))
        return load_model(ready, say)

    if built_in:
        return Place((name,), title, load, is_large=built_in.parameters > LARGE)
    assert folder is not None  # only a built-in one has none yet
    files = sorted((*folder.glob("*.safetensors"), *folder.glob("*.json")))
    stamp = tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    large = sum(size for name, _, size in stamp if name.endswith(".safetensors")) > 2 * LARGE
    return Place((str(folder.resolve()), stamp), title, load, is_large=large)


def free_memory() -> int:
    """Bytes that a process could take now."""
    return int(psutil.virtual_memory().available)


def check_memory(needed: int, title: str) -> None:
    """Raises DataError when a model would not fit: the system would kill this process without a message."""
    free = free_memory()
    if needed * SPARE > free:
        raise DataError(
            tr("{title} takes {needed:.1f} GB of memory; {free:.1f} GB are free.").format(
                title=title, needed=needed / 1e9, free=free / 1e9
            ),
            code="no-memory",
            remedy=tr("Use a smaller model."),
        )


class Models:
    """Keeps the models that were asked for last: two large ones, a dozen small ones."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lock = threading.RLock()  # of what follows; never held while something is loaded
        self.large: LRUCache[tuple[Any, ...], Loaded] = LRUCache(MOST_LARGE)
        self.small: LRUCache[tuple[Any, ...], Loaded] = LRUCache(MOST_SMALL)
        self.works: dict[tuple[Any, ...], Work] = {}
        # transformers changes settings of the whole process while it loads.
        self.one_at_a_time = threading.Lock()

    def get(self, name: str) -> Loaded:
        """A model by its name; waits while it is loaded.

        Args:
            name: a built-in one, a folder, hub:owner/name, run:ID or run:ID@EPOCH.

        Raises:
            StudioError: it cannot be loaded.
        """
        place, found = self._begin(name)
        if isinstance(found, Loaded):
            return found
        found.done.wait()
        return cast("Loaded", self.end(place.key, found))

    def status(self, name: str, wait: float = 0.0) -> LoadingStatus:
        """Begin to load a model unless it is there, and say how far it is: state "ready" or "loading", said,
        seconds.

        Raises:
            StudioError: it cannot be loaded.
        """
        place, found = self._begin(name)
        if isinstance(found, Work):
            if not found.done.wait(wait):
                return found.about()
            found = cast("Loaded", self.end(place.key, found))
        return {
            "state": "ready",
            "said": "",
            "seconds": found.seconds,
            "title": found.title,
            "kind": found.kind,
            "epoch": found.epoch,
            "parameters": found.parameters,
        }

    def run(self, key: tuple[Any, ...], said: str, act: Callable[..., Any]) -> Work:
        """Do something slow in a thread; asked again before its end was told by `end`, it is the same
        work.
        """
        with self.lock:
            work = self.works.get(key)
            if work is None or work.is_stale:
                work = self.works[key] = Work(said)
                work.begin(act)
            return work

    def end(self, key: tuple[Any, ...], work: Work) -> Any:
        """The result of a finished task. Raises its exception, once; the next request starts it again."""
        with self.lock:
            if self.works.get(key) is work:
                del self.works[key]
        if work.error is not None:
            raise work.error
        return work.made

    def _begin(self, name: str) -> tuple[Place, Loaded | Work]:
        place = locate(name, self.workspace)
        with self.lock:
            kept = self._cache(place).get(place.key)
            if kept is not None:
                return place, kept
            said = tr("Waiting to load {title}.").format(title=place.title)
            return place, self.run(place.key, said, lambda say: self._load(place, say))

    def _load(self, place: Place, say: Callable[[str], None]) -> Loaded:
        with self.one_at_a_time:
            self._make_room(place)
            begun = time.monotonic()
            model, tokenizer = place.load(say)
            seconds = time.monotonic() - begun
        loaded = Loaded(
            model,
            tokenizer,
            place.title,
            kind_of_model(model),
            place.epoch,
            sum(p.numel() for p in model.parameters()),
            seconds,
        )
        with self.lock:
            self._cache(place)[place.key] = loaded
            self.works.pop(place.key, None)
        return loaded

    def _cache(self, place: Place) -> LRUCache[tuple[Any, ...], Loaded]:
        return self.large if place.is_large else self.small

    def _make_room(self, place: Place) -> None:
        """Let go of the oldest model of its size before another one is loaded: there is no memory for one
        more.
        """
        cache = self._cache(place)
        with self.lock:
            while len(cache) >= cache.maxsize:
                cache.popitem()


def kind_of_model(model: Any) -> str:
    from selfsup_core.pretrained.model_folder import kind_of

    return kind_of({"architectures": [type(model).__name__]}, "it")
