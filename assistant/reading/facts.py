"""What a paste states outright: GPU and memory, model, what was being done, what was tried.

Only what is written counts; what is inferred from the name of a GPU (its usual memory) is left to
the case, which says where each fact came from.
"""

import re
from collections.abc import Mapping

from assistant.reading.model import ExceptionInfo, Fact
from assistant.reading.settings import aliases

_HUB_ID = re.compile(
    r"(?<![\w/.:@-])(?P<id>[A-Za-z0-9][\w.-]{1,40}/(?=[\w.-]*[A-Za-z])[A-Za-z0-9][\w.-]{2,70})(?![\w/])"
)
_FAMILY = re.compile(
    r"(?<![\w/])(?P<name>(?:meta-)?(?:code-?)?(?:tiny)?(?:llama|qwen|mistral|mixtral|gemma|phi|falcon|bloomz?|opt|gpt2?|gpt-?neox?|gpt-?j|pythia|chatglm|glm|baichuan"
    r"|internlm|deepseek|yi|starcoder|mpt|vicuna|alpaca|dolly|stablelm|t5|flan-t5|mt5|bart|mbart|bert|roberta|distilbert|deberta|electra|albert|xlm-roberta|xlnet"
    r"|whisper|wav2vec2|vit|clip|blip|llava|smollm|minicpm|command-r|dbrx|olmo|granite|m2m100|nllb|pegasus|marian)(?:[-_ ]?v?\d{1,3}(?:\.\d{1,2})?)?(?:[-_ ](?:\d{1,4}(?:\.\d{1,2})?[bBmM]|small|base|large|medium|mini|xl|xxl|chat|instruct|hf|it|int[48]|vl|coder|moe|awq|gptq))*)\b",
    re.IGNORECASE,
)
_SIZE_B = re.compile(r"(?<![\w.])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,2})?)\s?[bB](?:illion)?(?![\w.]|/s)")
_COUNT = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,3})\s?(?:[x×*]\s?|张|块|个|卡|-?\s?(?:gpus?\b|cards?\b)\s?(?:of\s)?)(?=\s?(?:nvidia|tesla|rtx|geforce|[avhl]\d{2,3}|t4|\d{4}|gpu|显卡|卡|$|[\s,.;，。）)]))"
    r"|(?P<word>单|双|两|四|八)[张块]?\s?卡|(?P<flag>nproc[_-]per[_-]node|num_processes)[ =:]{1,2}(?P<flagged>\d{1,3})",
    re.IGNORECASE,
)
_WORDS = {"单": 1, "双": 2, "两": 2, "四": 4, "八": 8}
_MODES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "saving",
        re.compile(
            r"save_pretrained|_save_checkpoint|save_model\(|save_checkpoint|state_dict\(\)\s*$|, in save"
        ),
    ),
    (
        "evaluation",
        re.compile(
            r"evaluation_loop|prediction_step|, in evaluate\b|in _maybe_log_save_evaluate|nested_concat"
        ),
    ),
    (
        "training",
        re.compile(
            r"training_step|trainer\.train\(|\.backward\(|loss\.backward|optimizer\.step|, in train\b|_inner_training_loop|accelerator\.backward"
        ),
    ),
    (
        "inference",
        re.compile(
            r"\bgenerate\(|, in generate\b|_sample\b|greedy_search|beam_search|stream_generate|\.chat\(|pipeline\(|text-generation-webui|oobabooga|_sample_|web_demo|cli_demo"
        ),
    ),
    (
        "loading",
        re.compile(r"from_pretrained|_load_state_dict|load_state_dict|Loading checkpoint shards|load_model"),
    ),
)
_SAID_MODES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "training",
        re.compile(
            r"fine-?\s?tun|\btrain(?:ing|ed|er)?\b|\bsft\b|\bdpo\b|\bepochs?\b|微调|训练|全参|精调",
            re.IGNORECASE,
        ),
    ),
    (
        "inference",
        re.compile(
            r"inferenc|generat|\bprompt\b|\bchat\b|推理|生成|对话|部署|\bserv(?:e|ing)\b", re.IGNORECASE
        ),
    ),
)
_METHODS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "qlora",
        re.compile(r"\bqlora\b|load_in_4bit.{0,400}lora|lora.{0,400}load_in_4bit", re.IGNORECASE | re.DOTALL),
    ),
    ("prefix", re.compile(r"prefix[ _-]?tuning|p-?tuning ?v2|前缀微调", re.IGNORECASE)),
    ("prompt", re.compile(r"prompt[ _-]tuning|提示微调", re.IGNORECASE)),
    ("lora", re.compile(r"\bd?o?lora\b|lora_", re.IGNORECASE)),
    (
        "full",
        re.compile(
            r"full[ -](?:parameter |model )?(?:fine-?tun|finetun|training|ft\b|sft\b)|全参|全量微调|finetuning_type: full",
            re.IGNORECASE,
        ),
    ),
)
_DONE = r"(?:(?:already|tried|did|have set|i(?:'m| am)? us(?:e|ing|ed)|with|even|lowered|reduced|set|still)\b|已经|已|试过|试了|都|还是|也|改成|改为|设(?:置|为|成)?|用了|开了|加了|装了|换了)"
_TRIED: Mapping[str, str] = {
    "batch_size": r"batch[ _-]?size|\bbs\b|批大小|批次",
    "accumulation": r"gradient_accumulation|grad(?:ient)? accum|梯度累积",
    "checkpointing": r"(?:gradient|activation)[ _]checkpointing|梯度检查点",
    "quantization": r"\bint4\b|\bint8\b|load_in_[48]bit|\b[48]-?bit\b|\bqlora\b|\bnf4\b|量化",
    "offload": r"offload|卸载到|卸载",
    "empty_cache": r"empty_cache|清(?:理|空)(?:显存)?缓存",
    "allocator": r"max_split_size|expandable_segments|PYTORCH_(?:CUDA_)?ALLOC_CONF",
    "mixed_precision": r"\bfp16\b|\bbf16\b|mixed precision|混合精度",
    "shorter": r"(?:shorter|reduced?|lower(?:ed)?|smaller) (?:the )?(?:max_?(?:seq_?)?len|sequence|context|prompt)|max_(?:seq_)?length.{0,12}(?:调小|减小|改小)|(?:缩短|减小|调小).{0,8}(?:长度|length)",
    "upgrade": r"upgrad|updated? (?:to|transformers|torch|peft|all)|latest version|newest|最新版|升级|更新了",
    "downgrade": r"downgrad|older version|降级|降低版本|回退",
    "reinstall": r"re-?install|fresh (?:env|install)|new (?:env|venv)|重装|重新安装|新建.{0,6}环境",
    "restart": r"re-?start|reboot|重启",
    "login": r"hf auth login|huggingface-cli login|logged in|notebook_login|my token|登录|token 也",
    "resize": r"resize_token_embeddings|resize_vocab",
    "pad_token": r"pad_token\s*=|pad_token_id\s*=|set (?:the )?pad[ _]token|设(?:置)?了? ?pad",
    "timeout": r"time-?out|超时时间|ddp_timeout",
    "nccl_env": r"NCCL_\w+_DISABLE|NCCL_SOCKET_IFNAME|NCCL_IB",
    "sampling": r"temperature|top_p|top_k|do_sample|repetition_penalty",
    "lora": r"\bq?lora\b",
    "trust_remote_code": r"trust_remote_code",
    "template": r"chat[ _]template|apply_chat_template",
}
_TRIED_PATTERNS = {
    name: re.compile(
        rf"(?:\b|(?<=[\u4e00-\u9fff])){_DONE}[^.。\n?？]{{0,40}}(?:{what})|(?:{what})[^.。\n?？]{{0,24}}(?:doesn'?t help|does not help|no (?:luck|change|difference|effect|help)|didn'?t help|not help|same (?:thing|error|result)|still|没用|没有用|无效|不行|也一样|还是|没变化|仍然)",
        re.IGNORECASE,
    )
    for name, what in _TRIED.items()
}
_AMBIGUOUS = {
    *(
        "opt",
        "yi",
        "phi",
        "glm",
        "clip",
        "vit",
        "mpt",
        "bart",
        "falcon",
        "bloom",
        "electra",
        "albert",
        "marian",
        "blip",
        "t5",
        "bert",
        "gpt",
        "pegasus",
        "alpaca",
        "dolly",
        "whisper",
    )
}
_LEAST_TRIED = {"lora", "quantization", "mixed_precision", "sampling", "template", "trust_remote_code"}
_FRAMEWORKS = re.compile(
    r"llama-?factory|axolotl|unsloth|deepspeed|accelerate|\btrl\b|oobabooga|text-generation-webui|ms-swift|xtuner|fastchat|vllm|lightning",
    re.IGNORECASE,
)
_PATHS = re.compile(
    r"^(?:site-packages|dist-packages|transformers|torch|examples|scripts|src|train|models|data|output|home|usr|lib|opt|mnt|root|workspace|content)/",
    re.IGNORECASE,
)


