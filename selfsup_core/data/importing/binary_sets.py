"""Records of bytes without a header, as CIFAR-10, CIFAR-100 [1] and STL-10 [2] come, and the names of their
classes that lie beside them as text.

[1] Krizhevsky: Learning multiple layers of features from tiny images, 2009
[2] Coates, Lee, Ng: An analysis of single-layer networks in unsupervised feature learning, 2011
"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from selfsup_core.data.importing.arrays import Named
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.formats import CIFAR
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

STL = 3 * 96 * 96  # bytes of an image of STL-10: all red, green, blue, each column by column
# File of class names → the label of its first line.
CLASS_LISTS = {"batches.meta.txt": 0, "fine_label_names.txt": 0, "class_names.txt": 1}


def read_records(member: Member, members: list[Member]) -> list[Named]:
    """Images and labels of one file; the labels of STL-10's images are a file of their own.

    Args:
        members: all files of the upload.

    Raises:
        DataError: the size is no multiple of a record, or labels lack their images.
    """
    name, side = member.name.lower(), PurePosixPath(member.name).stem.lower()[-2:]
    if side == "_y" and (images := partner_of(member, members, "_x")):
        if images.size != member.size * STL:
            raise DataError(
                tr(
                    "{name} has {size:,} labels; {name_2} of {size_2:,} bytes does not "
                    "hold as many images of {stl:,} bytes."
                ).format(name=member.name, size=member.size, name_2=images.name, size_2=images.size, stl=STL),
                code="labels-do-not-fit",
                remedy=tr("Download both again; a download may have been cut off."),
            )
        return [Named(tr("{name} labels").format(name=name), np.frombuffer(member.read(), np.uint8))]
    width = next((w for w in (*CIFAR, STL) if member.size and member.size % w == 0), 0)
    if not width:
        raise DataError(
            tr(
                "{name} of {size:,} bytes is not known: a .bin file of CIFAR holds records of "
                "{cifar:,} or {cifar_2:,} bytes, one of STL-10 images of {stl:,} bytes, beside their labels "
                "(train_X.bin, train_y.bin)."
            ).format(name=member.name, size=member.size, cifar=CIFAR[0], cifar_2=CIFAR[1], stl=STL),
            code="unknown-format",
            remedy=tr("Save arrays with numpy.savez, tables as CSV or Parquet."),
        )
    records = np.frombuffer(member.read(), np.uint8).reshape(-1, width)
    if width == STL:
        found = [
            Named(tr("{name} images").format(name=name), records.reshape(-1, 3, 96, 96).transpose(0, 3, 2, 1))
        ]
        is_labeled = any(partner_of(one, members, "_x") for one in members)
        if is_labeled and not partner_of(member, members, "_y"):  # unlabeled_X.bin beside train_X.bin
            found.append(Named(tr("{name} labels").format(name=name), np.full(len(records), -1)))
        return found
    pixels = records[:, -3072:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 32, 32, 3)
    # Of CIFAR-100's two labels the second one, the fine.
    return [
        Named(tr("{name} images").format(name=name), pixels),
        Named(tr("{name} labels").format(name=name), records[:, width - 3073]),
    ]


def partner_of(member: Member, members: list[Member], side: str) -> Member | None:
    """The file of the same name that ends with `side` ("_x", "_y"); train_X.bin of train_y.bin."""
    path = PurePosixPath(member.name.lower())
    if path.stem[-2:] not in ("_x", "_y") or path.stem.endswith(side):
        return None
    wanted = str(path.with_name(f"{path.stem[:-2]}{side}{path.suffix}"))
    return next((one for one in members if one.name.lower() == wanted), None)


def take_letters(found: dict[str, list[Member]]) -> list[Member]:
    """Take EMNIST's lists of which letter a number stands for out of {format: members}."""
    taken: list[Member] = []
    for form in ("csv", "txt"):
        letters = [m for m in found.get(form, []) if "mapping" in m.name.lower() and m.suffix == ".txt"]
        if letters and letters == found[form]:
            taken += found.pop(form)
    return taken


def take_class_lists(found: dict[str, list[Member]]) -> list[Member]:
    """Lists of class names that lie beside records, taken out of the files by format."""
    if "cifar" not in found:
        return []
    taken = []
    for form in ("csv", "txt"):
        files = found.pop(form, [])
        names = [m for m in files if PurePosixPath(m.name).name in CLASS_LISTS]
        if rest := [m for m in files if m not in names]:
            found[form] = rest
        taken += names
    return taken


def read_class_lists(members: list[Member]) -> dict[str, str]:
    """{label: name} of files with one class a line."""
    names: dict[str, str] = {}
    for member in members:
        first = CLASS_LISTS.get(PurePosixPath(member.name).name)
        if first is None:
            continue
        lines = member.read().decode("utf-8", "replace").split("\n")
        names |= {str(first + i): line.strip() for i, line in enumerate(lines) if line.strip()}
    return names
