"""brat stand-off: `.ann` beside `.txt`, with what brat can hold of a record: everything.

Format (brat.nlplab.org/standoff.html): text-bound annotations Source, Cue, Claim; relations source, cue, via and refers from the claim to its
source, its cue, the claim that relays it and the claim it takes up; attributes Stance, Kind, Named; a note with the record's id, entities and
positions.
Reading takes that, and events in PolNeAR's manner (`E1 Attribution:T4 Source:T1 Cue:T2 Content:T3`), with Claim, Content or Quote for the
claim and Source or Speaker for the source. Stance and kind count as annotated where every attribution of every file has one that is known, and the
further fields where both do: `corpus.json` says which; values that only some have stay in the records, and the report says that they are left out.
An attribution whose stance or kind is not known is read as one without.
What is lost in reading: other labels, relations, attributes and notes, each reported; a span whose words are not the text's (white space may
differ), and then the relations that lead to it and the events that it is part of. Of several values for one field the claim's or the event's own
counts, then the first. In writing: a link to an attribution that the article does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import (
    Imported,
    ImportFailedError,
    Skipped,
    files,
    identifier,
    plain_attribution,
    spans,
    split_of,
    standoff,
    unused,
)
from allegedly.schema import (
    ANNOTATED,
    CANARY,
    KINDS,
    STANCES,
    AllegedlyError,
    Article,
    Attribution,
    CorpusRecord,
    Spans,
)
from allegedly.store import parse, read_text, write_atomic

LABELS = {"Source": "source", "Speaker": "source", "Cue": "cue", "Claim": "claim", "Content": "claim", "Quote": "claim"}
#: What the relations and the arguments of events are called, in lower case.
ROLES = {label.lower(): role for label, role in LABELS.items()}
LINKS = ("via", "refers")
EVENTS = ("Attribution", "Attribution-no-source")
VALUES = {"stance": STANCES, "kind": KINDS, "named": ("true", "false")}
NOTED = {"id", "entities", "positions"}
RELATION = re.compile(r"^(R\d+)\t(\w+) Arg1:(T\d+) Arg2:(T\d+)\s*$")
ATTRIBUTE = re.compile(r"^([AM]\d+)\t(\w+) ([TER]\d+)(?: (.*))?$")
NOTE = re.compile(r"^(#\d+)\tAnnotatorNotes ([TER]\d+)\t(.*)$")


def read(path: Path) -> Imported:
    """Read a folder of .ann and .txt files, or one .ann file."""
    imported = Imported(CorpusRecord(name="brat", version="1", license="unknown", canary=CANARY, annotated=ANNOTATED))
    without: dict[str, list[str]] = {"stance": [], "kind": []}
    for file in files(path, "*.ann"):
        try:
            text, annotations = read_text(file.with_suffix(".txt")), standoff.parse(read_text(file))
        except (OSError, AllegedlyError) as error:
            imported.skip(file, 0, "unreadable, or no text beside it", error)
            continue
        document = Document(text, annotations, file, imported)
        made = document.attributions()
        for field, names in without.items():
            names += [f"{file.name} {name}" for name in made if field not in document.given[name]]
        imported.add(file.stem, text, made.values(), split=split_of(file))
    if not imported.articles and imported.skipped:
        raise ImportFailedError(
            f"{path}: no .ann file with a .txt beside it could be read: {imported.skipped[0].detail}"
        )
    total = imported.counts["attributions"]
    for field, names in without.items():
        if 0 < len(names) < total:
            detail = f"{len(names)} of {total} have none, the first is {names[0]}"
            imported.skip(path, 0, f"{field} is left out of what is annotated: not every attribution has one", detail)
    has = tuple(field for field, names in without.items() if total and not names)
    annotated = ANNOTATED if len(has) == len(without) else ("source", "cue", "claim", *has)
    imported.info = imported.info.model_copy(update={"annotated": annotated})
    return imported


class Document:
    """One file while it is read. `open` are the lines of which nothing is made yet: each is used or reported, once."""

    def __init__(self, text: str, found: standoff.Annotations, file: Path, imported: Imported) -> None:
        self.found, self.file, self.imported = found, file, imported
        imported.lines += len(found.lines)
        self.open = dict(found.lines)
        #: The fields that lines of the file give to each attribution.
        self.given: dict[str, dict[str, str]] = {}
        self.relations: list[tuple[int, str, str, str]] = []
        self.attributes: dict[str, dict[str, tuple[int, str]]] = {}
        self.notes: dict[str, tuple[int, dict[str, Any]]] = {}
        for line, content in found.rest:
            self._line(line, content)
        for line, _ in found.repeated:
            self.refuse(line, "id stands twice")
        self.bounds = self._placed(text)

    def use(self, line: int) -> None:
        """Count a line as imported."""
        if self.open.pop(line, None) is not None:
            self.imported.used += 1

    def refuse(self, line: int, reason: str) -> None:
        """Report a line."""
        if (content := self.open.pop(line, None)) is not None:
            self.imported.skip(self.file, line, reason, content)

    def _line(self, line: int, content: str) -> None:
        if match := RELATION.match(content):
            self.relations.append((line, match[2].lower(), match[3], match[4]))
        elif match := ATTRIBUTE.match(content):
            field, target, value = match[2].lower(), match[3], (match[4] or "true").strip()
            if field not in VALUES:
                self.refuse(line, "an attribute of another kind")
            elif value not in VALUES[field]:
                self.refuse(line, f"an unknown value of {field}, taken as none given")
            elif field in self.attributes.setdefault(target, {}):
                self.refuse(line, f"a second {field}")
            else:
                self.attributes[target][field] = line, value
        elif (match := NOTE.match(content)) and (data := _json(match[3])) is not None:
            if match[2] in self.notes:
                self.refuse(line, "a second note")
            elif not NOTED.issuperset(data):
                self.refuse(line, "a note of another kind")
            else:
                self.notes[match[2]] = line, data
        else:
            self.refuse(line, "a line of another kind")

    def _placed(self, text: str) -> dict[str, tuple[str, Spans]]:
        """Role and spans of each text-bound annotation that can be read."""
        bounds: dict[str, tuple[str, Spans]] = {}
        triggers = {event.trigger for event in self.found.events}
        for bound in self.found.bounds.values():
            role, placed = LABELS.get(bound.label), spans(text, bound.spans)
            if role is None and bound.id not in triggers:
                self.refuse(bound.line, "another label")
            elif placed is None:
                self.refuse(bound.line, "span outside the text")
            elif not bound.stands_in(text):
                self.refuse(bound.line, "its words are not the text's")
            elif role:
                bounds[bound.id] = role, placed
        return bounds

    def attributions(self) -> dict[str, Attribution]:
        """The attributions, by the id of their claim or event."""
        parts, links = self._parts()
        made: dict[str, Attribution] = {}
        taken: set[str] = set()
        for name, targets in parts.items():
            made[name] = self._attribution(name, targets, taken)
            taken.add(made[name].id)
        for line, link, origin, target in links:
            if origin not in made or target not in made:
                self.refuse(line, "a relation that leads nowhere")
            elif origin == target:
                self.refuse(line, "a relation to itself")
            elif getattr(made[origin], link):
                self.refuse(line, f"a second {link}")
            else:
                made[origin] = made[origin].model_copy(update={link: made[target].id})
                self.use(line)
        for line, content in list(self.open.items()):
            reason = "span in no attribution" if content[0] == "T" else "of no attribution, or after another value"
            self.refuse(line, reason)
        return made

    def _parts(self) -> tuple[dict[str, list[str]], list[tuple[int, str, str, str]]]:
        """The text-bound annotations of each attribution, and the relations between attributions."""
        events = [event for event in self.found.events if event.label in EVENTS]
        in_event = {target for event in events for _, target in event.arguments}
        parts = {name: [name] for name, (role, _) in self.bounds.items() if role == "claim" and name not in in_event}
        links: list[tuple[int, str, str, str]] = []
        for line, kind, origin, target in self.relations:
            if kind in LINKS:
                links.append((line, kind, origin, target))
            elif ROLES.get(kind, "claim") == "claim":
                self.refuse(line, "a relation of another kind")
            elif origin not in parts or target not in self.bounds:
                self.refuse(line, "a relation that leads nowhere")
            elif self.bounds[target][0] != ROLES[kind]:
                self.refuse(line, "a relation to a span of another label")
            else:
                parts[origin].append(target)
                self.use(line)
        for event in self.found.events:
            if reason := self._fault(event):
                self.refuse(event.line, reason)
                continue
            parts[event.id] = [target for _, target in event.arguments]
            self.use(event.line)
            if event.trigger in self.found.bounds:
                self.use(self.found.bounds[event.trigger].line)
        return parts, links

    def _fault(self, event: standoff.Event) -> str:
        """Why an event is no attribution."""
        if event.label not in EVENTS:
            return "event of another kind"
        roles = [ROLES.get(name.lower().rstrip("0123456789")) for name, _ in event.arguments]
        for role, (_, target) in zip(roles, event.arguments, strict=True):
            if role is None:
                return "event with an argument of another kind"
            if target not in self.bounds:
                return "event with an argument that is not there"
            if self.bounds[target][0] != role:
                return "event with an argument of another label"
        return "" if "claim" in roles else "event without a claim"

    def _attribution(self, name: str, parts: Sequence[str], taken: set[str]) -> Attribution:
        roles: dict[str, Spans] = {}
        for role in ("source", "cue", "claim"):
            placed = {s for part in parts if self.bounds[part][0] == role for s in self.bounds[part][1]}
            roles[role] = tuple(sorted(placed, key=lambda s: (s.start, s.end)))
        for part in parts:
            self.use(self.found.bounds[part].line)
        given = self.given[name] = {}
        for owner in (name, *parts):
            for field, (line, value) in self.attributes.get(owner, {}).items():
                if given.setdefault(field, value) == value:
                    self.use(line)
        line, note = self.notes.get(name, (0, {}))
        own = unused(identifier(str(note.get("id") or name)), taken)
        if own != str(note.get("id") or own):
            self.refuse(line, f"a note whose id is another's or no id: {own} here")
        fields: dict[str, Any] = {"stance": given.get("stance", "none"), "kind": given.get("kind", "unspecified")}
        made = plain_attribution(own, **roles, **fields, named=given.get("named") == "true")
        if note.keys() - {"id"}:
            data = made.plain() | {"positions": note.get("positions", [])}
            data["source"]["entities"] = note.get("entities", [])
            try:
                made = parse(Attribution, data, "note")
            except AllegedlyError:
                self.refuse(line, "a note whose entities or positions are not valid, which are left out")
        self.use(line)
        return made


def _json(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write `.txt` and `.ann` for each article, and the configuration that brat needs; gives the links that lead nowhere."""
    lost: list[Skipped] = []
    for article in articles:
        write_atomic(folder / f"{article.id}.txt", article.text.encode())
        write_atomic(folder / f"{article.id}.ann", _lines(article, lost).encode())
    write_atomic(folder / "annotation.conf", CONFIGURATION.encode())
    return lost


