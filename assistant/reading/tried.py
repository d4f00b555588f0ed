"""What the user says that they have already done (`tried_…`).

Judged clause by clause: a remedy counts where its clause says that it was done, or this or the next
clause says that it did not help; a wish, a question or a negation does not count, and neither does
what merely describes the set-up ("QLoRA with batch size 4").
"""

import re
from collections.abc import Mapping

_CLAUSE = re.compile(
    r"[。!！?？;；\n，,、]|\.(?=\s|$)|\b(?:but|however|although|though)\b|但是?|不过|可是|结果"
)
_QUESTION = re.compile(
    r"(?:should|shall|do|can|could|would|will|must) (?:i|we|it)\b|how (?:do|to|can|should|much)|what (?:is|are|does)|which|is it|does (?:it|this)|need to|是否|要不要|怎么|怎样|如何|能不能|可以.{0,12}吗|是不是|该不该|需要.{0,12}吗|哪个|吗$|什么",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:without|no|not|don'?t|didn'?t|haven'?t|hasn'?t|isn'?t|never|can'?t|cannot|won'?t|instead of|before|rather than|want to|disabled?|off)\b|不想|不用|没有?(?:用|开|设|加|装|试|做)|未|不能|不要|不使用|关了|关掉|还没|想",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{30,400}\"|“[^”\n]{30,400}”")
_NOT_TRIED = re.compile(
    r"(?:\bnot|n'?t|never)(?: yet)? (?:tried|tested|set|used)|还没|没试|没有试|未尝试", re.IGNORECASE
)
_NO_HELP = re.compile(
    r"\b(?:doesn'?t|does not|didn'?t|did not|don'?t|not) (?:help|work|matter|change|fix)\w*|no (?:luck|change|difference|effect|help|improvement|use)|same (?:thing|error|result|problem|issue|oom|message)|\bstill\b|to no avail|\bhelped? nothing|没用|没有用|没有?效果|无效|不行|(?:也|还是|还|都)一样|一样的?(?:错|报|问题|结果)|^一样|还是(?=[\s,，]{0,2}(?:不|报|oom|爆|这|那|出|没|有|会|卡|慢|失败|错|崩|炸|nan|为|是|重复|$))|没变化|仍然?|依然|依旧|照样|没解决|白搭|不管用",
    re.IGNORECASE,
)
_CLEARLY = re.compile(
    r"\balready\b|\btried\b|\bhave tried\b|\beven (?:with|at|after|though|when|if|in)\b|\bdespite\b|已经|已|试过|试了|尝试|都.{0,16}了|也.{0,12}了|都.{0,4}过|明明|了还",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:set|enabled|added|turned on|switched|changed|reduced|lowered|decreased|dropped|raised|increased|used|using|with|called?|ran|passed|put|is on|did|exported|on)\b|改成|改为|改到|设成|设为|设置|设了|调[小低大高]|调到|降[到低为]|减[小到少]|用了|开了|开启|打开|加了|加上|装了|换了|换成|调用|也开|试",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"\b(?:reduced|lowered|decreased|dropped|cut|down to|set (?:it )?to|to) |\b1\b|改成|改为|改到|调[小低]|调到|降|减|只有|已经",
    re.IGNORECASE,
)
_REMEDIES: Mapping[str, tuple[str, str]] = {
    "batch_size": (r"batch[ _-]?size|\bbatch\b|\bbs\b|批大小|批次|批量", "less"),
    "accumulation": (r"gradient[ _]accumulation|grad(?:ient)?[ _]accum|梯度累[积加]", "done"),
    "checkpointing": (
        r"(?:gradient|activation)[ _-]?checkpoint(?:ing|s)?|梯度检查点|grad(?:ient)? ckpt|重计算",
        "done",
    ),
    "quantization": (
        r"\bint4\b|\bint8\b|load_in_[48]bit|\b[48]-?\s?bit\b|\bqlora\b|\bnf4\b|量化|quantiz",
        "clear",
    ),
    "offload": (r"offload|卸载到 ?(?:cpu|内存)|卸载", "done"),
    "empty_cache": (r"empty_cache|清(?:理|空)了?(?:显存)?缓存|清缓存|清显存", "done"),
    "allocator": (r"max_split_size|expandable_segments|(?:PYTORCH_)?(?:CUDA_)?ALLOC_CONF", "done"),
    "mixed_precision": (r"\bfp16\b|\bbf16\b|mixed precision|混合精度|半精度", "clear"),
    "shorter": (
        r"(?:max_?(?:seq_?)?len\w*|sequence|context|prompt|cutoff(?:_len)?|seq_?len|length|长度|上下文)",
        "shorter",
    ),
    "upgrade": (
        r"upgraded|after (?:an? )?upgrad|upgrading|updated\b|latest version|(?:on|to|is|are) (?:the )?(?:latest|newest)|升级(?:了|到|过|完|后|之后|也)|更新(?:了|到|过)|装了最新|最新版|已经.{0,6}最新",
        "past",
    ),
    "downgrade": (
        r"downgraded|downgrading|(?:older|earlier|previous) version|降级(?:了|到|过|也|后)|降到|降低版本|回退|退回",
        "past",
    ),
    "reinstall": (
        r"re-?install(?:ed|ing|s)?|fresh (?:env|install|conda|venv)\w*|new (?:env|venv|conda)\w*|重装(?:了|过|也|一遍)?|重新安装|重新装|新建.{0,6}环境|换了?.{0,4}环境",
        "past",
    ),
    "restart": (
        r"re-?start(?:ed|ing)|rebooted|rebooting|restart(?:ed)? (?:the )?(?:kernel|runtime|machine|pc)|重启(?:了|过|也|后)?",
        "past",
    ),
    "login": (
        r"logged in|(?:hf auth|huggingface-cli|notebook_|hf_?)[ ]?login|\blogin\b|登录(?:了|过|也)?|token (?:也|都)?(?:填|加|设|有|配)|with my token|(?:pass|set|add)(?:ed)? (?:my|the|a) (?:hf )?token|accepted the (?:license|terms)",
        "past",
    ),
    "resize": (
        r"resize_token_embeddings|resized (?:the )?(?:token )?embeddings|resize 了|resize_vocab",
        "done",
    ),
    "pad_token": (r"pad[_ ]token(?:_id)?", "done"),
    "timeout": (r"time-?out\b|超时(?:时间)?|ddp_timeout", "done"),
    "nccl_env": (r"NCCL_(?!DEBUG)\w{1,30}", "done"),
    "sampling": (r"temperature|top_p|top_k|do_sample|repetition_penalty|重复惩罚|温度", "clear"),
    "lora": (r"\bq?lora\b", "clear"),
    "trust_remote_code": (r"trust_remote_code", "clear"),
    "template": (r"chat[ _]template|apply_chat_template|对话模板", "clear"),
}
_PATTERNS = {
    name: (re.compile(rf"(?<![A-Za-z_])(?:{pattern})" if pattern[0] != "\\" else pattern, re.IGNORECASE), how)
    for name, (pattern, how) in _REMEDIES.items()
}
_SHORTENED = re.compile(
    r"\b(?:reduced|lowered|decreased|shortened|cut|shorter|smaller|truncated|down)\b|缩短|减小|调小|改小|减到|降到|调到|改短|截断",
    re.IGNORECASE,
)
_PAST_AND_STATE = re.compile(
    r"ed\b|after |latest|newest|了|过|也|后|之后|到|已|都|完|\bfresh\b|\bnew\b|ing\b|older|earlier|最新|with my|done|ran|环境",
    re.IGNORECASE,
)
_ANY = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _PATTERNS.values()), re.IGNORECASE)


