"""Plans: what they must hold whatever is asked, and what is known of the world."""

import itertools

import pytest

from assistant.memory import PlanRequest, as_json, explain_oom, picture, plan
from assistant.memory.levers import levers

LLAMA = "meta-llama/Llama-3.1-8B"


def _requests() -> list[PlanRequest]:
    return [
        PlanRequest(model, method, gpus=gpus, batch_size=batch, gpu="RTX 4090", trainer=trainer)
        for (model, method), gpus, batch, trainer in itertools.product(
            [
                (LLAMA, "inference"), (LLAMA, "qlora"), ("gpt2", "full"), ("google/gemma-2-2b", "lora"),
                ("Qwen/Qwen3-30B-A3B", "qlora"), ("deepseek-ai/DeepSeek-V2-Lite", "lora"), ("gpt2", "prefix"),
                ("google/flan-t5-base", "full"), ("bert-base-uncased", "full"), ("tiiuae/falcon-7b", "prompt"),
            ], (1, 2), (1, 3), ("trl", "transformers"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "request_", _requests(), ids=lambda r: f"{r.model}-{r.method}-{r.gpus}-{r.batch_size}-{r.trainer}"
)
def test_every_plan_holds_together(request_: PlanRequest) -> None:
    found = plan(request_)
    inside = sum(size for part, size in found.parts.items() if part != "runtime")
    assert inside == pytest.approx(found.allocated, abs=0.02)
    assert found.allocated <= found.reserved + 1e-9
    assert found.reserved + found.parts["runtime"] == pytest.approx(found.device)
    low, high = found.interval
    assert 0.8 * found.reserved - 1e-9 <= low <= found.reserved <= high <= 1.2 * found.reserved + 1e-9
    assert found.needed[0] <= found.needed[1]
    assert found.verdict in ("fits", "borderline", "does not fit")
    assert all(size >= 0 for size in found.parts.values())
    assert (found.verdict == "fits") == (found.levers == ()) or found.verdict != "fits"


def test_the_contract() -> None:
    shown = as_json(plan(PlanRequest(LLAMA, "qlora", gpu="RTX 3060", seq=4096)))
    assert set(shown) >= {
        "model", "method", "settings", "parts_gib", "allocated_gib", "reserved_gib", "device_gib", "interval_gib",
        "gpu_gib", "verdict", "levers",
    }  # fmt: skip
    assert shown["model"] | {"id": LLAMA, "params": 8_030_261_248} == shown["model"]
    assert set(shown["parts_gib"]) == {
        "weights",
        "gradients",
        "optimizer",
        "activations",
        "logits",
        "kv_cache",
        "runtime",
    }
    assert shown["settings"]["seq"] == {"value": 4096, "from": "given"}
    assert shown["settings"]["lora_r"]["from"] == "assumed"
    for lever in shown["levers"]:
        assert set(lever) == {"change", "saves_gib", "costs", "code", "fits_after"}


def test_weights_of_a_known_model() -> None:
    assert plan(PlanRequest(LLAMA, "inference", "bf16")).parts["weights"] == pytest.approx(14.96, abs=0.01)


def test_whole_logits_are_what_old_versions_made_of_a_prompt() -> None:
    old = plan(PlanRequest("Qwen/Qwen2-0.5B", seq=30720, transformers="4.38.2"))
    new = plan(PlanRequest("Qwen/Qwen2-0.5B", seq=30720, transformers="4.46.0"))
    assert old.parts["logits"] == pytest.approx(6 * 30720 * 151936 / (1 << 30), rel=0.01)
    assert new.parts["logits"] < 0.01


def test_who_builds_the_logits() -> None:
    trl = plan(PlanRequest(LLAMA, "lora", seq=4096))
    plain = plan(PlanRequest(LLAMA, "lora", seq=4096, trainer="transformers", checkpointing=True))
    assert trl.parts["logits"] < 0.1
    assert plain.parts["logits"] == pytest.approx(12 * 4096 * 128256 / (1 << 30), rel=0.02)


def test_preparation_for_kbit_training_costs_an_fp32_copy() -> None:
    prepared = plan(PlanRequest(LLAMA, "qlora", trainer="transformers"))
    trl = plan(PlanRequest(LLAMA, "qlora"))
    assert prepared.weights["unquantized"] == pytest.approx(2 * trl.weights["unquantized"], rel=0.01)
    assert "prepared" in {note.id for note in prepared.notes}


def test_experts_that_4_bit_loading_does_not_reach() -> None:
    assert plan(PlanRequest("Qwen/Qwen3-30B-A3B", "qlora")).weights["experts"] > 50
    old = plan(PlanRequest("Qwen/Qwen3-30B-A3B", "qlora", transformers="4.57.0"))
    assert old.weights["experts"] < 15


def test_sharding_lowers_what_one_gpu_holds() -> None:
    device = {
        sharding: plan(PlanRequest(LLAMA, "full", gpus=8, sharding=sharding)).allocated  # type: ignore[arg-type]
        for sharding in ("ddp", "zero1", "zero2", "zero3", "fsdp")
    }
    assert device["ddp"] > device["zero1"] > device["zero2"] > device["zero3"]
    assert device["fsdp"] < device["zero2"]


def test_more_of_anything_never_needs_less() -> None:
    for method in ("inference", "lora", "full"):
        sizes = [
            plan(PlanRequest("Qwen/Qwen2.5-1.5B", method, seq=seq)).allocated
            for seq in (128, 512, 2048, 8192)
        ]  # type: ignore[arg-type]
        assert sizes == sorted(sizes)
        batches = [
            plan(PlanRequest("Qwen/Qwen2.5-1.5B", method, batch_size=n)).allocated for n in (1, 2, 5, 9)
        ]  # type: ignore[arg-type]
        assert batches == sorted(batches)


def test_a_gpu_that_is_unknown_leaves_the_plan() -> None:
    found = plan(PlanRequest(LLAMA, gpu="RTX 9999"))
    assert (found.verdict, found.gpu) == (None, None)
    assert found.allocated > 15
    assert {note.id for note in found.notes} >= {"unknown_gpu"}


def test_free_memory_counts_and_not_the_cards() -> None:
    assert plan(PlanRequest("7B", "qlora", gpu="RTX 4090")).verdict == "fits"
    assert plan(PlanRequest("7B", "qlora", gpu="RTX 4090", vram=3)).verdict == "does not fit"


def test_the_verdict_counts_with_a_larger_rank_where_none_is_given() -> None:
    unsaid, said = (plan(PlanRequest("13B", "lora", vram=24, lora_r=r)) for r in (None, 16))
    assert unsaid.needed[1] > said.needed[1]
    assert unsaid.allocated == said.allocated


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_picture_is_svg_that_holds_every_part(lang: str) -> None:
    from xml.etree import ElementTree

    found = plan(PlanRequest(LLAMA, "lora", seq=2048, trainer="transformers", gpu="RTX 3090"))
    root = ElementTree.fromstring(picture(found, lang))  # type: ignore[arg-type]
    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("y") == "24"]
    total = sum(float(bar.get("width", 0)) for bar in bars)
    line = next(each for each in root.iter() if each.tag.endswith("path") and each.get("stroke-dasharray"))
    at = float(line.get("d", "").split()[0][1:])
    assert total / found.device == pytest.approx((at - 10) / 23.6, rel=0.02)


def test_names_in_the_picture_are_escaped() -> None:
    import dataclasses

    found = plan(PlanRequest("7B"))
    named = dataclasses.replace(found, model=dataclasses.replace(found.model, id="<script>&"))
    assert "<script>" not in picture(named)


def test_levers_make_it_fit_and_say_when() -> None:
    found = plan(PlanRequest(LLAMA, "lora", trainer="transformers", batch_size=8, seq=2048, gpu="RTX 4090"))
    assert found.verdict == "does not fit"
    assert [lever.fits_after for lever in found.levers] == [False] * (len(found.levers) - 1) + [True]
    again = plan(found.levers[-1].request)
    assert again.verdict == "fits"
    assert found.levers == levers(found)


def test_what_costs_nothing_comes_first() -> None:
    found = plan(
        PlanRequest(
            "gpt2",
            "full",
            "fp32",
            trainer="transformers",
            batch_size=64,
            attn="eager",
            optim="adamw_torch",
            vram=4,
        )
    )
    order = [lever.id for lever in found.levers]
    assert order[:2] == ["sdpa", "fused_optimizer"] or order[0] == "sdpa"
    assert "smaller_model" not in order


def test_nothing_that_fits_is_not_hidden() -> None:
    found = plan(PlanRequest("meta-llama/Llama-3.1-405B", "full", vram=1))
    assert not any(lever.fits_after for lever in found.levers)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (
            {
                "requested_gib": 2.0,
                "capacity_gib": 23.6,
                "free_gib": 0.5,
                "process_gib": 8.0,
                "allocated_gib": 7.0,
            },
            "other_process",
        ),
        (
            {
                "requested_gib": 1.0,
                "capacity_gib": 14.7,
                "free_gib": 0.2,
                "allocated_gib": 9.0,
                "reserved_gib": 13.5,
            },
            "fragmented",
        ),
        (
            {
                "requested_gib": 14.0,
                "capacity_gib": 23.6,
                "free_gib": 5.0,
                "allocated_gib": 17.0,
                "unallocated_gib": 0.3,
            },
            "huge_tensor",
        ),
        (
            {
                "requested_gib": 0.1,
                "capacity_gib": 23.6,
                "free_gib": 0.05,
                "allocated_gib": 22.7,
                "unallocated_gib": 0.05,
            },
            "too_big",
        ),
        (
            {
                "requested_gib": 0.1,
                "capacity_gib": 23.6,
                "other_gib": 20.0,
                "process_gib": 3.0,
                "allocated_gib": 2.5,
            },
            "other_process",
        ),
        ({"requested_gib": 0.1}, "unknown"),
        ({}, "unknown"),
        ({"requested_gib": "many", "capacity_gib": float("nan")}, "unknown"),
    ],
)
def test_why_an_allocation_failed(facts: dict[str, object], cause: str) -> None:
    found = explain_oom(facts)
    assert found.cause == cause
    assert all(found.words(lang) for lang in ("en", "zh"))


def test_the_tensor_that_was_asked_for_is_named() -> None:
    run = plan(PlanRequest(LLAMA, "lora", trainer="transformers", batch_size=2, seq=4096))
    asked = 2 * 4096 * 128256 * 4 / (1 << 30)
    found = explain_oom(
        {"requested_gib": round(asked, 2), "capacity_gib": 23.6, "allocated_gib": 20.0, "free_gib": 1.0}, run
    )
    assert (found.tensor, (found.values or {})["bytes"]) == ("logits", "4")
    assert "8192" in found.words("en")
    assert "128256" in found.words("zh")