CONFIGURATION = f"""[entities]
Source
Cue
Claim

[relations]
source\tArg1:Claim, Arg2:Source
cue\tArg1:Claim, Arg2:Cue
via\tArg1:Claim, Arg2:Claim
refers\tArg1:Claim, Arg2:Claim
<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>

[events]

[attributes]
Stance\tArg:Claim, Value:{"|".join(STANCES)}
Kind\tArg:Claim, Value:{"|".join(KINDS)}
Named\tArg:Claim
"""


def _lines(article: Article, lost: list[Skipped]) -> str:
    bounds: list[str] = []
    rest: list[str] = []
    counts = {"R": 0, "A": 0, "#": 0}

    def number(prefix: str) -> str:
        counts[prefix] += 1
        return f"{prefix}{counts[prefix]}"

    def bound(label: str, spans_: Spans) -> str:
        name = f"T{len(bounds) + 1}"
        where = ";".join(f"{s.start} {s.end}" for s in spans_)
        words = " ".join(article.text[s.start : s.end].replace("\n", " ") for s in spans_)
        bounds.append(f"{name}\t{label} {where}\t{words}")
        return name

    claims = {a.id: bound("Claim", a.claim.spans) for a in article.attributions}
    for a in article.attributions:
        claim = claims[a.id]
        for role, label, spans_ in (("source", "Source", a.source.spans), ("cue", "Cue", a.cue.spans)):
            if spans_:
                rest.append(f"{number('R')}\t{role} Arg1:{claim} Arg2:{bound(label, spans_)}")
        for link in LINKS:
            target = getattr(a, link)
            if target and target not in claims:
                lost.append(Skipped(f"{article.id}.ann", 0, f"its {link} is not in the article", a.id))
            elif target:
                rest.append(f"{number('R')}\t{link} Arg1:{claim} Arg2:{claims[target]}")
        rest += [f"{number('A')}\tStance {claim} {a.stance}", f"{number('A')}\tKind {claim} {a.source.kind}"]
        if a.source.named:
            rest.append(f"{number('A')}\tNamed {claim}")
        note: dict[str, Any] = {"id": a.id}
        if a.source.entities:
            note["entities"] = list(a.source.entities)
        if a.positions:
            note["positions"] = [p.model_dump() for p in a.positions]
        rest.append(f"{number('#')}\tAnnotatorNotes {claim}\t{json.dumps(note, ensure_ascii=False)}")
    return "\n".join([*bounds, *rest]) + "\n"
