"""`views …`: did learning from views help, which augmentation helps, and what does a safeguard do."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table

if TYPE_CHECKING:
    from selfsup_core.evaluate.benefit import Benefit
    from selfsup_core.runs.ablation import Ablation
    from selfsup_core.runs.beside import Beside
    from selfsup_core.runs.progress import Progress

views_app = typer.Typer(help="Runs that learn from views: did it help, and by what.", no_args_is_help=True)

Run = Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")]


@views_app.command("benefit")
def benefit_command(
    run: Run,
    labels: Annotated[
        str, typer.Option(help='Labels per class, as in "1,5,all"; 1, 2, 5, 10, 50 and all if not given.')
    ] = "",
    draws: Annotated[int, typer.Option(help="How often labels are drawn.", min=2, max=20)] = 5,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Did it help? The learned encoder beside its supervised twin, PCA, an autoencoder and the raw input, at
    several numbers of labels per class.

    The answer is kept with the run; what was interrupted goes on. Test rows are classified once by each.
    """
    import torch

    from selfsup_core.errors import RunError
    from selfsup_core.inspection.asking import checked
    from selfsup_core.runs.benefit import BenefitConfig, read_benefit
    from selfsup_core.runs.folder import ACTIVE, open_run, read_state
    from selfsup_core.tasks.parts.benefit import Measuring
    from selfsup_core.train.device import choose_device

    root = place(workspace)
    folder = open_run(root, run)
    config = checked(BenefitConfig, {"draws": draws} | ({"labels": read_labels(labels)} if labels else {}))
    if read_state(folder)["status"] in ACTIVE:
        raise RunError("The run has not ended yet.", code="active", remedy="Wait for it, or stop it.")
    torch.set_num_threads(choose_device(parameters=read_state(folder)["parameters"]).threads)
    follow(Measuring(root, folder, config).steps())
    found = read_benefit(folder)
    assert found, "the work has come to its end"
    show(found, as_json, benefit_text(found))


def read_labels(text: str) -> tuple[int, ...]:
    """ "1,5,all" → (1, 5, 0). Raises SettingError."""
    from selfsup_core.errors import SettingError
    from selfsup_core.evaluate.benefit import ALL
    from selfsup_core.settings import whole_number

    found = []
    for word in text.split(","):
        number = ALL if word.strip() == "all" else whole_number(word.strip())
        if number is None:
            raise SettingError(
                f"--labels: {word.strip()!r} is not a number of labels.", remedy='As in "1,5,all".'
            )
        found.append(number)
    return tuple(found)


def benefit_text(found: Benefit) -> str:
    from selfsup_core.evaluate.benefit import TITLES
    from selfsup_core.evaluate.words.benefit import explain_spread, say_judged, say_share, title_of

    counts = [one["labels"] for one in found["judged"]]
    rows = [("LABELS PER CLASS", *(title_of(n) for n in counts))]
    for method, title in TITLES.items():
        mine = {p["labels"]: say_share(p) for p in found["points"] if p["method"] == method}
        if mine:
            rows.append((title, *(mine.get(n, "") for n in counts)))
    said = [say_judged(one, found["points"]) for one in found["judged"]]
    return "\n".join(
        [table(rows), explain_spread(found), "", *said, "", found["verdict"]["text"], *found["notes"]]
    )


@views_app.command("ablate")
def ablate_command(
    run: Run,
    epochs: Annotated[
        int, typer.Option(help="Epochs of each short run; a third of the run's if not given.", min=0)
    ] = 0,
    seeds: Annotated[int, typer.Option(help="Runs of each variant.", min=2, max=10)] = 2,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Which augmentation helps? Short runs without each transformation, and with each alone.

    They are queued one at a time, and `runs list --all` lists them; asked again, only those that are missing
    are trained.
    """
    from selfsup_core.inspection.asking import checked
    from selfsup_core.runs.ablation import AblationConfig, read_ablation, short_epochs
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec
    from selfsup_core.workers.ablation import drive

    folder = open_run(place(workspace), run)
    wanted = epochs or short_epochs(read_spec(folder.spec))
    config = checked(AblationConfig, {"epochs": wanted, "seeds": seeds})
    follow(drive(folder, config))
    found = read_ablation(folder, config)
    show(found, as_json, ablation_text(found))


def ablation_text(found: Ablation) -> str:
    from selfsup_core.evaluate.words.ablation import say_difference, say_share_of
    from selfsup_core.runs.ablation import verdict_of
    from selfsup_core.runs.waiting import in_words

    rows = [("TRANSFORMATIONS", "LINEAR PROBE", "DIFFERENCE", "TIME")]
    rows += [
        (
            row["title"],
            say_share_of(row["accuracy"], row["margin"]),
            say_difference(row["difference"], row["difference_margin"]),
            in_words(row["seconds"]),
        )
        for row in found["rows"]
    ]
    return f"{table(rows)}\n{verdict_of(found)}"


@views_app.command("beside")
def beside_command(
    run: Run,
    other: Annotated[
        str, typer.Option(help="Run to compare with, where there are several; the intact one comes first.")
    ] = "",
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """A run that was repeated without a safeguard beside its intact one, epoch by epoch."""
    from selfsup_core.runs.beside import read_beside
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    found = read_beside(open_run(root, run), open_run(root, other).id if other else "")
    show(found, as_json, beside_text(found))


def beside_text(found: Beside) -> str:
    from selfsup_core.evaluate.words.beside import say_gauge
    from selfsup_core.wording import inline, percent

    names = {"deviation": "DEVIATION OF Z", "projector_rank": "RANK OF Z"}
    gauge = found["gauge"]
    heads = ("LINEAR PROBE", names[gauge], "RANK OF H")
    rows = [("EPOCH", *(f"{head}, {side}" for head in heads for side in ("INTACT", "BROKEN")))]
    for row in found["rows"]:
        sides = (row["intact"], row["broken"])
        probes = [percent(side["probe_accuracy"], 1) if side else "–" for side in sides]
        gauges = [say_gauge(gauge, side[gauge]) if side else "–" for side in sides]
        ranks = [say_gauge("rankme", side["rankme"]) if side else "–" for side in sides]
        rows.append((str(row["epoch"]), *probes, *gauges, *ranks))
    said = (
        f"Intact: {found['intact']}. Broken ({inline(found['title'])}): {found['broken']}.\n"
        "Deviations and effective ranks of the code h and of the embedding z, which the objective sees."
    )
    return "\n".join([said, table(rows), found["said"]]).rstrip()


def follow(steps: Generator[Progress, None, None]) -> None:
    """Do a long piece of work with a progress bar on stderr; Ctrl-C stops it, and what is done is kept."""
    from contextlib import closing

    from tqdm import tqdm

    form = "{desc} {percentage:3.0f}% |{bar:30}| {elapsed} <{remaining}"
    with closing(steps), tqdm(total=1.0, bar_format=form, file=sys.stderr) as bar:
        try:
            for progress in steps:
                bar.set_description_str(progress.said, refresh=False)
                bar.update(max(0.0, progress.share - bar.n))
        except KeyboardInterrupt:
            print("\nStopped. What is done is kept; the same command goes on.", file=sys.stderr)
            raise SystemExit(1) from None
