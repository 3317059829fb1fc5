"""Good files with a few bytes changed: each is read or refused with a sentence, never a traceback."""

from __future__ import annotations

import io
import json
import os
import resource
import tempfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pyarrow import parquet
from scipy import sparse

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import StudioError
from selfsup_core.files import finite
from tests.data.importing.make import archive, idx, png, wav, write
from tests.data.importing.make_documents import CHAPTER, epub, pdf, word, word_content
from tests.data.importing.make_scientific import cells, dicom, hdf5, heic, mat, nifti, sav
from tests.data.importing.make_tables import (
    ROWS,
    arff,
    feather,
    libsvm,
    ods,
    ods_content,
    por,
    stata,
    xlsx,
    xpt,
)

# Bytes that mean something to some reader are put in more often than others.
TELLING = b"\x00\xff\x7f\x80\"',;\n\r\t{}[]:+-.eE0919\xef\xbb\xbf\\ud8"


def csv_table() -> bytes:
    lines = ["size,weight,note,label"]
    lines += [f'{i}.5,{-i}e1,"a, {i}",{"ab"[i % 2]}' for i in range(8)]
    return "\n".join(lines).encode()


def json_lines() -> bytes:
    return "\n".join(f'{{"n": {i}, "w": "ä {i}", "label": "{i % 2}"}}' for i in range(6)).encode()


def parquet_table() -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"n": [1.5, 2.0, None, 4.0], "label": ["a", "b", "a", "b"]})
    parquet.write_table(table, buffer, compression="none", write_statistics=False)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.arange(24, dtype=np.float32).reshape(4, 6), y=np.array(list("abab")))
    return buffer.getvalue()


def memory() -> bytes:
    """A translation memory."""
    pair = '<tuv xml:lang="en"><seg>one <ph>x</ph>{0}</seg></tuv><tuv xml:lang="de"><seg>ein {0}</seg></tuv>'
    units = "".join(f"<tu>{pair.format(i)}</tu>" for i in range(6))
    return f'<?xml version="1.0"?><tmx><header srclang="en"/><body>{units}</body></tmx>'.encode()


def questions() -> bytes:
    """Of SQuAD's form."""
    asked = [{"question": f"q{i}?", "answers": [{"text": "b", "answer_start": 2}]} for i in range(6)]
    return json.dumps({"data": [{"paragraphs": [{"context": "a b c", "qas": asked}]}]}).encode()


def beside_images(name: str) -> Callable[[bytes], bytes]:
    """A ZIP of images with a file of this name beside them."""
    return lambda content: archive({"1.png": png(1, (8, 8)), "2.png": png(2, (8, 8)), name: content})


SEEDS: dict[str, bytes] = {
    "table.csv": csv_table(),
    "lines.jsonl": json_lines(),
    "table.parquet": parquet_table(),
    "images.npy": npy(np.arange(48, dtype=np.float32).reshape(3, 4, 4)),
    "words.npy": npy(np.array([["1", "b"], ["2", "ü"]])),
    "arrays.npz": npz(),
    "images.idx": idx(np.arange(48).reshape(3, 4, 4)),
    "images.zip": archive(
        {"a/1.png": png(1, (4, 4)), "b/2.png": png(2, (4, 4)), "t.csv": b"file,label\n1.png,c"}
    ),
    "image.png": png(3, (6, 6), "RGB"),
    "sound.wav": wav(seconds=0.02),
    "arrays.h5": hdf5({"X": np.arange(24, dtype=np.float32).reshape(8, 3), "y": np.array([0, 1] * 4)}),
    "cells.h5ad": cells(sparse.csr_matrix(np.eye(8, 3, dtype=np.float32))),
    "arrays.mat": mat({"X": np.arange(24.0).reshape(8, 3), "y": np.array([0, 1] * 4)}),
    "survey.sav": sav(),
    "slice.dcm": dicom(np.arange(64, dtype=np.uint16).reshape(8, 8)),
    "volume.nii": nifti(np.arange(64, dtype=np.int16).reshape(4, 4, 4)),
    "photo.heic": heic(),
    "table.por": por(),
    "table.xpt": xpt(),
    "new.mat": hdf5({"X": np.arange(24.0).reshape(3, 8), "y": np.array([[0.0, 1] * 4])}),
    "table.dta": stata(),
    "table.feather": feather(),
    "table.arff": arff(),
    "table.libsvm": libsvm(),
    "book.xlsx": xlsx({"Data": ROWS}),
    "book.ods": ods(),
    "sheet.ods": ods_content(),
    "pages.pdf": pdf("The first page.", "The second one."),
    "words.docx": word(),
    "inside.docx": word_content(),
    "chapters.epub": epub(),
    "inside.epub": CHAPTER.encode(),
    "memory.tmx": memory(),
    "questions.json": questions(),
    "inside.yolo": b"0 .5 .5 .25 .25\n1 .4 .4 .2 .2 .9\n",
    "inside.voc": (
        b"<annotation><filename>1.png</filename><size><width>8</width><height>8</height></size><object><name>a"
        b"</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"
    ),
    "lines.txt": "one line\n\nanother – line\nthird\n".encode(),
}

