"""One question over a connection whose reads and writes have no time limit of their own."""

from __future__ import annotations

import contextlib
import threading
from multiprocessing.connection import Connection
from typing import Any

LOOK_SECONDS = 0.5  # how often an exchange that waits for its answer looks whether it was abandoned


class Exchange:
    """Sends a request and receives its answer in a thread of its own, so that whoever asks can stop waiting.

    Sending blocks too: a stopped process reads nothing, and a large request fills the socket's buffer.
    """

    def __init__(self, connection: Connection[Any, Any], request: bytes) -> None:
        self.connection, self.request = connection, request
        self.answer: bytes | None = None
        self.error: BaseException | None = None
        self.done, self.abandoned = threading.Event(), threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self.connection.send_bytes(self.request)
            while not self.connection.poll(LOOK_SECONDS):
                if self.abandoned.is_set():
                    break
            else:
                self.answer = self.connection.recv_bytes()
        except BaseException as error:
            self.error = error
        finally:
            self.done.set()
            if self.abandoned.is_set():
                self._close()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended."""
        return self.done.wait(seconds)

    def result(self) -> bytes:
        """The answer of an exchange that has ended.

        Raises:
            OSError, EOFError: the process has left, or closed the connection.
        """
        if self.error is not None:
            raise self.error
        if self.answer is None:
            raise EOFError
        return self.answer

    def abandon(self) -> None:
        """Wait no longer. The thread closes the connection: a descriptor in use must not be closed
        elsewhere.
        """
        self.abandoned.set()
        if self.done.is_set():
            self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.close()
