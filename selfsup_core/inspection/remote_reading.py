"""What a remote model thinks of a text, to be laid beside a local one's reading; never longer than asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from typing import Any

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.reading.characters import wholes_of_spans
from selfsup_core.evaluate.reading.comparing import spans_of
from selfsup_core.pretrained.reading import Reading
from selfsup_core.translation import tr

REMOTE = "remote"
SECONDS = 30.0


def remote_title(secrets: Mapping[str, Any] | None = None) -> str:
    """The remote model's name, or "" when none is configured."""
    from selfsup_core.pretrained.remote import read_connection

    try:
        connection = read_connection(os.environ, secrets)
    except StudioError:
        return ""
    return tr("{value} at {host}").format(value=connection.model or "model", host=connection.host)


def read_remote(text: str, secrets: Mapping[str, Any] | None = None, *, seconds: float = SECONDS) -> Reading:
    """As the tool `read`; `spans` is empty when its tokens are not pieces of the text.

    Raises:
        StudioError: it is not configured, gives no log-probabilities, or took too long.
    """
    from selfsup_core.pretrained.remote import Remote, read_config, read_connection

    connection = read_connection(os.environ, secrets)
    config = read_config(os.environ, secrets, timeout=seconds / 2, retries=0)
    remote = Remote(connection, config)
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(remote.read, text).result(seconds)
    except OutOfTime as error:
        remote.stop()
        raise StudioError(
            tr("{host} did not answer within {seconds:.0f} seconds.").format(
                host=connection.host, seconds=seconds
            ),
            code="remote-slow",
        ) from error
    finally:
        pool.shutdown(wait=False)
    spans = spans_of(found["pieces"], text)
    return {
        **found,
        "spans": spans or [],
        "wholes": wholes_of_spans(spans or [], text),
        "kind": "causal",
        "title": remote_title(secrets),
        "epoch": None,
    }
