"""Requests to a remote model: what is configured, what goes wrong, what it costs. Faults come from a server
that misbehaves to order.
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import re
import select
import socket
import threading
import time
import traceback
from datetime import UTC, datetime

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.pretrained.remote import (
    Remote,
    RemoteConfig,
    RemoteError,
    estimate,
    label_texts,
    read_config,
    read_connection,
    rough_tokens,
)
from selfsup_core.pretrained.remote.failures import retry_after
from selfsup_core.pretrained.remote.pace import Pace, pause_before
from selfsup_core.pretrained.zero_shot import ZeroShotConfig
from tests.pretrained.remote_servers import answer, connect, faulty_server, free_port, says

KEY = "sk-test-0123456789abcdef"
NAMES = ["space", "hockey"]
QUICK = RemoteConfig(requests_per_minute=10_000, workers=1, timeout=10)


@pytest.fixture
def server():
    with faulty_server() as faulty:
        yield faulty


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def remote_of(server, config: RemoteConfig = QUICK, key: str = KEY) -> tuple[Remote, Clock]:
    clock = Clock()
    remote = Remote(connect(server.url, key=key), config, clock=clock, sleep=clock.sleep, draw=lambda: 1.0)
    return remote, clock


def failure_of(remote: Remote) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        remote.complete_label("Say a.")
    return caught.value


# What is configured


def test_the_environment_goes_before_the_secrets_and_they_are_not_mixed():
    secrets = {"remote": {"url": "https://b.example/v1/", "model": "b", "key": "of-b"}}
    found = read_connection({"SELFSUP_REMOTE_URL": "https://a.example/v1"}, secrets)
    assert (found.url, found.model, found.has_key) == ("https://a.example/v1", "", False)
    found = read_connection({"SELFSUP_REMOTE_KEY": "of-a"}, secrets)
    assert (found.url, found.model) == ("https://b.example/v1", "b")
    assert found.key.get_secret_value() == "of-b"


@pytest.mark.parametrize("secrets", [None, {}, {"remote": {}}, {"remote": "x"}, {"remote": None}])
def test_nothing_configured(secrets):
    with pytest.raises(RemoteError) as caught:
        read_connection({"OPENAI_BASE_URL": "https://a.example", "OPENAI_API_KEY": "x"}, secrets)
    assert caught.value.code == "remote-off"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "file:///etc/passwd",
        "a.example/v1",
        "https:///v1",
        "http://[::1",
        "https://a.example:99999/v1",
        f"https://user:{KEY}@a.example/v1",
        f"https://{KEY}@a.example",
        f"https://a.example/v1?api-key={KEY}",
        f"https://a.example/v1#{KEY}",
        "https://a.example/v 1",
        "https://ä.example/",
        "https://a.example/v1?",
    ],
)
def test_addresses_that_are_refused_are_not_repeated(url):
    with pytest.raises(RemoteError) as caught:
        connect(url)
    assert caught.value.code == "remote-refused"
    assert url not in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", [f"{KEY}\nx: y", f"{KEY} x", f"{KEY}é"])
def test_a_key_that_could_not_be_sent_is_refused_and_not_repeated(key):
    with pytest.raises(RemoteError) as caught:
        connect("https://a.example/v1", key=key)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("https://a.example/v1", False),
        ("http://localhost:1/v1", False),
        ("http://127.1.2.3/v1", False),
        ("http://[::1]:8/v1", False),
        ("http://models.localhost/v1", False),
        ("http://a.example/v1", True),
        ("http://192.168.1.2/v1", True),
        ("http://localhost.example/v1", True),
        ("http://127.0.0.1.example", True),
    ],
)
def test_plain_http_over_a_network_is_warned_of(url, warned):
    assert bool(connect(url).warning) == warned


def test_a_connection_shows_its_key_nowhere():
    connection = connect("https://a.example/v1", key=KEY)
    shown = [
        repr(connection),
        str(connection),
        f"{connection}",
        connection.model_dump_json(),
        str(connection.model_dump()),
        json.dumps(connection.about()),
        str(vars(connection)),
        repr(Remote(connection)),
        repr(copy.copy(connection)),
    ]
    assert not any(KEY in text for text in shown)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(connection, protocol)
    assert connection.about()["key"] == "set"
    assert connect("https://a.example/v1").about()["key"] == "not set"


def test_limits_come_with_the_endpoint_and_are_checked():
    secrets = {"remote": {"url": "https://a.example", "price_in": 0.5, "most_requests": 7}}
    config = read_config({"SELFSUP_REMOTE_MOST_REQUESTS": "9"}, secrets, workers=1)
    assert (config.price_in, config.most_requests, config.workers) == (0.5, 9, 1)
    with pytest.raises(SettingError, match=r"remote\.workers must be at least 1 and at most 4"):
        read_config({}, None, workers=5)


# The key stays here


def test_nothing_else_of_the_environment_is_sent(server, monkeypatch):
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "leaked")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://leaked.example/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-other: leaked\nAuthorization: leaked")
    server.answers = [says("a")]
    for key, sent in (("", "Bearer none"), (KEY, f"Bearer {KEY}")):
        remote_of(server, key=key)[0].complete_label("Say a.")
        path, headers, body = server.seen[-1]
        assert path == "/v1/chat/completions"
        assert headers["authorization"] == sent
        assert "leaked" not in str(headers) + str(body)
        assert not {"openai-organization", "openai-project", "x-other"} & headers.keys()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("shape", ["json", "text", "deep"])
def test_a_key_that_the_server_sends_back_is_in_no_message_and_no_log(server, caplog, status, shape):
    said = f"{'x' * 290} wrong {KEY} given {KEY}"
    body = {"json": {"error": {"message": said}}, "text": said.encode(), "deep": {"detail": [{"msg": said}]}}[
        shape
    ]
    server.answers = [answer(status, body)]
    caplog.set_level(logging.DEBUG)
    remote, _ = remote_of(server, RemoteConfig(retries=0, workers=1))
    error = failure_of(remote)
    whole = "".join(traceback.format_exception(error))
    assert error.__context__ is None
    assert error.__cause__ is None
    for text in (str(error), repr(error), error.said, whole, caplog.text, str(error.as_dict())):
        assert "sk-test" not in text


def echoes() -> dict[str, str]:
    """Texts that hold the key in another form."""
    secret = KEY.encode()
    around = {
        place: base64.b64encode(b"x" * place + secret + b"yz"[: place % 3]).decode() for place in range(5)
    }
    return {
        "upper": KEY.upper(),
        "hex": secret.hex().upper(),
        "backwards": KEY[::-1],
        "url": "".join(f"%{letter:02x}" for letter in secret),
        "header": base64.b64encode(f"user:{KEY}".encode()).decode(),
        "urlsafe": base64.urlsafe_b64encode(b"\xff\xfe" + secret).decode().rstrip("="),
        **{f"base64 at {place}": text for place, text in around.items()},
    }


@pytest.mark.parametrize("form", echoes())
def test_a_key_in_another_form_is_hidden_too(server, form):
    said = f"Wrong credentials {echoes()[form]}."
    server.answers = [answer(401, {"error": {"message": said}})]
    error = failure_of(remote_of(server, RemoteConfig(retries=0, workers=1))[0])
    assert echoes()[form] not in str(error)
    assert re.search(r"Wrong credentials \w{0,4}\[key\]", str(error)), (
        "letters of what stood before it may stay"
    )


def test_a_key_is_hidden_in_answers_and_names_of_models_too(server):
    server.answers = [says(f"It is {KEY}.")]
    remote, _ = remote_of(server)
    assert remote.complete_label("What is the key?") == "It is [key]."
    server.answers = [answer(200, {"data": [{"id": f"model-{KEY.upper()}"}]})]
    assert remote.models() == ["model-[key]"]


def test_a_short_key_blots_out_no_answer(server):
    """Local servers take any key, such as "none"."""
    server.answers = [says("None of these")]
    assert remote_of(server, key="None")[0].complete_label("Which?") == "None of these"


def test_other_texts_stay_as_they_are(server):
    for text in ("sk-test", KEY[:-1], "c2stdGVzdC0=", "a" * 5000, "Kürbis 南瓜"):
        assert connect("https://a.example/v1", key=KEY).redact(text) == text


def test_other_addresses_are_not_followed(server):
    with faulty_server() as other:
        other.answers = [says("a")]
        server.answers = [answer(307, b"", location=f"{other.url}/chat/completions")]
        error = failure_of(remote_of(server)[0])
    assert error.code == "remote-refused"
    assert "not followed" in error.message
    assert not other.seen


# What goes wrong


def test_the_question_and_the_counts(server):
    server.answers = [says(" a ")]
    remote, _ = remote_of(server, RemoteConfig(price_in=2.0, price_out=30.0, workers=1))
    assert remote.complete_label("Say a.", most_tokens=5, seed=3) == " a "
    assert server.bodies() == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Say a."}],
            "max_tokens": 5,
            "temperature": 0.0,
            "seed": 3,
        }
    ]
    assert remote.spent() == {
        "requests": 1,
        "retries": 0,
        "tokens_in": 10,
        "tokens_out": 2,
        "guessed": 0,
        "cost": pytest.approx((10 * 2 + 2 * 30) / 1e6),
    }


def test_tokens_that_the_server_does_not_count_are_guessed(server):
    server.answers = [says("a word", usage=None)]
    remote, _ = remote_of(server)
    remote.complete_label("x" * 40)
    assert (remote.counts.tokens_in, remote.counts.tokens_out, remote.counts.guessed) == (10, 2, 1)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_passing_failures_are_repeated_with_growing_pauses(server, status):
    server.answers = [answer(status, {})] * 3 + [says("a")]
    remote, clock = remote_of(server)
    assert remote.complete_label("Say a.") == "a"
    assert [pause for pause in clock.slept if pause > 0.1] == [0.5, 1.0, 2.0]
    assert (remote.counts.requests, remote.counts.retries) == (4, 3)


@pytest.mark.parametrize(
    ("made", "code", "requests"),
    [
        (answer(401, {"error": {"message": "Invalid key"}}), "remote-auth", 1),
        (answer(403, {}), "remote-auth", 1),
        (answer(400, {"error": {"message": "Too long"}}), "remote-refused", 1),
        (answer(404, {"detail": "Not Found"}), "remote-refused", 1),
        (answer(429, {}), "remote-limit", 3),
        (answer(429, {"error": {"message": "You exceeded your quota"}}), "remote-limit", 1),
        (answer(429, {}, retry_after="3600"), "remote-limit", 1),
        (answer(500, b"<h1>no</h1>"), "remote-refused", 3),
        (answer(200, b"<html>hello</html>"), "remote-bad-answer", 1),
        (answer(200, b""), "remote-bad-answer", 1),
        (answer(200, b"[" * 100_000), "remote-bad-answer", 1),
        (answer(200, b"\xff\xfe{"), "remote-bad-answer", 1),
        (answer(200, [1]), "remote-bad-answer", 1),
        (answer(200, {}), "remote-bad-answer", 1),
        (answer(200, {"choices": []}), "remote-bad-answer", 1),
        (answer(200, {"choices": [3]}), "remote-bad-answer", 1),
        (answer(200, {"choices": [{"message": "a"}]}), "remote-bad-answer", 1),
        (says([{"type": "text"}]), "remote-bad-answer", 1),
        (answer(200, {"error": {"message": "overloaded"}}), "remote-refused", 1),
        (answer(200, {"choices": []}, content_length="5000"), "remote-off", 3),
    ],
)
def test_each_failure_has_its_code_and_number_of_tries(server, made, code, requests):
    server.answers = [made]
    remote, _ = remote_of(server, QUICK.model_copy(update={"retries": 2}))
    error = failure_of(remote)
    assert (error.code, remote.counts.requests) == (code, requests), error
    assert len(error.message) < 450


def test_the_server_says_how_long_to_wait(server):
    server.answers = [answer(429, {}, retry_after="7"), says("a")]
    remote, clock = remote_of(server)
    remote.complete_label("Say a.")
    assert sum(clock.slept) == pytest.approx(7, abs=0.1)


def test_how_long_to_wait_is_read():
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    cases = {
        "2.5": 2.5,
        "0": 0.0,
        "-3": 0.0,
        "": None,
        "soon": None,
        "nan": None,
        "inf": None,
        "Fri, 02 Jan 2026 03:04:35 GMT": 30.0,
        "Fri, 02 Jan 2026 03:00:00 GMT": 0.0,
    }
    assert {value: retry_after({"retry-after": value}, now) for value in cases} == cases
    assert retry_after({}) is None


def test_an_empty_message_is_an_empty_answer(server):
    server.answers = [says(None)]
    assert remote_of(server)[0].complete_label("Say a.") == ""


def hang(handler, body):
    """Say nothing until the client hangs up."""
    select.select([handler.connection], [], [], 30)


def dribble(handler, body):
    """A byte now and then: never silent for long, never done."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        select.select([handler.connection], [], [], 0.1)  # less where the client hangs up


