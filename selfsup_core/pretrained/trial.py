"""A model's folder is tried before this process loads it: in a limited child, which a bomb or a crash of its
tokenizer ends.

`require_tried` is asked by all that loads a folder. What has passed is remembered by its content, so that a
folder is tried again only when its files, or the libraries that read them, have changed.

`python -m selfsup_core.pretrained.trial JOB` is the child. No prepared process forks it: a folder is tried
once, and the libraries would be held in memory just when the model is loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from selfsup_core.data.library.limited import (
    ChildResult,
    Ended,
    die_with_parent,
    memory_for_one,
    run_limited,
    set_limits,
)
from selfsup_core.data.limits import MB
from selfsup_core.errors import DataError
from selfsup_core.files import keep_private, read_json, write_json
from selfsup_core.pretrained.model_folder import AGAIN, READ, check_no_code, measure_folder, unreadable
from selfsup_core.safetensors_header import read_header
from selfsup_core.translation import tr, tr_later

MODULE = "selfsup_core.pretrained.trial"
CACHE = "SELFSUP_CACHE"  # another place than the system's for what is remembered
FORMAT = "1"  # of the trial: a number more, and all folders are tried again
SECONDS = (
    60.0  # of a processor; the libraries' import is about 10 of them, the largest known tokenizer another 5
)
# Words, a long run, numbers, spaces, other scripts: what the rules of a tokenizer are slow at.
PROBE = (
    "The quick brown fox. " * 20
    + "a" * 2000
    + "0123456789" * 50
    + " \t\n" * 200
    + "ñ 你好 \U0001f600 é́ " * 20
)
SPARE_NUMBERS = 10_000_000  # that a network may have beyond those in its files, such as a new output layer
PARTS = {
    "config": tr_later("configuration (config.json)"),
    "tokenizer": tr_later("tokenizer (tokenizer.json and the files beside it)"),
    "network": tr_later("network that config.json asks for"),
}
SAFE = {"local_files_only": True, "trust_remote_code": False}

_one_at_a_time = threading.Lock()
_passed: set[str] = set()


def require_tried(folder: Path, say: Callable[[str], None] = lambda text: None) -> None:
    """Have a folder tried, unless one with the same content has been.

    Args:
        say: is told when it is tried, which takes some seconds.

    Raises:
        DataError: what of it failed, or made the child run out of memory or time or crash.
    """
    check_no_code(folder)  # nor a pipe, nor files of terabytes
    found = fingerprint(folder)
    if is_remembered(found):
        return
    with _one_at_a_time:
        if not is_remembered(found):
            say(tr("Trying {name} in a process of its own.").format(name=folder.name))
            try_apart(folder)
            remember(folder)


def fingerprint(folder: Path) -> str:
    """Digest of all that a trial depends on: the settings and the words of a folder, the sizes of its
    weights, and the libraries.

    Raises:
        DataError: a file may not be read.
    """
    digest = hashlib.sha256(f"{FORMAT} {libraries()}".encode())
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in READ and path.is_file():
                with open(path, "rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            elif path.suffix == ".safetensors":
                found = str(sizes_in(path))
            else:
                continue
            digest.update(json.dumps([path.name, found]).encode())
    except OSError as error:
        raise DataError(
            tr("{name} could not be read: {strerror}.").format(name=folder.name, strerror=error.strerror),
            code="bad-model",
            remedy=tr("Check the permissions of its files."),
        ) from error
    return digest.hexdigest()


def sizes_in(path: Path) -> Any:
    """The header of a file of weights; its size where it has none, which the loader refuses."""
    try:
        return read_header(path)
    except (ValueError, TypeError):
        return path.stat().st_size


@cache
def libraries() -> str:
    return " ".join(f"{name} {version(name)}" for name in ("transformers", "tokenizers", "torch"))


def remembered_in() -> Path:
    """The folder of marks: a person's own, not the workspace's, which may come from somebody else."""
    if chosen := os.environ.get(CACHE):
        return Path(chosen) / "tried"
    home = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "selfsup-studio" / "tried"


def is_remembered(found: str) -> bool:
    return found in _passed or (remembered_in() / found).is_file()


def remember(folder: Path) -> None:
    """No trial for this content from now on: it has passed, or we have written it ourselves."""
    found = fingerprint(folder)
    _passed.add(found)
    with contextlib.suppress(OSError):  # without a place for marks it is tried once a process
        remembered_in().mkdir(parents=True, exist_ok=True)
        (remembered_in() / found).touch()


def try_apart(folder: Path) -> None:
    """Raises DataError: as `require_tried`."""
    with tempfile.TemporaryDirectory() as place:
        ended = run_limited(MODULE, {"folder": str(folder.resolve())}, Path(place), seconds=SECONDS)
    if ended.result is None:
        raise died(ended, folder.name)
    ended.value()


def died(ended: Ended, name: str) -> DataError:
    """What to say of a trial that left no result."""
    part = PARTS.get(ended.stage, "model")
    if ended.was_full or "memory allocation" in ended.log:
        found = tr("takes more than {memory_for_one:,} MB of memory, and was ended").format(
            memory_for_one=memory_for_one() // MB
        )
    elif ended.was_slow:
        found = tr(
            "was not loaded and used on a short text within {seconds:.0f} s, or took too much memory, and "
            "was ended"
        ).format(seconds=SECONDS)
    else:
        found = tr("crashed the process that tried it")
    return DataError(
        tr("The {part} of {name} {found}.").format(part=part, name=name, found=found),
        code="bad-model",
        remedy=AGAIN,
    )


def try_folder(folder: Path, say: Callable[[str], None]) -> None:
    """Load a folder's configuration and tokenizer, encode a text, and lay out its network without numbers.

    Args:
        say: is told each of PARTS that is begun.

    Raises:
        DataError: what failed.
    """
    say("config")
    config = load_config(folder)
    say("tokenizer")
    try_tokenizer(folder)
    if config is not None and any(folder.glob("*.safetensors")):
        say("network")
        try_network(config, folder)


def load_config(folder: Path) -> Any:
    """None where transformers does not know the kind; the loader says that better."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, **SAFE)
    except MemoryError:
        raise
    except Exception as error:
        raise unreadable(folder, "configuration", error) from error


