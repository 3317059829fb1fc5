"""What people bring: tiny inputs after the layouts of usual data sets and of public bug reports, with what a
practitioner expects of each.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import sparse

from selfsup_core.data.details import ANNOTATION, NO_SAMPLE
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.health import check_dataset
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, idx, png, wav, write

RNG = np.random.default_rng(0)
WORDS = ["a weak dull film", "a warm lovely story", "music that felt cold", "people who like the town"]
TEXTS = [f"{WORDS[i % 4]} and more words of it as number {i}" for i in range(24)]
TONES = [("negative", "positive")[i % 2] for i in range(24)]
GRAY = RNG.integers(0, 256, (24, 28, 28), dtype=np.uint8)
ROWS = RNG.normal(size=(24, 6)).round(3)


class Case(NamedTuple):
    """Files, and what becomes of them.

    Attributes:
        shape: of all samples, rows first. classes: names, as they are sorted. said: part of a note.
        first: the first text, or the first numbers of the first row. parts: rows of the given split.
    """

    files: dict[str, bytes]
    kind: str
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    first: str | list[float] | None = None
    said: str = ""
    unlabeled: int = 0
    parts: list[int] | None = None
    config: dict[str, Any] = {}  # noqa: RUF012


def lines(*rows: str, encoding: str = "utf-8") -> bytes:
    return ("\n".join(rows) + "\n").encode(encoding)


def table(header: str, label: str = "", rows: np.ndarray = ROWS, between: str = ",") -> bytes:
    names = ("ok", "bad")
    body = [
        between.join([*map(str, row), *([names[i % 2]] if label else [])])
        for i, row in enumerate(rows.tolist())
    ]
    return lines(*([header] if header else []), *body)


def reviews(header: str = "text,label", form: str = "{text},{label}", encoding: str = "utf-8") -> bytes:
    body = (form.format(text=t, label=c, i=i) for i, (t, c) in enumerate(zip(TEXTS, TONES, strict=True)))
    return lines(*([header] if header else []), *body, encoding=encoding)


def foreign(header: str, one: tuple[str, str], other: tuple[str, str], encoding: str = "utf-8") -> bytes:
    """Texts of two classes, each with its number."""
    body = (f"{text}{i},{label}" for i in range(12) for text, label in (one, other))
    return lines(header, *body, encoding=encoding)


def one_hot(place: int) -> str:
    """A row of three columns, of which one is 1."""
    return ",".join(str(int(i == place)) for i in range(3))


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def tfidf() -> bytes:
    buffer = io.BytesIO()
    sparse.save_npz(buffer, sparse.csr_matrix(np.eye(24, 30)))
    return buffer.getvalue()


def pictures(*folders: str, per: int = 4, ending: str = "png") -> dict[str, bytes]:
    return {f"{folder}/{i}.{ending}": png(i + 9 * n) for n, folder in enumerate(folders) for i in range(per)}


def zipped(files: dict[str, bytes]) -> dict[str, bytes]:
    return {"set.zip": archive(files)}


def pixels(header: bool, label: bool = True) -> bytes:
    names = ",".join(["label"] * label + [f"pixel{i}" for i in range(784)])
    body = (",".join(map(str, [i % 3] * label + row.ravel().tolist())) for i, row in enumerate(GRAY))
    return lines(*([names] if header else []), *body)


def huggingface(column: str, values: list[Any], names: list[str]) -> bytes:
    about = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    made = pa.table({column: values, "label": [i % len(names) for i in range(len(values))]})
    made = made.replace_schema_metadata({"huggingface": json.dumps(about)})
    buffer = io.BytesIO()
    parquet.write_table(made, buffer)
    return buffer.getvalue()


def from_pipe(sound: bytes) -> bytes:
    """A WAV file whose sizes were not known when it was begun."""
    place = sound.index(b"data")
    return sound[:4] + b"\xff" * 4 + sound[8 : place + 4] + bytes(4) + sound[place + 8 :]


def records(**keys: Any) -> bytes:
    rows = [{k: v(i) if callable(v) else v for k, v in keys.items()} for i in range(24)]
    return json.dumps(rows).encode()


FACES = [{"bytes": png(i), "path": f"{i}.png"} for i in range(8)]
SIGNALS = [{"bytes": wav(i), "path": f"{i}.wav"} for i in range(4)]
BOTH = ("negative", "positive")
PETS = ("cat", "dog")
SPLITS = zipped(pictures("train/cat", "train/dog", "test/cat", "test/dog"))
VALID = zipped(
    pictures(*(f"Set/{p}/{c}" for p in ("training_set", "validation_set", "test_set") for c in PETS))
)
JUNK = dict.fromkeys(("__MACOSX/._a", ".DS_Store", "Thumbs.db", "cat/desktop.ini"), b"junk")
INDEX = lines("image_id,dx,age", *(f"{i},{('nv', 'mel')[i % 2]},{i}" for i in range(8)))
KAGGLE = pictures("train_images", "test_images") | {
    "train.csv": lines("id,label", *(f"train_images/{i}.png,{PETS[i % 2]}" for i in range(4))),
    "sample_submission.csv": lines("id,label", *(f"test_images/{i}.png,cat" for i in range(4))),
}
CIFAR = b"".join(bytes([i % 10]) + RNG.integers(0, 256, 3072, dtype=np.uint8).tobytes() for i in range(20))
ONE_HOT = np.eye(3)[np.arange(24) % 3]

CASES: dict[str, Case] = {
    "train and test folders": Case(SPLITS, "image", (16, 28, 28), PETS, parts=[8, 0, 8]),
    "a set in a folder of its own": Case(VALID, "image", (24, 28, 28), PETS, parts=[8, 8, 8]),
    "what file managers leave": Case(zipped(pictures("cat", "dog") | JUNK), "image", (8, 28, 28), PETS),
    "classes in file names": Case(
        zipped({f"{c}.{i}.png": png(i) for c in PETS for i in range(4)}),
        "image",
        (8, 28, 28),
        said="File names begin with cat, dog",
    ),
    "classes in file names, chosen": Case(
        zipped({f"{c}.{i}.png": png(i) for c in PETS for i in range(4)}),
        "image",
        (8, 28, 28),
        PETS,
        config={"classes": "name-start"},
    ),
    "a competition": Case(zipped(KAGGLE), "image", (8, 28, 28), PETS, said="sample submission", unlabeled=4),
    "a table beside images": Case(
        zipped({f"images/{i}.png": png(i) for i in range(8)} | {"meta.csv": INDEX}),
        "image",
        (8, 28, 28),
        ("mel", "nv"),
    ),
    "captions": Case(
        zipped(
            pictures("train", per=8)
            | {"train/metadata.csv": lines("file_name,text", *(f"{i}.png,{TEXTS[i]}" for i in range(8)))}
        ),
        "image",
        (8, 28, 28),
        said="holds no classes",
    ),
    "pixels with a header": Case({"train.csv": pixels(header=True)}, "image", (24, 28, 28), ("0", "1", "2")),
    "pixels without": Case({"train.csv": pixels(header=False)}, "image", (24, 28, 28), ("0", "1", "2")),
    "MNIST's files": Case(
        {"train-images-idx3-ubyte": idx(GRAY), "train-labels-idx1-ubyte": idx(np.arange(24) % 2)},
        "image",
        (24, 28, 28),
        ("0", "1"),
    ),
    "CIFAR's records": Case({"data_batch_1.bin": CIFAR}, "image", (20, 32, 32, 3), tuple("0123456789")),
    "arrays of Keras": Case(
        {
            "mnist.npz": npz(
                x_train=GRAY[:16], y_train=np.arange(16) % 2, x_test=GRAY[16:], y_test=np.arange(8) % 2
            )
        },
        "image",
        (24, 28, 28),
        ("0", "1"),
        parts=[16, 0, 8],
    ),
    "images of 0 and 1": Case(
        {"a.npy": npy((GRAY > 99).astype(np.uint8))}, "image", (24, 28, 28), said="0 and 1"
    ),
    "flat images": Case({"cat.npy": npy(GRAY.reshape(24, -1))}, "table", (24, 784), said="28 × 28"),
    "one photograph": Case(
        {"photo.npy": npy(GRAY[:1].repeat(3, 0).transpose(1, 2, 0))}, "image", (1, 28, 28, 3)
    ),
    "series": Case({"har.npz": npz(x=RNG.normal(size=(24, 64, 3)))}, "table", (24, 192), said="a series"),
    "one-hot labels": Case(
        {"a.npz": npz(x=ROWS, y=ONE_HOT)}, "table", (24, 6), ("0", "1", "2"), ROWS[0].tolist()
    ),
    "names beside labels": Case(
        {"a.npz": npz(x=ROWS, files=np.array([f"{i}.png" for i in range(24)]), labels=np.arange(24) % 2)},
        "table",
        (24, 6),
        ("0", "1"),
    ),
    "a sparse matrix": Case({"tfidf.npz": tfidf()}, "table", (24, 30), first=[1.0, 0.0]),
    "many numbers a row": Case({"openai.npz": npz(x=RNG.normal(size=(24, 3072)))}, "table", (24, 3072)),
    "images in Parquet": Case(
        {"a.parquet": huggingface("image", FACES, list(PETS))}, "image", (8, 28, 28), PETS
    ),
    "sounds in Parquet": Case(
        {"a.parquet": huggingface("audio", SIGNALS, ["no", "yes"])}, "sound", (4, 32, 32), ("no", "yes")
    ),
    "named classes in Parquet": Case(
        {"a.parquet": huggingface("text", TEXTS, list(BOTH))}, "text", (24,), BOTH, TEXTS[0]
    ),
    "a JSON array": Case(
        {"a.json": records(text=TEXTS.__getitem__, label=TONES.__getitem__)}, "text", (24,), BOTH, TEXTS[0]
    ),
    "instructions": Case(
        {"a.json": records(instruction=TEXTS.__getitem__, input="it", output="done")},
        "text",
        (24,),
        first=f"{TEXTS[0]}\nit\ndone",
        said="were joined",
    ),
    "chats": Case(
        {"a.json": records(messages=lambda i: [{"role": "user", "content": TEXTS[i]}])},
        "text",
        (24,),
        first=f"user: {TEXTS[0]}",
    ),
    "lists of labels": Case(
        {"a.json": records(text=TEXTS.__getitem__, label=lambda i: ["joy", "anger"][: 1 + i % 2])},
        "text",
        (24,),
        ("joy", "joy|anger"),
        said="several labels",
    ),
    "HTML in a CSV": Case(
        {"a.csv": reviews(form='"{text}, it&#39;s &quot;fine&quot;",{label}')},
        "text",
        (24,),
        BOTH,
        f"{TEXTS[0]}, it&#39;s &quot;fine&quot;",
    ),
    "unnamed columns in cp1252": Case(
        {"spam.csv": reviews("label,v2,,", "{label},{text} for £{i},,", "cp1252")},
        "text",
        (24,),
        BOTH,
        f"{TEXTS[0]} for £0",
    ),
    "no ending": Case({"SMSSpamCollection": reviews("", "{label}\t{text}")}, "text", (24,), BOTH, TEXTS[0]),
    "title and description": Case(
        {"a.csv": reviews("Class Index,Title,Description", "{label},News of day {i},{text}")},
        "text",
        (24,),
        BOTH,
        f"News of day 0\n{TEXTS[0]}",
        "Title and Description were joined",
    ),
    "two columns of text": Case(
        {"a.csv": reviews("question,answer,label", "{text} is asked,{text} is said,{label}")},
        "text",
        (24,),
        BOTH,
        f"{TEXTS[0]} is asked",
        "The text is question. Not used: answer.",
    ),
    "labels of fastText": Case(
        {"a.txt": reviews("", "__label__{label} {text}")}, "text", (24,), BOTH, TEXTS[0]
    ),
    "several labels a cell": Case(
        {"a.csv": lines("text,genre", *(f"{t},{('a|b', 'b', 'a')[i % 3]}" for i, t in enumerate(TEXTS)))},
        "text",
        (24,),
        ("a", "a|b", "b"),
        said="several labels",
    ),
    "1 and 1.0": Case(
        {
            "a.csv": lines(
                "text,label", *(f"{t},{('1', '1.0', '0', '0.0')[i % 4]}" for i, t in enumerate(TEXTS))
            )
        },
        "text",
        (24,),
        ("0", "1"),
    ),
    "-1 as unlabeled": Case(
        {"a.csv": lines("text,label", *(f"{t},{('-1', '0', '1')[i % 3]}" for i, t in enumerate(TEXTS)))},
        "text",
        (24,),
        ("0", "1"),
        unlabeled=8,
        config={"unlabeled": "-1"},
    ),
    "backslash before quotes": Case(
        {"a.csv": reviews("text,label", '"He said \\"hi, there\\" of {text}","{label}"')},
        "text",
        (24,),
        BOTH,
        f'He said "hi, there" of {TEXTS[0]}',
    ),
    "UTF-16 with tabs": Case(
        {"a.txt": reviews("text\tlabel", "{text}\t{label}", "utf-16")}, "text", (24,), BOTH, TEXTS[0]
    ),
    "sep=": Case(
        {"a.csv": b"sep=;\n" + reviews("text;label", "{text};{label}")}, "text", (24,), BOTH, TEXTS[0]
    ),
    "bz2": Case({"a.csv.bz2": bz2.compress(reviews())}, "text", (24,), BOTH, TEXTS[0]),
    "xz": Case({"a.csv.xz": lzma.compress(reviews())}, "text", (24,), BOTH, TEXTS[0]),
    "gz": Case({"a.csv.gz": gzip.compress(reviews())}, "text", (24,), BOTH, TEXTS[0]),
    "folders of texts": Case(
        zipped(
            {
                f"{p}/{c}/{i}.txt": f"{TEXTS[i]}\n\nMore".encode()
                for p in ("train", "test")
                for c in BOTH
                for i in range(4)
            }
        ),
        "text",
        (16,),
        BOTH,
        f"{TEXTS[0]}\n\nMore",
        parts=[8, 0, 8],
    ),
    "code": Case(
        {"a.txt": b"".join(b"def f():\n    if x:\n        return %d\n\n" % i for i in range(24))},
        "text",
        (24,),
        first="def f():\n    if x:\n        return 0\n",
    ),
    "iris.data": Case({"iris.data": table("", "last")}, "table", (24, 6), ("bad", "ok"), ROWS[0].tolist()),
    "blanks and comments": Case(
        {"a.txt": b"# made by hand\n" + table("", "last", between="  ")}, "table", (24, 6), ("bad", "ok")
    ),
    "UCR's first column": Case(
        {
            "ECG_TRAIN.txt": lines(
                *(
                    f"{(-1) ** i:.7e}  " + "  ".join(f"{v:.7e}" for v in RNG.normal(size=40))
                    for i in range(24)
                )
            )
        },
        "table",
        (24, 40),
        ("-1", "1"),
    ),
    "ids in camel case": Case(
        {"a.csv": lines("PassengerId,Fare,Survived", *(f"{i + 1},{i * 1.5},{i % 2}" for i in range(24)))},
        "table",
        (24, 1),
        ("0", "1"),
        [0.0],
    ),
    "years above": Case(
        {
            "a.csv": lines(
                "country," + ",".join(map(str, range(2015, 2024))),
                *(f"c{i}," + ",".join(f"{v:.2f}" for v in RNG.normal(50, 9, 9)) for i in range(24)),
            )
        },
        "table",
        (24, 9),
    ),
    "currency and percent": Case(
        {"a.csv": lines("price,off,kind", *(f'"$1,{i:03d}.50",{i}%,{TONES[i]}' for i in range(24)))},
        "table",
        (24, 2),
        BOTH,
        [1000.5, 0.0],
        config={"label": "kind"},
    ),
    "decimal comma": Case(
        {"a.csv": lines("a;b;label", *(f"1.{i:03d},5;{i},25;{TONES[i]}" for i in range(24)))},
        "table",
        (24, 2),
        BOTH,
        [1000.5, 0.25],
    ),
    "X and y": Case(
        {"X_train.csv": table("a,b,c,d,e,f"), "y_train.csv": lines("target", *TONES)},
        "table",
        (24, 6),
        BOTH,
        ROWS[0].tolist(),
    ),
    "columns in another order": Case(
        {"jan.csv": reviews(), "feb.csv": reviews("label,text", "{label},{text}")},
        "text",
        (48,),
        BOTH,
        TEXTS[0],
    ),
    "a lecture": Case(
        {"lecture.wav": wav(0, seconds=90)},
        "sound",
        (1, 32, 32),
        said="first 30 s are kept; the longest has 90 s",
    ),
    "labels beside images, and another table": Case(
        zipped(
            {f"images/{i}.png": png(i) for i in range(8)}
            | {
                "train.csv": lines("image,species", *(f"{i}.png,{PETS[i % 2]}" for i in range(8))),
                "notes/README.csv": lines("author,year", "x,2020", "y,2021"),
            }
        ),
        "image",
        (8, 28, 28),
        tuple(sorted(PETS)),
    ),
    "one-hot label columns": Case(
        {"a.csv": lines("x,label_cat,label_dog,label_bird", *(f"{i}.5,{one_hot(i % 3)}" for i in range(24)))},
        "table",
        (24, 1),
        ("bird", "cat", "dog"),
        [0.5],
        "3 columns label… of 0 and 1 (one-hot)",
    ),
    "several label columns set in a row": Case(
        {
            "a.csv": lines(
                "x,y_a,y_b,y_c", *(f"{i}.5,1,{i % 2},{int(i % 4 == 3)}" for i in range(24)), "1,0,1,0"
            )
        },
        "table",
        (25, 1),
        ("a", "b"),
        said="several labels each",
        config={"several": "first"},
    ),
    "one-hot columns of another name are offered": Case(
        {"a.csv": lines("x,color_red,color_blue", *(f"{i}.5,{i % 2},{1 - i % 2}" for i in range(24)))},
        "table",
        (24, 3),
        said="choose the label color",
    ),
    "one-hot columns chosen as the label": Case(
        {"a.csv": lines("x,color_red,color_blue", *(f"{i}.5,{i % 2},{1 - i % 2}" for i in range(24)))},
        "table",
        (24, 1),
        ("blue", "red"),
        config={"label": "color"},
    ),
    "a table of one-hot columns alone": Case(
        {"a.csv": lines("mon,tue,wed", *(one_hot(i % 3) for i in range(24)))},
        "table",
        (24, 3),
        said="exactly one of the 3 columns (mon, tue, wed) set to 1",
    ),
    "one-hot columns alone, chosen as the label": Case(
        {"a.csv": lines("mon,tue,wed", *(one_hot(i % 3) for i in range(24)))},
        "table",
        (24, 3),
        ("mon", "tue", "wed"),
        [1, 0, 0],
        said="also what is learned from",
        config={"label": "mon|tue|wed"},
    ),
    "subtitles": Case(
        {
            "a.srt": "\r\n\r\n".join(
                f"{i + 1}\r\n00:00:{i:02d},000 --> 00:00:{i:02d},900\r\n<i>{text}</i>\r\nand on."
                for i, text in enumerate(TEXTS)
            ).encode()
        },
        "text",
        (24,),
        first=f"{TEXTS[0]} and on.",
    ),
    "WebVTT": Case(
        {
            "a.vtt": b"WEBVTT\n\nNOTE made by hand\n\n"
            + "".join(f"00:{i:02d}.000 --> 00:{i:02d}.900\n{t}\n\n" for i, t in enumerate(TEXTS)).encode()
        },
        "text",
        (24,),
        first=TEXTS[0],
    ),
    "sounds from a pipe": Case(
        zipped({f"{c}/{i}.wav": from_pipe(wav(i + 9 * n)) for n, c in enumerate(PETS) for i in range(4)}),
        "sound",
        (8, 32, 32),
        PETS,
    ),
    "dates in three dresses": Case(
        {
            "a.csv": lines(
                "slash,words,plain,x",
                *(f'2024/01/{i:02d},"Jan {i}, 2024",202401{i:02d},{i}.5' for i in range(1, 25)),
            )
        },
        "table",
        (24, 4),
        first=[0, 0, 0, 1.5],
    ),
    "line breaks and quotes in quotes": Case(
        {
            "tweets.csv": lines(
                "id,tweet,label",
                *(
                    f'{1000000000 + i},"{t}\nand on.\n\n#tag @user, ""quoted""",{i % 2}'
                    for i, t in enumerate(TEXTS)
                ),
            )
        },
        "text",
        (24,),
        ("0", "1"),
        f'{TEXTS[0]}\nand on.\n\n#tag @user, "quoted"',
    ),
    "spaces and case of labels": Case(
        {
            "a.csv": lines(
                "text,label",
                *(f"{t},{('Bad', 'good ', 'Bad ', 'Good')[i % 4]}" for i, t in enumerate(TEXTS)),
            )
        },
        "text",
        (24,),
        ("Bad", "Good", "good"),
        said="differ only in case or spaces: Good, good",
    ),
    "Chinese in GBK": Case(
        {
            "a.csv": foreign(
                "评论,标签", ("这部电影非常好看，演员出色", "好评"), ("太无聊了，不推荐", "差评"), "gbk"
            )
        },
        "text",
        (24,),
        ("好评", "差评"),
        "这部电影非常好看，演员出色0",
        "read as gb18030",
    ),
    "Japanese in Shift JIS": Case(
        {
            "a.csv": foreign(
                "本文,ラベル",
                ("この映画はとても面白くて感動しました。", "良い"),
                ("退屈で時間の無駄だと思います。", "悪い"),
                "shift_jis",
            )
        },
        "text",
        (24,),
        ("悪い", "良い"),
        "この映画はとても面白くて感動しました。0",
        "read as shift_jis",
    ),
    "Thai": Case(
        {"a.csv": foreign("ข้อความ,ป้าย", ("ภาพยนตร์เรื่องนี้ดีมาก", "ดี"), ("แย่มากเสียเวลา", "แย่"))},
        "text",
        (24,),
        ("ดี", "แย่"),
        "ภาพยนตร์เรื่องนี้ดีมาก0",
    ),
    "Georgian and Amharic": Case(
        {
            "a.csv": foreign(
                "text,label", ("ეს ფილმი ძალიან კარგი იყო ጥሩ ነበር", "1"), ("საშინელი იყო አሰልቺ ነበር", "0")
            )
        },
        "text",
        (24,),
        ("0", "1"),
        "ეს ფილმი ძალიან კარგი იყო ጥሩ ነበር0",
    ),
    "a chat": Case(
        {"WhatsApp Chat.txt": reviews("", "[01/03/24, 10:00:{i:02d}] Ann: {text}, {label}")},
        "text",
        (24,),
        first=f"[01/03/24, 10:00:00] Ann: {TEXTS[0]}, {TONES[0]}",
    ),
    "question marks and blanks behind commas": Case(
        {
            "adult.csv": lines(
                *(
                    f"{20 + i}, {('?', 'Private')[i % 2]}, {i * 999}, {('<=50K', '>50K')[i % 3 // 2]}"
                    for i in range(24)
                )
            )
        },
        "table",
        (24, 3),
        ("<=50K", ">50K"),
        [20, 0, 0],
    ),
    "a rare class": Case(
        {
            "creditcard.csv": lines(
                "Time,V1,V2,Amount,Class",
                *(
                    f"{i * 7}.0,{v:.9f},{-v:.9f},{i}.5,{int(i == 9)}"
                    for i, v in enumerate(RNG.normal(size=120))
                ),
            )
        },
        "table",
        (120, 4),
        ("0", "1"),
    ),
    "some HTML and semicolons in a CSV": Case(
        {
            "IMDB.csv": reviews(
                "review,sentiment", '"{text}; It&#39;s &quot;ok&quot;; and, more",{label}'
            ).replace(b" It&#39;s &quot;ok&quot;;", b"", 11)
        },
        "text",
        (24,),
        BOTH,
        f"{TEXTS[0]}; and, more",
    ),
    "seconds since 1970": Case(
        {
            "pump.csv": lines(
                "timestamp,sensor_a,sensor_b,status",
                *(
                    f"{1700000000 + 60 * i},{v[0]},{v[1]},{('BROKEN', 'NORMAL', 'RECOVERING')[i % 3]}"
                    for i, v in enumerate(ROWS.tolist())
                ),
            )
        },
        "table",
        (24, 3),
        ("BROKEN", "NORMAL", "RECOVERING"),
        [1.7e9, *ROWS[0, :2].tolist()],
    ),
    "77 classes": Case(
        {"a.csv": lines("text,label", *(f"my card does not work for {i},{i % 77}" for i in range(308)))},
        "text",
        (308,),
        tuple(map(str, range(77))),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_people_bring_is_read_as_they_expect(tmp_path: Path, name: str):
    case = CASES[name]
    made = build_dataset(
        [write(tmp_path, file, content) for file, content in case.files.items()],
        ImportConfig(**case.config),
        "my-x",
    )
    x = made.x
    shape = x.shape if isinstance(x, np.ndarray) else (len(x),)
    assert (made.kind, shape, made.classes) == (case.kind, case.shape, case.classes)
    assert case.said in "\n".join(made.details["notes"])
    if case.first is not None:
        found = x[0] if isinstance(case.first, str) else np.asarray(x[0])[: len(case.first)].tolist()
        assert found == (case.first if isinstance(case.first, str) else pytest.approx(case.first, rel=1e-6))
    if case.classes:
        assert made.y is not None
        assert int((made.y < 0).sum()) == case.unlabeled
    assert case.parts == (np.bincount(made.extra["part"]).tolist() if "part" in made.extra else None)


REFUSED = {
    "paths without their files": (
        {"index.csv": lines("filepath,label", *(f"images/{i}.jpg,{PETS[i % 2]}" for i in range(24)))},
        "files-missing",
        "ZIP",
    ),
    "a pickle": ({"data_batch_1": b"\x80\x04\x95" + bytes(40)}, "pickle-refused", "numpy.savez"),
    "a TAR archive": ({"a.tar": bytes(257) + b"ustar\0" + bytes(255)}, "unknown-format", "ZIP"),
    "a drawing": ({"logo.svg": b"<svg></svg>"}, "drawing", "PNG"),
    "sounds that are none": (
        {"a.parquet": huggingface("audio", [{"bytes": b"RIFF", "path": "a.wav"}] * 4, ["no", "yes"])},
        "nothing-readable",
        "WAV",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_way_out(tmp_path: Path, name: str):
    files, code, way = REFUSED[name]
    paths = [write(tmp_path, file, content) for file, content in files.items()]
    with pytest.raises(DataError) as refused:
        build_dataset(paths, ImportConfig(), "my-x")
    assert refused.value.code == code
    assert way in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("spaces and case of labels", {"class-spellings": "merge-spellings"}),
        ("a rare class", {"imbalance": "", "rare-classes": ""}),
    ],
)
def test_what_is_doubtful_of_them_is_said(tmp_path: Path, name: str, found: dict[str, str]):
    ((file, content),) = CASES[name].files.items()
    made = build_dataset([write(tmp_path, file, content)], ImportConfig(), "my-x")
    told = {
        finding["code"]: finding.get("mend")
        for finding in check_dataset(made)
        if finding["level"] == "warning"
    }
    assert found.items() <= told.items()


def test_a_sound_from_a_pipe_is_read_like_any_other(tmp_path: Path):
    whole, streamed = (
        build_dataset([write(tmp_path, f"{name}.wav", content)], ImportConfig(), "my-x").x
        for name, content in (("a", wav(3)), ("b", from_pipe(wav(3))))
    )
    assert whole.max() > 0
    np.testing.assert_array_equal(whole, streamed)


def test_annotations_beside_images_are_told_once_and_not_called_unreadable(tmp_path: Path):
    polygons = {f"labels/train/{i}.txt": b"0 .1 .1 .5 .1 .5 .5" for i in range(4)}
    described = polygons | {"data.yaml": b"nc: 2", "images/train/3.xml": b"<annotation/>"}
    files = zipped(pictures("images/train", "images/val") | described)
    made = build_dataset([write(tmp_path, *files.popitem())], ImportConfig(), "my-x")
    assert (made.classes, np.bincount(made.extra["part"]).tolist()) == ((), [4, 4])
    assert set(made.details["aside"]) == set(described)
    (said,) = [finding for finding in check_dataset(made) if finding["count"] == len(described)]
    assert (said["code"], said["level"]) == ("not-used", "note")
    assert said["names"] == [f"data.yaml: {NO_SAMPLE}", f"images/train/3.xml and 4 more: {ANNOTATION}"]
