"""One file an epoch, thinned evenly as a run grows, so that number and size stay within bounds."""

from __future__ import annotations

import os
import re
from pathlib import Path

from selfsup_core.files import write_bytes

NAME_WIDTH = 6
FRAME = re.compile(r"([0-9]{6,9})\.safetensors")
EARLY = re.compile(r"000000-([0-9]{6,9})\.safetensors")


def frame_path(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch:0{NAME_WIDTH}d}.safetensors"


def list_frames(folder: Path) -> list[int]:
    """Epochs that have a file, in order."""
    return sorted(int(found.group(1)) for name in names_in(folder) if (found := FRAME.fullmatch(name)))


def early_path(folder: Path, step: int) -> Path:
    """Of a frame in the middle of the first epoch: "000000-000030.safetensors"."""
    return folder / f"{0:0{NAME_WIDTH}d}-{step:0{NAME_WIDTH}d}.safetensors"


def list_early(folder: Path) -> list[int]:
    """Steps of the first epoch that have a frame, in order; a run of an earlier version has none."""
    return sorted(int(found.group(1)) for name in names_in(folder) if (found := EARLY.fullmatch(name)))


def names_in(folder: Path) -> list[str]:
    """[] where there is no such folder, or it may not be read: one run must not hold up a list of all."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


class Thinned:
    """A folder of such files.

    Attributes:
        stride: epochs between files; doubles whenever there are too many.
        last: the newest epoch that was written.
    """

    def __init__(self, folder: Path, *, most: int, max_bytes: float) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.most, self.max_bytes = folder, most, max_bytes
        self.stride = 1
        self.last: int | None = None
        self.sizes: dict[int, int] = {}

    def wants(self, epoch: int, *, is_last: bool) -> bool:
        return epoch % self.stride == 0 or is_last

    def write(self, epoch: int, blob: bytes) -> None:
        """Write an epoch's file, and thin out when there are too many. Raises OSError: what was there is
        untouched.
        """
        write_bytes(frame_path(self.folder, epoch), blob)
        self.sizes[epoch] = len(blob)
        if self.last is not None and self.last % self.stride and self.last != epoch:
            self._remove(self.last)  # it stayed for being the newest, which it no longer is
        self.last = epoch
        while self._is_too_much():
            self.stride *= 2
            for old in [e for e in self.sizes if e % self.stride and e != self.last]:
                self._remove(old)

    def _remove(self, epoch: int) -> None:
        frame_path(self.folder, epoch).unlink(missing_ok=True)
        self.sizes.pop(epoch, None)

    def _is_too_much(self) -> bool:
        too_large = sum(self.sizes.values()) > self.max_bytes
        return len(self.sizes) > 2 and (len(self.sizes) > self.most or too_large)

    def load(self, epoch: int | None, stride: int = 1) -> None:
        """Go on after `epoch`: files of later ones, written before an interruption, are removed; None removes
        all.
        """
        self.stride = stride
        for found in list_frames(self.folder):
            if epoch is None or found > epoch:
                frame_path(self.folder, found).unlink(missing_ok=True)
            else:
                self.sizes[found] = frame_path(self.folder, found).stat().st_size
        self.last = max(self.sizes, default=None)
        # Thinned after the checkpoint that is gone on from: what is left decides how many epochs lie between
        # files.
        while (
            epoch is not None
            and 0 in self.sizes
            and any(e not in self.sizes for e in range(0, epoch + 1, self.stride))
        ):
            self.stride *= 2
