"""Language models of the Hugging Face Hub by id: safetensors, JSON and vocabulary files of one pinned
revision.

No code of a model's repository is fetched or run; what is there is said before it is downloaded.
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired

from typing_extensions import TypedDict

from selfsup_core.data.library.hub import require_online
from selfsup_core.errors import DataError
from selfsup_core.files import read_shaped
from selfsup_core.pretrained.model_folder import (
    TOKENIZERS,
    check_folder,
    check_no_code,
    kind_of,
    measure_folder,
    read_config,
)
from selfsup_core.pretrained.trial import require_tried
from selfsup_core.translation import tr

HUB = "hub:"
MARK = "studio.json"  # written last: a folder without it was not finished
ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
REVISION = re.compile(r"[\w./-]{1,100}")
MB = 1_000_000
MOST_BYTES = 4_000 * MB
SPARE_BYTES = 500 * MB  # that stay free on the disk
WORDS = (*TOKENIZERS, "merges.txt", "sentencepiece.bpe.model", "special_tokens_map.json")


@dataclass(frozen=True)
class Plan:
    """What would be downloaded.

    Attributes:
        revision: the commit, pinned: what is looked at is what is fetched.
        files: name → bytes. digests: name → sha256, of the large files.
    """

    id: str
    revision: str
    licence: str
    files: dict[str, int]
    digests: dict[str, str]

    @property
    def bytes(self) -> int:
        return sum(self.files.values())

    def about(self) -> str:
        return tr("{id}, revision {revision}: {bytes:,.0f} MB in {count} files").format(
            id=self.id, revision=self.revision[:7], bytes=self.bytes / MB, count=len(self.files)
        )


class Mark(TypedDict):
    """What is kept beside a model that was fetched."""

    id: str
    revision: str
    licence: str
    bytes: int
    fetched: str
    parameters: NotRequired[int]


def split_id(name: str) -> tuple[str, str]:
    """ "owner/name@revision" → (id, revision, "main" without one).

    Raises:
        DataError: it is not an id.
    """
    model_id, _, revision = name.strip().removeprefix(HUB).partition("@")
    is_good = ID.fullmatch(model_id) and ".." not in model_id
    if not is_good or (revision and (not REVISION.fullmatch(revision) or ".." in revision)):
        raise DataError(
            tr("{name!r} is not an ID of the Hub.").format(name=name[:200]),
            code="bad-id",
            remedy=tr("Write it as owner/name."),
        )
    return model_id, revision or "main"


def folder_of(model_id: str, workspace: Path) -> Path:
    return workspace / "models" / f"hub--{model_id.replace('/', '--')}"


def find_fetched(model_id: str, workspace: Path) -> Path:
    """The folder of a model that was fetched. Raises DataError when it was not."""
    folder = folder_of(split_id(model_id)[0], workspace)
    if read_shaped(folder / MARK, Mark) is None:
        raise DataError(
            tr("{model_id} has not been downloaded.").format(model_id=model_id),
            code="no-model",
            remedy=tr("Download it under Models, or with `language fetch`."),
        )
    return folder


def list_fetched(workspace: Path) -> list[Mark]:
    """What is known of each fetched model."""
    marks = (read_shaped(path, Mark) for path in sorted((workspace / "models").glob(f"hub--*/{MARK}")))
    return [mark for mark in marks if mark]


def is_fetched(target: Path, revision: str) -> bool:
    mark = read_shaped(target / MARK, Mark)
    return mark is not None and mark["revision"] == revision


def plan_fetch(name: str) -> Plan:
    """What a model's repository holds of what is needed.

    Raises:
        DataError: offline, no such model, behind a login, no safetensors, or too large.
    """
    model_id, revision = split_id(name)
    require_online()
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = HfApi(token=False).model_info(model_id, revision=revision, files_metadata=True)
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise not_fetched(model_id, error) from error
    sizes = {entry.rfilename: entry.size or 0 for entry in found.siblings or []}
    weights = choose_weights(list(sizes))
    if not weights:
        raise DataError(
            tr("{model_id} has no .safetensors file.").format(model_id=model_id),
            code="no-safetensors",
            remedy=tr("Other formats could run code; many models have a second copy as safetensors."),
        )
    texts = [n for n in sizes if "/" not in n and (n in WORDS or n.endswith(".json"))]
    files = {n: sizes[n] for n in (*texts, *weights)}
    digests = {e.rfilename: e.lfs.sha256 for e in found.siblings or [] if e.lfs and e.rfilename in files}
    licence = getattr(found.card_data, "license", None) if found.card_data else None
    plan = Plan(model_id, found.sha or revision, str(licence or tr("not stated")), files, digests)
    if plan.bytes > MOST_BYTES:
        raise DataError(
            tr("{about}; at most {most_bytes:,} MB.").format(about=plan.about(), most_bytes=MOST_BYTES // MB),
            code="too-large",
            remedy=tr("Choose a smaller one."),
        )
    return plan


def choose_weights(names: list[str]) -> list[str]:
    """The files of one copy of the weights: model.safetensors, or all its parts."""
    if "model.safetensors" in names:
        return ["model.safetensors"]
    parts = [n for n in names if re.fullmatch(r"model-\d+-of-\d+\.safetensors", n)]
    return sorted(parts)


def fetch_model(
    name: str, workspace: Path, say: Callable[[str], None] = print, *, plan: Plan | None = None
) -> Path:
    """Download a model into the workspace; its folder appears whole or not at all.

    Args:
        name: owner/name, or owner/name@revision.
        plan: what `plan_fetch` gave.

    Raises:
        DataError: as `plan_fetch`; the model brings code, is of no known kind, or a file is damaged, or its
        trial failed; the disk is full.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    plan = plan or plan_fetch(name)
    target = folder_of(plan.id, workspace)
    if is_fetched(target, plan.revision):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < plan.bytes + SPARE_BYTES:
        raise DataError(
            tr("{about}; there is not enough disk space.").format(about=plan.about()),
            code="disk-full",
            remedy=tr("Free some disk space."),
        )
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    done = 0
    try:
        # Small files first: what may not be loaded is refused before its weights are fetched.
        for file in sorted(plan.files, key=lambda n: (n.endswith(".safetensors"), n)):
            if file.endswith(".safetensors"):
                check_no_code(temporary)
                kind_of(read_config(temporary / "config.json"), plan.id)
            say(
                tr("Downloading {id}: {done:,.0f} of {bytes:,.0f} MB.").format(
                    id=plan.id, done=done / MB, bytes=plan.bytes / MB
                )
            )
            hf_hub_download(plan.id, file, revision=plan.revision, local_dir=temporary, token=False)
            done += plan.files[file]
        shutil.rmtree(temporary / ".cache", ignore_errors=True)
        say(tr("Checking {id}.").format(id=plan.id))
        check_digests(temporary, plan)
        check_folder(temporary)
        require_tried(
            temporary, lambda text: say(tr("Trying {id} in a process of its own.").format(id=plan.id))
        )
        size = measure_folder(temporary)
        mark = {
            "id": plan.id,
            "revision": plan.revision,
            "licence": plan.licence,
            "bytes": plan.bytes,
            "parameters": size.parameters,
            "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        (temporary / MARK).write_text(json.dumps(mark), "utf-8")
        if is_fetched(target, plan.revision):
            return target  # another fetch was quicker, and someone may be reading it by now
        old = temporary.with_suffix(".old")
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        temporary.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise not_fetched(plan.id, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def check_digests(folder: Path, plan: Plan) -> None:
    import hashlib

    for name, expected in plan.digests.items():
        with open(folder / name, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise DataError(
                tr("{name} of {id} arrived damaged: its SHA-256 begins with {found}, not {expected}.").format(
                    name=name, id=plan.id, found=found[:12], expected=expected[:12]
                ),
                code="bad-digest",
                remedy=tr("Download it again."),
            )


def not_fetched(model_id: str, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DataError(
            tr("{model_id} could not be downloaded: the disk is full.").format(model_id=model_id),
            code="disk-full",
            remedy=tr("Free some disk space."),
        )
    return DataError(
        tr("{model_id} could not be fetched ({name}).").format(model_id=model_id, name=type(error).__name__),
        code="hub",
        remedy=tr("Check the ID on huggingface.co; models behind a login are not supported."),
    )
