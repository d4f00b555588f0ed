"""Configs that were tampered with: a plan or one sentence, never a crash, never seconds."""

import contextlib
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import UserError
from assistant.memory import PlanRequest
from assistant.memory.catalog import carried
from assistant.memory.plan import Model
from assistant.memory.planner import plan_for
from assistant.memory.read_config import read_architecture

NAMES = ["Qwen/Qwen2.5-0.5B", "google/gemma-3-1b-it", "deepseek-ai/DeepSeek-V2-Lite", "openai-community/gpt2", "google/flan-t5-base", "mistralai/Mixtral-8x7B-v0.1", "tiiuae/falcon-40b"]  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5),
    st.lists(st.integers(-3, 10**9), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), st.data())
def test_tampered_configs(name: str, data: Any) -> None:
    config = json.loads(json.dumps(carried()[name]))
    for key in data.draw(
        st.lists(st.sampled_from([*sorted(config), "head_dim", "vision_config", "text_config"]), max_size=3)
    ):
        config[key] = data.draw(VALUES)
    with contextlib.suppress(UserError):
        shape = read_architecture(config)
        assert shape.params >= 0
        for method in ("inference", "lora"):
            request = PlanRequest("tampered", method, seq=64, lengths="fixed")  # type: ignore[arg-type]
            assert plan_for(Model("tampered", shape), request).allocated >= 0
