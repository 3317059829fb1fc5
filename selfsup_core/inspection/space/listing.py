"""Which spaces there are, for lists; light enough for a page."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.data.sources import OWN_NAME, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import tr, tr_later

WHAT = {
    "autoencoder": tr_later("code"),
    "views": tr_later("code"),
    "classify": tr_later("class scores"),
    "pseudo": tr_later("class scores"),
    "language": tr_later("token vectors"),
}
# What a row of raw data consists of, by kind.
COLUMNS = {
    "image": tr_later("pixels"),
    "text": tr_later("words"),
    "table": tr_later("columns"),
    "sound": tr_later("spectrograms"),
}


class SpaceEntry(TypedDict):
    """A space of vectors in lists. space: its name; epochs: of a run; kind, rows: of its data."""

    space: str
    title: str
    group: str
    epochs: list[int]
    source: str
    kind: str
    rows: int


def list_spaces(workspace: Path) -> list[SpaceEntry]:
    """Runs that keep weights, embeddings that were made, raw data sets."""
    found: list[SpaceEntry] = []
    sources = {name: s for name, s in list_sources(workspace).items() if not s.missing()}
    for state in list_states(workspace):
        epochs = list_frames(RunFolder(workspace / "runs" / state["run"]).weights)
        vectors = tr(WHAT.get(state.get("task", "autoencoder"), ""))
        if epochs and vectors:
            title = f"{state['name'] or state['run']} · {vectors} ({state['run'][-4:]})"
            found.append(
                {
                    "space": f"run:{state['run']}",
                    "title": title,
                    "group": tr("Runs"),
                    "epochs": epochs,
                    "source": state["source"],
                    "kind": state["kind"],
                    "rows": sources[state["source"]].samples if state["source"] in sources else 0,
                }
            )
    for name, source in sources.items():
        for encoder in ENCODERS:
            if (
                source.kind == "text"
                and is_made(workspace, name, source.version)
                and has_embeddings(workspace, name, encoder)
            ):
                title = tr("{title} · embeddings ({encoder})").format(title=tr(source.title), encoder=encoder)
                found.append(
                    {
                        "space": f"embedding:{name}:{encoder}",
                        "title": title,
                        "group": tr("Embeddings"),
                        "epochs": [],
                        "source": name,
                        "kind": "text",
                        "rows": source.samples,
                    }
                )
    for name, source in sources.items():
        found.append(
            {
                "space": f"data:{name}",
                "title": f"{tr(source.title)} · {tr(COLUMNS[source.kind])}",
                "group": tr("Data"),
                "epochs": [],
                "source": name,
                "kind": source.kind,
                "rows": source.samples,
            }
        )
    return found


def is_made(workspace: Path, name: str, version: int) -> bool:
    """Whether the arrays are there, so that a look does not make them."""
    folder = name if OWN_NAME.fullmatch(name) else f"{name}-v{version}"
    return (workspace / "datasets" / folder / "dataset.json").exists()


def has_embeddings(workspace: Path, source: str, encoder: str) -> bool:
    from selfsup_core.export.embeddings import read_embeddings

    try:
        return read_embeddings(workspace, source, encoder) is not None
    except (StudioError, OSError):
        return False