def try_tokenizer(folder: Path) -> None:
    """Both ways in which tokenizers are used here: without transformers, and with them."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    bare = None
    try:
        if (folder / "tokenizer.json").is_file():
            bare = Tokenizer.from_file(str(folder / "tokenizer.json"))
            bare.no_padding()
            bare.encode(PROBE)
            bare.get_vocab(with_added_tokens=True)
    except MemoryError:
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        raise unreadable(folder, "tokenizer", error) from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **SAFE)
        tokenizer.decode(tokenizer(PROBE)["input_ids"])
    except MemoryError:
        raise
    except BaseException as error:
        # An encoder needs the first way alone; loaders of the second say what they lack.
        if bare is None or not isinstance(error, Exception):
            raise unreadable(folder, "tokenizer", error) from error


def try_network(config: Any, folder: Path) -> None:
    """Raises DataError when the network has far more numbers than the files of its weights could hold."""
    import torch
    from transformers import AutoModel

    held = measure_folder(folder).file_bytes
    try:
        with torch.device("meta"):
            model = AutoModel.from_config(config)
    except MemoryError:
        raise
    except Exception:
        return  # the loader of this kind of model says what it lacks
    asked = sum(p.numel() for p in model.parameters())
    if asked > 2 * held + SPARE_NUMBERS:  # four bits are the fewest that a weight takes
        raise DataError(
            tr(
                "config.json of {name} asks for a network of {asked:,} weights; its files hold {held:,} "
                "bytes."
            ).format(name=folder.name, asked=asked, held=held),
            code="bad-model",
            remedy=AGAIN,
        )


def main(path: Path) -> None:
    folder = Path(json.loads(path.read_bytes())["folder"])
    die_with_parent(path.parent)
    # Before the limits: how much address space they map has nothing to do with the folder.
    import psutil
    import torch  # noqa: F401
    import transformers  # noqa: F401

    set_limits(psutil.Process().memory_info().vms + memory_for_one(), SECONDS)
    try:
        try_folder(folder, say=lambda part: write_json(path.with_name("stage.json"), part))
        result: ChildResult = {"value": None}
    except DataError as error:
        result = {"error": error.as_dict()}
    except MemoryError:
        stage = read_json(path.with_name("stage.json"))
        result = {"error": died(Ended(None, 1, "MemoryError", stage), folder.name).as_dict()}
    write_json(path.with_name("result.json"), result)


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]))
