import json

from selfsup_core.lessons.progress import change
from tests.cli.helpers import cli
from tests.lessons.helpers import place_run


def test_lessons_are_listed_with_how_far_they_have_come(workspace):
    change(workspace, 2, lambda progress: progress.update(step=3))
    done = cli("lessons", "list", "--json", workspace=workspace)
    assert done.returncode == 0
    (two,) = [one for one in json.loads(done.stdout) if one["lesson"] == 2]
    assert (two["standing"], two["done"], two["steps"]) == ("step 3 of 5", 0, 5)
    assert "step 3 of 5" in cli("lessons", "list", workspace=workspace).stdout


def test_a_lesson_is_printed_with_its_answers():
    done = cli("lessons", "show", "2", workspace=None)
    assert done.returncode == 0
    assert "2. Predict, then train" in done.stdout
    assert "  * Only the code h" in done.stdout
    about = json.loads(cli("lessons", "show", "2", "--json", workspace=None).stdout)
    (task,) = [part for part in about["steps"][1]["parts"] if part["part"] == "task"]
    assert task["check"]["kind"] == "finished"
    assert task["check"]["epochs"] == 20


def test_tasks_are_judged_and_the_exit_code_says_how(workspace):
    done = cli("lessons", "check", "2", "--json", workspace=workspace)
    assert done.returncode == 1
    first = json.loads(done.stdout)[0]
    assert (first["task"], first["passed"]) == ("2.task.1", False)
    assert "No run has been started" in first["said"]
    run = place_run(workspace, losses=tuple([0.1] * 21), objective__loss="mse")
    done = cli("lessons", "check", "2", "--json", workspace=workspace)
    assert done.returncode == 1  # the others are still open
    assert json.loads(done.stdout)[0] | {"said": ""} == {
        "task": "2.task.1",
        "passed": True,
        "said": "",
        "runs": [run.id],
    }


def test_a_lesson_that_is_not_there_is_named(workspace):
    done = cli("lessons", "check", "99", workspace=workspace)
    assert done.returncode == 1
    assert "There is no lesson 99. Known:" in done.stderr


def test_guides_are_listed_and_printed():
    done = cli("lessons", "guide", workspace=None)
    assert "teach " in done.stdout
    found = json.loads(cli("lessons", "guide", "--json", workspace=None).stdout)
    assert found[0]["guide"] == "teach"
    assert cli("lessons", "guide", "deploy", workspace=None).stdout.startswith("# Run it on a server\n")
    wrong = cli("lessons", "guide", "nothing", workspace=None)
    assert wrong.returncode == 1
    assert "There is no guide 'nothing'. Known: teach" in wrong.stderr