def find_facts(
    text: str, prose: str, main: ExceptionInfo | None, settings: Mapping[str, str]
) -> Mapping[str, Fact]:
    """All facts by name, as corpus/FORMAT.md lists them, but for versions and captures."""
    facts: dict[str, Fact] = {f"set_{key}": value for key, value in settings.items()}
    facts.update(aliases(settings, text))
    facts.update(_about_exception(main))
    facts.update(_about_model(text, settings))
    facts.update(_about_machine(text))
    mode = _mode(text, prose, main)
    if mode:
        facts["mode"] = mode
    for name, pattern in _METHODS:
        if pattern.search(text):
            facts["method"] = name
            break
    frameworks = _FRAMEWORKS.findall(text)
    if frameworks:
        facts["framework"] = frameworks[0].lower().replace("-", "")
    facts.update(_tried(prose))
    return facts


def _about_exception(main: ExceptionInfo | None) -> Mapping[str, Fact]:
    if not main:
        return {}
    facts: dict[str, Fact] = {}
    if main.type:
        facts["exception"] = main.name
    frame = main.user_frame
    if frame:
        facts["user_file"] = frame.file
        if frame.line is not None:
            facts["user_line"] = float(frame.line)
        if frame.code:
            facts["user_code"] = frame.code
    if main.frames:
        facts["last_library"] = main.frames[-1].library
    return facts


