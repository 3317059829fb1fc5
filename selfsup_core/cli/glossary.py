"""`glossary [TERM]`: what the terms of the app mean."""

from __future__ import annotations

from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, show


def glossary(
    term: Annotated[str, typer.Argument(help="A term such as bottleneck; all without one.")] = "",
    as_json: AsJson = False,
) -> None:
    """What a term of the app means."""
    from selfsup_core.evaluate.words.glossary import look_up, read_words

    found = dict([look_up(term)]) if term else read_words()["glossary"]
    lines = [
        f"{name}: {entry['means']}" + (f" [{entry['source']}]" if "source" in entry else "")
        for name, entry in sorted(found.items(), key=lambda item: item[0].casefold())
    ]
    show(found, as_json, "\n".join(lines))
