"""Recipes: what is wrong in one is said with the field and what it may be."""

from pathlib import Path

import pytest
import yaml

from assistant.errors import UserError
from finetune.recipe import as_yaml, read_recipe, recipe

CONFIGS = Path(__file__).parents[2] / "finetune" / "config"
GOOD = {"base": "b", "data": "d", "out": "o"}


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_configs_are_valid(file: Path) -> None:
    if file.name.endswith(".accelerate.yaml"):
        from accelerate.commands.config.config_args import load_config_from_file

        assert load_config_from_file(str(file)).num_processes == 2
        return
    made = read_recipe(file)
    assert recipe(yaml.safe_load(as_yaml(made)), "again") == made


def test_the_appendix_values_are_the_defaults() -> None:
    made = recipe(GOOD, "x")
    assert (made.rank, made.alpha, made.dropout, made.targets) == (8, 32, 0.1, ("q_proj", "v_proj"))
    assert made.virtual_tokens == 20
    for name in ("lora", "qlora"):
        named = read_recipe(CONFIGS / f"{name}.yaml")
        assert (named.rank, named.alpha, named.dropout, named.targets) == (8, 32, 0.1, ("q_proj", "v_proj"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"methd": "lora"}, "did you mean `method`"),
        ({"method": "full"}, "`method` is 'full'; it may be lora, qlora, prefix, prompt"),
        ({"rank": 0}, "`rank` is 0; it may be a whole number from 1 to 1024"),
        ({"rank": 1.5}, "whole number"),
        ({"rank": True}, "whole number"),
        ({"learning_rate": "fast"}, "`learning_rate` is 'fast'; it may be a number"),
        ({"checkpointing": "yes please"}, "true or false"),
        ({"targets": []}, "all-linear or a list"),
        ({"patience": 2}, "`patience` needs"),
        ({"packing": True, "method": "prompt"}, "`packing` does not go with"),
        ({"base": ""}, "`base` is missing"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match="x: ") as caught:
        recipe({**GOOD, **change}, "x")
    assert said in str(caught.value)


def test_numbers_that_yaml_reads_as_texts_count() -> None:
    assert recipe({**GOOD, "learning_rate": "3e-4"}, "x").learning_rate == 3e-4


def test_files_that_are_no_config(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"embedded\.yaml"):
        read_recipe(tmp_path / "none.yaml")
    for text, said in (("a: [", "line"), ("- 1", "field: value")):
        (tmp_path / "c.yaml").write_text(text)
        with pytest.raises(UserError, match=said):
            read_recipe(tmp_path / "c.yaml")


def test_command_line_changes_fields(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("base: b\ndata: d\nout: o\n")
    assert read_recipe(tmp_path / "c.yaml", ["rank=4", "targets=[k_proj]"]).targets == ("k_proj",)
    with pytest.raises(UserError, match="field=value"):
        read_recipe(tmp_path / "c.yaml", ["rank"])
