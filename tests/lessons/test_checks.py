"""Every check: what it says while it is not passed, and what passes it."""

import pytest

from selfsup_core.lessons.checks import CHECKS, judge
from selfsup_core.lessons.checks.compared import say_apart
from selfsup_core.lessons.evidence import Looking, gather
from selfsup_core.lessons.reading import find_lesson
from selfsup_core.lessons.which import RunWish
from selfsup_core.runs.folder import update_state
from tests.lessons.helpers import place_map, place_run

FINISHED = {"preset": "dense-64-32-16", "data": "digits"}


def ask(workspace, kind, looking=None, since="", **settings):
    return judge(gather(workspace, since, looking), CHECKS[kind].Config(**settings))


def test_every_check_says_what_it_is_about():
    assert {name for name, _ in CHECKS.items()} == {
        "compared",
        "finished",
        "looked",
        "mapped",
        "metric",
        "sign",
    }
    assert all(one.about.endswith(".") for _, one in CHECKS.items())


def test_without_a_run_a_task_says_what_it_needs(workspace):
    judged = ask(workspace, "finished", **FINISHED)
    assert not judged.is_passed
    assert "No run has been started since you opened this lesson" in judged.said
    assert "the model Dense network on Digits 8 × 8" in judged.said


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"preset": "vae"}, "uses the model Variational (VAE) with 16 dimensions; the task needs Dense"),
        ({"data__source": "wine"}, "is trained on Wine"),
        ({"model__widths": [64, 32, 4]}, "has Layer widths 64, 32, 4; the task needs 64, 32, 16"),
        ({"status": "running"}, "is at epoch 2 of 2"),
        ({"status": "stopped"}, "is stopped at epoch 2"),
    ],
)
def test_the_closest_run_is_named_with_what_it_lacks(workspace, run, said):
    place_run(workspace, **run)
    judged = ask(workspace, "finished", **FINISHED, set={"model.widths": [64, 32, 16]})
    assert not judged.is_passed
    assert said in judged.said


def test_the_run_that_comes_closest_counts_and_not_the_newest(workspace):
    right = place_run(workspace)
    place_run(workspace, "vae")
    judged = ask(workspace, "finished", **FINISHED)
    assert judged.is_passed
    assert judged.runs == (right.id,)


def test_enough_epochs_pass_a_run_that_goes_on(workspace):
    place_run(workspace, status="running", train__epochs=9)
    assert not ask(workspace, "finished", epochs=3).is_passed
    assert ask(workspace, "finished", epochs=2).is_passed


def test_a_run_that_has_ended_too_early_is_told_so(workspace):
    place_run(workspace)
    judged = ask(workspace, "finished", epochs=3)
    assert not judged.is_passed
    assert "has ended after 2 epochs; the task needs 3." in judged.said


def test_runs_begun_before_the_lesson_do_not_count(workspace):
    place_run(workspace, created="2026-01-01T10:00:00Z")
    assert ask(workspace, "finished", since="2026-01-01T10:00:00Z").is_passed
    assert not ask(workspace, "finished", since="2026-01-01T10:00:01Z").is_passed


@pytest.mark.parametrize(
    ("bounds", "is_passed", "said"),
    [
        ({"below": 0.31}, True, "ends with validation loss 0.3."),
        ({"below": 0.3}, False, "ends with validation loss 0.3; the task needs less than 0.3."),
        ({"above": 0.4}, False, "the task needs more than 0.4"),
        ({"above": 0.2, "below": 0.4}, True, "0.3"),
        ({"metric": "rankme", "above": 1}, False, "has no effective rank (RankMe)"),
    ],
)
def test_a_measure_at_the_end(workspace, bounds, is_passed, said):
    place_run(workspace)
    judged = ask(workspace, "metric", **FINISHED, **bounds)
    assert judged.is_passed is is_passed
    assert said in judged.said


