"""What a run's folder says is data, never code: a folder may come from anybody."""

from __future__ import annotations

import ast
import json

import pytest

from selfsup_core.errors import StudioError
from selfsup_core.export.keras import keras_script
from selfsup_core.export.script import pytorch_script, script_of
from selfsup_core.files import read_json
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here, tiny_spec

EVIL = '1)\nimport os; os.system("touch evil")\n("""'


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("foreign") / "workspace", train__epochs=1)
    run_here(folder)
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"device": {"threads": EVIL}},
        {"epoch": EVIL},
        {"epoch": 1.5},
        {"epochs": [EVIL]},
        {"device": EVIL},
    ],
)
def test_a_state_with_code_in_it_is_refused(trained: RunFolder, changes: dict):
    before = trained.state.read_bytes()
    state = read_json(trained.state)
    if isinstance(changes.get("device"), dict):
        changes = {"device": state["device"] | changes["device"]}
    trained.state.write_text(json.dumps(state | changes))
    try:
        with pytest.raises(StudioError, match="damaged"):
            script_of(trained, (13,), ())
    finally:
        trained.state.write_bytes(before)


@pytest.mark.parametrize(
    "row", [{"step": 1, "value": EVIL}, {"step": 1, "value": None}, {"step": EVIL, "value": 0.1}]
)
def test_changes_with_code_in_them_never_reach_the_script(trained: RunFolder, row: dict):
    path = trained.path / "changes.jsonl"
    path.write_text(json.dumps({"kind": "change", "name": "learning_rate", **row}) + "\n")
    try:
        source = script_of(trained, (13,), ())
    except StudioError as error:
        source = ""
        assert "damaged" in error.message  # noqa: PT017
    finally:
        path.unlink()
    assert "os.system" not in source


@pytest.mark.parametrize("threads", [EVIL, "1", 1.0, None, True, -1])
def test_only_whole_numbers_are_written_as_threads(threads: object):
    with pytest.raises(StudioError, match="number was expected"):
        pytorch_script(tiny_spec(), (13,), threads)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [EVIL, '"""', "\\", "\\N{DASH}", "a\u2028b", "'''", "{0}", "%s"])
def test_a_name_stays_in_the_docstring(name: str):
    spec = make_spec(tiny_spec().as_dict() | {"name": name})
    for source in (pytorch_script(spec, (13,)), keras_script(spec, (13,))):
        tree = ast.parse(source)
        assert ast.get_docstring(tree)
        imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
        assert "os" not in imported
