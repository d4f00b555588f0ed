"""Writes what became of a name: renamed, removed, still there, or since when."""

from assistant.config.signatures.history import known_versions, number
from assistant.config.signatures.lookup import came, taken, went
from assistant.reference.changes import Change, State, by_name, by_new_name
from assistant.reference.draft import Draft
from assistant.reference.store import Reference, installed
from assistant.reference.subjects import Subject
from assistant.reference.versions import Version


def write_change(
    draft: Draft, subject: Subject, change: Change, version: Version, reference: Reference
) -> None:
    """What the name is now, and what this version makes of the old one."""
    state = state_at(change, version)
    there = _is_there(change, version)
    number = draft.cite_change(change)
    head = _head(draft, change)
    now = _state_sentence(draft, change, version, state)
    early = "" if there is not False else _not_there(draft, change, version)
    first = [now, early] if state == "works" and version.stated else [head]
    last = [head] if state == "works" and version.stated else [now, early]
    draft.add(draft.joined(first), number)
    draft.add(draft.joined(last))
    draft.state(number, f"{change.old} → {change.new or '–'}", head, now, early)
    draft.about(subject.path)
    _new_one(draft, change, version, reference)
    following = next((each for each in by_name().get(change.new, ()) if each.library == change.library), None)
    if (
        following
        and following.of == change.of
        and following.at(version.text) == "removed"
        and following.new != change.old
    ):
        write_change(draft, subject, following, version, reference)


def state_at(change: Change, version: Version) -> State:
    """What a version makes of an old name; for arguments whose history is known, by that history."""
    said = change.at(version.text)
    if change.kind == "argument" and said in ("works", "unknown", "removed"):
        known = taken(change.of, {version.library: version.text, **_other_versions(version)})
        if known is not None and not known.open:
            if change.old not in known.names:
                return "removed" if change.removed and said == "removed" else said
            return "works" if said == "removed" else said
    return said


def _other_versions(version: Version) -> dict[str, str]:
    return {name: text for name, text in installed().items() if name != version.library}


def _is_there(change: Change, version: Version) -> bool | None:
    """Whether the new name exists in the version; None where that is not known."""
    if change.kind != "argument" or not change.new:
        return None
    known = taken(change.of, {**_other_versions(version), version.library: version.text})
    return None if known is None or known.open else change.new in known.names


def _not_there(draft: Draft, change: Change, version: Version) -> str:
    since, until = came(change.of, change.new), went(change.of, change.new)
    if until and version.number >= number(until):
        return draft.say("gone_too", new=change.new, library=change.library, until=until)
    if not since:
        return ""
    return draft.say("too_early_since", new=change.new, library=change.library, since=since)


def _head(draft: Draft, change: Change) -> str:
    note = change.note[draft.lang]
    if not change.new:
        return f"**{note}**" if note else draft.say("gone", old=change.old)
    plain = not note or f"`{change.new}`" in note[:60]
    head = draft.say("renamed" if plain else "instead", old=change.old, new=change.new)
    return draft.joined([head, note])


def _state_sentence(draft: Draft, change: Change, version: Version, state: State) -> str:
    where = draft.where(version)
    values = {
        "where": where,
        "old": change.old,
        "library": change.library,
        "removed": change.removed,
        "deprecated": change.deprecated,
    }
    if state == "removed":
        return draft.say("removed_after" if change.deprecated else "removed", **values)
    if state == "deprecated":
        return draft.say("deprecated_removed" if change.removed else "deprecated", **values)
    if state == "works":
        return draft.say("works_deprecates" if change.deprecated else "works_yet", **values)
    return draft.say("unknown_state", **values)


def _new_one(draft: Draft, change: Change, version: Version, reference: Reference) -> None:
    """What the new name is, as installed."""
    owner = reference.record(change.of) if change.of else None
    parameter = reference.parameter(owner, change.new) if owner and change.new else None
    if owner and parameter:
        declared = reference.record(parameter.owner) or owner
        number = draft.cite_record(owner, parameter, declared)
        text = f"```python\n{parameter.name}{': ' + parameter.kind if parameter.kind else ''}{' = ' + parameter.default if parameter.default else ''}\n```"
        draft.add("\n\n".join(filter(None, [text, parameter.doc])), number)
        draft.state(number, f"{owner.path}.{parameter.name}", parameter.doc)
        draft.follow_ups.append(draft.say("ask_default", name=f"{owner.short}.{parameter.name}"))


def write_existence(draft: Draft, subject: Subject, version: Version, reference: Reference) -> bool:
    """Whether a name is there in a version, since when, until when. False where nothing is known."""
    record, parameter = subject.record, subject.parameter
    where = draft.where(version)
    if parameter is None and not subject.past:
        return record is not None and _exists(draft, subject, version, where)
    call = record.path if record else subject.past
    known = taken(
        call,
        {
            version.library: version.text,
            **_other_versions(version),
        },
    )
    if known is None and version.is_installed and parameter is not None:
        is_there = True
    elif known is None or (known.open and subject.name not in known.names):
        return False
    else:
        is_there = subject.name in known.names
    head = draft.say(
        "yes_parameter" if is_there else "no_parameter",
        owner=call.rpartition(".")[2],
        name=subject.name,
        where=where,
    )
    sentences = [_since(draft, call, subject.name, version.library)]
    number = 0
    if record and parameter:
        number = draft.cite_record(record, parameter, reference.record(parameter.owner) or record)
    former = [each for each in by_new_name().get(subject.name, ()) if each.of == call or not record]
    if former:
        sentences.append(draft.say("former", old=former[0].old))
        number = number or draft.cite_change(former[0])
    draft.add(draft.joined([head, *sentences]), number)
    if parameter and parameter.doc and is_there:
        draft.add(parameter.doc)
    draft.state(number, subject.path, head.strip("*"), *sentences)
    draft.about(subject.path)
    return True


def _since(draft: Draft, call: str, name: str, library: str) -> str:
    arrived, left = came(call, name), went(call, name)
    known = known_versions(library)
    sentences = []
    if arrived:
        sentences.append(draft.say("came", library=library, since=arrived))
    elif known and not left:
        sentences.append(draft.say("always", library=library, first=known[0]))
    if left:
        sentences.append(draft.say("went", library=library, until=left))
    return draft.joined(sentences)


def _exists(draft: Draft, subject: Subject, version: Version, where: str) -> bool:
    """A class or function that is installed: only the installed version is known."""
    record = subject.record
    assert record is not None
    if version.stated and not version.is_installed:
        return False
    number = draft.cite_record(record)
    sentences = [draft.say("yes", name=record.path, where=where)]
    former = by_new_name().get(record.name, ())
    sentences.append(draft.say("former", old=former[0].old) if former else "")
    draft.add(draft.joined(sentences), number)
    draft.add(record.doc)
    draft.state(number, record.path, *sentences, record.doc)
    draft.about(record.path)
    return True
