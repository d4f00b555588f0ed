"""Tracing an installed class: it gives the formula's figure where the formula is exact."""

import json
from pathlib import Path

from assistant.memory import PlanRequest, find_model, plan
from assistant.memory.layers import Numbers, layer_bytes
from assistant.memory.trace import trace_layer
from tests.memory.real_run import TINY


def test_a_traced_llama_is_what_the_formula_says(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**TINY, "model_type": "llama"}))
    model = find_model(str(file))
    for method in ("full", "lora"):
        traced = trace_layer(model, PlanRequest(str(file), method))  # type: ignore[arg-type]
        formula = layer_bytes(model.shape, Numbers(2, 2, 2, False, method == "full"), "sdpa", None, False)
        assert traced.kept == formula.kept


def test_a_class_that_the_formulas_do_not_know(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**TINY, "model_type": "nemotron", "num_hidden_layers": 4}))
    plain, traced = (
        plan(PlanRequest(str(file), "lora", checkpointing=False), trace=on) for on in (False, True)
    )
    assert "unknown_class" in {note.id for note in plain.notes}
    assert "traced" in {note.id for note in traced.notes}
    assert traced.parts["activations"] != plain.parts["activations"]


def test_a_class_that_is_not_installed_leaves_the_formulas(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**TINY, "model_type": "brandnew"}))
    found = plan(PlanRequest(str(file), "lora"), trace=True)
    assert "trace_failed" in {note.id for note in found.notes}
