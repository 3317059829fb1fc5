"""`supervisor ...`: the process that starts and watches runs."""

from __future__ import annotations

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show

supervisor_app = typer.Typer(help="The process that starts and watches runs.", no_args_is_help=True)


@supervisor_app.command("status")
def supervisor_status(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Whether a supervisor is running, and which runs it has."""
    from selfsup_core.workers.supervisor import supervisor_info

    about = supervisor_info(place(workspace))
    text = f"process {about['pid']}, running: {about['running'] or 'nothing'}" if about else "none"
    show(about, as_json, text)


@supervisor_app.command("stop")
def supervisor_stop(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Ask the supervisor to end; runs in progress continue."""
    from selfsup_core.workers.supervisor import stop_supervisor

    stopped = stop_supervisor(place(workspace))
    show({"stopped": stopped}, as_json, "stopped" if stopped else "there was no supervisor")