@pytest.mark.serial
@pytest.mark.parametrize("fault", [hang, dribble])
def test_a_server_that_does_not_end_is_given_up(server, fault):
    server.answers = [fault]
    config = QUICK.model_copy(update={"timeout": 0.4, "retries": 1})
    remote = Remote(connect(server.url), config, sleep=lambda _: None)
    start = time.monotonic()
    error = failure_of(remote)
    assert error.code == "remote-timeout"
    assert "0.4 seconds" in error.message
    assert remote.counts.requests == 2
    assert time.monotonic() - start < 3


def test_a_server_that_is_not_there():
    remote = Remote(connect(f"http://127.0.0.1:{free_port()}/v1"), QUICK, sleep=lambda _: None)
    error = failure_of(remote)
    assert error.code == "remote-off"
    assert remote.counts.requests == 1 + QUICK.retries


def test_a_server_that_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(2):
                listener.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = QUICK.model_copy(update={"retries": 1})
        assert failure_of(Remote(connect(url), config, sleep=lambda _: None)).code == "remote-off"
        thread.join(5)


def test_an_endless_answer_is_cut_off(server, monkeypatch):
    monkeypatch.setattr("selfsup_core.pretrained.remote.transport.MOST_BYTES", 100_000)
    server.answers = [answer(200, b" " * 3_000_000)]
    error = failure_of(remote_of(server)[0])
    assert error.code == "remote-bad-answer"


