"""PolNeAR 1.0 (Newell, Margolin & Ruths, LREC 2018): real US political news with sources, cues and contents.

Get it from github.com/networkdynamics/PolNeAR; no licence is stated and the texts belong to their publishers, so a
corpus folder made of it stays with you. PATH is its `data` folder or one split of it (a folder with `text` and
`attributions`); `text/NAME.txt` has its annotations in `attributions/NAME_ANNOTATOR.ann`.

What maps: Source, Cue and Content become source, cue and claim; a second content becomes a further span of the claim.
The first annotator (by file name) of an article whose file can be read is gold, the others are layers; where none can, the
article has no layer. dev becomes validation; every article is a story of its own, and a name that stands in two splits
gives two articles. What is not there: stance, kind, named, via, refers; `corpus.json` says so, tasks that need them
leave the corpus out, and the fields hold placeholders (none, unspecified, false, null).
What is lost: triggers (copies of the cue) and the annotators' marks Discard and Discuss. A span whose words are not the
text's is reported, and with it the attribution that it is part of; white space may differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from allegedly.formats import Imported, ImportFailedError, identifier, plain_attribution, span, unused
from allegedly.formats import standoff as brat
from allegedly.schema import CANARY, Attribution, CorpusRecord, Span
from allegedly.store import RecordError, read_text

SPLITS = {"train": "train", "dev": "validation", "test": "test", "annotator-training": "train"}
TRIGGERS = {"Attribution", "Attribution-no-source"}
MARKS = {"Discard", "Discuss"}


def read(path: Path) -> Imported:
    """Read PolNeAR's data folder or one of its splits. ImportFailedError says what was expected there."""
    folders = [path] if (path / "attributions").is_dir() else sorted(p.parent for p in path.glob("*/attributions"))
    folders = [f for f in folders if (f / "text").is_dir()]
    if not folders:
        raise ImportFailedError(f"{path}: expected a folder with text/ and attributions/ in it, or one of such folders")
    imported = Imported(
        CorpusRecord(
            name="polnear", version="1.0.0", license="none stated", canary=CANARY, annotated=("source", "cue", "claim")
        )
    )
    for folder in folders:
        texts = {file.stem: file for file in sorted((folder / "text").glob("*.txt"))}
        annotations: dict[str, list[Path]] = {}
        for file in sorted((folder / "attributions").glob("*.ann")):
            name = file.stem.rpartition("_")[0]
            if name in texts:
                annotations.setdefault(name, []).append(file)
            else:
                imported.skip(file, 0, "annotations without their text", name)
        for name, file in texts.items():
            with imported.reporting(file):
                _read_article(name, file, annotations.get(name, ()), imported)
    return imported


def _read_article(name: str, text_file: Path, files: Sequence[Path], imported: Imported) -> None:
    try:
        text = read_text(text_file)
    except RecordError as error:
        imported.skip(text_file, error.line or 0, "unreadable text", error.message)
        return
    if not files:
        imported.skip(text_file, 0, "article without annotations", name)
        return
    layers: dict[str, list[Attribution]] = {}
    for file in files:
        found = _read_annotations(file, text, imported)
        if found is not None:
            layers[unused(identifier(file.stem.rpartition("_")[2]), layers)] = found
    if not layers:
        imported.skip(text_file, 0, "article whose annotations are unreadable, imported without a layer", name)
    publisher, date, _ = [*name.split("_", 2), "", ""][:3]
    article = imported.add(
        name, text, None, publisher=publisher or "unknown", form="news", domain="politics", variety="en-US",
        published=date if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) else "0000-00-00",
        split=SPLITS.get(text_file.parent.parent.name, "train"),
    )  # fmt: skip
    for annotator, attributions in layers.items():
        if article in imported.gold:
            imported.layers[annotator, article] = attributions
        else:
            imported.gold[article] = attributions


def _read_annotations(file: Path, text: str, imported: Imported) -> list[Attribution] | None:
    try:
        found = brat.parse(read_text(file))
    except RecordError as error:
        imported.skip(file, error.line or 0, "unreadable annotations", error.message)
        return None

    def skip(line: int, reason: str, detail: str) -> None:
        imported.skip(file, line, reason, detail)

    imported.lines += len(found.lines)
    for line, content in found.rest:
        skip(line, "continuation or unknown line", content)
    for line, content in found.repeated:
        skip(line, "id stands twice", content)
    used: set[str] = set()
    kept: list[tuple[tuple[int, ...], Attribution]] = []
    seen: set[tuple[object, ...]] = set()
    for event in found.events:
        roles, reason = _roles(event, found, text)
        if reason:
            skip(event.line, reason, event.id)
            continue
        attribution = plain_attribution(event.id, roles["Source"], roles["Cue"], roles["Content"])
        key = tuple(tuple((s.start, s.end) for s in spans) for spans in attribution.roles.values())
        if key in seen:
            skip(event.line, "the same attribution twice", event.id)
            continue
        seen.add(key)
        imported.used += 1
        used.update([event.trigger, *(target for _, target in event.arguments)])
        kept.append((tuple(s.start for s in attribution.claim.spans), attribution))
    for bound in found.bounds.values():
        if all(span(text, *extent) for extent in bound.spans) and not bound.stands_in(text):
            skip(bound.line, "its words are not the text's", f"{bound.id} {bound.text}")
        elif bound.id in used:
            imported.used += 1
        else:
            reason = "mark of the annotator" if bound.label in MARKS else "span in no imported attribution"
            skip(bound.line, reason, f"{bound.id} {bound.label}")
    return [a for _, a in sorted(kept, key=lambda pair: pair[0])]


def _roles(event: brat.Event, found: brat.Annotations, text: str) -> tuple[dict[str, tuple[Span, ...]], str]:
    """The spans of each role, or the reason why the event is no attribution."""
    roles: dict[str, tuple[Span, ...]] = {"Source": (), "Cue": (), "Content": ()}
    if event.label not in TRIGGERS:
        return roles, "event of another kind"
    for name, target in event.arguments:
        role = "Content" if name.startswith("Content") else name.rstrip("0123456789")
        bound = found.bounds.get(target)
        if role not in roles:
            return roles, f"argument of another kind: {name}"
        if bound is None:
            return roles, "argument that is not there"
        if bound.label != role:
            return roles, f"{role} points at a span of another label"
        spans = [span(text, start, end) for start, end in bound.spans]
        if any(s is None for s in spans):
            return roles, "span outside the text"
        if not bound.stands_in(text):
            return roles, "a span whose words are not the text's"
        roles[role] = tuple(sorted([*roles[role], *(s for s in spans if s)], key=lambda s: s.start))
    if not roles["Content"]:
        return roles, "no content"
    if not roles["Cue"]:
        return roles, "no cue"
    return roles, ""
