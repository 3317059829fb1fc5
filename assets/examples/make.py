"""Trains the example runs anew and packs them: `python assets/examples/make.py WORKSPACE [NAME …]`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from selfsup_core.files import read_json, write_json  # noqa: E402
from selfsup_core.runs.folder import RunFolder  # noqa: E402
from selfsup_core.runs.queue import submit, withdraw  # noqa: E402
from selfsup_core.runs.recipes import preset_spec  # noqa: E402
from selfsup_core.workers.worker import Worker  # noqa: E402

# Small enough to travel with the program: fewer epochs are kept, and fewer points of the map.
SMALL = {"frames.max_frames": 24, "frames.samples": 900, "frames.weights_megabytes": 3.0}
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "000000-000003-clothes": (
        "vae-two-numbers",
        {
            "name": "Example: clothes on a map",
            "data.source": "fashion-5k",
            "train.epochs": 40,
            "model.widths": [96, 48, 2],
        },
    ),
    "000000-000002-emoji": (
        "emoji",
        {"name": "Example: emoji rebuilt", "frames.max_frames": 14, "frames.weights_megabytes": 1.5},
    ),
    "000000-000001-few-labels": (
        "pseudo-image",
        {"name": "Example: digits from four labels per class", "data.source": "digits"},
    ),
}
# What is needed only while a run is being trained.
LEFT_OUT = ("checkpoints", "control", "reserve", "state.lock", "worker.lock", "worker.log")


def make(workspace: Path, name: str) -> None:
    preset, changes = EXAMPLES[name]
    folder = submit(workspace, preset_spec(preset, SMALL | changes), preset=preset)
    withdraw(folder)
    Worker(folder).run()
    named = RunFolder(folder.path.rename(folder.path.with_name(name)))
    state = read_json(named.state)
    if state is None or state["status"] != "finished":
        raise SystemExit(f"The run {name} did not finish: {state}")
    write_json(named.state, state | {"run": name, "owner": "", "worker": None})
    with zipfile.ZipFile(HERE / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(named.path.rglob("*")):
            inside = path.relative_to(named.path)
            if path.is_file() and inside.parts[0] not in LEFT_OUT:
                archive.write(path, Path(name) / inside)


if __name__ == "__main__":
    for chosen in sys.argv[2:] or EXAMPLES:
        make(Path(sys.argv[1]).resolve(), chosen)