def test_what_a_server_does_not_take_is_left_out_from_then_on(server):
    def picky(handler, body):
        if "max_tokens" in body:
            return answer(
                400,
                {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'."}},
            )
        for name in ("temperature", "seed"):
            if name in body:
                return answer(422, {"error": {"message": f"{name} is not supported"}})
        return says("a")

    server.answers = [picky]
    remote, _ = remote_of(server)
    assert remote.complete_label("Say a.", most_tokens=5) == "a"
    assert remote.counts.requests == 4
    assert remote.complete_label("Say a.", most_tokens=5) == "a"
    assert remote.counts.requests == 5
    assert server.bodies()[-1].keys() == {"model", "messages", "max_completion_tokens"}


def test_threads_learn_at_once_and_nothing_is_learned_for_ever(server):
    met = threading.Barrier(4, timeout=30)

    def picky(handler, body):
        if "seed" in body:
            met.wait()
            return answer(400, {"error": {"message": "seed is not supported"}})
        return by_text(handler, body)

    server.answers = [picky]
    remote = Remote(connect(server.url), QUICK.model_copy(update={"workers": 4}))
    found = label_texts(remote, [f"say space{'!' * i}" for i in range(8)], NAMES)
    assert [f.label for f in found] == [0] * 8
    assert remote.counts.requests == 4 + 8
    server.answers = [answer(400, {"error": {"message": "use max_completion_tokens"}})]
    remote, _ = remote_of(server)
    with pytest.raises(RemoteError, match="max_completion_tokens"):
        remote.read("ab")
    assert remote.counts.requests == 1


def test_the_only_model_is_taken_and_several_are_named(server):
    server.answers = [answer(200, {"data": [{"id": "one"}]}), says("a")]
    remote = Remote(connect(server.url, model=""), QUICK)
    remote.complete_label("Say a.")
    assert server.bodies()[-1]["model"] == "one"
    server.answers = [answer(200, {"data": [{"id": "one"}, {"id": "two"}, 3]})]
    with pytest.raises(RemoteError, match=r"It has one, two\.") as caught:
        Remote(connect(server.url, model=""), QUICK).model()
    assert caught.value.code == "remote-off"


# Pace and cap


def test_the_pace_is_kept():
    clock = Clock()
    pace = Pace(60, 2, clock)
    assert [pace.reserve() for _ in range(5)] == [0.0, 0.0, 1.0, 2.0, 3.0]
    clock.now += 100
    assert [pace.reserve() for _ in range(4)] == [0.0, 0.0, 1.0, 2.0]
    pace.hold(30)
    assert pace.reserve() == 30.0


def test_no_minute_has_more_requests_than_allowed(server):
    server.answers = [says("space")]
    remote, clock = remote_of(server, RemoteConfig(requests_per_minute=30, workers=1))
    start = clock.now
    for _ in range(7):
        remote.complete_label("Say a.")
    assert clock.now - start == pytest.approx(6 * 2)


def test_pauses_grow_to_a_bound_and_half_of_each_is_chance():
    assert [pause_before(n, lambda: 1.0) for n in (0, 1, 2, 20)] == [0.5, 1.0, 2.0, 30.0]
    assert pause_before(2, lambda: 0.0) == 1.0


def test_the_cap_counts_repeats(server):
    server.answers = [answer(500, {})]
    remote, _ = remote_of(server, RemoteConfig(most_requests=3, retries=10, workers=1))
    error = failure_of(remote)
    assert error.code == "remote-cap"
    assert len(server.seen) == remote.counts.requests == 3


# Labels


def by_text(handler, body):
    """Answers with the word that stands behind "Text: say "."""
    text = body["messages"][0]["content"]
    return says(text.split("Text: say ")[1].split("\n")[0])


@pytest.mark.parametrize("workers", [1, 4])
def test_labels_come_in_the_order_of_the_texts(server, workers):
    server.answers = [by_text]
    texts = ["say space", "say Hockey.", "", "say space", "say chess", "say space or hockey"] * 3
    remote = Remote(connect(server.url), QUICK.model_copy(update={"workers": workers}))
    told = []
    found = label_texts(remote, texts, NAMES, progress=lambda *args: told.append(args))
    assert [f.label for f in found] == [0, 1, -1, 0, -1, -1] * 3
    assert [f.reason for f in found[:6]] == [
        "",
        "",
        "The text is empty.",
        "",
        "The answer names none of the labels.",
        "The answer names several labels: 'space', 'hockey'.",
    ]
    assert found[1].answer == "Hockey."
    assert remote.counts.requests == 4  # equal texts once, the empty one never
    assert told[-1] == (18, 18)


def test_a_refused_text_is_passed_over(server):
    def refuse(handler, body):
        if "bad" in body["messages"][0]["content"]:
            return answer(400, {"error": {"message": "filtered"}})
        return says("space")

    server.answers = [refuse]
    found = label_texts(remote_of(server)[0], ["say a", "bad", "say b"], NAMES)
    assert [f.label for f in found] == [0, -1, 0]
    assert "filtered" in found[1].reason


@pytest.mark.parametrize("fault", [answer(401, {}), answer(400, {}), answer(200, b"x")])
def test_when_nothing_can_be_asked_it_is_said_at_once(server, fault):
    server.answers = [fault]
    with pytest.raises(RemoteError):
        label_texts(remote_of(server)[0], [f"say {i}" for i in range(50)], NAMES)
    assert len(server.seen) <= 3


def test_what_was_answered_stays_when_the_cap_is_reached(server):
    server.answers = [by_text]
    remote, _ = remote_of(server, QUICK.model_copy(update={"most_requests": 2}))
    found = label_texts(remote, ["say space", "say hockey", "say space!", "say hockey!"], NAMES)
    assert [f.label for f in found] == [0, 1, -1, -1]
    assert "limit of 2 requests" in found[3].reason
    assert found[3].reason.startswith("Not asked")


@pytest.mark.parametrize("first", [0, 2])
def test_stopping_keeps_what_there_is(server, first):
    server.answers = [by_text]
    remote, texts = remote_of(server)[0], [f"say space{'!' * i}" for i in range(30)]
    done = []
    found = label_texts(
        remote,
        texts,
        NAMES,
        progress=lambda *a: done.append(a),
        should_stop=lambda: len(done) >= first,
    )
    assert [f.label for f in found[:first]] == [0] * first
    assert found[-1].reason == "Not asked: Stopped before the answer came."
    assert len(server.seen) <= first + 1
    assert label_texts(remote, ["say space"], NAMES)[0].label == 0  # it can be asked again


@pytest.mark.serial
def test_stopping_wakes_what_waits(server):
    server.answers = [answer(429, {}, retry_after="60")]
    remote = Remote(connect(server.url), QUICK)
    start = time.monotonic()
    label_texts(remote, ["say a"], NAMES, should_stop=lambda: time.monotonic() - start > 0.5)
    assert time.monotonic() - start < 10


def test_an_interrupted_call_leaves_no_thread_asking(server):
    server.answers = [by_text]
    remote = Remote(connect(server.url), QUICK)

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_texts(remote, [f"say {i}" for i in range(30)], NAMES, progress=interrupt)
    assert len(server.seen) <= 2


# What it would cost


def test_tokens_are_guessed_by_script():
    assert rough_tokens("") == 0
    assert rough_tokens("abcd efgh") == 3
    assert rough_tokens("这部电影很好") == 6
    assert rough_tokens("好 movie") == 1 + 2
    assert rough_tokens("한글") == 2
    assert rough_tokens("Größe") == 2


def test_the_estimate_counts_what_would_be_sent():
    config = ZeroShotConfig(template="{labels}:{text}", most_tokens=5, most_characters=40)
    limits = RemoteConfig(price_in=1.0, price_out=2.0, requests_per_minute=6, most_requests=2)
    texts = ["x" * 400, "x" * 500, "y" * 26, "z" * 26, ""]
    found = estimate(texts, NAMES, config, limits)
    # "space, hockey:" has 14 characters; the first two texts are cut to the same 40.
    assert found["requests"] == 3
    assert found["tokens_in"] == 14 + 10 + 10 + 3 * 8
    assert found["tokens_out"] == 15
    assert found["cost"] == pytest.approx((58 + 30) / 1e6)
    assert found["minutes"] == pytest.approx(0.5)
    assert found["is_above_cap"]
    for words in ("3 requests", "four characters", "exceeds the limit of 2", "currency"):
        assert words in found["text"]


def test_the_estimate_is_that_of_the_requests(server):
    server.answers = [by_text]
    texts = [f"say space {'word ' * i}" for i in range(8)]
    remote, _ = remote_of(server)
    found = estimate(texts, NAMES, ZeroShotConfig(), remote.config)
    label_texts(remote, texts, NAMES)
    assert found["requests"] == len(server.seen)
    assert "No price is set" in found["text"]
    assert found["cost"] == 0.0


# Log-probabilities


def echo(tokens, values, tops, made=1, **more):
    about = {"tokens": tokens, "token_logprobs": values, "top_logprobs": tops} | more
    usage = {"prompt_tokens": len(tokens) - made, "completion_tokens": made}
    return answer(200, {"choices": [{"text": "", "logprobs": about}], "usage": usage})


def test_a_reading_leaves_out_the_beginning_and_what_was_written(server):
    tops = [None, {"A": -0.5, "B": -1.5}, {" b": -0.25}, {"!": -0.125}]
    server.answers = [echo(["<s>", "A", " b", "!"], [None, -0.5, -0.25, -0.125], tops)]
    remote, _ = remote_of(server, QUICK.model_copy(update={"start": "<s>"}))
    found = remote.read("A b")
    body = server.bodies()[0]
    assert (body["prompt"], body["echo"], body["max_tokens"]) == ("<s>A b", True, 1)
    assert found["pieces"] == ["A", " b"]
    assert found["log_p"] == [-0.5, -0.25]
    assert found["log_probability"] == pytest.approx(-0.75)
    assert found["perplexity"] == pytest.approx(2.718281828 ** (0.75 / 2))
    assert found["bits_per_character"] == pytest.approx(0.75 / 0.693147181 / 3)
    assert (found["tokens"], found["note"]) == (2, "")
    assert found["alternatives"][0][0] == ("A", pytest.approx(0.60653066))


def test_a_first_token_that_nothing_predicts_is_unknown(server):
    tops = [None, {" b": -0.25}, {"!": -0.1}]
    server.answers = [echo(["A", " b", "!"], [None, -0.25, -0.1], tops)]
    found = remote_of(server)[0].read("A b")
    assert found["log_p"] == [None, -0.25]
    assert found["alternatives"][0] == []
    assert found["bits_per_character"] == pytest.approx(0.25 / 0.693147181 / 2)


NO_PROBABILITIES = {
    "none": answer(200, {"choices": [{"text": "x", "logprobs": None}]}),
    "absent": answer(200, {"choices": [{"text": "x"}]}),
    "only what it wrote": echo(["!"], [-0.1], [{"!": -0.1}]),
    "ragged": echo(["a", "b"], [-0.1], [None, None]),
    "no lists": echo("ab", [-0.1, 0], [None, None]),
    "all unknown": echo(["a", "b"], [None, None], [None, None]),
    "shifted": echo(["a", "b"], [-3.0, -4.0], [{"a": -3.0, "c": -0.1}, {"b": -4.0, "d": -0.1}]),
    "says so": answer(500, {"error": {"message": "logprobs is not supported for this model"}}),
    "refuses": answer(400, {"error": {"message": "echo with logprobs is not available"}}),
}


@pytest.mark.parametrize("name", NO_PROBABILITIES)
def test_a_server_without_log_probabilities_is_told_from_one_with(server, name):
    server.answers = [NO_PROBABILITIES[name]]
    remote, _ = remote_of(server)
    with pytest.raises(RemoteError) as caught:
        remote.read("ab")
    assert caught.value.code == "remote-no-logprobs"
    assert remote.counts.requests == 1


def test_numbers_that_are_none_are_unknown(server):
    body = (
        b'{"choices": [{"logprobs": {"tokens": ["a", "b", "", "!"], "token_logprobs": [-1, NaN, "x", 1e-9],'
    )
    body += (
        b'"top_logprobs": [{"a": -1}, {"b": -Infinity}, 7, {"!": 0}]}}], "usage": {"completion_tokens": 1}}'
    )
    server.answers = [answer(200, body)]
    found = remote_of(server)[0].read("ab\N{CAT FACE}")
    assert found["log_p"] == [-1.0, None, None]
    assert found["pieces"] == ["a", "b", "⍰"]
    json.dumps(found, allow_nan=False)


def test_long_texts_are_cut_and_no_text_is_not_sent(server):
    server.answers = [echo(["a", "b", "!"], [None, -0.25, -0.1], [None, None, None])]
    remote, _ = remote_of(server)
    assert remote.read("a" * 5000)["note"] == "The first 4,000 of 5,000 characters."
    assert len(server.bodies()[0]["prompt"]) == 4000
    with pytest.raises(RemoteError, match="no text"):
        remote.read("")
    assert len(server.seen) == 1


def test_the_next_token_from_completions_and_from_chat(server):
    server.answers = [echo(["x"], [-0.1], [{" Paris": -0.1, " Rome": -2.5}])]
    found = remote_of(server)[0].next("The capital is")
    assert [name for name, _ in found["next"]] == [" Paris", " Rome"]
    assert found["note"] == ""
    entry = {"token": "Paris", "logprob": -0.1, "top_logprobs": [{"token": "Paris", "logprob": -0.1}]}
    chat = {"message": {"content": "Paris"}, "logprobs": {"content": [entry]}}
    for first in (answer(404, {}), answer(200, {"choices": [{"text": "x"}]})):
        server.answers = [first, answer(200, {"choices": [chat]})]
        found = remote_of(server)[0].next("The capital is")
        assert found["next"] == [("Paris", pytest.approx(0.904837418))]
        assert "reply" in found["note"]
    server.answers = [answer(200, {"choices": [{"text": "x", "message": {"content": "x"}}]})]
    with pytest.raises(RemoteError, match="does not return log-probabilities"):
        remote_of(server)[0].next("The capital is")
