"""A family: what its members share, and what each has of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.errors import RunError
from selfsup_core.runs.family import MEMBERS, describe_family, family_specs, start_family
from selfsup_core.runs.folder import RunFolder, read_state, update_state
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import make_spec, read_spec
from tests.helpers import make_run, tiny_spec

SIZES = {"model": {"widths": [12, 6], "code_activation": "linear"}}


def own(spec) -> dict:
    values = spec.as_dict()
    return {k: v for k, v in values.items() if k not in ("objective", "name")}


@pytest.mark.parametrize("preset", list(list_presets()))
def test_members_differ_in_nothing_but_the_objective(preset: str):
    spec = preset_spec(preset)
    if spec.model.kind == "patches":
        with pytest.raises(RunError, match="fits no other objective"):
            family_specs(spec)
        return
    members = family_specs(spec)
    assert {m.objective.kind for m in members} == set(MEMBERS) - {spec.objective.kind}
    assert all(own(member) == own(spec) for member in members)
    assert {m.objective.loss for m in members} == {spec.objective.loss}
    assert len({m.name for m in members}) == len(members)


def test_a_codebook_fits_the_code_of_any_size():
    for size in (1, 2, 3, 6, 8, 15):
        spec = make_spec({"model": {"widths": [size], "code_activation": "linear"}})
        (vq,) = (s for s in family_specs(spec) if s.objective.kind == "vector-quantized")
        assert size % vq.objective.dimension == 0


def test_asked_again_only_what_is_missing_is_queued(workspace: Path):
    folder = make_run(workspace, make_spec(tiny_spec().as_dict() | SIZES))
    first = start_family(folder, "click")
    assert len(first) == len(list_queue(workspace)) == 4
    assert start_family(folder, "click") == []
    assert start_family(RunFolder(workspace / "runs" / first[0]), "another person's click") == []
    assert {m["run"] for m in describe_family(folder)} == {folder.id, *first}
    kinds = {read_spec(RunFolder(workspace / "runs" / run).spec).objective.kind for run in first}
    assert kinds == set(MEMBERS) - {"reconstruction"}


def test_a_member_that_was_stopped_stays_in_the_portrait(workspace: Path):
    folder = make_run(workspace, make_spec(tiny_spec().as_dict() | SIZES))
    runs = start_family(folder, "click")
    update_state(RunFolder(workspace / "runs" / runs[0]), status="stopped")
    assert [m["status"] for m in describe_family(folder)].count("stopped") == 1


def test_no_room_in_the_queue_leaves_nothing_half_made(workspace: Path):
    folder = make_run(workspace, make_spec(tiny_spec().as_dict() | SIZES))
    for _ in range(3):
        submit(workspace, tiny_spec())
    with pytest.raises(RunError, match="too many"):
        start_family(folder, "click")
    assert len(list_queue(workspace)) == 3
    assert not read_state(folder).get("group")
    assert describe_family(folder) == []
