"""What a run was computed from: its spec, the program's code and the data, as digests, and the versions that
computed it. Where all of them are the same, and the device and its threads, so are the numbers on a CPU.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core import __version__
from selfsup_core.files import sha256
from selfsup_core.translation import tr

# The rooms that decide what a run computes: other code may change, and its numbers stay.
ROOMS = (
    "augment",
    "data",
    "evaluate",
    "features",
    "models",
    "objectives",
    "pretrained",
    "projection",
    "pseudo",
    "tasks",
    "train",
)
LIBRARIES = ("torch", "numpy", "transformers", "scikit-learn")
SHOWN = 12  # letters of a digest that people read

DIGEST = re.compile(r"[0-9a-f]{64}")
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Version = Annotated[str, Field(max_length=80)]


class RunIdentity(TypedDict):
    """What a run was computed from, as of its start.

    Attributes:
        spec: of the settings that decide the outcome. code: of the program's files that compute it.
        data: of the arrays of its data set.
        versions: of this program, of Python and of the libraries that compute, and the kind of machine.
    """

    spec: Digest
    code: Digest
    data: Digest
    versions: Annotated[dict[str, Version], Field(max_length=20)]


def identify(spec: str, data: str) -> RunIdentity:
    """The identity of a run that this process computes. spec, data: their digests."""
    if not DIGEST.fullmatch(data):  # a data set that was made in memory has a name alone
        data = sha256(data.encode())
    return {"spec": spec, "code": code_digest(), "data": data, "versions": found_versions()}


@cache
def code_digest() -> str:
    """Of the files of the rooms that compute, by their names and contents."""
    root = Path(__file__).parent.parent
    files = sorted(path for room in ROOMS for path in (root / room).rglob("*.py"))
    parts = [f"{path.relative_to(root).as_posix()} {sha256(path.read_bytes())}" for path in files]
    return sha256("\n".join(parts).encode())


@cache
def found_versions() -> dict[str, str]:
    """Name → version."""
    found = {
        "SelfSup Studio": __version__,
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def say_versions(identity: RunIdentity) -> str:
    """ "SelfSup Studio 0.2.0, Python 3.11.7, torch 2.13.0" """
    return ", ".join(
        value if name == "machine" else f"{name} {value}" for name, value in identity["versions"].items()
    )


def identity_rows(identity: RunIdentity | None) -> list[tuple[str, str]]:
    """Title and value of each part, for tables; none of a run that an earlier version has made."""
    if not identity:
        return []
    return [
        (tr("Digest of the settings"), identity["spec"][:SHOWN]),
        (tr("Digest of the code"), identity["code"][:SHOWN]),
        (tr("Digest of the data"), identity["data"][:SHOWN]),
        (tr("Versions"), say_versions(identity)),
    ]


def differing(identities: Sequence[RunIdentity]) -> list[str]:
    """What is not the same in all of them, in words: "the data", "torch (2.12.0; 2.13.0)". Settings are left
    out, which may differ on purpose.
    """
    found = []
    if len({one["code"] for one in identities}) > 1:
        found.append(tr("the code of the program"))
    if len({one["data"] for one in identities}) > 1:
        found.append(tr("the data"))
    names = dict.fromkeys(name for one in identities for name in one["versions"])
    for name in names:
        values = list(dict.fromkeys(one["versions"].get(name, "–") for one in identities))
        if len(values) > 1:
            title = tr("the machine") if name == "machine" else name
            found.append(f"{title} ({'; '.join(values)})")
    return found
