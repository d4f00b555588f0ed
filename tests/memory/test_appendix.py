"""The memory figures of the appendix, accounted for: what each printed one is, beside what is computed."""

import pytest

from tests.benchmarks.appendix_memory import inference, memory

NOMINAL = {"LLaMA-7B": 7e9}


def test_b1_prints_fp32_weights_under_an_fp16_heading() -> None:
    for figure in inference():
        assert figure.printed == pytest.approx(4 * figure.params / 1e9, rel=0.1), figure.model
        assert figure.weights == pytest.approx(2 * figure.params / 1e9, rel=0.02), figure.model


def test_b1_has_rows_that_cannot_run_on_its_own_gpu() -> None:
    figures = {figure.model: figure for figure in inference()}
    assert figures["LLaMA-13B"].printed > 42.9 > figures["LLaMA-13B"].device
    assert figures["LLaMA-70B"].device > 42.9


def test_b3_inference_is_right_for_7b_and_far_too_high_for_small_models() -> None:
    for figure in memory():
        if not figure.row.startswith("Inference"):
            continue
        if figure.model == "LLaMA-7B" and "INT4" not in figure.row:
            assert figure.weights == pytest.approx(figure.printed, rel=0.05)
        elif figure.model != "LLaMA-7B" and "INT4" not in figure.row:
            assert figure.printed > 2 * figure.weights
            assert figure.printed > figure.allocated


def test_b3_int4_leaves_out_constants_and_what_is_not_quantized() -> None:
    figure = next(f for f in memory() if f.row == "Inference (INT4)" and f.model == "LLaMA-7B")
    assert figure.printed == pytest.approx(0.5 * 7e9 / 1e9)
    assert figure.weights == pytest.approx(figure.printed * 1.19, rel=0.01)


def test_b3_training_is_four_times_inference_and_its_amp_is_none() -> None:
    figures = {(f.row, f.model): f for f in memory()}
    for model in ("BERT-base", "GPT-2 (small)", "LLaMA-7B"):
        assert figures["Training (FP32)", model].printed == pytest.approx(
            4 * figures["Inference (FP32)", model].printed
        )
    seven = figures["Training (FP16 + AMP)", "LLaMA-7B"]
    assert seven.printed == pytest.approx(8 * NOMINAL["LLaMA-7B"] / 1e9)
    assert seven.allocated > 1.8 * seven.printed  # autocast keeps fp32 weights, gradients and states


def test_b3_adapters_are_right_for_7b() -> None:
    figures = {(f.row, f.model): f for f in memory()}
    for row in ("Training (LoRA)", "Training (QLoRA 4-bit)"):
        figure = figures[row, "LLaMA-7B"]
        assert figure.allocated == pytest.approx(figure.printed, rel=0.15)
