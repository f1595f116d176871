"""brat stand-off: `.ann` beside `.txt`, with what brat can hold of a record: everything.

Format (brat.nlplab.org/standoff.html): text-bound annotations Source, Cue, Claim; relations from the claim to its source, cue, the claim that
relays it and the claim it takes up; attributes Stance, Kind, Named; a note with the record's id, entities and positions.
Reading takes that, and events in PolNeAR's manner (`E1 Attribution:T4 Source:T1 Cue:T2 Content:T3`), with Claim, Content or Quote for the
claim and Source or Speaker for the source. A folder with .ann files that have no stance has none: `corpus.json` says so.
What is lost in reading: other labels, relations and attributes, each reported. In writing: nothing; a record without source words keeps
kind and named in its note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, ImportFailedError, Skipped, files, plain_attribution, spans, split_of, standoff
from allegedly.schema import (
    ANNOTATED,
    CANARY,
    KINDS,
    STANCES,
    AllegedlyError,
    Article,
    Attribution,
    CorpusRecord,
    Span,
    Spans,
)
from allegedly.store import parse, read_text, write_atomic

LABELS = {"Source": "source", "Speaker": "source", "Cue": "cue", "Claim": "claim", "Content": "claim", "Quote": "claim"}
RELATION = re.compile(r"^(R\d+)\t(\w+) Arg1:(T\d+) Arg2:(T\d+)\s*$")
ATTRIBUTE = re.compile(r"^([AM]\d+)\t(\w+) ([TER]\d+)(?: (.*))?$")
NOTE = re.compile(r"^(#\d+)\tAnnotatorNotes ([TER]\d+)\t(.*)$")
LINKS = ("via", "refers")


def read(path: Path) -> Imported:
    """Read a folder of .ann and .txt files, or one .ann file."""
    imported = Imported(CorpusRecord(name="brat", version="1", license="unknown", canary=CANARY, annotated=ANNOTATED))
    stance = False
    for file in files(path, "*.ann"):
        text_file = file.with_suffix(".txt")
        try:
            text, annotations = read_text(text_file), standoff.parse(read_text(file))
        except (OSError, AllegedlyError) as error:
            imported.skip(file, 0, "unreadable, or no text beside it", error)
            continue
        found, has = _document(text, annotations, file, imported)
        stance |= has
        imported.add(file.stem, text, found, split=split_of(file))
    if not stance:
        imported.info = imported.info.model_copy(update={"annotated": ("source", "cue", "claim")})
    if not imported.articles and imported.skipped:
        raise ImportFailedError(
            f"{path}: no .ann file with a .txt beside it could be read: {imported.skipped[0].detail}"
        )
    return imported


def _document(text: str, found: standoff.Annotations, file: Path, imported: Imported) -> tuple[list[Attribution], bool]:
    imported.lines += found.lines
    relations: list[tuple[int, str, str, str]] = []
    attributes: dict[str, dict[str, str]] = {}
    notes: dict[str, dict[str, Any]] = {}
    counted = 0
    for line, content in found.rest:
        if match := RELATION.match(content):
            relations.append((line, match[2].lower(), match[3], match[4]))
        elif match := ATTRIBUTE.match(content):
            attributes.setdefault(match[3], {})[match[2].lower()] = (match[4] or "true").strip()
            counted += 1
        elif (match := NOTE.match(content)) and (data := _json(match[3])) is not None:
            notes[match[2]] = data
            counted += 1
        else:
            imported.skip(file, line, "a line of another kind", content)
    for line, content in found.repeated:
        imported.skip(file, line, "id stands twice", content)
    imported.used += counted
    bounds: dict[str, tuple[str, Spans]] = {}
    for bound in found.bounds.values():
        role = LABELS.get(bound.label)
        placed = spans(text, bound.spans) if role else None
        if placed:
            bounds[bound.id] = (str(role), placed)
        elif bound.id not in {e.trigger for e in found.events}:
            imported.skip(
                file, bound.line, "span outside the text" if role else "another label", f"{bound.id} {bound.label}"
            )
    groups = [
        (claim, [t for _, _, o, t in relations if o == claim]) for claim, (role, _) in bounds.items() if role == "claim"
    ]
    in_event = {t for e in found.events for _, t in e.arguments}
    made: dict[str, Attribution] = {}
    used: set[str] = set()
    for claim, targets in groups:
        if claim in in_event:
            continue
        used.update([claim, *targets])
        made[claim] = _attribution(claim, [claim, *targets], bounds, attributes, notes)
    for event in found.events:
        targets = [t for _, t in event.arguments]
        if not any(bounds.get(t, ("", ()))[0] == "claim" for t in targets):
            imported.skip(file, event.line, "event without a claim", event.id)
            continue
        used.update(targets)
        imported.used += 1
        made[event.id] = _attribution(event.id, targets, bounds, attributes, notes)
    for line, kind, origin, target in relations:
        if kind in LINKS and origin in made and target in made:
            made[origin] = made[origin].model_copy(update={kind: made[target].id})
        elif target not in bounds or origin not in made:
            imported.skip(file, line, "a relation that leads nowhere", f"{origin} {kind} {target}")
            continue
        imported.used += 1
    for name in sorted(bounds.keys() - used):
        imported.skip(file, found.bounds[name].line, "span in no attribution", name)
    imported.used += len(used & bounds.keys())
    return list(made.values()), any("stance" in a for a in attributes.values())


def _attribution(
    name: str, targets: Sequence[str], bounds: dict[str, tuple[str, Spans]],
    attributes: dict[str, dict[str, str]], notes: dict[str, dict[str, Any]],
) -> Attribution:  # fmt: skip
    roles: dict[str, set[tuple[int, int]]] = {"source": set(), "cue": set(), "claim": set()}
    text: dict[tuple[int, int], Span] = {}
    own = [t for t in targets if t in bounds and (t == name or bounds[t][0] != "claim" or name.startswith("E"))]
    for target in own:
        role, placed = bounds[target]
        for one in placed:
            roles[role].add((one.start, one.end))
            text[one.start, one.end] = one
    source, cue, claim = (tuple(text[e] for e in sorted(roles[r])) for r in ("source", "cue", "claim"))
    given = {k: v for t in own for k, v in attributes.get(t, {}).items()} | attributes.get(name, {})
    note = notes.get(name, {})
    kind = given.get("kind") or note.get("kind") or "unspecified"
    made = plain_attribution(
        _safe(str(note.get("id") or name)), source, cue, claim,
        stance=given["stance"] if given.get("stance") in STANCES else "none",
        kind=kind if kind in KINDS else "unspecified", named=given.get("named", note.get("named")) in ("true", True),
    )  # fmt: skip
    extra = {k: note[k] for k in ("entities", "positions") if note.get(k)}
    if not extra:
        return made
    data = made.plain()
    data["source"]["entities"] = extra.get("entities", [])
    data["positions"] = extra.get("positions", [])
    try:
        return parse(Attribution, data, "note")
    except AllegedlyError:
        return made


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:60] or "x"


def _json(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write `.txt` and `.ann` for each article, and the configuration that brat needs."""
    for article in articles:
        write_atomic(folder / f"{article.id}.txt", article.text.encode())
        write_atomic(folder / f"{article.id}.ann", _lines(article).encode())
    write_atomic(folder / "annotation.conf", CONFIGURATION.encode())
    return []


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


def _lines(article: Article) -> str:
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
            if target := getattr(a, link):
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
