"""`serve`: a run behind an address of this machine, for a demo."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show


def serve_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    port: Annotated[
        int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65_535)
    ] = 8600,
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the best one if not given.", min=0)
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Serve a run on http://127.0.0.1:8600 for a demo: a page, and POST /predict. Ctrl-C ends it."""
    import uvicorn

    from selfsup_core.errors import DataError
    from selfsup_core.export.predicting import load_predictor
    from selfsup_core.serving.service import ADDRESS, Service

    predictor = load_predictor(place(workspace), run, epoch)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise DataError(
                f"Port {port} cannot be used: {error.strerror}.",
                code="no-port",
                remedy="Choose another one with --port.",
            ) from error
        address = f"http://{ADDRESS}:{listening.getsockname()[1]}"
        about = {"url": address, "run": predictor.folder.id, "epoch": predictor.epoch, "kind": predictor.kind}
        show(about, as_json, f"{predictor.folder.id}, epoch {predictor.epoch}: {address} (Ctrl-C ends it)")
        sys.stdout.flush()  # whoever reads it through a pipe waits for the address
        config = uvicorn.Config(Service(predictor).app(), log_level="warning", server_header=False)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