def compare(workspace, **more):
    first = {**FINISHED, "set": {"model.widths": [64, 32, 16]}}
    second = {**FINISHED, "set": {"model.widths": [64, 32, 2]}}
    return ask(workspace, "compared", first=first, second=second, same=["train.epochs"], **more)


def test_two_runs_are_compared_once_both_are_there_and_alike(workspace):
    place_run(workspace, losses=(0.7, 0.5, 0.2))
    judged = compare(workspace)
    assert not judged.is_passed
    assert judged.said.startswith("1 of 2 done. Still missing: the model Dense network")
    assert judged.said.endswith("with Layer widths 64, 32, 2."), (
        "nothing is said against the run that is right"
    )
    assert (judged.done, judged.needed, judged.missing.set["model.widths"]) == (1, 2, [64, 32, 2])
    place_run(workspace, losses=(0.7, 0.5, 0.4, 0.4), model__widths=[64, 32, 2])
    judged = compare(workspace)
    assert not judged.is_passed
    assert "Both runs need the same Epochs; found 2 and 3" in judged.said
    place_run(workspace, losses=(0.7, 0.5, 0.4), model__widths=[64, 32, 2])
    judged = compare(workspace, lower="first")
    assert judged.is_passed
    assert "is 0.2 with Layer widths 64, 32, 16, and 0.4 with Layer widths 64, 32, 2." in judged.said
    assert len(judged.runs) == 2
    judged = compare(workspace, lower="second")
    assert not judged.is_passed
    assert "the other way round" in judged.said


def test_the_second_of_two_runs_is_waited_for_once_it_is_set_up(workspace):
    place_run(workspace)
    place_run(workspace, status="running", model__widths=[64, 32, 2])
    judged = compare(workspace)
    assert "is at epoch 2 of 2" in judged.lack
    assert (judged.done, judged.missing) == (1, None)


@pytest.mark.parametrize("kind", ["finished", "metric", "sign"])
def test_a_run_is_missing_until_one_is_set_up(workspace, kind):
    more = {"metric": {"above": 9}, "sign": {"code": "collapse", "called": "collapse"}}.get(kind, {})
    wanted = {**FINISHED, "set": {"model.widths": [64, 32, 2]}, **more}
    judged = ask(workspace, kind, **wanted)
    assert (judged.missing.preset, judged.lack) == (FINISHED["preset"], "")
    place_run(workspace)
    judged = ask(workspace, kind, **wanted)
    assert judged.missing is not None
    assert "has Layer widths 64, 32, 16" in judged.lack
    place_run(workspace, status="running", model__widths=[64, 32, 2])
    assert ask(workspace, kind, **wanted).missing is None


def test_a_run_is_called_by_the_first_words_of_its_name(workspace):
    place_run(workspace, status="stopped", name="Digits 8 × 8, Dense network · code 16 · epochs 40")
    assert ask(workspace, "finished", **FINISHED).said.startswith(
        "“Digits 8 × 8, Dense network …” is stopped"
    )


def test_a_sign_of_trouble_counts_at_whichever_epoch_it_was_raised(workspace):
    wanted = {"code": "posterior-collapse", "called": "posterior collapse"}
    place_run(workspace, "vae", status="running", train__epochs=9)
    judged = ask(workspace, "sign", preset="vae", **wanted)
    assert not judged.is_passed
    assert "shows no sign of posterior collapse so far (epoch 2 of 9)" in judged.said
    run = place_run(workspace, "vae", signs={1: "posterior-collapse"})
    judged = ask(workspace, "sign", preset="vae", **wanted)
    assert judged.is_passed
    assert judged.runs == (run.id,)
    assert "epoch 1: Seen: posterior-collapse." in judged.said


def test_an_epoch_must_be_on_the_screen(workspace):
    run, other = place_run(workspace), place_run(workspace)
    for looking, said in (
        (None, "is not open"),
        (Looking("another", 0), "is not open"),
        (Looking(run.id, None), "shows its newest epoch"),
        (Looking(run.id, 2), "shows epoch 2; the task needs epoch 0"),
    ):
        judged = ask(workspace, "looked", looking, **FINISHED, first=0, last=0)
        assert not judged.is_passed
        assert said in judged.said
    judged = ask(workspace, "looked", Looking(run.id, 0), **FINISHED, first=0, last=0)
    assert judged.is_passed
    assert judged.runs == (run.id,)
    assert other.id not in judged.runs


