"""What the user was doing: training, generating, loading, …, and with which method."""

import re
from collections.abc import Mapping

from assistant.reading.model import ExceptionInfo

_RULE = tuple[str, re.Pattern[str]]
_IN_CODE: tuple[_RULE, ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "saving",
            r"save_pretrained|_save_checkpoint|save_model\(|save_checkpoint|state_dict\(\)\s{0,4}$|, in save",
        ),
        (
            "evaluation",
            r"evaluation_loop|prediction_step|, in evaluate\b|in _maybe_log_save_evaluate|nested_concat|torch_pad_and_concatenate|trainer\.(?:evaluate|predict)\(",
        ),
        (
            "training",
            r"training_step|[Tt]rainer\w{0,20}\.train\(|\.backward\(|loss\.backward|optimizer\.step|, in train\b|_inner_training_loop|accelerator\.backward|run_exp\(",
        ),
        (
            "inference",
            r"\bgenerate\(|, in generate\b|, in _sample\b|greedy_search|beam_search|stream_generate|\.chat\(|pipeline\(|text-generation-webui|oobabooga|web_demo|cli_demo",
        ),
        (
            "loading",
            r"from_pretrained|_load_state_dict|load_state_dict|Loading checkpoint shards|load_model|in load_",
        ),
    )
)
_IN_LOG: tuple[_RULE, ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("evaluation", r"\*{3,} ?Running (?:Evaluation|Prediction|Validation)"),
        (
            "training",
            r"\{'loss'|\*{3,} ?Running training|trainable params:|\btrain_loss\b|/train\.py|num_train_epochs|TrainingArguments\(|SFTConfig\(|per_device_train_batch",
        ),
    )
)
_SAID_FIRST: tuple[_RULE, ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "saving",
            r"(?:when|while|only|at|during|on|after) (?:it )?sav(?:ing|es|e)\b|保存(?:时|的时候|模型|checkpoint|权重)",
        ),
        (
            "evaluation",
            r"(?:during|in|at|when|while|after|first|before) (?:the )?eval(?:uat\w{1,5})?\b|(?:验证|评估|eval) ?(?:时|的时候|就|阶段)|到第一次 ?eval",
        ),
        (
            "loading",
            r"(?:when|while|can'?t|cannot|unable to|during|error|fails?) (?:to )?load(?:ing)?\b|(?:re)?loading |加载|载入|from_pretrained",
        ),
    )
)
_TRAINING = re.compile(
    r"fine-?\s?tun(?:e|ing)\b|\btrain(?:ing|er)?\b|\bsft\b|\bdpo\b|\bgrpo\b|\bepochs?\b|\bbackward\b|微调|训练|全参|精调|预训练",
    re.IGNORECASE,
)
_INFERENCE = re.compile(
    r"inferenc|\bgenerat(?:e|es|ion|ing)\b|\bchat(?:ting|bot)?\b|推理|生成|对话|部署|\bserv(?:e|ing)\b|\bdecod(?:e|ing)\b|\bpredict|\btok(?:en)?s? ?/ ?s|字/s",
    re.IGNORECASE,
)
_FINISHED = re.compile(r"(?:训练|微调)(?:好|完|后|过)(?:的)?|after (?:fine-?tuning|training)", re.IGNORECASE)
_TRUE = {"true", "1", "yes", "on"}
_NOT = r"(?<!no )(?<!without )(?<!not )(?<!不用)(?<!没用)(?<!不 )"
_QLORA = re.compile(r"\bqlora\b", re.IGNORECASE)
_PREFIX = re.compile(r"prefix[ _-]?tuning|p-?tuning ?v2|前缀微调|PrefixTuningConfig", re.IGNORECASE)
_PROMPT = re.compile(r"prompt[ _-]tuning|提示微调|PromptTuningConfig|p-?tuning\b", re.IGNORECASE)
_LORA = re.compile(
    rf"{_NOT}\b(?:d?o|ada|qa|rs|p)?lora\b|lora_(?:[AB]\b|r\b|alpha|target|config|dropout|rank)|LoraConfig|\.lora_|_lora\b",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"full[ -](?:parameter |param |model )?(?:fine-?tun|finetun|training|ft\b|sft\b)|全参|全量(?:微调|训练|参数)?|全参数",
    re.IGNORECASE,
)
_FOUR_BIT = re.compile(r"(?<![\w.])(?:4-?\s?bit|nf4|int4)\b|load_in_4bit|4 ?比特", re.IGNORECASE)
_OR = re.compile(r"\b(?:or|vs\.?|versus|instead of|compared)\b|还是|相比|区别|对比", re.IGNORECASE)


def mode_of(stated: str, prose: str, config: str, main: ExceptionInfo | None) -> str:
    """'training', 'inference', … or "": told by the frames, else by the user, else by code and log."""
    frames = (
        "\n".join(f"{frame.file}, in {frame.function}\n{frame.code}" for frame in main.frames[-60:])
        if main
        else ""
    )
    for name, pattern in _IN_CODE if frames else ():
        if pattern.search(frames):
            return name
    for name, pattern in _SAID_FIRST[:2]:
        if pattern.search(prose):
            return name
    training = len(_TRAINING.findall(_FINISHED.sub("", prose)))
    inference = len(_INFERENCE.findall(prose))
    if training or inference:
        return "training" if training >= inference else "inference"
    for name, pattern in (*_IN_LOG, *_IN_CODE):
        if pattern.search(stated if (name, pattern) in _IN_LOG else config):
            return name
    said_loading = _SAID_FIRST[2]
    if said_loading[1].search(prose) or re.search(
        r"Loading checkpoint shards|LOAD REPORT|newly initialized", stated
    ):
        return said_loading[0]
    return ""


def method_of(stated: str, prose: str, settings: Mapping[str, str], main: ExceptionInfo | None) -> str:
    """'full', 'lora', 'qlora', 'prefix', 'prompt' or "": settings first, then what is said; where
    methods are compared, none."""
    kind = settings.get("finetuning_type", settings.get("adapter", settings.get("train_type", ""))).lower()
    four_bit = settings.get("load_in_4bit", "").lower() in _TRUE or settings.get("quantization_bit") == "4"
    if kind in ("lora", "qlora", "dora"):
        return "qlora" if four_bit or kind == "qlora" else "lora"
    if kind == "full":
        return "full"
    where = f"{stated}\n{_lora_traces(main)}"
    found = [
        name
        for name, pattern in (
            ("qlora", _QLORA),
            ("prefix", _PREFIX),
            ("prompt", _PROMPT),
            ("full", _FULL),
            ("lora", _LORA),
        )
        if pattern.search(where)
    ]
    if "qlora" in found:
        found = [name for name in found if name != "lora"]
    if len(found) > 1:
        return "" if _OR.search(prose) or "full" in found else found[0]
    if found == ["lora"] and (
        four_bit
        or (settings.get("load_in_4bit", "").lower() not in ("false", "0") and _FOUR_BIT.search(stated))
    ):
        return "qlora"
    return found[0] if found else ""


def _lora_traces(main: ExceptionInfo | None) -> str:
    """Where a traceback shows that LoRA is in use: PEFT's own layers, and the message."""
    if not main:
        return ""
    layers = "\n".join(frame.code for frame in main.frames if frame.library in ("", "peft"))
    return f"{main.message[:800]}\n{layers[:4_000]}"
