"""Intact and broken side by side: who belongs together, both by epoch, the command and the route."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.parts.shared import routes
from selfsup_core.errors import RunError
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.access import sign
from selfsup_core.runs.beside import gauge_of, list_relatives, read_beside
from selfsup_core.runs.breaking import (
    break_between,
    breaks_of,
    find_intact,
    intact_of,
    missing_of,
    with_break,
    without_name,
)
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import make_spec
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.tasks.views_helpers import tiny

VICREG = {"kind": "vicreg", "projector": [16, 8], "augment": {"kind": "table"}}


def vicreg(**changes: object):
    return make_spec(
        tiny().as_dict() | {"objective": VICREG}, {k.replace("__", "."): v for k, v in changes.items()}
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    """An intact run of three epochs, and one without its variance term that has done two of them."""
    workspace = tmp_path_factory.mktemp("beside")
    intact = make_run(workspace, vicreg())
    run_here(intact)
    broken = make_run(workspace, with_break(vicreg(), "variance"))
    run_here(broken)
    lines = broken.metrics.read_bytes().splitlines(keepends=True)
    rows = [json.loads(line) for line in lines]
    end = next(i for i, row in enumerate(rows) if row["kind"] == "epoch" and row["epoch"] == 3)
    broken.metrics.write_bytes(b"".join(lines[:end]))
    return intact, broken


def test_a_single_safeguard_tells_two_runs_apart():
    spec = vicreg()
    broken = with_break(spec, "covariance")
    assert break_between(spec, broken) == "covariance"
    assert break_between(broken, spec) == break_between(spec, spec) == ""
    assert break_between(spec, with_break(broken, "variance")) == ""
    assert break_between(spec, make_spec(broken.as_dict(), {"seed": 9})) == ""
    assert break_between(spec, make_spec(broken.as_dict(), {"name": "Other"})) == "covariance"


def test_the_intact_run_of_a_broken_one_has_all_safeguards():
    spec = make_spec(vicreg().as_dict(), {"objective.variance": 9.0, "name": "Mine"})
    once = with_break(spec, "covariance")
    twice = with_break(once, "variance")
    others = [("twice", twice), ("once", once), ("intact", spec)]
    assert find_intact(others, once) == find_intact(others, twice) == "intact"
    assert find_intact(others[:2], twice) == ""
    assert intact_of(once) == spec
    assert without_name(intact_of(twice)) == without_name(vicreg()), "what is not known has its default"
    assert intact_of(twice).name == "Mine"


@pytest.mark.parametrize("kind", [kind for kind, one in OBJECTIVES.items() if one.task == "views"])
def test_a_method_as_it_comes_has_all_its_safeguards(kind):
    network = {"kind": OBJECTIVES[kind].networks[0]}
    spec = make_spec(tiny().as_dict() | {"objective": {"kind": kind}, "model": network})
    assert not missing_of(spec)
    for name in breaks_of(spec):
        assert missing_of(intact_of(with_break(spec, name))) == []


def test_the_gauge_is_the_one_in_which_the_collapse_would_be_seen():
    spec = vicreg()
    gauges = {name: gauge_of(spec, one) for name, one in breaks_of(spec).items()}
    ranks = "projector_rank"
    assert gauges == {"variance": "deviation", "covariance": ranks, "augmentation": ranks}
    assert {gauge_of(tiny(), one) for one in breaks_of(tiny()).values()} == {ranks}


def test_relatives_are_the_intact_run_and_those_that_were_broken_from_this_one(workspace):
    spec = vicreg()
    intact = submit(workspace, spec)
    broken = submit(workspace, with_break(spec, "variance"))
    twice = submit(workspace, with_break(with_break(spec, "variance"), "covariance"))
    submit(workspace, make_spec(spec.as_dict(), {"seed": 9}))
    (other,) = list_relatives(broken)
    assert (other["run"], other["kind"], other["title"]) == (intact.id, "intact", "Without variance term")
    assert not list_relatives(twice), "the run that lacks one safeguard less is not intact either"
    (only,) = list_relatives(intact)
    assert (only["run"], only["kind"], only["status"]) == (broken.id, "broken", "queued")
    assert only["token"] == sign(workspace, broken.id)


def test_what_has_no_relative_is_refused_in_words(workspace, pair):
    plain = make_run(workspace)
    assert list_relatives(plain) == []
    with pytest.raises(RunError, match="There is no run") as refused:
        read_beside(plain)
    assert "Break it" in refused.value.remedy
    intact, broken = pair
    with pytest.raises(RunError, match="'elsewhere' is not this one") as refused:
        read_beside(broken, "elsewhere")
    assert intact.id in refused.value.remedy


def test_both_runs_by_epoch_from_either_side(pair):
    intact, broken = pair
    found = read_beside(broken)
    assert found == read_beside(intact) == read_beside(intact, broken.id)
    assert (found["intact"], found["broken"]) == (intact.id, broken.id)
    assert [row["epoch"] for row in found["rows"]] == [0, 1, 2, 3]
    assert found["rows"][3]["broken"] is None
    row = next(row for row in read_rows(broken.metrics) if row["kind"] == "epoch" and row["epoch"] == 2)
    mine = found["rows"][2]["broken"]
    assert mine
    assert mine["deviation"] == row["deviation"]
    assert found["said"].startswith("Without variance term, the standard deviation of the embeddings")
    assert f"at epoch 2 is {row['deviation']:.2f} (intact: " in found["said"]


def test_the_command_prints_a_table_by_epoch_and_the_sentence(pair):
    intact, broken = pair
    told = cli("views", "beside", broken.id, workspace=broken.workspace)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == f"Intact: {intact.id}. Broken (without variance term): {broken.id}."
    assert lines[1].startswith("Deviations and effective ranks of the code h and of the embedding z")
    assert lines[2].split("  ")[0] == "EPOCH"
    assert "DEVIATION OF Z, BROKEN" in lines[2]
    assert [line.split()[0] for line in lines[3:7]] == ["0", "1", "2", "3"]
    assert lines[6].split()[2::2] == ["–", "–", "–"], "the broken run has not measured epoch 3"
    assert lines[7] == read_beside(broken)["said"]
    found = cli("views", "beside", intact.id, "--other", broken.id, "--json", workspace=broken.workspace)
    assert json.loads(found.stdout) == read_beside(broken)


def test_the_stage_is_told_of_relatives_with_their_tokens(pair, monkeypatch):
    intact, broken = pair
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(intact.workspace))
    routes.live_runs.cache_clear()
    client = TestClient(Starlette(routes=routes.routes()))
    url = f"/studio/runs/{broken.id}/family"
    assert client.get(url).status_code == 403
    headers = {"X-Studio-Token": sign(broken.workspace, broken.id)}
    (member,) = client.get(url, headers=headers).json()["members"]
    assert member == list_relatives(broken)[0]
    other = {"X-Studio-Token": member["token"]}
    assert client.get(f"/studio/runs/{intact.id}/frames/1", headers=other).status_code == 200
    routes.live_runs.cache_clear()
