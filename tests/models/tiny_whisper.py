"""A Whisper model of a few thousand weights, in Hugging Face's layout, that hears two seconds at once; no
trial is needed of what we made.
"""

from __future__ import annotations

from pathlib import Path

from selfsup_core.pretrained.trial import remember

CONTROLS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|zh|>",
    "<|transcribe|>",
    "<|notimestamps|>",
)
SAID = ["a b ca ab", "Four, 2 and 427!", "one two three"] * 10


def tiny_whisper(folder: Path, *, many: bool = False, seed: int = 0) -> Path:
    """Args: many: with several languages."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, WhisperConfig, WhisperForConditionalGeneration

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=280, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(SAID, trainer)
    tokenizer.add_special_tokens(list(CONTROLS))
    end = CONTROLS[0]
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=end, eos_token=end, unk_token=end, pad_token=end
    )
    torch.manual_seed(seed)
    number = dict(zip(CONTROLS, fast.convert_tokens_to_ids(list(CONTROLS)), strict=True))
    config = WhisperConfig(
        vocab_size=len(fast) + 4,  # times, which the tokenizer does not list
        d_model=16,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=100,
        max_target_positions=64,
        num_mel_bins=80,
        decoder_start_token_id=number["<|startoftranscript|>"],
        bos_token_id=number[end],
        eos_token_id=number[end],
        pad_token_id=number[end],
    )
    model = WhisperForConditionalGeneration(config)
    with torch.no_grad():  # untrained logits hardly differ, and the same token would come again and again
        model.model.decoder.embed_tokens.weight.mul_(10)
        model.model.decoder.embed_positions.weight.mul_(30)
    asked = model.generation_config
    asked._from_model_config = False  # a file of its own, as real models have it, and not one that is derived
    asked.is_multilingual = many
    asked.no_timestamps_token_id = number["<|notimestamps|>"]
    asked.suppress_tokens, asked.begin_suppress_tokens = [3, 4], [number[end]]
    if many:
        asked.lang_to_id = {code: number[code] for code in ("<|en|>", "<|zh|>")}
        asked.task_to_id = {"transcribe": number["<|transcribe|>"]}
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    remember(folder)
    return folder
