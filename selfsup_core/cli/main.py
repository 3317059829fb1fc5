"""The command line: everything that the pages can do, without a browser.

Exit codes: 0 finished, 1 failed, 2 bad usage or spec. Torch is not imported here; work is done by the
supervisor.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
from typing import Annotated, NoReturn

import typer

from selfsup_core import __version__
from selfsup_core.cli import take_away  # noqa: F401  # adds to `runs`
from selfsup_core.cli.answer import answer_command
from selfsup_core.cli.augment import augment_app
from selfsup_core.cli.classify import classify_app
from selfsup_core.cli.data import data_app
from selfsup_core.cli.detect import detect_command
from selfsup_core.cli.generate import generate_command
from selfsup_core.cli.glossary import glossary
from selfsup_core.cli.lab import lab_app
from selfsup_core.cli.language import language_app
from selfsup_core.cli.languages import languages_app
from selfsup_core.cli.lessons import lessons_app
from selfsup_core.cli.link import link
from selfsup_core.cli.mcp_server import mcp_command
from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.cli.predict import predict_command
from selfsup_core.cli.pseudo import pseudo_app
from selfsup_core.cli.remote import remote_app
from selfsup_core.cli.runs import runs_app
from selfsup_core.cli.serve import serve_command
from selfsup_core.cli.space import space_app
from selfsup_core.cli.supervisor import supervisor_app
from selfsup_core.cli.sweep import sweep_app
from selfsup_core.cli.train import train
from selfsup_core.cli.transcribe import transcribe_command
from selfsup_core.cli.translate import translate_command
from selfsup_core.cli.views import views_app
from selfsup_core.errors import SettingError, StudioError
from selfsup_core.files import disk_error, keep_as_before, keep_private
from selfsup_core.places import APP

app = typer.Typer(
    help="SelfSup Studio: watch self-supervised learning happen.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(train)
app.command("predict")(predict_command)
app.command("transcribe")(transcribe_command)
app.command("translate")(translate_command)
app.command("answer")(answer_command)
app.command("detect")(detect_command)
app.command("generate")(generate_command)
app.command("serve")(serve_command)
app.command("mcp")(mcp_command)
app.command()(glossary)
app.command()(link)
app.add_typer(data_app, name="data")
app.add_typer(runs_app, name="runs")
app.add_typer(sweep_app, name="sweep")
app.add_typer(lab_app, name="lab")
language_app.add_typer(remote_app, name="remote")
app.add_typer(language_app, name="language")
app.add_typer(classify_app, name="classify")
app.add_typer(pseudo_app, name="pseudo")
app.add_typer(space_app, name="space")
app.add_typer(augment_app, name="augment")
app.add_typer(views_app, name="views")
app.add_typer(lessons_app, name="lessons")
app.add_typer(languages_app, name="languages")
app.add_typer(supervisor_app, name="supervisor")


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)
    ] = False,
) -> None:
    """SelfSup Studio: watch self-supervised learning happen."""
    if version:
        print(f"SelfSup Studio {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(2)


@app.command("app")
def app_command(
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65_535)] = 8501,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the app in the browser.")] = False,
    address: Annotated[
        str,
        typer.Option(
            help="Address to listen on; 0.0.0.0 lets in other machines, for example for a workshop."
        ),
    ] = "",
    url: Annotated[str, typer.Option(help="Public address of a proxy in front of the app.")] = "",
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Let in anyone: for a server behind a login of its own.")
    ] = False,
    room: Annotated[
        bool, typer.Option("--room", help="Open a room: people join with a code and a nickname.")
    ] = False,
    runs: Annotated[int, typer.Option(help="Runs at once in a room (0: measured).", min=0)] = 0,
    disk: Annotated[int, typer.Option(help="MB of disk for each person in a room (0: 1,000).", min=0)] = 0,
    renew: Annotated[
        bool, typer.Option("--new-token", help="Create a new token; the old one stops working.")
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Start the app on http://localhost:8501; the address with the token that opens it is printed."""
    command = [
        sys.executable,
        str(APP / "server.py"),
        "--port",
        str(port),
        *(["--open"] if open_browser else []),
        *(["--address", address] if address else []),
        *(["--url", url] if url else []),
        *(["--no-token"] if no_token else []),
        *(["--room"] if room else []),
        *(["--runs", str(runs)] if runs else []),
        *(["--disk", str(disk)] if disk else []),
        *(["--new-token"] if renew else []),
    ]
    chosen = {"SELFSUP_WORKSPACE": str(place(workspace))}
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(subprocess.run(command, env=os.environ | chosen, check=False).returncode)


@app.command()
def presets(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Ready-made configurations."""
    from selfsup_core.runs.recipes import list_presets

    found = list_presets("")
    rows = [("PRESET", "ABOUT")] + [(name, preset["about"]) for name, preset in found.items()]
    show([{"preset": name} | preset for name, preset in found.items()], as_json, table(rows))


@app.command("settings")
def settings_command(
    preset: Annotated[str, typer.Option(help="Settings of this preset's network and objective.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every setting with its bounds, default and meaning."""
    from selfsup_core.runs.recipes import preset_spec
    from selfsup_core.runs.spec import RunSpec, known_settings

    spec = preset_spec(preset) if preset else RunSpec()
    entries = [
        {
            "setting": s.path,
            "title": s.title,
            "default": s.default,
            "bounds": s.bounds,
            "about": s.description,
        }
        for s in known_settings(spec).values()
    ]
    rows = [("SETTING", "TITLE", "DEFAULT", "BOUNDS", "ABOUT")]
    rows += [(e["setting"], str(e["title"]), str(e["default"]), e["bounds"], e["about"]) for e in entries]
    show(entries, as_json, table(rows))


def main() -> None:
    """Run the command line; studio errors become one sentence on stderr."""
    keep_private()
    try:
        app()
    except StudioError as error:
        fail(error)
    except OSError as error:
        fail(disk_error(error))
    finally:
        keep_as_before()


def fail(error: StudioError) -> NoReturn:
    if "--json" in sys.argv:
        print(json.dumps({"error": error.as_dict()}))
    print(f"Error: {error}", file=sys.stderr)
    if error.fix:
        option = error.fix["setting"].replace("_", "-")
        print(f"{error.fix['title']}: --{option} {shlex.quote(str(error.fix['value']))}", file=sys.stderr)
    raise SystemExit(2 if isinstance(error, SettingError) else 1) from None
