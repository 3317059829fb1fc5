"""Device and threads, each with its reason."""

from __future__ import annotations

import os

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.train.device import SMALL_MODEL, choose_device, choose_threads, usable_cores


@pytest.mark.parametrize(
    ("requested", "parameters", "cores", "expected", "words"),
    [
        (3, 10, 8, 3, "3 as set"),
        (8, 10, 8, 8, "8 as set"),
        (256, 10, 8, 8, "256 were set, but this machine has 8 cores"),
        (2, 10, 1, 1, "2 were set, but this machine has one core"),
        (0, SMALL_MODEL - 1, 8, 1, "small layers"),
        (0, SMALL_MODEL, 8, 7, "all cores except one"),
        (0, SMALL_MODEL, 1, 1, "all cores except one"),
    ],
)
def test_threads(requested, parameters, cores, expected, words):
    count, why = choose_threads(requested, parameters, cores)
    assert count == expected
    assert words in why


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool, bf16: bool = True) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: bf16)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Card 9000")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(1, 1, "cuda"), (1, 0, "cuda"), (0, 1, "mps"), (0, 0, "cpu")]
)
def test_auto_prefers_cuda_then_mps_then_cpu(monkeypatch, cuda, mps, expected):
    pretend(monkeypatch, cuda=bool(cuda), mps=bool(mps))
    choice = choose_device()
    assert choice.name == expected
    assert choice.reason.endswith(".")


def test_cuda_uses_bf16_and_the_fused_optimizer_where_it_can(monkeypatch):
    pretend(monkeypatch, cuda=True, mps=False)
    choice = choose_device()
    assert (choice.uses_bf16, choice.uses_fused, choice.label) == (True, True, "Card 9000")
    pretend(monkeypatch, cuda=True, mps=False, bf16=False)
    assert "has no bf16" in choose_device().reason
    assert not choose_device().uses_bf16


def test_cpu_says_why_and_how_many_threads(monkeypatch):
    pretend(monkeypatch, cuda=False, mps=False)
    assert choose_device().reason.startswith("No CUDA or Apple GPU was found. 1 thread: small")
    monkeypatch.setattr("selfsup_core.train.device.usable_cores", lambda: 4)
    assert choose_device("cpu", threads=2).label == "CPU, 2 threads"
    assert choose_device(parameters=SMALL_MODEL).threads == 3
    choice = choose_device("cpu", threads=256)
    assert (choice.threads, choice.label) == (4, "CPU, 4 threads")
    assert "256 were set, but this machine has 4 cores" in choice.reason


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7}, raising=False)
    assert usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_device_that_is_not_there_is_a_setting_error(monkeypatch, name):
    pretend(monkeypatch, cuda=False, mps=False)
    with pytest.raises(SettingError, match=rf"Device is set to '{name}', but this machine has none"):
        choose_device(name)


def test_several_devices_are_said_and_must_be_there(monkeypatch):
    pretend(monkeypatch, cuda=True, mps=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    choice = choose_device(devices=2)
    assert (choice.label, choice.reason.endswith("Each batch is shared by 2 GPUs.")) == (
        "2 × Card 9000",
        True,
    )
    with pytest.raises(SettingError, match="Devices is set to 4, but this machine has 2 GPUs") as caught:
        choose_device("cuda", devices=4)
    assert caught.value.remedy == "Set Devices to at most 2 (train.devices)."
    pretend(monkeypatch, cuda=False, mps=True)
    with pytest.raises(SettingError, match="this machine has 1 GPU"):
        choose_device(devices=2)