def tried(prose: str) -> Mapping[str, bool]:
    """`tried_X` for each remedy that the user says was done."""
    prose = _QUOTED.sub(" ", prose[-6_000:])
    if not _ANY.search(prose):
        return {}
    clauses = _clauses(prose)
    found: dict[str, bool] = {}
    for number, clause in enumerate(clauses):
        if not _ANY.search(clause):
            continue
        following = clauses[number + 1] if number + 1 < len(clauses) else ""
        for name, (pattern, how) in _PATTERNS.items():
            if f"tried_{name}" not in found and _counts(clause, following, pattern, how):
                found[f"tried_{name}"] = True
    return found


def _clauses(prose: str) -> list[str]:
    """The clauses of a text. A list ("tried A, B and C") shares the verb of its first item."""
    clauses: list[str] = []
    carried = ""
    for sentence in re.split(r"(?<=[。!！?？;；\n])|\.(?=\s|$)", prose):
        carried = ""
        for clause in _CLAUSE.split(sentence):
            clause = clause.strip()
            if not clause:
                continue
            listed = (
                carried
                and len(clause) <= 48
                and not _QUESTION.search(clause)
                and not re.search(r"\b(?:i|we|it)\b|我", clause)
            )
            clauses.append(f"{carried} {clause}" if listed else clause)
            opened = re.search(r"\b(?:already )?tried\b|\balready\b|试过了?|已经|都试", clause, re.IGNORECASE)
            if not listed:
                carried = opened[0] if opened else ""
        if sentence.rstrip().endswith(("?", "？")) and clauses:
            clauses[-1] += "?"
    return clauses


def _counts(clause: str, following: str, pattern: re.Pattern[str], how: str) -> bool:
    match = pattern.search(clause)
    if not match:
        return False
    no_help = bool(
        _NO_HELP.search(clause) or (_NO_HELP.match(following[:40]) or _NO_HELP.search(following[:24]))
    )
    clearly = bool(_CLEARLY.search(clause))
    before = clause[max(0, match.start() - 28) : match.start()]
    if _NOT_TRIED.search(before) or (_NOT.search(before) and not clearly):
        return False
    if (
        (_QUESTION.search(clause) or clause.endswith("?"))
        and not (clearly and no_help)
        and not _CLEARLY.search(before)
    ):
        return False
    match how:
        case "less":
            return (clearly and bool(_LESS.search(clause) or no_help)) or (
                no_help and bool(_LESS.search(clause))
            )
        case "shorter":
            return bool(_SHORTENED.search(clause))
        case "past":
            return bool(_PAST_AND_STATE.search(clause)) or no_help
        case "done":
            return clearly or no_help or bool(_DONE.search(clause))
        case _:
            return clearly or no_help
