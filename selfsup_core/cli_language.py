"""`language …`: what the page "Language model" does, from the shell."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from selfsup_core.cli_output import AsJson, Workspace, place, show, table
from selfsup_core.lab.language import AttentionAsk, WriteAsk
from selfsup_core.settings import list_settings

language_app = typer.Typer(help="Language models: look inside one, let it write.", no_args_is_help=True)  # fmt: skip
ABOUT = {
    s.path: s.description for config in (WriteAsk, AttentionAsk) for s in list_settings(config)
}

Model = Annotated[str, typer.Argument(help="A built-in model's name, or a folder of one.")]
Text = Annotated[str, typer.Argument(help=ABOUT["text"])]
Temperature = Annotated[float, typer.Option(help=ABOUT["temperature"])]
TopK = Annotated[int, typer.Option(help=ABOUT["top_k"])]
TopP = Annotated[float, typer.Option(help=ABOUT["top_p"])]


@language_app.command("models")
def models_command(as_json: AsJson = False) -> None:
    """Models that come with the studio."""
    from selfsup_core.models.pretrained import BUILT_IN, explain_missing

    entries = [
        {
            "model": m.name, "title": m.title, "about": m.about, "licence": m.licence,
            "languages": m.languages, "parameters": m.parameters, "missing": explain_missing(m),
        }
        for m in BUILT_IN.values()
    ]  # fmt: skip
    rows = [("MODEL", "PARAMETERS", "LICENCE", "ABOUT")]
    rows += [(e["model"], f"{e['parameters']:,}", e["licence"], e["missing"] or e["about"]) for e in entries]  # fmt: skip
    show(entries, as_json, table(rows))


def ask(model: str, tool: str, values: dict[str, Any], workspace: Any) -> dict[str, Any]:
    """A tool's answer, from a model that is loaded into this very process."""
    from pathlib import Path

    from selfsup_core.lab.language import Models, use_language_tool

    name = str(Path(model).resolve()) if Path(model).is_dir() else model
    return use_language_tool(Models(place(workspace)), name, tool, values)


@language_app.command("read")
def read_command(
    model: Model, text: Text, workspace: Workspace = None, as_json: AsJson = False
) -> None:
    """The probability of each token of a text, given those before it."""
    found = ask(model, "read", {"text": text}, workspace)
    rows = [("TOKEN", "P", "LIKELIEST HERE")]
    for piece, value, others in zip(
        found["pieces"], found["log_p"], found["alternatives"], strict=True
    ):
        p = "" if value is None else f"{math.exp(value):.4f}"
        rows.append((repr(piece), p, ", ".join(f"{name!r} {q:.3f}" for name, q in others[:3])))
    last = ", ".join(
        f"{name.replace('_', ' ')} {found[name]:.4f}"
        for name in ("log_probability", "perplexity", "bits_per_character")
        if found[name] is not None
    )
    show(found, as_json, f"{table(rows)}\n{last}{'. ' + found['note'] if found['note'] else ''}")


@language_app.command("next")
def next_command(
    model: Model, text: Text, temperature: Temperature = 1.0, top_k: TopK = 0, top_p: TopP = 1.0,
    workspace: Workspace = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """What could come next, before and after temperature, top-k and top-p."""
    values = {"text": text, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    found = ask(model, "next", values, workspace)
    rows = [("TOKEN", "P", "RESHAPED")]
    rows += [(repr(name), f"{p:.4f}", f"{q:.4f}") for name, p, q in found["next"]]
    show(found, as_json, table(rows))


@language_app.command("write")
def write_command(
    model: Model, text: Text, tokens: Annotated[int, typer.Option(help=ABOUT["tokens"])] = 20,
    seed: Annotated[int, typer.Option(help=ABOUT["seed"])] = 0,
    temperature: Temperature = 1.0, top_k: TopK = 0, top_p: TopP = 1.0,
    workspace: Workspace = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A continuation of the text."""
    values = {
        "text": text, "tokens": tokens, "seed": seed,
        "temperature": temperature, "top_k": top_k, "top_p": top_p,
    }  # fmt: skip
    found = ask(model, "write", values, workspace)
    show(found, as_json, text + found["text"])


@language_app.command("attention")
def attention_command(
    model: Model, text: Text, layer: Annotated[int, typer.Option(help=ABOUT["layer"])] = 0,
    head: Annotated[int, typer.Option(help=ABOUT["head"])] = 0,
    workspace: Workspace = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """What each token looks at most; --json has all shares."""
    found = ask(model, "attention", {"text": text, "layer": layer, "head": head}, workspace)
    rows = [("TOKEN", "LOOKS AT")]
    pieces = found["pieces"]
    for index, weights in enumerate(found["weights"]):
        seen = zip(weights[: index + 1], pieces, strict=False)  # itself and what is before it
        ranked = sorted(seen, key=lambda pair: -pair[0])[:3]
        shares = ", ".join(f"{name!r} {share:.2f}" for share, name in ranked)
        rows.append((repr(pieces[index]), shares))
    show(found, as_json, table(rows))
