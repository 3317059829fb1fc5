"""The size of a DICOM image as pydicom reads it, or no answer at all."""

from __future__ import annotations

import io

import numpy as np
import pydicom

from selfsup_core.data.importing.dicom_header import read_size
from tests.data.importing.make_scientific import dicom

PIXELS = np.zeros((3, 20, 31), np.uint16)
PLAIN = dicom(PIXELS[0])


def written(**tags: object) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(PLAIN))
    for name, value in tags.items():
        setattr(dataset, name, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_width_height_and_frames_are_read():
    assert read_size(PLAIN) == (31, 20, 1)
    assert read_size(dicom(PIXELS)) == (31, 20, 3)
    assert read_size(written(NumberOfFrames="2 ")) == (31, 20, 2)
    assert read_size(written(NumberOfFrames=0)) == (31, 20, 1)


def test_elements_in_between_are_stepped_over():
    long = written(
        PatientName="A" * 60, ImageComments="b" * 5000, RetrieveURL="http://a.example/" + "c" * 999
    )
    assert read_size(long) == (31, 20, 1)


def test_of_another_encoding_nothing_is_said():
    dataset = pydicom.dcmread(io.BytesIO(PLAIN))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    assert read_size(buffer.getvalue()) is None
    assert read_size(PLAIN.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")) is None


def test_of_a_sequence_without_a_length_nothing_is_said():
    inner = pydicom.Dataset()
    inner.PatientID = "x"
    dataset = pydicom.dcmread(io.BytesIO(PLAIN))
    dataset.ReferencedStudySequence = pydicom.Sequence([inner])
    dataset["ReferencedStudySequence"].is_undefined_length = True
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    assert read_size(buffer.getvalue()) is None


def test_bytes_that_end_early_say_nothing_and_break_nothing():
    rows = PLAIN.index(b"\x28\x00\x11\x00")
    assert [read_size(PLAIN[:end]) for end in range(rows)] == [None] * rows
    assert read_size(b"") is None
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(PLAIN)
        for place in rng.integers(0, rows + 12, 4):
            broken[place] = rng.integers(256)
        size = read_size(bytes(broken))
        assert size is None or min(size) >= 0
