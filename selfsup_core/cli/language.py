"""`language …`: what the page "Language model" does, from the shell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.questions.language import AttentionAsk, PlaceAsk, WriteAsk
from selfsup_core.inspection.subject import Subject
from selfsup_core.settings import Values, list_settings
from selfsup_core.wording import brief, percent

if TYPE_CHECKING:
    from selfsup_core.evaluate.reading.comparing import Comparison
    from selfsup_core.pretrained.reading import Reading

language_app = typer.Typer(help="Language models: look inside, generate text, embed.", no_args_is_help=True)
ABOUT = {
    s.path: s.description for config in (WriteAsk, AttentionAsk, PlaceAsk) for s in list_settings(config)
}

DEFAULTS = {s.path: s.default for s in list_settings(WriteAsk)}
MODEL_HELP = "A built-in model's name, a folder of one, hub:owner/name once fetched, run:ID or run:ID@EPOCH."
Model = Annotated[str, typer.Argument(help=MODEL_HELP)]
Text = Annotated[str, typer.Argument(help=ABOUT["text"])]
Temperature = Annotated[float, typer.Option(help=ABOUT["temperature"])]
TopK = Annotated[int, typer.Option(help=ABOUT["top_k"])]
TopP = Annotated[float, typer.Option(help=ABOUT["top_p"])]
Place = Annotated[int | None, typer.Option(help=ABOUT["place"])]


@language_app.command("models")
def models_command(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Built-in models, downloaded ones, and those trained by your own runs."""
    from selfsup_core.inspection.catalogue import list_models

    entries = list_models(place(workspace))
    rows = [("MODEL", "KIND", "WEIGHTS", "MEMORY", "LICENCE", "READY", "ABOUT")]
    for e in entries:
        n = e["parameters"]
        rows.append(
            (
                e["model"],
                e["kind"],
                f"{n / 1e6:.1f} M" if n else "",
                f"{4 * n / 1e6:,.0f} MB" if n else "",
                e["licence"],
                "missing" if e["missing"] else "yes" if e["prepared"] else "at first use",
                e["missing"] or e["about"],
            )
        )
    show(entries, as_json, table(rows))


def here(workspace: Any) -> Desk:
    """A desk whose models are loaded into this process."""
    return Desk(place(workspace))


def ask(desk: Desk, model: str, tool: str, values: Values) -> Mapping[str, Any]:
    name = str(Path(model).resolve()) if Path(model).is_dir() else model
    return desk.ask(Subject("language-model", name), tool, values).about


def read(desk: Desk, model: str, text: str) -> Reading:
    return cast("Reading", ask(desk, model, "read", {"text": text}))


def summary_of(found: Reading) -> str:
    """The numbers of a reading in a line; those of a masked model by their own names."""
    masked = found["kind"] == "masked"
    names: dict[Literal["log_probability", "perplexity", "bits_per_character"], str] = {
        "log_probability": "pseudo-log-likelihood" if masked else "log-probability",
        "perplexity": "pseudo-perplexity" if masked else "perplexity",
        "bits_per_character": "bits per character",
    }
    return ", ".join(f"{names[k]} {found[k]:.4f}" for k in names if found[k] is not None)


