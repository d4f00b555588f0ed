"""Writes what is installed under a name: a default, arguments, values, methods, how to import it, what it is."""

import re
from collections.abc import Sequence

from assistant.reference.changes import by_name
from assistant.reference.defaults import default_at
from assistant.reference.docstrings import first_sentence
from assistant.reference.draft import Draft, shown
from assistant.reference.model import Parameter, Record
from assistant.reference.store import Reference
from assistant.reference.subjects import Subject
from assistant.reference.versions import Version

_ROOM = 1_300
_OTHERS = 4
_CONFIGS = ("Config", "Arguments", "Trainer", "Accelerator", "Plugin")


def write_default(draft: Draft, subject: Subject, version: Version, reference: Reference) -> bool:
    """An argument's default, in the version stated if that is on record, else as installed."""
    record, parameter = subject.record, subject.parameter
    if record is None or parameter is None:
        return _write_past_default(draft, subject, version)
    installed = Version(record.package, record.version)
    owner = record.short
    number = draft.cite_record(record, parameter, reference.record(parameter.owner) or record)
    then = (
        default_at(record.path, parameter.name, version)
        if version.stated and not version.is_installed
        else None
    )
    values = {"name": parameter.name, "owner": owner, "value": parameter.default}
    if then is not None and then != parameter.default:
        head = draft.say(
            "default_then",
            **{**values, "value": then},
            where=draft.where(version),
            here=f"{record.package} {record.version}",
            now=parameter.default,
        )
    elif then is not None:
        head = draft.say("default", **values, where=draft.where(version))
    else:
        head = draft.say(
            "default" if parameter.default else "required", **values, where=draft.where(installed)
        )
        if version.stated and not version.is_installed:
            head = draft.joined(
                [head, draft.say("default_unknown", where=f"{version.library} {version.text}")]
            )
    settled = draft.say("settled", value=parameter.settled) if parameter.settled and then is None else ""
    draft.add(draft.joined([head, settled, _alias(draft, record, parameter, reference)]), number)
    draft.add(parameter.doc)
    draft.add(_others(draft, subject, reference))
    draft.state(number, f"{record.path}.{parameter.name}", head, parameter.doc)
    draft.about(subject.path)
    draft.follow_ups.append(draft.say("ask_parameters", name=record.short))
    return True


def _write_past_default(draft: Draft, subject: Subject, version: Version) -> bool:
    """The default of an argument that the installed version does not take any more."""
    change = subject.change
    call = change.of if change else subject.past or (subject.record.path if subject.record else "")
    then = default_at(call, subject.name, version) if version.stated else None
    if then is None or change is None:
        return False
    number = draft.cite_change(change)
    owner = call.rpartition(".")[2]
    head = draft.say("default_past", name=subject.name, owner=owner, value=then, where=draft.where(version))
    draft.add(head, number)
    draft.state(number, f"{call}.{subject.name}", head)
    draft.about(f"{call}.{subject.name}")
    draft.follow_ups.append(draft.say("ask_still", name=subject.name))
    return True


def _alias(draft: Draft, record: Record, parameter: Parameter, reference: Reference) -> str:
    """The default of the name that a deprecated one stands for."""
    change = next(
        (each for each in by_name().get(parameter.name, ()) if each.of == record.path and each.new), None
    )
    new = reference.parameter(record, change.new) if change else None
    if new is None or parameter.default != "None":
        return ""
    return draft.say("alias_default", name=parameter.name, new=new.name, value=new.settled or new.default)


def _others(draft: Draft, subject: Subject, reference: Reference) -> str:
    """Further configurations that take an argument of this name with another default."""
    listed = []
    for path in subject.owners[1:]:
        record = reference.record(path)
        found = record.parameter(subject.name) if record else None
        if record is None or found is None or not record.name.endswith(_CONFIGS) or record.kind != "class":
            continue
        if subject.parameter and found.default != subject.parameter.default and found.default:
            listed.append(draft.say("other_default", owner=record.short, value=found.default))
    return draft.say("others", list=draft.say("separator").join(listed[:_OTHERS])) if listed else ""


def write_parameters(draft: Draft, record: Record, version: Version, reference: Reference) -> bool:
    """A call's arguments with their defaults, as many as there is room for, its own first."""
    if record.kind not in ("class", "function", "method"):
        return False
    where = draft.where(Version(record.package, record.version, version.stated and version.is_installed))
    number = draft.cite_record(record)
    if not record.parameters:
        draft.add(draft.say("no_arguments", name=record.name, where=where), number)
        draft.about(record.path)
        return True
    own = [each for each in record.parameters if each.owner in ("", record.path)]
    inherited = [each for each in record.parameters if each not in own]
    base = inherited[-1].owner if inherited else ""
    head = draft.say("parameters", name=record.name, count=len(record.parameters), where=where)
    note = draft.say("inherited", count=len(inherited), base=base) if own and inherited else ""
    draft.add(draft.joined([head, note, draft.say("also_keywords") if record.open else ""]), number)
    lines, left = _listed([*own, *inherited] if own else inherited)
    draft.add("```python\n" + "\n".join(lines) + "\n```")
    draft.add(draft.say("more", count=left) if left else "")
    first = [f"`{each.name}`: {first_sentence(each.doc)}" for each in own[:6] if each.doc]
    draft.state(number, record.path, head, *first, fix=["\n".join(lines)])
    draft.about(record.path)
    draft.follow_ups += [
        draft.say("ask_default", name=f"{record.short}.{each.name}") for each in (own or inherited)[:2]
    ]
    return True


