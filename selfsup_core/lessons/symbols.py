"""The live numbers behind the symbols of a formula: of an epoch of the run that is open, or of a map."""

from __future__ import annotations

import json
from typing import Any, NotRequired, cast

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import StudioError
from selfsup_core.lessons.evidence import MapSeen
from selfsup_core.lessons.model import Formula, Symbol
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import read_spec, value_at
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.translation import tr

MOST_SAMPLES = 6
LOSSES = ("BCE", "MSE")  # a symbol of such a name stands for that loss alone


class Values(TypedDict):
    """What one symbol stands for.

    Attributes:
        called: in words. samples: numbers of each sample. shape: of a picture, (h, w) or (h, w, 3).
        number: a measure of the whole epoch, or of the map.
        note: of a symbol that stands for one loss: which run to open, or with what this one was trained.
        of_map: whether it is one of the map on the screen; its number is None until that is measured.
    """

    called: str
    samples: NotRequired[list[list[float]]]
    shape: NotRequired[list[int]]
    number: NotRequired[float | None]
    note: NotRequired[str]
    of_map: NotRequired[bool]


class Live(TypedDict):
    """epoch: None while nothing has been measured. labels: of the samples. symbols: by name."""

    run: str
    epoch: int | None
    labels: list[str]
    symbols: dict[str, Values]


def words_only(formula: Formula) -> dict[str, Values]:
    """Where no run is open."""
    return {name: {"called": symbol.called} for name, symbol in formula.symbols.items()}


def map_numbers(seen: MapSeen | None, formula: Formula) -> Live:
    """The numbers of a formula on maps. seen: the map that is open."""
    symbols = words_only(formula)
    for name, symbol in formula.symbols.items():
        if symbol.map:
            symbols[name] |= {"of_map": True, "number": number_of(seen, symbol.map) if seen else None}
    return {"run": "", "epoch": None, "labels": [], "symbols": symbols}


def number_of(seen: MapSeen, name: str) -> float | None:
    """Of the map itself, or of what was measured of it."""
    if name in ("rows", "width"):
        return float(seen.about["rows"] if name == "rows" else seen.about["width"])
    return None if seen.trust is None else float(cast("dict[str, Any]", seen.trust)[name])


def live_numbers(folder: RunFolder, formula: Formula, epoch: int | None = None) -> Live:
    """The numbers of a formula's symbols.

    Args:
        epoch: None for the newest; else the nearest that is kept.

    Raises:
        StudioError: a frame is damaged.
    """
    kept = list_frames(folder.frames)
    found: Live = {"run": folder.id, "epoch": None, "labels": [], "symbols": words_only(formula)}
    if not kept:
        return found
    at = kept[-1] if epoch is None else min(kept, key=lambda one: abs(one - epoch))
    found["epoch"] = at
    asked = formula.symbols.items()
    if any(symbol.metric for _, symbol in asked):
        row = next((row for row in epoch_rows(read_rows(folder.metrics)) if row["epoch"] == at), None)
        for name, symbol in asked:
            if symbol.metric:
                measured = cast("dict[str, Any]", row or {})
                found["symbols"][name] |= measure(name, symbol, measured, folder)
    if any(symbol.value for _, symbol in asked):
        add_samples(found, formula.symbols, folder, at)
    return found


def measure(name: str, symbol: Symbol, row: dict[str, Any], folder: RunFolder) -> Values:
    """The number of a symbol. That of a loss by its name is not taken from a run trained with another loss:
    what such a run calls its loss is another formula's.
    """
    called, metric = symbol.called, symbol.metric
    if name not in LOSSES:
        return {"called": called, "number": row.get(metric)}
    loss = str(value_at(read_spec(folder.spec), "objective.loss") or "").upper()
    if loss == name:
        # Without what an objective may add to it.
        is_whole = metric == "val_loss" and "val_reconstruction" in row
        return {"called": called, "number": row.get("val_reconstruction" if is_whole else metric)}
    if metric != "val_loss" and row.get(metric) is not None:  # measured of every run
        with_other = tr("This run was trained with {loss}. Its {name} is measured as well.")
        return {
            "called": called,
            "number": row[metric],
            "note": with_other.format(loss=loss, name=name) if loss else "",
        }
    if not loss:
        return {
            "called": called,
            "note": tr("Open a run that was trained with {name} to see its number.").format(name=name),
        }
    said = tr("This run was trained with {loss}. Open one that was trained with {name} to see its number.")
    return {"called": called, "note": said.format(loss=loss, name=name)}


def add_samples(found: Live, symbols: dict[str, Symbol], folder: RunFolder, epoch: int) -> None:
    """Numbers of the first samples; a run of another task has none of them, and the words remain."""
    shared = folder.frames / "static.safetensors"
    try:
        frame, static, about = (
            read_frame(frame_path(folder.frames, epoch)),
            read_frame(shared),
            read_about(shared),
        )
    except FileNotFoundError as error:  # thinned, or deleted, in this very moment
        raise StudioError(
            tr("Epoch {epoch} of this run is no longer kept.").format(epoch=epoch), code="no-frame"
        ) from error
    if "reconstructions" not in frame:
        return
    count = min(MOST_SAMPLES, len(frame["reconstructions"]))
    places = {int(row): place for place, row in enumerate(static["rows"])}
    codes = [frame["latents"][places[int(row)]] for row in static["tile_rows"][:count] if int(row) in places]
    pixels = {
        "input": static["inputs"],
        "output": frame["reconstructions"],
        "damaged": frame.get("corrupted"),
    }
    classes, labels = json.loads(about["classes"]), static["tile_labels"][:count]
    found["labels"] = [classes[label] if 0 <= label < len(classes) else "" for label in labels]
    shape = [int(size) for size in json.loads(about["item_shape"])]
    for name, symbol in symbols.items():
        values, entry = pixels.get(symbol.value), found["symbols"][name]
        if symbol.value == "code" and len(codes) == count:
            entry["samples"] = [rounded(code) for code in codes]
        elif values is not None:
            entry["samples"] = [rounded(one.reshape(-1) / np.float32(255)) for one in values[:count]]
            entry["shape"] = shape if len(shape) > 1 else []


def rounded(values: np.ndarray) -> list[float]:
    found: list[float] = np.round(values.astype(np.float64), 3).tolist()
    return found
