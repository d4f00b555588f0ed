"""Which model a paste is about, and how many parameters its name states."""

import re
from collections.abc import Mapping

_FAMILIES = (
    "llama|qwen|qwq|mistral|mixtral|codestral|gemma|phi|falcon|bloomz?|opt|gpt2|gpt-?neox?|gpt-?j|gpt-?oss|pythia|chatglm|glm|baichuan|internlm|internvl|deepseek|yi"
    "|starcoder|codegen|mpt|vicuna|alpaca|dolly|stablelm|flan-t5|mt5|byt5|t5|mbart|bart|roberta|distilbert|deberta|modernbert|scibert|biobert|bert|electra|albert|xlm-roberta|xlnet"
    "|whisper|wav2vec2|vit|clip|blip|llava|smollm|minicpm|command-r|dbrx|olmo|granite|m2m100|nllb|pegasus|marian|bge|gte|e5|tinyllama|openllama|zephyr|hermes|solar|nemotron|moonshot|kimi"
)
_FAMILY = re.compile(
    rf"(?<![\w/.\\@-])(?P<name>(?:meta-|code-?|open-?|tiny-?|distil|camem|chinese-(?:roberta|llama|alpaca|bert)-?)?(?:{_FAMILIES})(?P<rest>[-_]?v?\d[\w.+-]{{0,60}}|-[A-Za-z][\w.+-]{{0,60}}|(?![\w-]|\.\w))"
    r"(?P<more>(?: v?\d(?:\.\d{1,2})?(?![\w.]|\s?(?:gpu|bit|卡|张|x\b|epoch|step|class)))?(?:[ -](?:\d{1,2}x)?\d{1,4}(?:\.\d{1,2})?[bBmM](?![\w]))?(?:[ -](?:instruct|chat|base|coder|vl)\b)?))",
    re.IGNORECASE,
)
_KNOWN = re.compile(rf"(?:{_FAMILIES}|gpt)", re.IGNORECASE)
_NOT_MODELS = re.compile(
    r"llama[-_.]?(?:factory|index|cpp)|llama\.|whisper\.cpp|(?:bert|gpt|roberta|llama|qwen\w?|t5|vit|clip)[._][a-z]|\.(?:py|json|txt|ipynb|ya?ml|sh|log|cpp|so|md|csv|bin|safetensors)$|-(?:style|like|based|family|compatible|type)$|opt-(?:in|out)|clip-?(?:grad|ping)|phi-?\d?\.[a-z]|\d(?:for|model|tokenizer|config|decoder|attention|mlp|rms|block)\w*$|e5m2|e4m3|hermes$|solar$",
    re.IGNORECASE,
)
_AMBIGUOUS = frozenset(
    [
        "opt",
        "yi",
        "phi",
        "glm",
        "clip",
        "vit",
        "mpt",
        "falcon",
        "electra",
        "albert",
        "marian",
        "blip",
        "gpt",
        "pegasus",
        "alpaca",
        "dolly",
        "whisper",
        "e5",
        "gte",
        "bge",
        "hermes",
        "solar",
        "zephyr",
        "granite",
        "kimi",
        "moonshot",
        "nemotron",
        "command-r",
        "bart",
        "e5",
    ]
)
_HUB_ID = re.compile(
    r"(?<![\w/.:@~\\-])(?P<id>[A-Za-z0-9][\w.-]{1,40}/(?=[\w.-]{0,70}[A-Za-z])[A-Za-z0-9][\w.-]{2,70})(?![\w/\\(])"
)
_HUB_URL = re.compile(
    r"(?:huggingface\.co|hf-mirror\.com|modelscope\.cn/models)/(?!docs|blog|papers|datasets|spaces|join|settings|api/|models\b|login)(?P<id>[\w.-]{2,40}/[\w.-]{2,70})"
)
_CACHED = re.compile(r"models--(?P<owner>[\w.-]{2,40}?)--(?P<name>[\w.-]{2,70})")
_LOADED = re.compile(
    r"(?:from_pretrained\(\s{0,4}|pipeline\([^)\n]{0,60}model\s?=\s?|(?:model|tokenizer)_?(?:name|id|path|name_or_path)?\s?=\s?)[\"'](?P<id>[^\"'\n]{3,160})[\"']"
)
_NO_ID = re.compile(
    r"(?:site-packages|dist-packages|transformers|torch|examples|scripts|src|train|models|data|output|home|usr|lib|opt|mnt|root|workspace|content|[\d.]+)/|.*\.(?:py|json|txt|cpp|cc|cu|so|yaml|yml|md|html|h|sh|csv|jsonl|parquet)$|.*/(?:s|it|w|o)$",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?:checkpoint-\d+|outputs?|merged|models?|base[-_]?models?|final|best|latest|results?|saved?|lora|adapters?|snapshots|ckpt|local|weights|[0-9a-f]{12,}|\.+|tokenizer|pretrained|my[-_]?model)$",
    re.IGNORECASE,
)
_SETTING_KEYS = (
    "model_name_or_path",
    "base_model",
    "model_id",
    "pretrained_model_name_or_path",
    "model_name",
    "model_path",
    "model",
)
_SIZE = re.compile(
    r"(?<![A-Za-z0-9.])(?:(?P<experts>\d{1,2})x)?(?P<n>\d{1,4}(?:\.\d{1,2})?)\s?(?:[bB](?![A-Za-z0-9])|-?\s?[bB]illion)(?!/s|\s?(?:tokens?|samples|vram|显存|of data))"
)
_MILLIONS = re.compile(r"(?<![A-Za-z0-9.])(?P<n>\d{2,4})\s?[mM](?![A-Za-z0-9])")
_MILLION_WORDS = re.compile(
    r"(?<![A-Za-z0-9.])(?P<n>\d{2,4})\s?[mM](?:illion)? ?(?:param|model|参数)", re.IGNORECASE
)
_HUNDRED_MILLIONS = re.compile(r"(?<![\d.])(?P<n>\d{1,5}(?:\.\d)?)\s?亿(?:个)?参数")


