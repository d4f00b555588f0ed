"""`generate` and its settings."""

from pathlib import Path

import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof(
    "attention-mask-missing",
    "batch-without-mask",
    says="The attention mask and the pad token id were not set",
)
def batch_of_ids_only(fixed: bool) -> None:
    model, tokenizer = tiny.llama(), tiny.tokenizer()
    if fixed:
        apply_fix("attention-mask-missing", "batch-without-mask", model=model, tokenizer=tokenizer)
    else:
        model.generate(tiny.ids(rows=2), max_new_tokens=3)


@proof("padding-side", "left-for-generation", says="right-padding was detected")
def padded_on_the_right(fixed: bool) -> None:
    model, tokenizer = tiny.llama(pad_token_id=0), tiny.tokenizer(pad_token="<unk>", padding_side="right")
    if fixed:
        inputs = apply_fix("padding-side", "left-for-generation", tokenizer=tokenizer)["inputs"]
    else:
        inputs = tokenizer(["hello", "the cat sat"], padding=True, return_tensors="pt")
    model.generate(input_ids=inputs.input_ids, attention_mask=inputs.attention_mask, max_new_tokens=3)


@proof("beam-group-removed", "group-beams", says="Group Beam Search")
def group_beams(fixed: bool) -> None:
    more = {} if fixed else {"num_beam_groups": 2, "diversity_penalty": 0.5}
    tiny.llama(pad_token_id=0).generate(tiny.ids(), num_beams=4, max_new_tokens=3, do_sample=False, **more)


@proof("beam-group-removed", "methods-gone", says="has no attribute 'greedy_search'")
def greedy_search_called(fixed: bool) -> None:
    model, inputs = tiny.llama(), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("beam-group-removed", "methods-gone", model=model, inputs=inputs)
    else:
        model.greedy_search(**inputs)


@proof("cache-format", "tuple-passed", says="'tuple' object has no attribute 'get_seq_length'")
def tuple_as_cache(fixed: bool) -> None:
    model, inputs = tiny.llama(), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("cache-format", "tuple-passed", model=model, inputs=inputs)
    else:
        keys = torch.zeros(1, 2, 3, 4)
        model(**inputs, past_key_values=((keys, keys),))


@proof("cache-format", "indexing-cache", says="'DynamicCache' object is not subscriptable")
def cache_indexed(fixed: bool) -> None:
    model, inputs = tiny.llama(), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("cache-format", "indexing-cache", model=model, inputs=inputs)
    else:
        model(**inputs).past_key_values[0][0].shape[2]


@proof("generation-config-beams", "return-sequences", says="num_return_sequences")
def several_greedy_sequences(fixed: bool) -> None:
    model, inputs = tiny.llama(pad_token_id=0), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("generation-config-beams", "return-sequences", model=model, inputs=inputs)
    else:
        model.generate(**inputs, num_return_sequences=3, max_new_tokens=3)


@proof("generation-config-sampling", "temperature-zero", says="has to be a strictly positive float")
def temperature_zero(fixed: bool) -> None:
    model, inputs = tiny.llama(pad_token_id=0), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("generation-config-sampling", "temperature-zero", model=model, inputs=inputs)
    else:
        model.generate(**inputs, do_sample=True, temperature=0.0, max_new_tokens=3)


@proof("generation-config-tokens", "repetition", says="`penalty` has to be a strictly positive float")
def negative_repetition_penalty(fixed: bool) -> None:
    penalty = 1.1 if fixed else -1.0
    tiny.llama(pad_token_id=0).generate(tiny.ids(), repetition_penalty=penalty, max_new_tokens=3)


@proof("generation-config-tokens", "decoder-start", says="has to be defined for encoder-decoder generation")
def no_decoder_start(fixed: bool) -> None:
    model = tiny.t5()
    if fixed:
        tokenizer = tiny.tokenizer(pad_token="<unk>", cls_token="<s>")
        tokenizer.add_special_tokens({"cls_token": "[CLS]"})
        model.resize_token_embeddings(len(tokenizer))
        apply_fix("generation-config-tokens", "decoder-start", model=model, tokenizer=tokenizer)
    model.generate(tiny.ids(), max_new_tokens=3)


@proof("generation-config-use", "unused-kwargs", says="are not used by the model")
def unknown_argument(fixed: bool) -> None:
    more = {} if fixed else {"max_new_token": 3}
    tiny.llama(pad_token_id=0).generate(tiny.ids(), max_new_tokens=3, **more)


@proof(
    "generation-flags", "sampling-flags-without-sampling", says="The following generation flags are not valid"
)
def temperature_without_sampling(fixed: bool) -> None:
    model = tiny.llama(pad_token_id=0)
    model.generation_config.temperature, model.generation_config.top_p = 0.7, 0.9
    if fixed:
        apply_fix("generation-flags", "sampling-flags-without-sampling", model=model)
    model.generate(tiny.ids(), do_sample=False, max_new_tokens=3)


@proof("generation-flags", "saving-refused", says="GenerationConfig is invalid")
def saving_sampling_flags(fixed: bool, folder: Path) -> None:
    model = tiny.llama(pad_token_id=0)
    model.generation_config.temperature = 0.7
    if fixed:
        apply_fix("generation-flags", "saving-refused", model=model)
    model.save_pretrained(folder / "saved")


@proof("max-length", "prompt-too-long", says="but `max_length` is set to 4")
def prompt_fills_max_length(fixed: bool) -> None:
    model, inputs = tiny.llama(pad_token_id=0), {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("max-length", "prompt-too-long", model=model, inputs=inputs)
    else:
        model.generate(**inputs, max_length=4)


@proof(
    "max-length", "both-set", says="Both `max_new_tokens` (=3) and `max_length`(=50) seem to have been set"
)
def both_limits(fixed: bool) -> None:
    more = {} if fixed else {"max_length": 50}
    tiny.llama(pad_token_id=0).generate(tiny.ids(), max_new_tokens=3, **more)


@proof("stop-strings", "tokenizer-missing", says="There are one or more stop strings")
def stop_strings_without_tokenizer(fixed: bool) -> None:
    model, tokenizer = tiny.llama(pad_token_id=0, vocab_size=300), tiny.byte_tokenizer()
    inputs = {"input_ids": tiny.ids()}
    if fixed:
        apply_fix("stop-strings", "tokenizer-missing", model=model, tokenizer=tokenizer, inputs=inputs)
    else:
        model.generate(**inputs, stop_strings=["END"], max_new_tokens=3)


@proof(
    "generation-never-stops", "wrong-eos-setting", says="`eos_token_id` should consist of positive integers"
)
def negative_eos(fixed: bool) -> None:
    tiny.llama(pad_token_id=0).generate(tiny.ids(), eos_token_id=2 if fixed else -1, max_new_tokens=3)


@proof("tokenizer-model-mismatch", "draft-model", says="have different tokenizers")
def draft_with_another_vocabulary(fixed: bool) -> None:
    model, draft = tiny.llama(pad_token_id=0), tiny.llama(pad_token_id=0, vocab_size=40)
    tokenizer = tiny.tokenizer()
    more = {"tokenizer": tokenizer, "assistant_tokenizer": tiny.tokenizer()} if fixed else {}
    model.generate(tiny.ids(), assistant_model=draft, max_new_tokens=3, **more)
