"""The tools, one row each. A further one is a row here, its function, and its words in texts.toml."""

from collections.abc import Mapping
from typing import Any

from assistant.tools.config_check import Text, check_config
from assistant.tools.explain import Name, explain_api
from assistant.tools.memory_plan import Run, plan_memory
from assistant.tools.model import Tool
from assistant.tools.own_machine import Nothing, inspect_machine
from assistant.tools.search import Query, search_corpus

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="search_corpus",
            description="Searches the troubleshooting corpus on Transformers, PEFT, bitsandbytes, Accelerate and PyTorch. Returns passages numbered [n], to be cited as [n].",
            parameters=Query,
            run=search_corpus,
            shown="query",
        ),
        Tool(
            name="explain_api",
            description="Signature and docstring of a class, function, method or argument as it is installed on the user's machine. Says if it does not exist there.",
            parameters=Name,
            run=explain_api,
            shown="name",
        ),
        Tool(
            name="inspect_machine",
            description="The user's machine: GPUs and their free memory, versions of the libraries, and what is wrong with it.",
            parameters=Nothing,
            run=inspect_machine,
            shown="",
        ),
        Tool(
            name="plan_memory",
            description="GPU memory that a training or inference run needs, by part, whether it fits the GPU, and the least changes that make it fit.",
            parameters=Run,
            run=plan_memory,
            shown="model",
        ),
        Tool(
            name="check_config",
            description="Checks a training script or configuration (TrainingArguments, DeepSpeed, LoRA, generation, …) for errors, ignored settings and waste.",
            parameters=Text,
            run=check_config,
            shown="",
        ),
    )
}


def schemas(tools: Mapping[str, Tool] = TOOLS) -> tuple[dict[str, Any], ...]:
    """The tools as JSON schemas in OpenAI's form, for `Job.tools`."""
    return tuple(
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": _without_titles(tool.parameters.model_json_schema()),
            },
        }
        for tool in tools.values()
    )


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without what models have no use for."""
    properties = {
        name: {key: value for key, value in each.items() if key != "title"}
        for name, each in schema["properties"].items()
    }
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}
