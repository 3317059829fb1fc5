"""What can go wrong with a remote model, in one sentence each; the key is in none of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from selfsup_core.errors import StudioError
from selfsup_core.translation import tr

PASSING = (408, 409, 429)  # and everything from 500 on: worth another try
MOST_SAID = 300


class RemoteError(StudioError):
    """A remote model cannot be asked, or did not answer as it should.

    Codes: remote-off, remote-auth, remote-timeout, remote-limit, remote-refused, remote-bad-answer,
    remote-cap, remote-stopped, remote-no-logprobs.

    Attributes:
        status: of the server's answer, 0 when there was none.
        said: the server's own words, or "".
    """

    code = "remote-refused"
    status = 0
    said = ""


@dataclass(frozen=True)
class Failure:
    """A request that failed.

    Attributes:
        is_passing: whether another try may do better.
        wait: seconds that the server asks for before that; None when it does not say.
    """

    error: RemoteError
    is_passing: bool = False
    wait: float | None = None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds until a server wants to be asked again: a number or an HTTP date; None when it does not say."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        seconds = (then - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def words_of(body: Any) -> str:
    """The server's own words, out of the shapes that error bodies have."""
    for _ in range(4):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, Mapping):
            keys = [k for k in ("message", "error", "detail", "msg") if body.get(k)]
            body = body[keys[0]] if keys else ""
        else:
            break
    return body if isinstance(body, str) else ""


def plain(text: str, redact: Callable[[str], str], most: int = MOST_SAID) -> str:
    """A foreign text as a sentence can hold it; redacted before it is cut, so that no part of a key stays."""
    text = " ".join("".join(c if c.isprintable() else " " for c in redact(text)).split())
    return text if len(text) <= most else f"{text[:most]} …"


def explain_failure(error: Exception, *, host: str, seconds: float, redact: Callable[[str], str]) -> Failure:
    """An error of the client as one to show.

    Args:
        seconds: the time-out that was set.
    """
    import httpx2
    import openai

    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException)):
        return timed_out(host, seconds)
    if isinstance(error, openai.APIStatusError):
        return explain_status(error, host, redact)
    if isinstance(error, (openai.APIConnectionError, httpx2.HTTPError)):
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        reason = plain(str(cause or error), redact)
        failed = RemoteError(
            tr("{host} cannot be reached: {reason}.").format(host=host, reason=reason),
            code="remote-off",
            remedy=tr("Check that the server runs and that the address is right."),
        )
        return Failure(failed, is_passing=True)
    if isinstance(error, (openai.OpenAIError, TypeError, ValueError)):
        reason = plain(str(error), redact)
        return Failure(
            RemoteError(tr("{host} could not be reached: {reason}").format(host=host, reason=reason))
        )
    raise error


def timed_out(host: str, seconds: float) -> Failure:
    error = RemoteError(
        tr("{host} did not answer within {seconds:g} seconds.").format(host=host, seconds=seconds),
        code="remote-timeout",
        remedy=tr("Try again, or allow more time."),
    )
    return Failure(error, is_passing=True)


def explain_status(error: Any, host: str, redact: Callable[[str], str]) -> Failure:
    """An answer with a status that is not a success."""
    status = int(error.status_code)
    said = plain(words_of(error.body) or str(error.body or ""), redact)
    behind = f": {said}" if said else ""
    wait = retry_after(error.response.headers)
    is_passing = status in PASSING or status >= 500
    if status in (401, 403):
        made = RemoteError(
            tr("{host} does not accept the key ({status}){behind}").format(
                host=host, status=status, behind=behind
            ),
            code="remote-auth",
            remedy=tr("Check the key, and whether it may use this model."),
        )
    elif status == 429:
        # A used-up account answers like a busy server, but waiting does not help.
        is_passing = "quota" not in said.lower()
        made = RemoteError(
            tr("{host} accepts no more requests for now (429){behind}").format(host=host, behind=behind),
            code="remote-limit",
            remedy=tr("Wait, or allow fewer requests per minute."),
        )
    elif status == 404:
        made = RemoteError(
            tr("{host} has no such model or address (404){behind}").format(host=host, behind=behind),
            remedy=tr("Check the name of the model; with most servers the address ends in /v1."),
        )
    elif 300 <= status < 400:
        made = RemoteError(
            tr("{host} redirects to another address ({status}), which is not followed.").format(
                host=host, status=status
            ),
            remedy=tr("Configure that address instead."),
        )
    else:
        made = RemoteError(
            tr("{host} answered with status {status}{behind}").format(host=host, status=status, behind=behind)
        )
    made.status, made.said = status, said
    return Failure(made, is_passing, wait)
