"""The examples of CONTRIBUTING.md work: each file is written where it says, in a copy of nothing but these
examples.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.helpers import ROOT

BLOCK = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)


def test_the_examples_pass_their_tests(tmp_path: Path):
    """The code registers itself when a plugin imports it, as if it were in the folder that it names."""
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    code = [(name, text) for name, text in blocks if name.startswith("selfsup_core/")]
    tests = [(name, text) for name, text in blocks if name.startswith("tests/")]
    kinds = {Path(name).parts[1] for name, _ in code}
    assert kinds == {"objectives", "pseudo", "data", "tasks", "inspection"}
    assert len(code) == len(tests)
    for name, _ in code:
        assert (ROOT / name).parent.is_dir(), f"there is no folder for {name}"
        assert not (ROOT / name).exists(), f"{name} already exists"
    for name, text in tests:
        (tmp_path / Path(name).name).write_text(text, "utf-8")
    plugin = "from tests.conftest import workspace\n\n" + "\n".join(text for _, text in code)
    (tmp_path / "conftest.py").write_text(plugin, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(tests)} passed" in done.stdout
