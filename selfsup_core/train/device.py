"""Where training runs: device, threads and number format, each with the reason that is stored and shown."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from typing import NotRequired, cast

from typing_extensions import TypedDict

from selfsup_core.errors import SettingError
from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import counted

SMALL_MODEL = 2_000_000
CORES = "SELFSUP_CORES"  # how many a cluster has given to this process, where it has


class DeviceAbout(TypedDict):
    """A `DeviceChoice` as a run's state holds it."""

    name: str
    threads: int
    uses_bf16: bool
    uses_fused: bool
    label: str
    reason: str
    precision: NotRequired[str]


@dataclass(frozen=True)
class DeviceChoice:
    """A device and how it came about; `label` is short, `reason` a sentence or two, and `precision` what of
    it says how the number format was chosen.
    """

    name: str
    threads: int
    uses_bf16: bool
    uses_fused: bool
    label: str
    reason: str
    precision: str = ""

    def as_dict(self) -> DeviceAbout:
        return cast("DeviceAbout", asdict(self))


def usable_cores() -> int:
    """Cores that this process may use, which a container or a scheduler may have made fewer than the
    machine's.
    """
    if found := os.environ.get(CORES, ""):
        return max(1, int(found)) if found.isdigit() else 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_threads(requested: int, parameters: int, cores: int) -> tuple[int, str]:
    """CPU threads for a model of this many parameters, and why."""
    if requested > cores:
        message = (
            tr(
                "{requested} were set, but this machine has one core, and more threads would only wait for "
                "each other"
            )
            if cores == 1
            else tr(
                "{requested} were set, but this machine has {cores} cores, and more threads would only wait "
                "for each other"
            )
        )
        return cores, message.format(requested=requested, cores=cores)
    if requested:
        return requested, tr("{requested} as set").format(requested=requested)
    if parameters < SMALL_MODEL:
        return 1, tr("small layers are not faster on more threads, and the pages stay responsive")
    return max(1, cores - 1), tr("all cores except one, which is left to the pages")


def choose_device(
    requested: str = "auto", *, threads: int = 0, parameters: int = 0, devices: int = 1
) -> DeviceChoice:
    """CUDA, else MPS, else CPU, unless one is asked for.

    Args:
        devices: how many of them share each batch; on the CPU processes.

    Raises:
        SettingError: the device asked for is not on this machine, or not as often.
    """
    choice = choose_one_device(requested, threads=threads, parameters=parameters, devices=devices)
    if devices == 1:
        return choice
    check_count(choice.name, devices)
    what = tr("processes") if choice.name == "cpu" else tr("GPUs")
    said = tr("Each batch is shared by {devices} {what}.").format(devices=devices, what=what)
    return replace(choice, label=f"{devices} × {choice.label}", reason=join_sentences([choice.reason, said]))


def check_count(name: str, devices: int) -> None:
    """Raises SettingError: this machine has fewer devices of this kind."""
    import torch

    if name == "cpu":
        return
    there = torch.cuda.device_count() if name == "cuda" else 1
    if there < devices:
        raise SettingError(
            tr("Devices is set to {devices}, but this machine has {there}.").format(
                devices=devices, there=counted(there, "GPU")
            ),
            remedy=tr("Set Devices to at most {there} (train.devices).").format(there=there),
        )


def choose_one_device(requested: str, *, threads: int, parameters: int, devices: int) -> DeviceChoice:
    """As `choose_device`, for one of so many processes on this machine. Raises SettingError."""
    import torch

    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    available = {"cuda": has_cuda, "mps": has_mps, "cpu": True}
    if requested != "auto" and not available[requested]:
        raise SettingError(
            tr("Device is set to {requested!r}, but this machine has none.").format(requested=requested),
            remedy=tr("Set Device to Automatic or CPU (train.device = auto)."),
        )
    name = requested if requested != "auto" else next(n for n, here in available.items() if here)
    count, why_threads = choose_threads(threads, parameters, max(1, usable_cores() // devices))
    as_asked = tr(" (as set)") if requested != "auto" else ""
    if name == "cuda":
        bf16 = torch.cuda.is_bf16_supported()
        card = torch.cuda.get_device_name()
        return DeviceChoice(
            name,
            1,
            bf16,
            True,
            card,
            tr("A CUDA GPU was found{as_asked}: {card}, ").format(as_asked=as_asked, card=card)
            + (tr("with bf16 arithmetic.") if bf16 else tr("in float32, since it has no bf16.")),
        )
    if name == "mps":
        return DeviceChoice(
            name,
            1,
            False,
            False,
            tr("Apple GPU"),
            tr("An Apple GPU was found{as_asked}.").format(as_asked=as_asked),
        )
    threads_said = counted(count, "thread")
    missing = tr("No CUDA or Apple GPU was found.") if requested == "auto" else tr("The CPU was asked for.")
    why = tr("{threads}: {why}.").format(threads=threads_said, why=why_threads)
    label = tr("CPU, {threads}").format(threads=threads_said)
    return DeviceChoice(name, count, False, True, label, join_sentences([missing, why]))
