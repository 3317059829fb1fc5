"""`runs compare`: several runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table

if TYPE_CHECKING:
    from selfsup_core.runs.comparing import Comparison


def runs_compare(
    runs: Annotated[list[str], typer.Argument(help="Two runs or more: their IDs, or what begins them.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch or round; the last of each run by default.", min=0)
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Runs side by side: settings that differ, metrics with the best marked, mean ± sd over seeds."""
    from selfsup_core.runs.comparing import compare, read_compared

    found = compare(read_compared(place(workspace), runs), epoch)
    show(found, as_json, describe(found))


def describe(found: Comparison) -> str:
    """As text: the runs, the metrics, the settings, and what cannot be compared."""
    from selfsup_core.evaluate.compared import say_spread, say_value

    heads = [str(about["number"]) for about in found["runs"]]
    groups = found["seeds"]
    joined = [", ".join(str(one + 1) for one in group["places"]) for group in groups]
    lines = [
        f"{about['number']}  {about['run']}  {about['name']} ({about['status']}, epoch {about['at']})"
        for about in found["runs"]
    ]
    rows = [("METRIC", *heads, *joined)]
    for one in found["metrics"]:
        cells = [
            say_value(one["name"], value) + ("*" if at in one["best"] else "")
            for at, value in enumerate(one["values"])
        ]
        rows.append(
            (one["title"], *cells, *(say_spread(one["name"], g["metrics"][one["name"]]) for g in groups))
        )
    settings = [("SETTING", *heads)]
    settings += [(one["path"], *(value or "–" for value in one["values"])) for one in found["settings"]]
    parts = ["\n".join(lines), table(rows) + "\n* best of the runs that can be ranked"]
    parts.append(table(settings) if found["settings"] else "All settings are the same.")
    return "\n\n".join([*parts, *found["notes"]])