# Files that are packed: what is changed is inside, since a change of the archive itself is noticed at once.
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "sheet.ods": ods,
    "inside.docx": word,
    "inside.epub": epub,
    "inside.yolo": beside_images("1.txt"),
    "inside.voc": beside_images("1.xml"),
}
IN_C = (".h5", ".h5ad", ".mat", ".sav", ".por", ".xpt", ".dcm", ".heic", ".ods", ".xlsx")


MOST_SECONDS = 20


def plain(content: bytes) -> bytes:
    return content


Mutation = tuple[str, float, int, bytes]
mutations = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "cut", "insert", "repeat", "remove"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 64),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.lists(st.sampled_from(TELLING), min_size=1, max_size=8).map(bytes),
        ),
    ),
    min_size=1,
    max_size=4,
)


def mutate(data: bytes, steps: list[Mutation]) -> bytes:
    """Apply each step at its place, a share of the length at that time."""
    for what, share, length, put in steps:
        place = int(share * len(data))
        before, block, after = data[:place], data[place : place + length], data[place + length :]
        if what == "flip":
            data = before + bytes(b ^ (1 << length % 8) for b in block[:1]) + block[1:] + after
        elif what == "set":
            data = before + put + data[place + len(put) :]
        elif what == "cut":
            data = before
        elif what == "insert":
            data = before + put + block + after
        elif what == "repeat":
            data = before + block * 3 + after
        else:
            data = before + after
    return data


def attempt(folder: Path, name: str, data: bytes) -> None:
    """Import; anything but a data set or a plain refusal fails."""
    path = write(folder, name, data)
    try:
        made = build_dataset([path], ImportConfig(), "my-x")
    except StudioError as error:
        refusal = error
    else:
        assert isinstance(made, Dataset)
        kept = (made.details, made.classes, made.columns, made.title)
        json.dumps(finite(kept), ensure_ascii=False, allow_nan=False).encode()
        return
    assert refusal.code
    assert refusal.message
    assert "Traceback" not in refusal.message
    assert str(folder) not in str(refusal)


def attempt_for_a_while(folder: Path, name: str, data: bytes) -> None:
    """`attempt` with a processor's time as the app's child has it, only less: a reader in C may never end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + MOST_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    attempt(folder, name, data)


Check = Callable[[Path, str, bytes], object]


class Apart:
    """`attempt` in a process of its own, as the app reads files: libraries in C may end it. What then is said
    has tests of its own (tests/data/library).
    """

    def __init__(self) -> None:
        self.pool: ProcessPoolExecutor | None = None

    def __call__(self, folder: Path, name: str, data: bytes) -> None:
        self.pool = self.pool or ProcessPoolExecutor(1, get_context("spawn"))
        try:
            self.pool.submit(attempt_for_a_while, folder, name, data).result()
        except BrokenProcessPool:
            self.close()

    def close(self) -> None:
        if self.pool:
            self.pool.shutdown()
        self.pool = None


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def as_test(name: str, count: int, number: int, check: Check = attempt) -> Callable[[], None]:
    """`number` decides the mutations; each file has others."""

    @seed(number ^ zlib.crc32(name.encode()))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutations)
    def run(steps: list[Mutation]) -> None:
        with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
            check(Path(folder), name, PACKED.get(name, plain)(mutate(SEEDS[name], steps)))

    return run


def memory_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SEEDS)
def test_mutated_file_is_read_or_refused(name: str, pytestconfig: pytest.Config, apart: Apart) -> None:
    check = apart if Path(name).suffix in IN_C else attempt
    count, number = pytestconfig.getoption("mutations"), pytestconfig.getoption("mutation_seed")
    try:
        as_test(name, count, number, check)()
    except BaseException as error:
        error.add_note(f"The same once more: pytest --mutations {count} --mutation-seed {number}")
        raise


def test_the_seed_decides_the_mutations() -> None:
    def drawn(number: int) -> list[bytes]:
        found: list[bytes] = []
        as_test("table.csv", 10, number, lambda folder, name, data: found.append(data))()
        return found

    first, again, other = (drawn(number) for number in (1, 1, 2))
    assert len(first) == 10
    assert first == again
    assert first != other


def test_a_failure_says_how_to_see_it_again(pytestconfig: pytest.Config, monkeypatch, apart: Apart) -> None:
    monkeypatch.setattr(pytestconfig.option, "mutations", 3)
    monkeypatch.setattr(pytestconfig.option, "mutation_seed", 17)
    monkeypatch.setitem(globals(), "mutate", lambda data, steps: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        test_mutated_file_is_read_or_refused("table.csv", pytestconfig, apart)
    assert "pytest --mutations 3 --mutation-seed 17" in caught.value.__notes__[-1]


@pytest.mark.parametrize("name", SEEDS)
def test_unchanged_file_is_read(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, PACKED.get(name, plain)(SEEDS[name]))
    if name == "words.npy":
        with pytest.raises(StudioError):
            build_dataset([path], ImportConfig(), "my-x")
    else:
        assert len(build_dataset([path], ImportConfig(), "my-x"))
