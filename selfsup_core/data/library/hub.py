"""Data sets of the Hugging Face Hub by id: their Parquet files are fetched and then read like an upload.

No code of a data set's repository is run: only files of known formats are taken, through huggingface_hub.
"""

from __future__ import annotations

import re
import shutil
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, cast

from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

HUB = "huggingface.co"
ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
PARQUET_BRANCH = "refs/convert/parquet"
ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl")


def require_online(seconds: float = 3.0) -> None:
    """Raises DataError at once when the Hub cannot be reached."""
    try:
        socket.create_connection((HUB, 443), timeout=seconds).close()
    except OSError as error:
        raise DataError(
            tr("This machine cannot reach the Hugging Face Hub."),
            code="offline",
            remedy=tr("Go online, or download the files elsewhere and upload them here."),
        ) from error


def fetch(workspace: Path, dataset_id: str, *, split: str = "train") -> list[Path]:
    """Download the files of one split into the workspace's uploads.

    Raises:
        DataError: no such id, offline, nothing readable, or too large.
    """
    dataset_id = dataset_id.strip()
    if not ID.fullmatch(dataset_id):
        raise DataError(
            tr("{dataset_id!r} is not an ID of the Hub.").format(dataset_id=dataset_id),
            code="bad-id",
            remedy=tr("Write it as owner/name."),
        )
    require_online()
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    target = workspace / "uploads" / f"hub-{uuid.uuid4().hex[:12]}"
    try:
        files, revision = list_files(api, dataset_id)
        chosen = [f for f in files if split in f] or files
        sizes = api.get_paths_info(dataset_id, chosen, repo_type="dataset", revision=revision)
        total = sum(cast("RepoFile", entry).size for entry in sizes)
        if total > LIMITS.total_bytes:
            raise DataError(
                tr("{dataset_id} has {total:,.0f} MB; at most {total_bytes} MB.").format(
                    dataset_id=dataset_id, total=total / MB, total_bytes=LIMITS.total_bytes // MB
                ),
                code="too-large",
                remedy=tr("Choose a smaller one."),
            )
        return [
            Path(hf_hub_download(dataset_id, name, repo_type="dataset", revision=revision, local_dir=target))
            for name in chosen[: LIMITS.files]
        ]
    except (HfHubHTTPError, OSError, ValueError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise DataError(
            tr("{dataset_id} could not be fetched ({name}).").format(
                dataset_id=dataset_id, name=type(error).__name__
            ),
            code="hub",
            remedy=tr("Check the ID on huggingface.co; data sets behind a login are not supported."),
        ) from error


def list_files(api: HfApi, dataset_id: str) -> tuple[list[str], str]:
    """Readable files and the revision they are in: the Hub's own Parquet copy first."""
    from huggingface_hub.errors import HfHubHTTPError

    for revision in (PARQUET_BRANCH, "main"):
        try:
            names = api.list_repo_files(dataset_id, repo_type="dataset", revision=revision)
        except HfHubHTTPError:
            if revision == "main":
                raise
            continue
        files = sorted(name for name in names if name.endswith(ENDINGS))
        if files:
            return files, revision
    raise DataError(
        tr("{dataset_id} holds no Parquet, CSV or JSONL file.").format(dataset_id=dataset_id),
        code="nothing-readable",
        remedy=tr("Download it and upload its files here."),
    )
