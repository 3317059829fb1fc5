"""Labels by a remote model: what it would cost, and the asking."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial

from typing_extensions import TypedDict

from selfsup_core.pretrained.remote.client import Remote
from selfsup_core.pretrained.remote.config import RemoteConfig, rough_tokens
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.pretrained.remote.named import Token, class_probabilities
from selfsup_core.pretrained.zero_shot import (
    Labelled,
    ZeroShotConfig,
    check_classes,
    make_prompt,
    parse_label,
)
from selfsup_core.translation import tr, tr_later

CHAT_TOKENS = 8  # what a chat template puts around one message
SECONDS_A_REQUEST = 1.0
LOOK = 0.2
TOPS = 20  # tokens at each place whose probabilities are asked for: as many as servers give
# These concern one text; everything else would meet the next one, too.
OF_ONE_TEXT = ("remote-refused", "remote-bad-answer", "remote-timeout")
MOST_IN_A_ROW = 3
EMPTY = tr_later("The text is empty.")


def prompts_of(texts: Sequence[str], classes: Sequence[str], config: ZeroShotConfig) -> dict[str, list[int]]:
    """Prompt → places of its text: equal texts are asked once, empty ones never."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        if text.strip():
            found.setdefault(make_prompt(text, classes, config), []).append(place)
    return found


class LabelEstimate(TypedDict):
    """What labels would take. tokens_out: at the most; cost: 0 without prices; text: the same in words, and
    how it was counted.
    """

    requests: int
    tokens_in: int
    tokens_out: int
    cost: float
    minutes: float
    is_above_cap: bool
    text: str


def estimate(
    texts: Sequence[str],
    classes: Sequence[str],
    config: ZeroShotConfig,
    remote: RemoteConfig,
    *,
    seconds: float = SECONDS_A_REQUEST,
) -> LabelEstimate:
    """What labels would take, before anything is sent.

    Args:
        seconds: of one request, measured or guessed.

    Raises:
        SettingError: the classes cannot be distinguished.
    """
    check_classes(classes)
    prompts = prompts_of(texts, classes, config)
    requests = len(prompts)
    tokens_in = sum(rough_tokens(prompt) + CHAT_TOKENS for prompt in prompts)
    tokens_out = requests * config.most_tokens
    cost = remote.cost(tokens_in, tokens_out)
    minutes = max(requests / remote.requests_per_minute, requests * seconds / remote.workers / 60)
    is_above_cap = requests > remote.most_requests
    has_price = remote.price_in > 0 or remote.price_out > 0
    parts = [
        tr(
            "{requests:,} requests for {count:,} texts (equal texts are asked once), about {tokens_in:,} "
            "input tokens and at most {tokens_out:,} output tokens."
        ).format(requests=requests, count=len(texts), tokens_in=tokens_in, tokens_out=tokens_out),
        tr(
            "Input tokens are estimated: one per four characters, and one per Chinese, Japanese or Korean "
            "character."
        ),
        tr("Cost: about {cost:,.4f} in the currency of the prices.").format(cost=cost)
        if has_price
        else tr("No price is set, so the cost is not known."),
        tr(
            "Time: about {minutes:,.1f} minutes at {requests_per_minute:,} requests per minute and "
            "{seconds:.2g} seconds each. Repeats after failures take more."
        ).format(minutes=minutes, requests_per_minute=remote.requests_per_minute, seconds=seconds),
    ]
    if is_above_cap:
        parts.append(
            tr("This exceeds the limit of {most_requests:,} requests: the rest would not be labeled.").format(
                most_requests=remote.most_requests
            )
        )
    return {
        "requests": requests,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "cost": cost,
        "minutes": minutes,
        "is_above_cap": is_above_cap,
        "text": " ".join(parts),
    }


def label_texts(
    remote: Remote,
    texts: Sequence[str],
    classes: Sequence[str],
    config: ZeroShotConfig | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Labelled]:
    """A label of each text, by asking. Answers that name no class, or several, give no label but a reason.

    What was answered stays when something goes wrong later: the texts that were not asked say so.

    Args:
        progress: told (texts done, texts in all), on the caller's thread.
        should_stop: looked at between requests and while one waits.

    Raises:
        SettingError: the classes cannot be distinguished.
        RemoteError: not one text could be asked.
    """
    config = config or ZeroShotConfig()
    check_classes(classes)
    prompts = prompts_of(texts, classes, config)
    outcome = [Labelled(-1, "", EMPTY) for _ in texts]
    waiting = list(prompts)[::-1]
    under_way: dict[Future[tuple[str, list[Token]]], str] = {}
    ended: RemoteError | None = None
    in_a_row = answered = 0
    done = len(texts) - sum(map(len, prompts.values()))
    ask = partial(
        remote.answer_label,
        most_tokens=config.most_tokens,
        temperature=config.temperature,
        seed=config.seed,
        tops=TOPS,
    )
    if waiting:
        remote.model()  # once, not in every thread
    try:
        with ThreadPoolExecutor(remote.config.workers) as pool, stopping(remote):
            while under_way or (waiting and ended is None):
                if ended is None and should_stop():
                    ended = RemoteError(tr("Stopped before the answer came."), code="remote-stopped")
                    remote.stop()
                while waiting and ended is None and len(under_way) < remote.config.workers:
                    prompt = waiting.pop()
                    under_way[pool.submit(ask, prompt)] = prompt
                finished, _ = wait(under_way, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in finished:
                    prompt = under_way.pop(future)
                    found, error = outcome_of(future, classes)
                    for place in prompts[prompt]:
                        outcome[place] = found
                    in_a_row = 0 if error is None else in_a_row + 1
                    answered += error is None
                    if error and (error.code not in OF_ONE_TEXT or in_a_row >= MOST_IN_A_ROW):
                        ended = ended or error
                    done += len(prompts[prompt])
                    progress(done, len(texts))
    finally:
        remote.stopping.clear()
    if ended and ended.code != "remote-stopped" and not answered:
        raise ended
    for prompt in waiting:
        for place in prompts[prompt]:
            outcome[place] = Labelled(
                -1, "", tr("Not asked: {message}").format(message=ended.message if ended else ""), failed=True
            )
    return outcome


@contextlib.contextmanager
def stopping(remote: Remote) -> Iterator[None]:
    """Interrupted, as a page is by its next run, the threads end at their next step; they are waited for."""
    try:
        yield
    except BaseException:
        remote.stop()
        raise


def outcome_of(
    future: Future[tuple[str, list[Token]]], classes: Sequence[str]
) -> tuple[Labelled, RemoteError | None]:
    """What came of one request."""
    try:
        answer, tokens = future.result()
    except RemoteError as error:
        return Labelled(-1, "", error.message, failed=True), error
    label, reason = parse_label(answer, classes)
    p = class_probabilities(tokens, answer, label, classes) if label >= 0 else None
    if p and (best := max(range(len(p)), key=p.__getitem__)) != label:
        reason = tr("The answer names {classes!r}, but {classes_2!r} is more likely.").format(
            classes=classes[label], classes_2=classes[best]
        )
        label = -1
    return Labelled(label, answer, reason, p=p), None
