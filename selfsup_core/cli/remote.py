"""`language remote …`: a model behind an OpenAI-compatible endpoint, from the shell.

Address, model and key come from SELFSUP_REMOTE_URL, SELFSUP_REMOTE_MODEL and SELFSUP_REMOTE_KEY, never from
an option: a shell keeps what is typed.
"""

from __future__ import annotations

import math
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.errors import DataError, SettingError
from selfsup_core.settings import explain, parse_assignment
from selfsup_core.wording import ROW, brief, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selfsup_core.pretrained.remote import Remote
    from selfsup_core.pretrained.remote.transport import Spent
    from selfsup_core.pretrained.zero_shot import Labelled, ZeroShotConfig

remote_app = typer.Typer(help="A remote model behind an OpenAI-compatible endpoint.", no_args_is_help=True)

Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a limit or the prompt, as in most_requests=50; may be repeated."),
]


def configure(assignments: list[str] | None) -> tuple[Remote, ZeroShotConfig]:
    """The remote model that the environment names, and how it is asked for labels."""
    from pydantic import ValidationError

    from selfsup_core.pretrained.remote import Remote, RemoteConfig, read_config, read_connection
    from selfsup_core.pretrained.zero_shot import ZeroShotConfig

    given = dict(parse_assignment(text, "--set most_requests=50") for text in assignments or [])
    known = (*RemoteConfig.model_fields, *ZeroShotConfig.model_fields)
    if unknown := [name for name in given if name not in known]:
        raise SettingError(f"There is no setting {unknown[0]!r}. Known settings: {', '.join(known)}.")
    limits = {name: v for name, v in given.items() if name in RemoteConfig.model_fields}
    try:
        asking = ZeroShotConfig(**{n: v for n, v in given.items() if n not in limits})
    except ValidationError as error:
        raise explain(error, ZeroShotConfig) from error
    config = read_config(os.environ, **limits)
    return Remote(read_connection(os.environ), config), asking


@remote_app.command("show")
def show_command(as_json: AsJson = False) -> None:
    """List the variables and what is configured; of the key only whether it is set."""
    from selfsup_core.pretrained.remote import RemoteError, read_config, read_connection
    from selfsup_core.pretrained.remote.check import list_variables

    config = read_config(os.environ).model_dump()
    try:
        about = read_connection(os.environ).about()
    except RemoteError as error:
        if error.code != "remote-off":
            raise
        needed = [("VARIABLE", "MEANING")]
        needed += [(one["name"], one["purpose"]) for one in list_variables(os.environ)]
        show({"configured": False, **config}, as_json, f"{error}\n{table(needed)}")
        return
    rows = [("SETTING", "VALUE")]
    rows += [(name, str(value)) for name, value in (about | config).items() if value != ""]
    show({"configured": True, **about, **config}, as_json, table(rows))


@remote_app.command("test")
def try_command(assignments: Assignments = None, as_json: AsJson = False) -> None:
    """Send one short question and print how long the answer takes."""
    from selfsup_core.pretrained.remote.check import check_answer

    remote, _ = configure(assignments)
    found = check_answer(remote)
    about = {name: found[name] for name in ("model", "seconds", "answer", "warning")} | found["spent"]
    text = f"{found['model']} answered in {found['seconds']:.2f} seconds: {found['answer']!r}."
    show(about, as_json, f"{text} {found['warning']}".strip())


