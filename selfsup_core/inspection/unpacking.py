"""Built-in models are unpacked in a process of their own, whose memory (2 GB for SmolLM2) is then freed.

`python -m selfsup_core.inspection.unpacking WORKSPACE MODEL` writes a line of JSON for each stage, and one
for a problem.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from selfsup_core.environment import without_secrets
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import keep_private
from selfsup_core.pretrained.language_models import BUILT_IN, find_file, is_prepared, prepare
from selfsup_core.translation import tr

COMMAND = (sys.executable, "-m", "selfsup_core.inspection.unpacking")


def prepare_apart(name: str, workspace: Path, say: Callable[[str], None]) -> Path:
    """As `prepare`, with little memory taken here. Raises DataError as that does, or that the process
    died.
    """
    model = BUILT_IN.get(name)
    if model is None or is_prepared(model, workspace) or find_file(model) is None:
        return prepare(name, workspace, say=say)
    problem = None
    with subprocess.Popen(
        [*COMMAND, str(workspace), name],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=without_secrets(),
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            told = json.loads(line)
            problem = told.get("problem")
            if problem is None:
                say(told["said"])
    if problem is not None:
        raise DataError(problem["message"], code=problem["code"], remedy=problem["remedy"])
    if child.returncode:
        raise DataError(
            tr("Unpacking {title} stopped early, perhaps because memory ran out.").format(title=model.title),
            code="unpacking-died",
            remedy=tr("Close other programs and try again."),
        )
    return prepare(name, workspace, say=say)


def main(workspace: Path, name: str) -> None:
    # Libraries may print; only our lines go to the parent.
    out, sys.stdout = sys.stdout, sys.stderr

    def tell(**told: object) -> None:
        print(json.dumps(told), file=out, flush=True)

    try:
        prepare(name, workspace, say=lambda text: tell(said=text))
    except StudioError as error:
        tell(problem=error.as_dict())


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]), sys.argv[2])
