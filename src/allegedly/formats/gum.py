"""GUM and GENTLE (Zeldes 2017; eRST: Zeldes et al. 2025): attribution relations with their signals, in many genres.

Get it from github.com/amir-zeldes/gum: annotations CC BY 4.0, texts under licences of their own (Wikinews CC BY 2.5, others up to CC
BY-NC-SA 4.0). PATH is its folder, with `rst/rstweb/*.rs4` (or `rst/*.rs4`) and `dep/*.conllu`. Reddit texts are withheld: `GUM_reddit_*`
holds underscores, and is reported and left out until GUM's `get_text.py` has put the words there.
What maps: each attribution-positive or attribution-negative relation, secondary ones too: its attribution_source signal is the source,
its indicative_word or indicative_phrase signal the cue, its nucleus the claim (the elementary unit, or those of the group's own span).
What is not there: stance, kind, named, via, refers; `corpus.json` says so. attribution-negative is mostly "I don't know", no denial, so
stance is not made of it. Claims are whole units: they begin with *that* and keep their quotation marks.
What is lost: every other relation, and photo credits count as attributions here as they do there. Text is rebuilt from the dependency
files, so offsets are those of the rebuilt text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from allegedly.formats import Imported, ImportFailedError, plain_attribution, spans
from allegedly.schema import CANARY, Attribution, CorpusRecord
from allegedly.store import RecordError, read_text

RELATIONS = ("attribution-positive", "attribution-negative")
SPLITS = {"train": "train", "dev": "validation", "test": "test", "test2": "test"}
CUES = {("lexical", "indicative_word"), ("lexical", "indicative_phrase")}
Extent = tuple[int, int]


@dataclass
class Document:
    """A text rebuilt from a dependency file, with the place of each of its tokens."""

    text: str = ""
    tokens: list[Extent] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> Imported:
    """Read GUM's folder. ImportFailedError says what was expected there."""
    found = sorted(path.rglob("*.rs4"))
    trees = {p.stem: p for p in found}
    if not trees:
        raise ImportFailedError(f"{path}: expected GUM's folder, with rst/rstweb/*.rs4 and dep/*.conllu in it")
    texts = {p.stem: p for p in sorted(path.rglob("*.conllu"))}
    imported = Imported(
        CorpusRecord(name="gum", version="12", license="CC-BY-4.0", canary=CANARY, annotated=("source", "cue", "claim"))
    )
    for tree in found:
        if tree is not trees[tree.stem]:
            imported.skip(tree, 0, "another file has its name", trees[tree.stem])
    for name in sorted(texts.keys() - trees.keys()):
        imported.skip(texts[name], 0, "no .rs4 file, so no relations", name)
    splits = _splits(path, imported)
    for name, tree in trees.items():
        if name not in texts:
            imported.skip(tree, 0, "no dependency file, so no text", name)
            continue
        try:
            document = rebuild(read_text(texts[name]).removeprefix("\ufeff"))
            root = ET.fromstring(read_text(tree))
        except (RecordError, ET.ParseError, ValueError) as error:
            imported.skip(tree, 0, "unreadable", error)
            continue
        if not re.search(r"[^\W_]", document.text):
            imported.skip(tree, 0, "its text is withheld: run get_text.py in GUM's folder", name)
            continue
        date = document.meta.get("dateCreated", "")
        imported.add(
            name, document.text, _attributions(root, document, tree, imported),
            split=SPLITS[splits.get(name, "train")], form=name.split("_")[1] if "_" in name else "unknown",
            publisher=document.meta.get("author", "unknown") or "unknown",
            published=date if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) else "0000-00-00",
        )  # fmt: skip
    return imported


def _splits(path: Path, imported: Imported) -> dict[str, str]:
    """Which split each document is in, from splits.md."""
    found: dict[str, str] = {}
    for file in path.rglob("splits.md"):
        part, content = "", ""
        with imported.reporting(file):
            content = read_text(file)
        for line in content.split("\n"):
            if line.startswith("## "):
                part = line[3:].strip()
            elif (match := re.match(r"\s*\* (\S+)", line)) and part in SPLITS:
                found[match[1]] = part
    return found