UMAP = {"data": "digits", "map": "umap"}


@pytest.mark.parametrize(
    ("shown", "wanted", "said"),
    [
        (None, {}, "No map is open. The task needs one: UMAP of Digits 8 × 8."),
        ({"data": "wine"}, {}, "The map shows Wine; the task needs UMAP of Digits 8 × 8."),
        ({"kind": "pca"}, {}, "The map is PCA; the task needs UMAP of Digits 8 × 8."),
        ({}, {"set": {"neighbors": 2}}, "The map has Neighbors 15; the task needs 2."),
        ({}, {"metric": "kept", "above": 0.4}, "The map has not been measured yet"),
        (
            {"kept": 0.3},
            {"metric": "kept", "above": 0.4},
            "Kept neighbors: 0.3; the task needs more than 0.4",
        ),
        (
            {"kept": 0.3},
            {"metric": "kept", "below": 0.2},
            "Kept neighbors: 0.3; the task needs less than 0.2",
        ),
        ({}, {"beside": {"seed": 1}}, "Only one map is open; the task needs a second one with Seed 1"),
    ],
)
def test_what_a_map_lacks_is_said(workspace, shown, wanted, said):
    looking = None if shown is None else Looking(maps=(place_map(workspace, **shown),))
    judged = ask(workspace, "mapped", looking, **UMAP | wanted)
    assert not judged.is_passed
    assert said in judged.said


def test_a_map_passes_when_it_is_measured_or_has_another_beside_it(workspace):
    measured = Looking(maps=(place_map(workspace, kept=0.5), "0" * 16))  # the second one is gone
    judged = ask(workspace, "mapped", measured, **UMAP, metric="kept", above=0.4)
    assert (judged.is_passed, judged.said) == (True, "Kept neighbors: 0.5 on UMAP of Digits 8 × 8.")
    both = Looking(maps=(place_map(workspace), place_map(workspace, seed=1)))
    assert ask(workspace, "mapped", both, **UMAP, set={"seed": 0}, beside={"seed": 1}).is_passed
    assert not ask(workspace, "mapped", both, **UMAP, beside={"seed": 2}).is_passed


@pytest.mark.parametrize(
    "wrong",
    [{"set": {"perplexity": 3}}, {"set": {"neighbors": 1}}, {"beside": {"seed": -1}}, {"metric": "kept"}],
)
def test_a_check_of_a_map_that_can_never_pass_is_refused(wrong):
    with pytest.raises(ValueError, match=r"perplexity|neighbors|seed|below, above"):
        CHECKS["mapped"].Config(**UMAP | wrong)


def test_a_measure_of_the_end_counts(workspace):
    run = place_run(workspace)
    update_state(run, metrics={"test_accuracy": 0.4})
    judged = ask(workspace, "metric", **FINISHED, metric="test_accuracy", below=0.6)
    assert judged.said.endswith("ends with accuracy on test rows 0.4.")


def test_damaged_and_short_runs_are_left_out(workspace):
    run = place_run(workspace)
    run.spec.write_text("train: [")
    assert gather(workspace, "").runs == ()


def test_two_runs_are_told_apart_by_what_both_are_asked_for():
    check = next(p.check for p in find_lesson(8).steps[1].parts if p.name == "task")
    assert say_apart(check.first, check.second) == (
        "with Keeper Surest share of each class",
        "with Keeper Above a threshold",
    )
    plain = RunWish(preset=FINISHED["preset"])
    linear = RunWish(preset=FINISHED["preset"], set={"model.code_activation": "linear"})
    assert say_apart(plain, linear) == ("for the one run", "with Code activation Linear")
