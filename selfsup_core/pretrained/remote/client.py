"""A model behind an OpenAI-compatible endpoint: answers, and probabilities of texts and next tokens."""

from __future__ import annotations

from functools import partial
from typing import Any

from selfsup_core.pretrained.reading import NextTokens, NotedReading
from selfsup_core.pretrained.remote.config import RemoteConfig, rough_tokens
from selfsup_core.pretrained.remote.connection import Connection
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.pretrained.remote.named import Token, read_tokens
from selfsup_core.pretrained.remote.probabilities import (
    ALTERNATIVES,
    no_log_probabilities,
    read_echo,
    read_next,
)
from selfsup_core.pretrained.remote.transport import Transport
from selfsup_core.translation import tr

MOST_READ = 4_000


class Remote(Transport):
    """A model behind an endpoint; `counts` and `cost` say what was spent.

    Raises, in every method that asks:
        RemoteError: what is wrong, in a sentence without the key.
    """

    def __init__(self, connection: Connection, config: RemoteConfig | None = None, **for_tests: Any) -> None:
        super().__init__(connection, config, **for_tests)
        self.unwanted: set[str] = set()
        self.name = connection.model

    def models(self) -> list[str]:
        """Names of the server's models."""
        found = self.ask(self.client.models.with_streaming_response.list).get("data")
        entries = found if isinstance(found, list) else []
        names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
        return [name for name in names if isinstance(name, str)]

    def model(self) -> str:
        """The configured model, or the only one that the server has."""
        if not self.name:
            names = self.models()
            if len(names) != 1:
                listed = tr(" It has {names}.").format(names=", ".join(names[:10])) if names else ""
                raise RemoteError(
                    tr("No model is configured for {host}.{listed}").format(
                        host=self.connection.host, listed=listed
                    ),
                    code="remote-off",
                    remedy=tr("Set SELFSUP_REMOTE_MODEL, or model under [remote] in the secrets file."),
                )
            self.name = names[0]
        return self.name

    def complete_label(
        self, prompt: str, *, most_tokens: int = 16, temperature: float = 0.0, seed: int = 0
    ) -> str:
        """What the model answers to a prompt; "" when it says nothing."""
        return self.answer_label(prompt, most_tokens=most_tokens, temperature=temperature, seed=seed)[0]

    def answer_label(
        self, prompt: str, *, most_tokens: int = 16, temperature: float = 0.0, seed: int = 0, tops: int = 0
    ) -> tuple[str, list[Token]]:
        """(what the model answers, its tokens with their probabilities where the server gives them).

        Args:
            tops: of how many tokens at each place the probabilities are asked for; 0 asks for none.
        """
        message = {"role": "user", "content": prompt}
        body = {
            "messages": [message],
            "max_tokens": most_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        if tops:
            body |= {"logprobs": True, "top_logprobs": tops}
        choice = self.complete(self.client.chat.completions, body, prompt)
        said = choice.get("message")
        content = said.get("content") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(content, str | None):
            raise self.bad_answer(tr("an answer without a message"))
        return content or "", read_tokens(choice.get("logprobs"))

    def read(self, text: str) -> NotedReading:
        """How likely each token of a text is after those before it, as `lab.language.read` gives it.

        Raises:
            RemoteError: also when the server gives no log-probabilities of a prompt (remote-no-logprobs).
        """
        note = ""
        if len(text) > MOST_READ:
            note = tr("The first {most_read:,} of {count:,} characters.").format(
                most_read=MOST_READ, count=len(text)
            )
            text = text[:MOST_READ]
        if not text:
            raise RemoteError(tr("There is no text to read."), code="no-text", remedy=tr("Type a few words."))
        # One token is written: some servers take 0 for "as many as fit".
        body = {
            "prompt": self.config.start + text,
            "max_tokens": 1,
            "temperature": 0.0,
            "echo": True,
            "logprobs": ALTERNATIVES,
        }
        choice, usage = self.predict(body)
        found = read_echo(choice, usage, text, self.config.start, self.connection.host)
        return {**found, "note": note}

    def next(self, text: str, *, count: int = 5) -> NextTokens:
        """What could come next.

        Servers often give five at the most. One that only chats is asked to chat; the note says so.
        """
        body = {
            "prompt": self.config.start + text,
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": count,
        }
        try:
            found = read_next(self.predict(body)[0].get("logprobs"))
        except RemoteError as error:
            if error.status not in (404, 405) and error.code != "remote-no-logprobs":
                raise
            found = []
        if found:
            return {"next": found, "note": ""}
        chat = {
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": True,
            "top_logprobs": count,
        }
        choice = self.complete(self.client.chat.completions, chat, text)
        found = read_next(choice.get("logprobs"))
        if not found:
            raise no_log_probabilities(self.connection.host)
        return {"next": found, "note": tr("The first token of a reply to the text, not of its continuation.")}

    def predict(self, body: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
        """(choice, usage) of a completion with log-probabilities."""
        usage: dict[str, object] = {}
        try:
            choice = self.complete(self.client.completions, body, str(body["prompt"]), usage)
        except RemoteError as error:
            if "logprob" in error.said.lower():  # it says itself that it cannot
                raise no_log_probabilities(self.connection.host, error.said) from None
            raise
        return choice, usage

    def complete(
        self, resource: Any, body: dict[str, object], prompt: str, usage: dict[str, object] | None = None
    ) -> dict[str, object]:
        """The first choice of an answer; its tokens are counted, and put into `usage`."""
        send = resource.with_streaming_response.create
        model = self.model()
        while True:
            sent = self.fit(body)
            try:
                answer = self.ask(partial(send, model=model, **sent))
                break
            except RemoteError as error:
                if not self.learn(sent, error):
                    raise
        choices = answer.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise self.bad_answer(tr("an answer without a choice"))
        found = answer.get("usage")
        found = found if isinstance(found, dict) else {}
        self.count(found, prompt, choices[0])
        if usage is not None:
            usage.update(found)
        return choices[0]

    def fit(self, body: dict[str, object]) -> dict[str, object]:
        """A request without what the server is known not to take."""
        body = {k: v for k, v in body.items() if k == "max_tokens" or k not in self.unwanted}
        if "max_tokens" in self.unwanted and "messages" in body:
            body["max_completion_tokens"] = body.pop("max_tokens")
        return body

    def learn(self, sent: dict[str, object], error: RemoteError) -> bool:
        """Whether the server refused only an optional part of a request, which it will not get again."""
        if error.status not in (400, 422):
            return False
        said = error.said.lower()
        for name in ("max_tokens", "temperature", "seed"):
            about = "max_completion_tokens" if name == "max_tokens" else name
            can_go = name in sent and (name != "max_tokens" or "messages" in sent)
            if can_go and about in said:
                self.unwanted.add(name)  # another thread may have learned it meanwhile
                return True
        if "top_logprobs" in sent and "logprob" in said:
            self.unwanted |= {"logprobs", "top_logprobs"}
            return True
        return False

    def count(self, usage: dict[str, object], prompt: str, choice: dict[str, object]) -> None:
        read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(read, int) and isinstance(written, int) and read >= 0 and written >= 0:
            tokens, is_counted = (read, written), True
        else:
            is_counted = False
            said = choice.get("message")
            content = said.get("content") if isinstance(said, dict) else choice.get("text")
            tokens = rough_tokens(prompt), rough_tokens(content if isinstance(content, str) else "")
        with self.lock:
            self.counts.tokens_in += tokens[0]
            self.counts.tokens_out += tokens[1]
            self.counts.guessed += not is_counted
