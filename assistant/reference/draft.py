"""An answer while it is being written: its paragraphs, its numbered sources, its statements."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from assistant.answering import Citation, Part, Statement
from assistant.reference.changes import Change
from assistant.reference.model import ApiAnswer, Parameter, Record
from assistant.reference.versions import Version

_TREES: Mapping[str, str] = {
    "transformers": "https://github.com/huggingface/transformers/blob/v{version}/src/{file}#L{line}",
    "peft": "https://github.com/huggingface/peft/blob/v{version}/src/{file}#L{line}",
    "trl": "https://github.com/huggingface/trl/blob/v{version}/{file}#L{line}",
    "accelerate": "https://github.com/huggingface/accelerate/blob/v{version}/src/{file}#L{line}",
    "bitsandbytes": "https://github.com/bitsandbytes-foundation/bitsandbytes/blob/{version}/{file}#L{line}",
    "datasets": "https://github.com/huggingface/datasets/blob/{version}/src/{file}#L{line}",
    "huggingface_hub": "https://github.com/huggingface/huggingface_hub/blob/v{version}/src/{file}#L{line}",
    "torch": "https://github.com/pytorch/pytorch/blob/v{version}/{file}#L{line}",
}
_PASSAGE = 700


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Our sentences in a language."""
    text = (files("assistant.reference") / "texts.toml").read_text(encoding="utf-8")
    found: Mapping[str, str] = tomllib.loads(text)["zh" if lang == "zh" else "en"]
    return found


class Draft:
    """Paragraphs are added in the order shown; each may rest on a source."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang == "zh" else "en"
        self._texts = texts(lang)
        self._paragraphs: list[str] = []
        self._citations: list[Citation] = []
        self._statements: list[Statement] = []
        self._versions: dict[str, Version] = {}
        self._names: dict[str, None] = {}
        self.follow_ups: list[str] = []

    def say(self, key: str, **values: object) -> str:
        """One of our sentences, filled."""
        return self._texts[key].format(**values)

    def where(self, version: Version) -> str:
        """The version, and whether the user said it; it counts as one that the answer rests on."""
        self._versions[version.library] = version
        return self.say(
            "stated" if version.stated else "installed", library=version.library, version=version.text
        )

    def joined(self, sentences: Sequence[str]) -> str:
        """Sentences as one paragraph."""
        return self._texts["sentence"].join(sentence for sentence in sentences if sentence)

    def add(self, text: str, source: int = 0) -> None:
        """A paragraph, with the number of its source at the end of it."""
        if not text:
            return
        code = text.rstrip().endswith("```")
        self._paragraphs.append(
            f"{text}\n\n[{source}]" if source and code else f"{text} [{source}]" if source else text
        )

    def about(self, *names: str) -> None:
        """Full names that the answer is about."""
        self._names.update(dict.fromkeys(names))

    def state(self, source: int, title: str, *sentences: str, fix: Sequence[str] = ()) -> None:
        """What a source says, as evidence for a language model."""
        self._statements.append(Statement(source, title, tuple(filter(None, sentences)), tuple(fix)))

    def cite_record(
        self, record: Record, parameter: Parameter | None = None, owner: Record | None = None
    ) -> int:
        """The place in the installed source where something stands."""
        at = owner or record
        line = parameter.line if parameter and parameter.line else at.line
        path = f"{record.path}.{parameter.name}" if parameter else record.path
        text = f"```python\n{signature(record, parameter)}\n```\n{parameter.doc if parameter else record.doc}"
        title = f"{path} ({record.package} {record.version}, {at.file}:{line})"
        return self._cite(f"api:{path}", text, title, source_address(at, line))

    def cite_change(self, change: Change) -> int:
        """Where a change is said."""
        key = "row_title" if change.new else "row_title_gone"
        title = self.say(key, library=change.library, old=change.old, new=change.new)
        versions = "; ".join(
            f"{name} {text}"
            for name, text in (("deprecated", change.deprecated), ("removed", change.removed))
            if text
        )
        text = f"`{change.old}` → `{change.new}`. {change.note[self.lang]} {versions}".strip()
        return self._cite(f"change:{change.library}:{change.of}:{change.old}", text, title, change.source)

    def _cite(self, passage: str, text: str, title: str, source: str) -> int:
        for citation in self._citations:
            if citation.passage == passage:
                return citation.n
        number = len(self._citations) + 1
        self._citations.append(Citation(number, passage, text[:_PASSAGE], "", title, source))
        return number

    def done(self, asked: str, confidence: float, topic: str | None = None) -> ApiAnswer:
        """The answer."""
        listed = "\n".join(f"{each.n}. [{each.title}]({each.source})" for each in self._citations)
        parts = [Part("answer", "\n\n".join(self._paragraphs))]
        if listed:
            parts.append(Part("sources", f"{self._texts['sources']}\n\n{listed}"))
        return ApiAnswer(
            lang=self.lang, asked=asked, confidence=round(confidence, 3), names=tuple(self._names),
            versions={name: version.text for name, version in self._versions.items()},
            stated=any(version.stated for version in self._versions.values()),
            parts=tuple(parts), citations=tuple(self._citations), statements=tuple(self._statements),
            follow_ups=tuple(dict.fromkeys(self.follow_ups))[:3], topic=topic,
        )  # fmt: skip


def source_address(record: Record, line: int) -> str:
    """The line in the library's repository, at the tag of the installed version."""
    version = record.version.partition("+")[0]
    return _TREES[record.package].format(version=version, file=record.file, line=line)


def signature(record: Record, parameter: Parameter | None = None) -> str:
    """An argument, or a call with all of them, as code."""
    if parameter:
        return shown(parameter)
    return f"{record.name}({', '.join(shown(each, kinds=False) for each in record.parameters)})"


def shown(parameter: Parameter, *, kinds: bool = True) -> str:
    """`name: kind = default`."""
    kind = f": {parameter.kind}" if kinds and parameter.kind and parameter.kind != "…" else ""
    equals = " = " if kind or kinds else "="
    return (
        f"{parameter.name}{kind}{equals}{parameter.default}"
        if parameter.default
        else f"{parameter.name}{kind}"
    )