@remote_app.command("label")
def label_command(
    dataset: Annotated[str, typer.Argument(help="A data set of texts, as `data list` names it.")],
    limit: Annotated[int, typer.Option(min=1, help="How many texts to label, drawn by the seed.")] = 20,
    plan: Annotated[bool, typer.Option("--plan", help="Only print the cost.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Continue although it costs money or exceeds the cap.")
    ] = False,
    assignments: Assignments = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Zero-shot labels for the texts of a data set; prints the cost first."""
    from selfsup_core.pretrained.remote import estimate, label_texts

    remote, asking = configure(assignments)
    rows, texts, classes, known = draw_texts(dataset, limit, asking.seed, place(workspace))
    expected = estimate(texts, classes, asking, remote.config)
    if plan:
        show(expected, as_json, expected["text"])
        return
    if not yes and (expected["is_above_cap"] or expected["cost"] > 0):
        raise SettingError(expected["text"], code="remote-confirm", remedy="Add --yes to continue.")
    print(expected["text"], file=sys.stderr)
    done = label_texts(remote, texts, classes, asking, progress=say_progress)
    print(file=sys.stderr)
    about, spent = summarize(done, classes, known), remote.spent()
    labels: list[LabelEntry] = [
        {
            "row": row,
            "label": classes[d.label] if d.label >= 0 else None,
            "answer": d.answer,
            "reason": d.reason,
        }
        for row, d in zip(rows, done, strict=True)
    ]
    lines = [(ROW.upper(), "LABEL", "TEXT")]
    lines += [
        (str(entry["row"]), entry["label"] or f"({entry['reason'][:60]})", " ".join(text.split())[:60])
        for entry, text in zip(labels, texts, strict=True)
    ]
    show(
        {"dataset": dataset, **about, **spent, "labels": labels},
        as_json,
        f"{table(lines)}\n{in_words(about, spent)}",
    )


def draw_texts(
    dataset: str, limit: int, seed: int, workspace: Any
) -> tuple[list[int], list[str], list[str], list[int]]:
    """(rows, texts, classes, known labels or -1) of a random part of a data set."""
    import numpy as np

    from selfsup_core.data.sources import open_source

    data = open_source(dataset, workspace)
    if data.kind != "text":
        raise DataError(f"{dataset} holds {data.kind}s, not texts.", code="not-text")
    drawn = np.random.default_rng(seed).permutation(len(data))[:limit]
    rows = sorted(int(row) for row in drawn)
    known = [-1 if data.y is None else int(data.y[row]) for row in rows]
    return rows, [str(data.x[row]) for row in rows], list(data.classes), known


def say_progress(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,}", end="", file=sys.stderr, flush=True)


class LabelEntry(TypedDict):
    """A text's label, None where the model named no class; then `reason` says why."""

    row: int
    label: str | None
    answer: str
    reason: str


class Counts(TypedDict):
    """How many texts got which label, why others got none, and the share of `compared` labels that agree with
    those of the data set.
    """

    texts: int
    labelled: int
    counts: dict[str, int]
    abstained: dict[str, int]
    compared: int
    agreement: float | None


def summarize(done: Sequence[Labelled], classes: Sequence[str], known: Sequence[int]) -> Counts:
    pairs = [(d.label, k) for d, k in zip(done, known, strict=True) if d.label >= 0 and k >= 0]
    return {
        "texts": len(done),
        "labelled": sum(d.label >= 0 for d in done),
        "counts": dict(Counter(classes[d.label] for d in done if d.label >= 0).most_common()),
        "abstained": dict(Counter(d.reason for d in done if d.label < 0).most_common()),
        "compared": len(pairs),
        "agreement": sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
    }


def in_words(about: Counts, spent: Spent) -> str:
    agreement = about["agreement"]
    parts = [f"{about['labelled']} of {about['texts']} texts got a label."]
    if agreement is not None:
        parts.append(f"{percent(agreement, 1)} of {about['compared']} agree with the data set.")
    parts.append(
        f"{spent['requests']} requests, {spent['tokens_in']:,} tokens in, {spent['tokens_out']:,} out."
    )
    if spent["cost"]:
        parts.append(f"Cost: {spent['cost']:.4f}.")
    return " ".join(parts)


@remote_app.command("read")
def read_command(
    text: Annotated[str, typer.Argument(help="The text that the model reads.")],
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """The probability of each token of a text, where the server gives it."""
    remote, _ = configure(assignments)
    found = remote.read(text)
    rows = [("TOKEN", "P", "MOST LIKELY HERE")]
    for piece, value, others in zip(found["pieces"], found["log_p"], found["alternatives"], strict=True):
        p = "" if value is None else brief(math.exp(value))
        rows.append((repr(piece), p, ", ".join(f"{name!r} {brief(q)}" for name, q in others[:3])))
    last = ", ".join(
        f"{name.replace('_', ' ')} {found[name]:.4f}"
        for name in ("log_probability", "perplexity", "bits_per_character")
        if found[name] is not None
    )
    show(found, as_json, f"{table(rows)}\n{last}{'. ' + found['note'] if found['note'] else ''}")
