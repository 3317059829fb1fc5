"""Files that are whole or not there: temporary name, flush, rename. A reader never sees half a file.

Reading and writing stay in one file: what one refuses (depth, endless numbers, damage) the other must never make.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import time
import tokenize
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from selfsup_core.errors import StudioError

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
MB = 1_000_000
MOST_JSON = 64 * MB  # no list of rows that we write has so much
MOST_LINES = 512 * MB  # of metrics: millions of rows
MOST_FRAME = 512 * MB
MOST_WEIGHTS = 8_000 * MB
DEEPEST = 64  # levels of a JSON or YAML file; none of ours has a quarter of them
YAML_LETTERS = 2_000_000


class DamagedFile(StudioError):
    """A file of the workspace is not what was written: cut off, changed by hand, or of another program."""

    code = "damaged-file"


OTHERS = 0o077  # what a file's mode allows to anybody but its owner


_umasks: list[int] = []  # as this process was started


def keep_private() -> None:
    """Whatever this process makes from now on can be read by its owner only (POSIX)."""
    if os.name == "posix":
        _umasks.append(os.umask(OTHERS))


def keep_as_before() -> None:
    """The end of `keep_private`."""
    if _umasks:
        os.umask(_umasks.pop())


def hand_over(path: Path) -> None:
    """Give a file, or a new folder, that a person has asked for the mode that new files of theirs have."""
    if _umasks:
        for place in (path, *path.rglob("*")):
            os.chmod(place, (0o777 if place.is_dir() else 0o666) & ~_umasks[0])


def tighten(path: Path) -> None:
    """Take a file, or a folder with all that is in it, from everybody but its owner (POSIX).

    Links are not followed, and what may not be changed stays as it is.
    """
    if os.name != "posix":
        return
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return  # a folder that is closed keeps closed what lies in it
        if stat.S_ISDIR(mode):
            for name in os.listdir(path):
                tighten(path / name)
        os.chmod(path, stat.S_IMODE(mode) & ~OTHERS)
    except OSError:
        return


DISK_ERRORS = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG}


def disk_error(error: OSError) -> StudioError:
    """An error of the file system as a person may see it: without the system's own words for a place."""
    reason = error.strerror or type(error).__name__
    name = Path(str(error.filename)).name if error.filename else ""
    if error.errno in DISK_ERRORS:
        remedy = (
            "Make the workspace writable and try again."
            if error.errno == errno.EROFS
            else "Free some disk space and try again."
        )
        return StudioError(f"Could not write to disk: {reason}.", code="disk", remedy=remedy)
    place = f" {name}" if name else " a file"
    return StudioError(
        f"Could not use{place}: {reason}.", code="disk", remedy="Check the permissions of the workspace."
    )


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` atomically; with `durable` it also survives a power cut.

    Raises:
        OSError: the disk is full or read-only; nothing half-written is left.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """As `write_bytes`, and at no moment can anybody but the owner read the file (POSIX). Raises OSError."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace a JSON file atomically. NaN and infinity become null, since JSON has neither."""
    data = json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    write_bytes(path, data.encode(), durable=durable)


def finite(value: Any) -> Any:
    """The same structure with NaN and infinite numbers replaced by None."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def parse_json(data: bytes | str) -> Any:
    """A JSON text's value. Raises ValueError for anything else: no UTF-8, a number that is not finite, endless nesting."""
    try:
        found = json.loads(data, parse_constant=refuse_number, parse_float=finite_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        refuse_depth(found)
    if b"\\u" in raw:  # half a character, which could not be written again
        json.dumps(found, ensure_ascii=False).encode()
    return found


BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")  # such a number in YAML 1.1, and a time


def parse_yaml(text: str) -> Any:
    """The value of a small YAML text.

    Aliases and merges are refused, since a few lines of them unfold to gigabytes, and so is what is large or nested deep. So
    are tags, and 1:30 without quotes, which YAML takes for a number to the base 60 (and long ones for minutes of work).

    Raises:
        yaml.YAMLError: it is not YAML, or more than one document. ValueError: it holds a value that is none, such as a date.
    """
    import yaml

    if len(text) > YAML_LETTERS:
        raise yaml.YAMLError(f"it has {len(text):,} characters; at most {YAML_LETTERS:,} are allowed")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
    depth = 0
    for event in yaml.parse(text, loader):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags are not allowed", problem_mark=mark)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and BASE_60.fullmatch(event.value):
            problem = f"{event.value[:20]} must stand in quotes, or be written without colons"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem="nested too deep", problem_mark=mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    try:
        return yaml.load(text, loader)  # a safe loader: it makes plain values only
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError("a value cannot be read") from error


def refuse_number(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def finite_number(text: str) -> float:
    number = float(text)
    return number if number - number == 0 else refuse_number(text)


def refuse_depth(value: Any) -> None:
    """Raises ValueError beyond `DEEPEST`: what is nested deeper cannot be written again."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [one for values in inner for one in values]
        if not level:
            return
    raise ValueError("nested too deep")


def require_plain(path: Path) -> os.stat_result:
    """What the system says of a plain file.

    To open a pipe waits for whoever writes into it, a device may never end, and a link in a folder of a stranger leads
    to files that are none of theirs.

    Raises:
        OSError: there is none, or it is a link, a folder, a pipe or a device.
    """
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return status


def read_file(path: Path, most: int = MOST_JSON) -> bytes:
    """The bytes of a plain file.

    Args:
        most: bytes; a file of the workspace that is larger is not what we wrote, and may be a sparse one of terabytes.

    Raises:
        OSError: as `require_plain`, or it is too large or may not be read.
    """
    if (size := require_plain(path).st_size) > most:
        limit = f"{most / MB:g} MB" if most >= MB else f"{most:,} bytes"
        raise OSError(errno.EINVAL, f"it has {size:,} bytes, and at most {limit} are read", str(path))
    return path.read_bytes()


# What numpy lets through of a header that is none.
UNREADABLE = (
    EOFError,
    MemoryError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
)


def load_array(path: Path, *, is_mapped: bool = False) -> np.ndarray:
    """The array of a .npy file; never one that would run code, or that is larger than its file.

    Args:
        is_mapped: it stays on disk until it is read.

    Raises:
        OSError: as `require_plain`. ValueError: it is no such file.
    """
    import numpy as np

    require_plain(path)
    try:
        # Mapped first: read at once, a header that promises terabytes would get them.
        found = np.lib.format.open_memmap(path, mode="r")
    except UNREADABLE as error:
        raise ValueError("it is no array") from error
    return found if is_mapped else np.array(found)


def read_json(path: Path) -> Any:
    """A JSON file's value, or None when it is missing, damaged or may not be read."""
    try:
        return parse_json(read_file(path))
    except (OSError, ValueError):
        return None


@cache
def adapter_of(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def read_checked(path: Path, shape: type[T], *, lacking: dict[str, Any] | None = None) -> T | None:
    """A JSON file's value once it has the shape, None when there is no such file.

    Every JSON file of a workspace that decides anything is read here.

    Args:
        shape: a TypedDict, or another type that pydantic knows; fields that it does not name are kept.
        lacking: values of fields that earlier versions did not write.

    Raises:
        DamagedFile: names the file and what is wrong with it.
    """
    try:
        found = parse_json(read_file(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DamagedFile(f"{path.name} cannot be read: {reason}.") from error
    except ValueError as error:
        raise DamagedFile(f"{path.name} is damaged: it is not valid JSON.") from error
    return check_shape(found, shape, path.name, lacking=lacking)


def check_shape(value: Any, shape: type[T], name: str, *, lacking: dict[str, Any] | None = None) -> T:
    """The value, once it has the shape. Raises DamagedFile that calls it `name`."""
    if lacking and isinstance(value, dict):
        value = lacking | value
    try:
        checked = adapter_of(cast("Any", shape)).validate_python(value, strict=True)
    except ValidationError as error:
        raise DamagedFile(f"{name} is damaged: {first_problem(error)}.") from error
    # What the shape does not name stays: a later version, or a task, may have written it.
    return cast("T", value | checked if isinstance(value, dict) else checked)


def first_problem(error: ValidationError) -> str:
    """Where, and what was expected there."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"])
    expected = first["msg"][:1].lower() + first["msg"][1:]
    return f"{place}: {expected}" if place else expected


def read_shaped(path: Path, shape: type[T], *, lacking: dict[str, Any] | None = None) -> T | None:
    """As `read_checked`, but None for what is damaged too: where the file is only a convenience."""
    try:
        return read_checked(path, shape, lacking=lacking)
    except DamagedFile:
        return None


def move_aside(path: Path) -> Path:
    """Keep a damaged file beside its place, which is free then; where it lies now."""
    kept = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:6]}")
    os.replace(path, kept)
    return kept


SCRAP = re.compile(r"\..+\.[0-9a-f]{8}\.tmp|\.job-.+")
SCRAP_SECONDS = 3600.0  # no write and no import takes so long


def sweep(folder: Path, *, older_than: float = SCRAP_SECONDS) -> int:
    """Delete what killed processes left half-written in a folder; how many that were."""
    count = 0
    try:
        found = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in found:
        try:
            if not SCRAP.fullmatch(entry.name):
                continue
            if time.time() - entry.stat(follow_symlinks=False).st_mtime < older_than:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
            count += 1
        except OSError:
            continue  # another process was quicker, or it may not be touched
    return count


def keep_copy(path: Path) -> None:
    """Copy a file beside its place before it is begun again; nothing when there is none. Raises OSError."""
    if path.is_file():
        write_bytes(
            path.with_name(f"{path.stem}.before-{uuid.uuid4().hex[:6]}{path.suffix}"), path.read_bytes()
        )


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut (POSIX; elsewhere there is nothing to do)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_folder(folder: Path, files: dict[str, bytes], *, with_parents: bool = True) -> None:
    """Make a folder with these files appear at once and durably, or not at all.

    Args:
        with_parents: whether the folders above it are made; without, what was moved away in the meantime does not appear again.

    Raises:
        OSError: as `write_bytes`. FileExistsError: `folder` already exists.
    """
    if folder.exists():
        raise FileExistsError(str(folder))
    folder.parent.mkdir(parents=with_parents, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir()
        for name, data in files.items():
            with open(temporary / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(temporary)
        os.rename(temporary, folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        # Renaming onto a folder that another process made meanwhile is ENOTEMPTY, which is not a FileExistsError.
        if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
            raise FileExistsError(str(folder)) from error
        raise
    sync_folder(folder.parent)


def digest_of_file(path: Path) -> str:
    """sha256 of a plain file, read in pieces. Raises OSError."""
    require_plain(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256(data: bytes | memoryview) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


def policy_hash(text: str) -> str:
    """What a content security policy calls a script or a style that stands in a page, so that it counts and no other does."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
