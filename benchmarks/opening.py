"""What opening a page imports: torch must not be among it."""

from __future__ import annotations

import json

from benchmarks.table import Row
from benchmarks.throughput import run_code

COLUMNS = ("import_s", "heavy_modules")
CODE = """
import time, json, sys
began = time.perf_counter()
import pages.parts.shared.live, pages.parts.shared.runlist, pages.parts.shared.forms
import selfsup_core.runs.spec
from selfsup_core.runs.recipes import preset_spec
preset_spec("dense-64-32-16")
heavy = [m for m in ("torch", "sklearn", "transformers", "umap", "plotly.express") if m in sys.modules]
print(json.dumps({"seconds": time.perf_counter() - began, "heavy": heavy}))
"""


def measure() -> list[Row]:
    found = run_code(CODE)
    heavy = json.dumps(found["heavy"])
    return [
        Row(
            "imports of a page",
            f"{found['seconds']:.2f} s, heavy ones: {heavy}",
            "no torch",
            "torch" not in heavy,
            {"import_s": found["seconds"], "heavy_modules": len(found["heavy"])},
        )
    ]