def rebuild(conllu: str) -> Document:
    """The text of a dependency file: words joined as SpaceAfter says, a blank line before each new paragraph."""
    made = Document()
    fused: tuple[int, Extent, int] | None = (
        None  # last word of a multiword token, its place, how far words have used it
    )
    glue = True
    for line in conllu.split("\n"):
        if line.startswith("# meta::") and " = " in line:
            key, _, value = line.removeprefix("# meta::").partition(" = ")
            made.meta[key.strip()] = value.strip()
        elif line.startswith("# newpar") and made.text:
            made.text, glue = made.text.rstrip() + "\n\n", True
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 10:
            raise ValueError(f"expected 10 columns, got {len(columns)}: {line[:60]!r}")
        number, form, spaced = columns[0], columns[1], "SpaceAfter=No" not in columns[9]
        if "." in number:
            continue
        if "-" not in number and fused and int(number) <= fused[0]:
            start, end = fused[1]
            cut = min(end, fused[2] + len(form)) if int(number) < fused[0] else end
            made.tokens.append((fused[2], max(cut, fused[2] + 1)))
            fused = (fused[0], (start, end), min(cut, end - 1))
            continue
        made.text += "" if glue else " "
        place = (len(made.text), len(made.text) + len(form))
        made.text += form
        glue = not spaced
        if "-" in number:
            fused = (int(number.split("-")[1]), place, place[0])
        else:
            fused = None
            made.tokens.append(place)
    made.text = made.text.rstrip() + "\n"
    return made


def _attributions(root: ET.Element, document: Document, file: Path, imported: Imported) -> list[Attribution] | None:
    """The document's attributions; None where its relations cannot be placed in the text, so that it is not annotated."""
    nodes = {n.get("id", ""): n for n in [*root.iter("segment"), *root.iter("group")]}
    units: dict[str, list[int]] = {}  # the tokens of each elementary unit, counted through the document
    count = 0
    for segment in root.iter("segment"):
        words = len((segment.text or "").split())
        units[segment.get("id", "")] = list(range(count, count + words))
        count += words
    edges = [(n.get("id", ""), n.get("parent", "")) for n in nodes.values() if n.get("relname") in RELATIONS]
    edges += [(e.get("id", ""), e.get("target", "")) for e in root.iter("secedge") if e.get("relname") in RELATIONS]
    imported.lines += len(edges)
    if edges and count != len(document.tokens):
        for name, _ in edges:
            imported.skip(file, 0, "the two files have different tokens", name)
        return None
    signals: dict[tuple[str, str], list[int]] = {}
    for signal in root.iter("signal"):
        pair = (signal.get("type", ""), signal.get("subtype", ""))
        role = "source" if pair == ("semantic", "attribution_source") else "cue" if pair in CUES else ""
        if role:
            ids = [int(t) - 1 for t in (signal.get("tokens") or "").split(",") if t.strip().isdigit()]
            if ids and not 0 <= min(ids) <= max(ids) < count:
                imported.lines += 1
                imported.skip(file, 0, f"a {role} of tokens that are not there", signal.get("tokens"))
                continue
            signals.setdefault((signal.get("source", ""), role), []).extend(ids)
    made: dict[object, Attribution] = {}
    for name, target in edges:
        with imported.reporting(file, 0, "no attribution"):
            roles = []
            for tokens in (
                signals.get((name, "source"), []),
                signals.get((name, "cue"), []),
                _content(target, nodes, units),
            ):
                places = [document.tokens[t] for t in sorted(set(tokens))]
                roles.append(spans(document.text, _joined(document.text, places)) or ())
            attribution = plain_attribution(f"r{name}", *roles) if roles[2] else None
            key = attribution and tuple(tuple((s.start, s.end) for s in r) for r in attribution.roles.values())
            if attribution is None or key in made:
                imported.skip(file, 0, "no nucleus" if attribution is None else "the same attribution twice", name)
                continue
            imported.used += 1
            made[key] = attribution
    return list(made.values())


def _content(node: str, nodes: dict[str, ET.Element], units: dict[str, list[int]]) -> list[int]:
    """The tokens of a nucleus: its unit, or those of the units that make up the group, its satellites left out."""
    if node in units:
        return units[node]
    found: list[int] = []
    waiting, seen = [node], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        found += units.get(current, [])
        multi = nodes[current].get("type") == "multinuc" if current in nodes else False
        for name, child in nodes.items():
            if child.get("parent") == current:
                relation = child.get("relname", "")
                if relation == "span" or (
                    multi
                    and (
                        relation.startswith("joint")
                        or relation in ("same-unit", "adversative-contrast", "restatement-repetition")
                    )
                ):
                    waiting.append(name)
    return sorted(found)


def _joined(text: str, places: list[Extent]) -> list[Extent]:
    """Neighbouring tokens as one stretch: nothing but white space lies between them."""
    made: list[Extent] = []
    for start, end in places:
        if made and not text[made[-1][1] : start].strip():
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made
