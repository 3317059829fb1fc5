"""Language models of a few thousand weights, in Hugging Face's layout; no trial is needed of what we made."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.pretrained.trial import remember

CORPUS = ["the cat sat on the mat. ", "the dog sat on the log. ", "a cat and a dog sat. "] * 20


def tiny_gpt(folder: Path, *, start: str | None = "<s>", context: int = 32, seed: int = 0) -> Path:
    """GPT-2's layers with 16 numbers a token and a byte-level BPE of 300 tokens."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=start, eos_token="</s>")
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(fast),
        n_positions=context,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
    )
    model = GPT2LMHeadModel(config)
    # Untrained logits hardly differ; larger ones make a distribution worth reshaping.
    with torch.no_grad():
        model.transformer.wte.weight.mul_(20)
    model.save_pretrained(folder, safe_serialization=True)
    fast.save_pretrained(folder)
    remember(folder)
    return folder


def tiny_bert(folder: Path, *, head: bool = True, marks: bool = True, seed: int = 0) -> Path:
    """BERT's layers with 16 numbers a token and one token a word.

    Args:
        head: with the layer that predicts tokens.
        marks: whether [CLS] and [SEP] stand around a text.
    """
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForMaskedLM, BertModel, PreTrainedTokenizerFast

    words = sorted({*" ".join(CORPUS).replace(".", " . ").split(), "[", "]", "mask", "sep", "/", "s"})
    special = ["[PAD]", "[UNK]", "[MASK]", *(["[CLS]", "[SEP]"] if marks else [])]
    vocabulary = {word: i for i, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    around = {"cls_token": "[CLS]", "sep_token": "[SEP]"} if marks else {}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]", **around
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    model = (BertForMaskedLM if head else BertModel)(config)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(20)
    model.save_pretrained(folder, safe_serialization=True)
    fast.save_pretrained(folder)
    remember(folder)
    return folder
