"""What is in these files? A plan that a person sees, may change, and that `build` then follows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from selfsup_core.data.details import ANNOTATION, AS_ASKED, NO_SAMPLE, ColumnAbout
from selfsup_core.data.importing.annotations import take_annotations
from selfsup_core.data.importing.binary_sets import take_class_lists, take_letters
from selfsup_core.data.importing.columns import choose_label, column_notes, describe_column
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member, open_files
from selfsup_core.data.importing.fixes import as_kind, read_only
from selfsup_core.data.importing.images import choose_size
from selfsup_core.data.importing.labels import (
    count_cells,
    doubtful_values,
    label_notes,
    name_classes,
    parts_of,
    renamed,
)
from selfsup_core.data.importing.layout import Layout
from selfsup_core.data.importing.look import count_labels, look_at_image_files, look_at_sounds, read_lines
from selfsup_core.data.importing.media import unpack_media
from selfsup_core.data.importing.onehot import join_one_hot
from selfsup_core.data.importing.own_exports import holds_vectors, ignore_own
from selfsup_core.data.importing.pairs import find_pair
from selfsup_core.data.importing.parts import read_arrays
from selfsup_core.data.importing.pixels import find_pixels
from selfsup_core.data.importing.plan import ImportPlan, Kept, Sorted
from selfsup_core.data.importing.prose import choose_unit, read_blocks
from selfsup_core.data.importing.questions import find_questions
from selfsup_core.data.importing.roles import apply_roles
from selfsup_core.data.importing.scans import unpack_scans
from selfsup_core.data.importing.squad import is_squad, read_squad, say_read
from selfsup_core.data.importing.table import Table
from selfsup_core.data.importing.tables import TABLES, read_table, table_form
from selfsup_core.data.importing.titles import title_of
from selfsup_core.data.splits import PARTS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

ARRAYS = ("npy", "idx", "cifar", "hdf5", "mat")
MANY_COLUMNS = 2000  # from which on their cost is named
FORM_NAMES = {
    "csv": "table",
    "jsonl": "JSON",
    "parquet": tr_later("Parquet"),
    "fasttext": tr_later("labeled lines"),
    "libsvm": tr_later("libsvm rows"),
    "excel": tr_later("a spreadsheet"),
    "feather": tr_later("Feather"),
    "stata": tr_later("a Stata file"),
    "spss": tr_later("an SPSS file"),
    "sas": tr_later("a SAS file"),
    "arff": "ARFF",
    "tmx": tr_later("a translation memory"),
    "npy": tr_later("NumPy array"),
    "hdf5": "HDF5",
    "mat": tr_later("MATLAB arrays"),
    "idx": "IDX",
    "cifar": tr_later("CIFAR or STL-10 records"),
    "image": "images",
    "wav": "sounds",
    "txt": "text",
    "squad": tr_later("questions (SQuAD)"),
}


def sort_out(paths: list[Path], config: ImportConfig) -> Sorted:
    """Open files and archives.

    Raises:
        DataError: nothing to read, or kinds that do not belong together.
    """
    opened = open_files(paths)
    members = [inner for member in opened for inner in unpack_media(member)]
    is_unpacked = len(members) > len(opened)
    members, volumes, notes = unpack_scans(members, config)
    form, kept, beside, aside = sort_members(paths[0].name, members, config, is_unpacked=is_unpacked)
    found = Sorted(form, kept, beside, aside, volumes, notes)
    if form == "image":
        take_annotations(found, members, config)
    return found


def sort_members(
    name: str, members: list[Member], config: ImportConfig, *, is_unpacked: bool
) -> tuple[str, list[Member], list[Member], dict[str, str]]:
    """(format, its members, tables lying beside images or sounds, {name: reason} of what was set aside).

    Args:
        is_unpacked: whether they come out of an archive, in which tables may only lie beside the samples.
    """
    found: dict[str, list[Member]] = {}
    aside: dict[str, str] = {}
    for member in members:
        try:
            form = "image" if member.picture else form_of(member, config)
            if form in ("zip", "gz"):
                raise DataError(
                    tr("{name} is packed twice.").format(name=member.name),
                    code="archive-nested",
                    remedy=tr("Unpack the inner archive first."),
                )
        except DataError as error:
            if len(members) == 1:
                raise
            aside[member.name] = error.message
            continue
        if config.only and config.only not in (form, member.name):
            aside[member.name] = AS_ASKED
            continue
        found.setdefault(form, []).append(member)
    if not found and config.only:
        raise DataError(
            tr("{name} has no file and no kind of files called {only!r}.").format(
                name=name, only=config.only
            ),
            code="no-file",
            remedy=tr("Check the name."),
            fix={"setting": "only", "value": "", "title": "Read all files"},
        )
    if not found:
        raise DataError(
            tr("Nothing in {name} can be read; the first: {next}").format(
                name=name, next=next(iter(aside.values()))
            ),
            code="nothing-readable",
            remedy=tr("See the list of formats."),
        )
    if is_unpacked and aside and set(found) <= set(TABLES):
        raise DataError(
            tr("None of the files in {name} can be read; the first: {next}").format(
                name=name, next=next(iter(aside.values()))
            ),
            code="nothing-readable",
            remedy=tr("Save its images as PNG or JPEG, its sounds as WAV or FLAC."),
        )
    beside = []
    for main in ("image", "wav"):
        if main in found:
            beside = [m for form in TABLES for m in found.pop(form, [])]
            # A .json beside samples says something of the whole set, seldom a row of each.
            aside |= {m.name: NO_SAMPLE for m in beside if m.suffix == ".json"}
            beside = [m for m in beside if m.suffix != ".json"]
            for form in [f for f in found if f != main]:  # a README beside the images
                aside |= {m.name: NO_SAMPLE for m in found.pop(form)}
            tell_annotations([m.name for m in found[main]], aside)
            return main, found[main], beside, aside
    if set(found) & set(ARRAYS):
        beside += take_class_lists(found)
        beside += take_letters(found)
        if not set(found) & set(TABLES):
            for form in set(found) - set(ARRAYS):
                aside |= {m.name: tr("not an array") for m in found.pop(form)}
            return "npy", [m for form in ARRAYS for m in found.get(form, [])], beside, aside
    if len(found) > 1 and "txt" in found:
        aside |= {m.name: tr("not a table") for m in found.pop("txt")}
    if len(found) > 1:
        kinds = ", ".join(FORM_NAMES.get(form, form) for form in found)
        raise DataError(
            tr("These files are of different kinds: {kinds}.").format(kinds=kinds),
            code="mixed-kinds",
            remedy=tr("Upload one kind at a time."),
            fix=read_only(max(found, key=lambda form: len(found[form]))),
        )
    ((form, kept),) = found.items()
    return form, kept, beside, aside


def form_of(member: Member, config: ImportConfig) -> str:
    """Format of a file. Raises DataError."""
    form = table_form(member, config)
    return "squad" if form == "jsonl" and config.kind in ("auto", "text") and is_squad(member) else form


def tell_annotations(samples: list[str], aside: dict[str, str]) -> None:
    """Reasons for files of YOLO, Pascal VOC and the like that lie beside images: named as one, or a list of
    classes.
    """
    stems = {PurePosixPath(name).stem for name in samples}
    for name in aside:
        path = PurePosixPath(name)
        if path.suffix.lower() in (".txt", ".xml", ".json") and path.stem in stems:
            aside[name] = ANNOTATION
        elif path.suffix.lower() in (".yaml", ".yml", ".xml"):
            aside[name] = NO_SAMPLE


def inspect_files(paths: list[Path], config: ImportConfig, keep: Kept | None = None) -> ImportPlan:
    """A plan as plain values.

    Args:
        keep: is given the arrays, the table, the lines or the layout, so that they need not be read twice.

    Returns: {"form", "kind", "rows", "notes", "aside", and by kind: "columns" | "size", "color", "median" |
        "seconds", "classes"}.

    Raises:
        DataError: nothing here can be imported.
    """
    found = sort_out(paths, config)
    form, members, beside, aside = found.form, found.members, found.beside, found.aside
    if keep is not None:
        keep["sorted"] = found
    check_kind(paths[0].name, form, config)
    plan: ImportPlan = {"form": form, "files": len(members), "notes": [], "aside": aside}
    plan["notes"] = list(dict.fromkeys(note for m in [*members, *beside] for note in m.notes))
    plan["title"] = title_of([path.name for path in paths], aside)
    if form in ("image", "wav"):
        look = look_at_image_files if form == "image" else look_at_sounds
        seen = look(members, beside, config, keep)
        notes = plan["notes"] + found.notes + seen["notes"]
        seen |= {"aside": aside | seen["aside"], "notes": notes, "offers": seen["offers"] | found.offers}
        return plan | seen | {"volumes": found.volumes}
    if form == "squad":
        asked = read_squad(members)
        if keep is not None:
            keep["questions"] = asked.rows
        plan["notes"] += say_read(asked)
        return plan | {"kind": "text", "rows": len(asked.rows), "classes": {}}
    if form == "npy":
        made = read_arrays(members, config, beside)
        if keep is not None:
            keep["arrays"] = made
        x = made.x
        kind = made.kinds[0]
        if config.kind not in ("auto", kind):
            raise DataError(
                tr("An array of {shape} cannot be read as {kind}.").format(shape=x.shape, kind=config.kind),
                code="wrong-kind",
                remedy=tr("It can be read as {kind}.").format(kind=kind),
                fix=as_kind(kind),
            )
        plan |= {"kind": kind, "kinds": list(made.kinds), "rows": len(x), "shape": list(x.shape[1:])}
        plan |= {"notes": plan["notes"] + made.notes, "aside": aside | made.aside}
        plan["classes"] = count_labels(made.labels or [])
        plan["label_arrays"] = made.offers
        if made.parts is not None:
            counts = np.bincount(made.parts, minlength=len(PARTS)).tolist()
            plan["parts"] = dict(zip(PARTS, counts, strict=True))
        if kind == "image":
            plan["size"] = config.size or (
                x.shape[1]
                if x.shape[1] == x.shape[2] and x.shape[1] <= 64
                else choose_size([(x.shape[1], x.shape[2])])
            )
            plan["color"] = x.ndim == 4 and x.shape[-1] == 3
        return plan
    if form == "txt":
        unit = choose_unit(members, config)
        layout = Layout()
        if unit == "lines":
            lines, encoding, layout.notes = read_lines(members, config)
        else:
            lines, encoding, layout = read_blocks(members, config, unit)
        if keep is not None:
            keep["lines"], keep["line_labels"], keep["line_parts"] = lines, layout.labels, layout.parts
        if layout.parts is not None:
            counts = np.bincount(layout.parts, minlength=len(PARTS)).tolist()
            plan["parts"] = dict(zip(PARTS, counts, strict=True))
        letters = np.count_nonzero((lines.blob & 0xC0) != 0x80)  # the other bytes go on with a letter
        return plan | {
            "kind": "text",
            "rows": len(lines),
            "notes": layout.notes,
            "encoding": encoding,
            "unit": unit,
            "classes": count_labels(layout.labels or []),
            "examples": [lines[i] for i in range(min(5, len(lines)))],
            "mean_length": letters / len(lines),
        }
    table = join_one_hot(read_table(members, config), config)
    if keep is not None:
        keep["table"] = table
    described = [
        describe_column(name, cells, table.found.get("delimiter", ""), table.values.get(name))
        for name, cells in zip(table.names, table.columns, strict=True)
    ]
    described = find_questions(find_pair(choose_label(described), is_sure="pair" in table.found))
    columns = apply_roles(ignore_own([c.as_dict() for c in described]), config)
    return plan | plan_table(table, columns, config)


def plan_table(table: Table, columns: list[ColumnAbout], config: ImportConfig) -> ImportPlan:
    """The part of the plan that is about a table. Raises DataError: images are asked for, and there are
    none.
    """
    pixels = find_pixels(table, columns)
    kind = config.kind if config.kind != "auto" else table_kind(columns)
    if config.kind == "image" and not pixels:
        raise DataError(
            tr(
                "The table cannot be read as images: no columns hold the pixels of square "
                "images, such as 784 "
                "for 28 × 28."
            ),
            code="wrong-kind",
            remedy=tr("Choose table or text."),
            fix=as_kind("table"),
        )
    if pixels and config.kind == "auto" and pixels["is_sure"]:
        kind = "image"
    label = next((c["name"] for c in columns if c["role"] == "label"), None)
    plan: ImportPlan = {"kind": kind, "rows": len(table), "columns": columns, "found": table.found}
    plan["notes"] = list(table.notes)
    if pixels:
        plan["pixels"] = pixels
        size = f"{pixels['side']} × {pixels['side']}"
        count = pixels["side"] ** 2 * pixels["channels"]
        if kind == "image":
            label = None if config.label == "-" else label or pixels["label"] or None
            plan["size"] = config.size or pixels["side"]
            plan["color"] = pixels["channels"] == 3 and config.color != "gray"
            plan["notes"].append(
                tr(
                    "{count:,} numbers in each row are read as images of {size}. Choose the "
                    "kind table to keep "
                    "them as numbers."
                ).format(count=count, size=size)
            )
        elif kind == "table":
            plan["notes"].append(
                tr("If the {count:,} numbers of a row are an image of {size}, choose the kind image.").format(
                    count=count, size=size
                )
            )
    cells = count_cells(table.columns[table.names.index(label)] if label else [])
    plan["classes"] = dict(renamed(cells, name_classes(cells, config)).most_common(100))
    plan["doubtful"] = doubtful_values(cells)
    plan["labels"] = parts_of(cells)
    plan["notes"] += label_notes(cells, config)
    numbers = sum(c["role"] == "numeric" for c in columns)
    if kind == "table" and numbers > MANY_COLUMNS:
        plan["notes"].append(
            tr(
                "{numbers:,} columns of numbers: networks and maps take longer and need more rows. "
                "Keep those that vary most, if you can."
            ).format(numbers=numbers)
        )
    texts = [c["name"] for c in columns if c["role"] == "text"]
    if kind == "text" and len(texts) > 1:
        plan["notes"].append(
            tr(
                "The text is {texts}. Not used: {texts_2}. To learn from another column, "
                "choose it as the text."
            ).format(texts=texts[0], texts_2=", ".join(texts[1:6]))
        )
    if kind != "image":
        plan["notes"] += column_notes(columns, config.label, is_offered=bool(table.found.get("one_hot"))) + [
            tr("{name}: {cells} became missing.").format(name=c["name"], cells=counted(c["missing"], "cell"))
            for c in columns
            if c["role"] == "numeric" and c["missing"]
        ]
    return plan


def check_kind(name: str, form: str, config: ImportConfig) -> None:
    """Raises DataError when files of this format cannot be read as the kind that is asked for."""
    possible = {
        "image": ("image",),
        "wav": ("sound",),
        "txt": ("text", "table"),
        "squad": ("text",),
        "npy": ("image", "table"),
    }.get(form, ("table", "text", "image"))
    if config.kind not in ("auto", *possible):
        raise DataError(
            tr("{name} holds {form_names}, which cannot be read as {kind}.").format(
                name=name, form_names=FORM_NAMES[form], kind=config.kind
            ),
            code="wrong-kind",
            remedy=tr("Choose {possible}.").format(possible=tr(" or ").join(possible)),
            fix=as_kind(possible[0]),
        )


def table_kind(columns: list[ColumnAbout]) -> str:
    """Text where a column holds text and few others hold numbers."""
    if holds_vectors({c["name"] for c in columns}):
        return "table"
    numbers = sum(c["role"] in ("numeric", "category") for c in columns)
    return "text" if any(c["role"] == "text" for c in columns) and numbers < 4 else "table"
