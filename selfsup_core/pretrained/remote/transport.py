"""One request to an endpoint: paced, capped, timed, sent again when that may help, counted."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from typing_extensions import TypedDict

from selfsup_core.pretrained.remote.config import RemoteConfig
from selfsup_core.pretrained.remote.connection import Connection
from selfsup_core.pretrained.remote.failures import (
    Failure,
    RemoteError,
    explain_failure,
    plain,
    timed_out,
    words_of,
)
from selfsup_core.pretrained.remote.pace import Pace, pause_before
from selfsup_core.translation import tr

MOST_BYTES = 10_000_000
LONGEST_WAIT = 120.0


@dataclass
class Counts:
    """What was asked so far.

    Attributes:
        requests: sent, whatever came of them; `retries` of them were repeats.
        guessed: requests whose tokens the server did not count, so that they are estimated here.
    """

    requests: int = 0
    retries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    guessed: int = 0


class Spent(TypedDict):
    """`Counts`, and what they cost, in the currency of the prices."""

    requests: int
    retries: int
    tokens_in: int
    tokens_out: int
    guessed: int
    cost: float


class Transport:
    """Sends what it is given. May be used by several threads; `stop` wakes those that wait.

    Args:
        clock, sleep, draw: time, waiting and chance, for tests.
    """

    def __init__(
        self,
        connection: Connection,
        config: RemoteConfig | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.connection = connection
        self.config = config or RemoteConfig()
        self.counts = Counts()
        self.stopping = threading.Event()
        self.clock, self.draw = clock, draw
        self.sleep = sleep or self.stopping.wait
        self.pace = Pace(self.config.requests_per_minute, self.config.workers, clock)
        self.lock = threading.Lock()
        self.client = make_client(connection, self.config.timeout)

    @property
    def cost(self) -> float:
        """So far, in the currency of the prices."""
        return self.config.cost(self.counts.tokens_in, self.counts.tokens_out)

    def spent(self) -> Spent:
        """The counts and the cost, as plain values."""
        return cast("Spent", asdict(self.counts) | {"cost": self.cost})

    def stop(self) -> None:
        """No more requests; what waits ends at once."""
        self.stopping.set()

    def close(self) -> None:
        self.client.close()

    def ask(self, send: Callable[[], Any]) -> dict[str, object]:
        """Send a request, again after a pause where that may help, until the cap of requests."""
        attempt = 0
        while True:
            self.take_turn()
            answer, failure = self.send_once(send)
            if failure is None:
                return answer
            # Raised here, where the client's error with the request in it is no longer being handled.
            if not failure.is_passing or attempt >= self.config.retries:
                raise failure.error
            if "logprobs" in failure.error.said:  # llama.cpp says that it cannot with a 500
                raise failure.error
            if failure.wait is not None and failure.wait > LONGEST_WAIT:
                failure.error.remedy = tr("It asks to wait {wait:,.0f} seconds.").format(wait=failure.wait)
                raise failure.error
            pause = pause_before(attempt, self.draw)
            if failure.wait is not None:
                pause = max(pause, failure.wait)
                self.pace.hold(failure.wait)
            self.wait(pause)
            attempt += 1
            with self.lock:
                self.counts.retries += 1

    def take_turn(self) -> None:
        """Count a request and wait until it may go."""
        with self.lock:
            if self.counts.requests >= self.config.most_requests:
                raise RemoteError(
                    tr("The limit of {most_requests:,} requests is reached.").format(
                        most_requests=self.config.most_requests
                    ),
                    code="remote-cap",
                    remedy=tr("Raise the limit, or label fewer texts."),
                )
            self.counts.requests += 1
        try:
            self.wait(self.pace.reserve())
        except RemoteError:
            with self.lock:
                self.counts.requests -= 1  # stopped while it waited: never sent
            raise

    def wait(self, seconds: float) -> None:
        if seconds > 0 and not self.stopping.is_set():
            self.sleep(seconds)
        if self.stopping.is_set():
            raise RemoteError(tr("Stopped before the answer came."), code="remote-stopped")

    def send_once(self, send: Callable[[], Any]) -> tuple[dict[str, object], Failure | None]:
        """(the answer's JSON, what failed)."""
        host, seconds = self.connection.host, self.config.timeout
        deadline = self.clock() + seconds
        content = b""
        try:
            with send() as response:
                # The client's time-out restarts with every byte; a slow trickle would never time out.
                for chunk in response.iter_bytes():
                    content += chunk
                    if self.clock() > deadline:
                        return {}, timed_out(host, seconds)
                    if len(content) > MOST_BYTES:
                        return {}, Failure(self.bad_answer(tr("more than 10 MB")))
        except Exception as error:  # the client raises its own kinds and those of httpx
            return {}, explain_failure(error, host=host, seconds=seconds, redact=self.connection.redact)
        try:
            answer = self.connection.redact_all(json.loads(content))
        except (ValueError, RecursionError):
            return {}, Failure(self.bad_answer(tr("an answer that is not JSON"), content))
        if not isinstance(answer, dict):
            return {}, Failure(self.bad_answer(tr("an answer that is not a JSON object"), content))
        if "error" in answer and "choices" not in answer and "data" not in answer:
            failed = RemoteError(
                tr("{host} failed: {words_of}").format(
                    host=host, words_of=plain(words_of(answer), self.connection.redact)
                )
            )
            failed.said = plain(words_of(answer), self.connection.redact)
            return {}, Failure(failed)
        return answer, None

    def bad_answer(self, what: str, content: bytes = b"") -> RemoteError:
        begins = plain(content[:2000].decode("utf-8", "replace"), self.connection.redact, 60)
        return RemoteError(
            tr("{host} answered with {what}{value}.").format(
                host=self.connection.host,
                what=what,
                value=f", which begins with {begins!r}" if begins else "",
            ),
            code="remote-bad-answer",
            remedy=tr("Check that this is the address of an OpenAI-compatible server."),
        )


def make_client(connection: Connection, timeout: float) -> Any:
    """The `openai` client, which takes nothing of its own from the environment but a proxy."""
    import openai

    client = openai.OpenAI(
        base_url=connection.url,
        # The client insists on one; a server without keys does not look at it.
        api_key=connection.key.get_secret_value() or "none",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        timeout=timeout,
        max_retries=0,  # repeats are counted here
        # Texts and the key go to the address that was configured and to no other.
        http_client=openai.DefaultHttpxClient(follow_redirects=False, timeout=timeout),
    )
    # OPENAI_CUSTOM_HEADERS is read whatever one passes.
    omit = openai.Omit()
    headers = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
    client._custom_headers = cast("Mapping[str, str]", headers)  # which its own type does not say
    return client