def about_model(stated: str, text: str, settings: Mapping[str, str]) -> Mapping[str, str | float]:
    """`model` and `model_b`. `stated` is the text without tracebacks, `text` all of it."""
    name = _name(stated, text, settings)
    facts: dict[str, str | float] = {"model": name[:120]} if name else {}
    billions = _billions(name) if name else None
    if billions is None:
        billions = _said_billions(stated)
    if billions is not None:
        facts["model_b"] = billions
    return facts


def _name(stated: str, text: str, settings: Mapping[str, str]) -> str:
    for key in _SETTING_KEYS:
        name = _last_part(settings.get(key, ""))
        if name and (_KNOWN.search(name) or "/" in name or key != "model"):
            return name
    for pattern in (_LOADED, _HUB_URL):
        for match in pattern.finditer(text):
            name = _last_part(match["id"])
            if name and (_KNOWN.search(name) or pattern is _HUB_URL or name.count("/") == 1):
                return name
    for match in _HUB_ID.finditer(stated):
        name = match["id"].rstrip(".")
        if _KNOWN.search(name) and not _NO_ID.match(name):
            return name
    for match in _FAMILY.finditer(stated):
        name = match["name"].rstrip(".-+_")
        if not _NOT_MODELS.search(name) and (name.lower() not in _AMBIGUOUS):
            return name
    cached = _CACHED.search(text)
    if cached:
        return f"{cached['owner']}/{cached['name']}"
    return _path_name(stated)


def _path_name(stated: str) -> str:
    """A known family in the last part of a path: `/models/Llama-3.2-3B`."""
    for match in re.finditer(r"(?<![\w.])(?:[~.]{0,2}|[A-Za-z]:)[/\\][\w./\\-]{2,200}", stated):
        name = re.split(r"[/\\]", match[0].rstrip("/\\."))[-1]
        family = _FAMILY.match(name)
        if family and re.search(r"\d", name) and not _NOT_MODELS.search(name) and not _NO_ID.match(name):
            return name
    return ""


def _last_part(value: str) -> str:
    """The name in a setting: a hub id as it is, of a path its last part that names something."""
    value = value.strip().rstrip("/\\,;")
    if not re.search(r"[A-Za-z]", value) or value.startswith(("$", "args", "{", "<", "http")):
        return ""
    cached = _CACHED.search(value)
    if cached:
        return f"{cached['owner']}/{cached['name']}"
    if (
        re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", value)
        and not _NO_ID.match(value)
        and not _VAGUE.match(value.partition("/")[2])
    ):
        return value
    parts = [part for part in re.split(r"[/\\]", value) if part]
    named = [part for part in parts[-1:] if not _VAGUE.match(part) and not _NO_ID.match(part)]
    if len(parts) > 1 and not _KNOWN.search(value):
        return ""
    if not named:
        named = [part for part in reversed(parts) if _KNOWN.match(part) and re.search(r"\d", part)]
    return (
        named[0]
        if named
        and re.fullmatch(r"[\w.+-]{2,100}", named[0])
        and (len(parts) == 1 or _KNOWN.search(named[0]))
        else ""
    )


def _billions(name: str) -> float | None:
    size = _SIZE.search(name.replace("_", "-"))
    if size and 0 < float(size["n"]) <= 2_000:
        return round(float(size["n"]) * float(size["experts"] or 1), 4)
    millions = _MILLIONS.search(name.replace("_", "-"))
    return float(millions["n"]) / 1_000 if millions else None


def _said_billions(stated: str) -> float | None:
    for size in _SIZE.finditer(stated):
        if 0 < float(size["n"]) <= 2_000:
            return round(float(size["n"]) * float(size["experts"] or 1), 4)
    words = _MILLION_WORDS.search(stated)
    if words:
        return float(words["n"]) / 1_000
    hundreds = _HUNDRED_MILLIONS.search(stated)
    return float(hundreds["n"]) / 10 if hundreds else None