def _about_model(text: str, settings: Mapping[str, str]) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {}
    named = next(
        (
            settings[key]
            for key in ("model_name_or_path", "base_model", "model_id", "pretrained_model_name_or_path")
            if key in settings
        ),
        "",
    )
    if not named or not re.search(r"[A-Za-z]", named) or named.startswith(("$", "args", "model")):
        ids = [
            m["id"]
            for m in _HUB_ID.finditer(text)
            if not _PATHS.match(m["id"])
            and not re.search(r"\.(?:py|json|txt|cpp|cc|so|yaml|md|html|h)$", m["id"])
        ]
        families = [each for each in ids if _FAMILY.search(each.replace("/", " "))]
        said = next((m["name"] for m in _FAMILY.finditer(text) if m["name"].lower() not in _AMBIGUOUS), "")
        named = families[0] if families else said
    if named:
        facts["model"] = named[:120]
    size = _SIZE_B.search(named) or _SIZE_B.search(text)
    if size and float(size[2]) <= 2_000:
        facts["model_b"] = float(size[2]) * float(size[1] or 1)
    return facts


def _about_machine(text: str) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {}
    counts = [m for m in _COUNT.finditer(text)]
    for match in counts:
        number = match["digits"] or match["flagged"]
        count = _WORDS[match["word"]] if match["word"] else int(number)
        if 1 <= count <= 512:
            facts["gpu_count"] = float(count)
            break
    if re.search(r"\bwindows\b|[A-Z]:\\|\.exe\b|win32|win_amd64", text, re.IGNORECASE):
        facts["os"], facts["windows"] = "windows", True
    elif re.search(
        r"\bmac(?:os|book)?\b|darwin|\bM[1-4] (?:Pro|Max|Ultra)\b|apple silicon|\bmps\b", text, re.IGNORECASE
    ):
        facts["os"], facts["macos"] = "macos", True
    elif re.search(r"\blinux\b|ubuntu|debian|centos|/home/|/usr/|x86_64-linux", text, re.IGNORECASE):
        facts["os"] = "linux"
    if re.search(r"colab|kaggle|jupyter|ipython|<ipython-input|Cell In ?\[|notebook", text, re.IGNORECASE):
        facts["notebook"] = True
    if re.search(
        r"\brank ?\d|torchrun|nproc_per_node|\bDDP\b|\bFSDP\b|deepspeed|WORLD_SIZE|多卡|多机|multi-?gpu|distributed",
        text,
        re.IGNORECASE,
    ):
        facts["distributed"] = True
    return facts


def _mode(text: str, prose: str, main: ExceptionInfo | None) -> str:
    frames = (
        "\n".join(f"{frame.file}, in {frame.function}\n{frame.code}" for frame in main.frames) if main else ""
    )
    for name, pattern in _MODES if frames else ():
        if pattern.search(frames):
            return name
    for name, pattern in _SAID_MODES:
        if pattern.search(prose):
            return name
    for name, pattern in _MODES:
        if pattern.search(text):
            return name
    return next((name for name, pattern in _SAID_MODES if pattern.search(text)), "")


def _tried(prose: str) -> Mapping[str, Fact]:
    """What the user says was done; what is also how people just describe their set-up ("with
    LoRA") counts only where they say that it did not help."""
    found: dict[str, Fact] = {}
    for name, pattern in _TRIED_PATTERNS.items():
        match = pattern.search(prose[:6_000])
        if match and (
            name not in _LEAST_TRIED
            or re.search(
                r"already|tried|even|still|help|试过|试了|已经|还是|没用|不行|无效|仍",
                match[0],
                re.IGNORECASE,
            )
        ):
            found[f"tried_{name}"] = True
    return found