def _listed(parameters: Sequence[Parameter]) -> tuple[list[str], int]:
    """Lines of code, one an argument with the start of its description, and how many are left out."""
    lines: list[str] = []
    room = _ROOM
    for each in parameters:
        line = shown(each, kinds=len(parameters) <= 20)
        about = first_sentence(each.doc).replace("`", "").replace("\n", " ")
        if about and len(parameters) <= 45:
            line = f"{line}  # {about[:70]}{'…' if len(about) > 70 else ''}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return lines, len(parameters) - len(lines)


def write_values(draft: Draft, subject: Subject, version: Version, reference: Reference) -> bool:
    """What an argument or an enumeration can be, by its type."""
    record, parameter = subject.record, subject.parameter
    if record is None:
        return False
    values: list[str] = []
    source = record
    if parameter is None and record.kind == "enum":
        values = [value for _, value in record.members]
    elif parameter is not None:
        values = (
            re.findall(r"""(?<=[\[, ])['"]([\w.+-]+)['"]""", parameter.kind)
            if "Literal" in parameter.kind
            else []
        )
        for name in re.findall(r"[A-Z]\w+", parameter.kind):
            enum = next((each for each in reference.named(name) if each.kind == "enum"), None)
            if enum and not values:
                values, source = [value for _, value in enum.members], enum
    if not values:
        return False
    number = draft.cite_record(source)
    listed = draft.say("separator").join(f"`{value}`" for value in values)
    name = parameter.name if parameter else record.name
    where = draft.where(Version(record.package, record.version, version.stated and version.is_installed))
    head = draft.say("values", name=name, where=where, values=listed)
    draft.add(head, number)
    if parameter:
        draft.add(
            draft.say(
                "default",
                name=name,
                owner=record.short,
                value=parameter.default,
                where=f"{record.package} {record.version}",
            )
            if parameter.default
            else ""
        )
    draft.state(number, f"{record.path}.{name}", head)
    draft.about(subject.path)
    draft.follow_ups.append(draft.say("ask_default", name=f"{record.short}.{name}" if parameter else name))
    return True


def write_methods(draft: Draft, record: Record, version: Version, reference: Reference) -> bool:
    """A class's public methods, by the class that declares them."""
    members = reference.members(record)
    if record.kind != "class" or not members:
        return False
    where = draft.where(Version(record.package, record.version, version.stated and version.is_installed))
    number = draft.cite_record(record)
    draft.add(draft.say("methods", name=record.name, where=where), number)
    owners = list(dict.fromkeys(owner for _, owner in members))
    lines: list[str] = []
    room = _ROOM
    for owner in owners:
        head = draft.say("own") if owner == record.path else draft.say("from", base=owner)
        line = f"- {head}: " + draft.say("separator").join(f"`{name}`" for name, at in members if at == owner)
        room -= len(line)
        if room > 0 or not lines:
            lines.append(line[: 2 * _ROOM])
    draft.add("\n".join(lines))
    draft.state(number, record.path, *lines)
    draft.about(record.path)
    for name, owner in members:
        method = reference.record(f"{owner}.{name}")
        if method and method.parameters and not record.parameter(name):
            draft.follow_ups.append(draft.say("ask_parameters", name=f"{owner.rpartition('.')[2]}.{name}"))
        if len(draft.follow_ups) == 2:
            break
    return True


def write_import(draft: Draft, record: Record, version: Version) -> bool:
    """The import statement of a class or function."""
    if record.kind == "method":
        return False
    where = draft.where(Version(record.package, record.version, version.stated and version.is_installed))
    number = draft.cite_record(record)
    module, _, name = record.path.rpartition(".")
    code = f"from {module} import {name}"
    defined = draft.say("defined", file=record.file, line=record.line)
    draft.add(draft.say("imports", where=where))
    draft.add(f"```python\n{code}\n```")
    draft.add(defined, number)
    draft.state(number, record.path, defined, fix=[code])
    draft.about(record.path)
    draft.follow_ups.append(draft.say("ask_parameters", name=name))
    return True


def write_meaning(draft: Draft, subject: Subject, version: Version, reference: Reference) -> bool:
    """What the docstring says of a name, with the default or the first arguments."""
    record, parameter = subject.record, subject.parameter
    if record is None or not (parameter.doc if parameter else record.doc):
        return False
    where = draft.where(Version(record.package, record.version, version.stated and version.is_installed))
    if parameter:
        number = draft.cite_record(record, parameter, reference.record(parameter.owner) or record)
        head = draft.say(
            "what_parameter", name=parameter.name, owner=record.short, where=where, doc=parameter.doc
        )
        draft.add(head, number)
        values = {"name": parameter.name, "owner": record.name, "value": parameter.default}
        draft.add(
            draft.say("default", **values, where=f"{record.package} {record.version}")
            if parameter.default
            else ""
        )
        draft.follow_ups.append(draft.say("ask_default", name=f"{record.short}.{parameter.name}"))
    else:
        number = draft.cite_record(record)
        head = draft.say("what", name=record.path, where=where, doc=record.doc)
        draft.add(head, number)
        if record.parameters:
            lines, _ = _listed([each for each in record.parameters if each.owner in ("", record.path)][:8])
            draft.add("```python\n" + "\n".join(lines) + "\n```" if lines else "")
        draft.follow_ups.append(draft.say("ask_parameters", name=record.name))
    draft.state(number, subject.path, head)
    draft.about(subject.path)
    return True
