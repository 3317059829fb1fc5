"""What `data …` says: the plan of an import, a data set, what was found in it; as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from selfsup_core.cli.output import table
from selfsup_core.data.details import grouped
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from selfsup_core.data.importing.preview import ImportPreview
    from selfsup_core.data.library.health.finding import FindingAbout

MOST_CLASSES = 20  # named in a line: the largest


class SourceEntry(TypedDict):
    """A data set in the list of `data list --json`."""

    source: str
    title: str
    kind: str
    samples: int
    shape: list[int]
    classes: int
    licence: str
    origin: str
    version: int
    about: str
    missing: str


def missing_note(entry: SourceEntry) -> str:
    return f" [not on this machine: {entry['missing']}]" if entry["missing"] else ""


def describe_plan(plan: Mapping[str, Any]) -> str:
    lines = [f"{plan['kind']}, {counted(plan['rows'], 'row')}, from {plan['form']}"]
    if "columns" in plan:
        rows = [("COLUMN", "ROLE", "WHY", "EXAMPLES")]
        rows += [(c["name"], c["role"], c["reason"], ", ".join(c["examples"])[:60]) for c in plan["columns"]]
        lines.append(table(rows))
    return "\n".join(lines + plan["notes"])


def describe_preview(seen: ImportPreview) -> str:
    """The plan, the first samples as they will be, and what is left out."""
    from selfsup_core.data.importing.preview import describe_left_out

    lines = [describe_plan(seen["plan"])]
    if "made_rows" in seen:
        rows = [tuple("" if v is None else f"{v:g}" for v in row) for row in seen["made_rows"]]
        lines += [
            "The first rows as numbers, missing ones blank:",
            table([tuple(seen["made_columns"]), *rows]),
        ]
    lines += [text[:100] for text in seen.get("texts", [])]
    return "\n".join(lines + describe_left_out(seen["left_out"]))


def describe(about: Mapping[str, Any]) -> str:
    """A data set in a few lines."""
    shape = " × ".join(map(str, about["shape"]))
    size = f"{counted(about['rows'], 'row')} {shape}".rstrip()
    lines = [f"{about['dataset']}: {about['title']}, {about['kind']}, {size}"]
    if about["classes"]:
        classes = list(about["classes"].items())
        left = len(classes) - MOST_CLASSES
        if left > 0:
            classes = sorted(classes, key=lambda one: -one[1])[:MOST_CLASSES]
        counts = ", ".join(f"{name} {count:,}" for name, count in classes)
        lines.append(f"Classes: {counts}" + (f", and {left:,} more" if left > 0 else ""))
    lines += about["notes"]
    lines += grouped(about["set_aside"])[:10]
    return "\n".join(lines + describe_findings(about.get("findings", [])))


def describe_findings(findings: Sequence[FindingAbout]) -> list[str]:
    return [
        f"{'!' if f['level'] == 'warning' else '-'} {f['title']}. {f['why']}"
        + (f" Fix: {f['mend']}" if f["mend"] else "")
        for f in findings
    ]
