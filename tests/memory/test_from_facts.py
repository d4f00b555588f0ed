"""From a conversation's facts to a request: what is usable is used, the rest left out."""

from assistant.memory import PlanRequest, request_from_facts


def test_a_conversation_about_qlora() -> None:
    facts = {
        "model": "Qwen/Qwen2.5-7B", "method": "qlora", "batch_size": "4", "seq_len": "2048", "gpu": "RTX 3060",
        "set_gradient_checkpointing": "True", "set_r": "16", "set_bnb_4bit_use_double_quant": "True",
        "v_transformers": "4.46.0", "set_optim": "paged_adamw_8bit",
    }  # fmt: skip
    assert request_from_facts(facts) == PlanRequest(
        "Qwen/Qwen2.5-7B", "qlora", "nf4-dq", batch_size=4, seq=2048, gpu="RTX 3060", checkpointing=True,
        lora_r=16, transformers="4.46.0", optim="paged_adamw_8bit",
    )  # fmt: skip


def test_a_size_and_free_memory() -> None:
    request = request_from_facts(
        {"model_b": 7.0, "vram_gib": 12.0, "gpu": "RTX 3060", "set_load_in_8bit": "true"}
    )
    assert request == PlanRequest("7B", precision="int8", vram=12.0)


def test_what_cannot_be_used_is_left_out() -> None:
    facts = {
        "model": "gpt2",
        "batch_size": "many",
        "seq_len": "-3",
        "method": "dpo",
        "set_attn_implementation": "new",
    }
    assert request_from_facts(facts) == PlanRequest("gpt2")
    assert request_from_facts({"gpu": "T4"}) is None
