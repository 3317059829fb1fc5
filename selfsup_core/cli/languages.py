"""`languages`: which languages there are, and what their catalogs lack."""

from __future__ import annotations

from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, show
from selfsup_core.translation import ENGLISH, known_languages

Code = Annotated[str, typer.Argument(help="Code of a language such as zh.")]

languages_app = typer.Typer(no_args_is_help=True, help="Languages of the app: list, check, update.")


@languages_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The languages that the app speaks."""
    show(list(known_languages()), as_json, "\n".join(known_languages()))


@languages_app.command()
def check(code: Code, as_json: AsJson = False) -> None:
    """What the catalog of a language lacks; exit code 1 when it is not complete."""
    from selfsup_core.catalogs import check_catalog

    wrong = [] if code == ENGLISH else check_catalog(code)
    show(wrong, as_json, "\n".join(wrong) or f"The catalog of {code} is complete.")
    if wrong:
        raise typer.Exit(1)


@languages_app.command()
def update(code: Code, as_json: AsJson = False) -> None:
    """List the messages of the code in a catalog; of a new language, this makes the file."""
    from selfsup_core.catalogs import update_catalog

    missing = update_catalog(code)
    show({"missing": missing}, as_json, f"{missing} messages of {code}.po have no translation yet.")