@language_app.command("read")
def read_command(model: Model, text: Text, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """The probability of each token of a text, given those before it; in a masked model, given all others."""
    from selfsup_core.evaluate.reading.characters import whole_characters

    found = read(here(workspace), model, text)
    shown = whole_characters(found)
    rows = [("TOKEN", "P", "MOST LIKELY HERE")]
    for piece, value, others in zip(shown["pieces"], shown["log_p"], shown["alternatives"], strict=True):
        p = "" if value is None else brief(math.exp(value))
        rows.append((repr(piece), p, ", ".join(f"{name!r} {brief(q)}" for name, q in others[:3])))
    note = f". {found['note']}" if found["note"] else ""
    show(found, as_json, f"{table(rows)}\n{summary_of(found)}{note}")


@language_app.command("compare")
def compare_command(
    first: Annotated[str, typer.Argument(metavar="A", help=MODEL_HELP)],
    second: Annotated[str, typer.Argument(metavar="B", help=f"{MODEL_HELP} Or: remote.")],
    text: Text,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models, or two epochs of a run, on the same text; the largest differences come first."""
    from selfsup_core.evaluate.reading.comparing import compare_readings
    from selfsup_core.inspection.remote_reading import REMOTE, read_remote

    models = here(workspace)
    readings = [read_remote(text) if name == REMOTE else read(models, name, text) for name in (first, second)]
    found = compare_readings(readings[0], readings[1], text)
    names = (first, second)
    rows = [("MODEL", "LOG-PROBABILITY", "PERPLEXITY", "BITS PER CHARACTER", "TOKENS")]
    for name, total in zip(names, found["totals"], strict=True):
        numbers = (total[k] for k in ("log_probability", "perplexity", "bits_per_character"))
        shown = ["" if v is None else f"{v:.4f}" for v in numbers]
        rows.append((name, shown[0], shown[1], shown[2], str(total["tokens"])))
    parts = [("PART", "P BY A", "P BY B", "MORE LIKELY BY")]
    for part in sorted(found["parts"], key=lambda p: -abs(p["difference"]))[:8]:
        p, q = (brief(math.exp(v)) for v in part["log_p"])
        by = "A" if part["difference"] > 0 else "B"
        parts.append(
            (repr(part["text"]), p, q, f"{by}, × {brief(math.exp(min(abs(part['difference']), 700)))}")
        )
    notes = [comparable(readings, found)]
    show({**found, "models": names}, as_json, "\n\n".join([table(rows), table(parts), *notes]))


def comparable(readings: list[Reading], found: Comparison) -> str:
    if readings[0]["kind"] != readings[1]["kind"]:
        return (
            "A masked model sees both sides of a token, a causal model only what comes before it: their "
            "numbers are not comparable."
        )
    if not found["parts"]:
        return "The tokens of one model could not be located in the text, so the two cannot be compared."
    same = (
        "Both models split the text into the same tokens."
        if found["same_tokens"]
        else "Their tokens differ: bits per character are comparable, but perplexity is not, since it is per "
        "token."
    )
    return f"{same} Measured on the {found['characters']:,} characters that both predict."


@language_app.command("measure")
def measure_command(model: Model, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Measure the speed and memory of a model on this machine; the result is kept in the workspace."""
    found = ask(here(workspace), model, "measure", {})
    writing = found["write_tokens_per_second"]
    rows = [
        ("reading", f"{found['read_tokens_per_second']:,.0f} tokens per second"),
        ("writing", f"{writing:,.1f} tokens per second" if writing else "does not write"),
        ("loading", f"{found['load_seconds']:.1f} s"),
        ("memory", f"{found['memory_mb']:,.0f} MB"),
        ("threads", str(found["threads"])),
    ]
    show(found, as_json, table(rows))


@language_app.command("fetch")
def fetch_command(
    model: Annotated[
        str, typer.Argument(help="ID on the Hugging Face Hub: owner/name, or owner/name@revision.")
    ],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Download a language model, or a Whisper model, from the Hugging Face Hub: safetensors, JSON and
    vocabulary files only.
    """
    import sys

    from selfsup_core.pretrained.hub import HUB, fetch_model, plan_fetch

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    plan = plan_fetch(model)
    say(f"{plan.about()}.")
    folder = fetch_model(model, place(workspace), say, plan=plan)
    found = {
        "model": HUB + plan.id,
        "revision": plan.revision,
        "licence": plan.licence,
        "bytes": plan.bytes,
        "folder": str(folder),
    }
    show(found, as_json, f"{found['model']} is ready in {folder}. License: {plan.licence}.")


@language_app.command("next")
def next_command(
    model: Model,
    text: Text,
    temperature: Temperature = DEFAULTS["temperature"],
    top_k: TopK = DEFAULTS["top_k"],
    top_p: TopP = DEFAULTS["top_p"],
    place: Place = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """The most likely next tokens, or tokens for a gap, before and after temperature, top-k and top-p."""
    values = {"text": text, "temperature": temperature, "top_k": top_k, "top_p": top_p} | (
        {} if place is None else {"place": place}
    )
    found = ask(here(workspace), model, "next", values)
    rows = [("TOKEN", "P", "RESHAPED")]
    rows += [(repr(name), brief(p), brief(q)) for name, p, q in found["next"]]
    show(found, as_json, table(rows))


@language_app.command("write")
def write_command(
    model: Model,
    text: Text,
    tokens: Annotated[int, typer.Option(help=ABOUT["tokens"])] = 20,
    seed: Annotated[int, typer.Option(help=ABOUT["seed"])] = 0,
    temperature: Temperature = DEFAULTS["temperature"],
    top_k: TopK = DEFAULTS["top_k"],
    top_p: TopP = DEFAULTS["top_p"],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Continue the text."""
    values = {
        "text": text,
        "tokens": tokens,
        "seed": seed,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
    }
    found = ask(here(workspace), model, "write", values)
    show(found, as_json, "\n".join(part for part in (text + found["text"], found["note"]) if part))


@language_app.command("attention")
def attention_command(
    model: Model,
    text: Text,
    layer: Annotated[int, typer.Option(help=ABOUT["layer"])] = 0,
    head: Annotated[int, typer.Option(help=ABOUT["head"])] = 0,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """What each token attends to most; --json has all weights."""
    found = ask(here(workspace), model, "attention", {"text": text, "layer": layer, "head": head})
    rows = [("TOKEN", "LOOKS AT")]
    pieces = found["pieces"]
    for index, weights in enumerate(found["weights"]):
        # A causal model sees a token itself and what is before it.
        end = index + 1 if found["kind"] == "causal" else len(pieces)
        seen = zip(weights[:end], pieces, strict=False)
        ranked = sorted(seen, key=lambda pair: -pair[0])[:3]
        shares = ", ".join(f"{name!r} {percent(share)}" for share, name in ranked)
        rows.append((repr(pieces[index]), shares))
    show(found, as_json, table(rows))


@language_app.command("export")
def export_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    out: Annotated[Path, typer.Option(help="Folder to create.")],
    epoch: Annotated[int | None, typer.Option(help="Epoch; the newest if not given.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Export a run's model as a Hugging Face folder for the transformers library."""
    from selfsup_core.files import hand_over
    from selfsup_core.tasks.parts.language_runs import export_model

    used = export_model(place(workspace), run, out, epoch)
    hand_over(out)
    show({"folder": str(out), "epoch": used}, as_json, f"Epoch {used} is in {out}.")


@language_app.command("embed")
def embed_command(
    source: Annotated[str, typer.Argument(help="A data set of texts, as `data list` names it.")],
    encoder: Annotated[
        str, typer.Option(help="minilm, multilingual, or a folder in Hugging Face's layout.")
    ] = "minilm",
    out: Annotated[Path | None, typer.Option(help="A new file, .npz or .parquet.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Embed the texts of a data set; embeddings that exist are reused. Ctrl-C keeps what is done."""
    import sys

    from tqdm import tqdm

    from selfsup_core.errors import DataError
    from selfsup_core.export.embeddings import export_embeddings, folder_of, open_texts
    from selfsup_core.features.embedding.embed import EmbedConfig, embed_steps
    from selfsup_core.files import hand_over, write_bytes
    from selfsup_core.pretrained.encoders.language import check_language

    root = place(workspace)
    if out is not None and out.exists():
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    dataset, texts = open_texts(root, source)
    if warning := check_language(texts, encoder):
        print(warning, file=sys.stderr)
    steps = embed_steps(
        texts, EmbedConfig(encoder=encoder), cache=folder_of(root), data_digest=dataset.digest or dataset.id
    )
    note, was_there = "", True
    form = "{desc} {percentage:3.0f}% |{bar:30}| {n_fmt}/{total_fmt} texts{postfix}"
    with tqdm(total=len(texts), bar_format=form, file=sys.stderr, disable=None) as bar:
        for step in steps:
            was_there = was_there and step.stage == "whole" and step.note == "already computed"
            note, bar.n = step.note, step.done if step.stage != "reading" else 0
            left = f", {step.seconds_left:.0f} s left" if step.seconds_left else ""
            bar.set_postfix_str(left, refresh=False)
            bar.set_description_str(step.stage)
    if out is not None:
        write_bytes(out.resolve(), export_embeddings(root, source, encoder, out.suffix.lstrip(".")))
        hand_over(out.resolve())
    about = {
        "source": source,
        "encoder": encoder,
        "texts": len(texts),
        "was_there": was_there,
        "note": note,
        "file": str(out.resolve()) if out else None,
    }
    show(
        about,
        as_json,
        f"{len(texts):,} texts embedded by {encoder}: {note}." + (f" Written: {out}" if out else ""),
    )


@language_app.command("embeddings")
def embeddings_command(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List finished and unfinished embeddings."""
    from selfsup_core.export.embeddings import list_embedded

    found = list_embedded(place(workspace))
    rows = [("DATA", "ENCODER", "STATUS", "TEXTS", "NUMBERS", "MB")]
    for e in found:
        status = "finished" if e["is_finished"] else f"{percent(e['done'] / max(1, e['total']))} done"
        width, size = (str(e["width"]), f"{e['megabytes']:.1f}") if e["is_finished"] else ("", "")
        rows.append((e["source"] or "(deleted)", e["encoder"], status, str(e["total"]), width, size))
    show(found, as_json, table(rows))
