"""UIMA CAS as XMI with its type system, as INCEpTION imports and exports it (through dkpro-cassis, the extra `cas`).

PATH is a folder of `.xmi` files with `TypeSystem.xml` beside them. Our layers: `webanno.custom.AttributionClaim` (identifier, stance, kind, named, via,
refers), `…AttributionSource` and `…AttributionCue`, each a span that names the record(s) that it belongs to in `claims`.
What maps: all of it; a role in several spans is several annotations of one identifier, as a CAS annotation is one stretch.
What is not there in files of other layers: nothing is guessed, an annotation of another type is reported once per type.
A stance, kind or named of other values and a via or refers to no record are reported and left at none, unspecified, false or null.
What is lost: in writing, entities and positions, and articles with characters that XML cannot hold, as control characters.
UIMA counts UTF-16 units; dkpro-cassis maps them to code points and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, ImportFailedError, Skipped, files, plain_attribution, spans, split_of
from allegedly.schema import ANNOTATED, CANARY, KINDS, STANCES, Article, Attribution, CorpusRecord
from allegedly.store import write_atomic

PREFIX = "webanno.custom.Attribution"
CLAIM, SOURCE, CUE = f"{PREFIX}Claim", f"{PREFIX}Source", f"{PREFIX}Cue"
FIELDS = tuple(f for f in ANNOTATED if f not in ("entities", "positions", "narrator"))
LINKS = ("via", "refers")
#: What the features of a claim may say; a link names another record.
FEATURES: dict[str, tuple[str, ...]] = {
    "stance": STANCES, "kind": KINDS, "named": ("true", "false", "True", "False"), "via": (), "refers": (),
}  # fmt: skip
OWN = ("uima.", "de.tudarmstadt.ukp.dkpro.core.api.metadata", "de.tudarmstadt.ukp.dkpro.core.api.segmentation")
TYPES = "TypeSystem.xml"


def _cassis() -> Any:
    try:
        import cassis
    except ImportError:
        raise ImportFailedError("reading and writing XMI needs dkpro-cassis: pip install 'allegedly[cas]'") from None
    return cassis


def read(path: Path) -> Imported:
    """Read a folder of XMI files, or one file."""
    cassis = _cassis()
    imported = Imported(CorpusRecord(name="xmi", version="1", license="unknown", canary=CANARY, annotated=FIELDS))
    for file in files(path, "*.xmi"):
        types = next((p for p in (file.parent / TYPES, file.parent / "typesystem.xml") if p.exists()), None)
        try:
            if types is None:
                raise ValueError(f"expected {TYPES} beside it")
            with types.open("rb") as one, file.open("rb") as other:
                cas = cassis.load_cas_from_xmi(other, typesystem=cassis.load_typesystem(one), lenient=True)
            text = cas.sofa_string
            if not isinstance(text, str) or not text.strip():
                raise ValueError("no text in it")
        except Exception as error:  # whatever a broken file makes the parser raise
            imported.skip(file, 0, "unreadable", f"{type(error).__name__}: {error}")
            continue
        imported.add(file.stem, text, _attributions(cas, text, file, imported), split=split_of(file))
    return imported


def _attributions(cas: Any, text: str, file: Path, imported: Imported) -> list[Attribution]:
    known = {t.name for t in cas.typesystem.get_types()}
    reported: set[str] = set()
    for annotation in cas.select_all_annotations():
        name = annotation.type.name
        if name not in (CLAIM, SOURCE, CUE) and not name.startswith(OWN) and name not in reported:
            reported.add(name)
            imported.skip(file, 0, "annotations of another type", name)
    parts: dict[str, dict[str, list[tuple[int, int]]]] = {}
    fields: dict[str, Any] = {}
    for role, kind in (("claim", CLAIM), ("source", SOURCE), ("cue", CUE)):
        for annotation in cas.select(kind) if kind in known else ():
            imported.lines += 1
            owners = str(getattr(annotation, "identifier" if role == "claim" else "claims", None) or "").split()
            if not owners:
                imported.skip(file, 0, f"a {role} of no attribution", f"{annotation.begin}-{annotation.end}")
                continue
            imported.used += 1
            for owner in owners:
                parts.setdefault(owner, {}).setdefault(role, []).append((int(annotation.begin), int(annotation.end)))
                if role == "claim":
                    fields.setdefault(owner, annotation)
    made: dict[str, Attribution] = {}
    for owner, roles in parts.items():
        placed = [spans(text, roles.get(role, [])) for role in ("source", "cue", "claim")]
        if owner not in fields or any(p is None for p in placed):
            imported.skip(file, 0, "no claim" if owner not in fields else "a span outside the text", owner)
            continue
        with imported.reporting(file, 0, "no attribution"):
            made[owner] = plain_attribution(owner, *(p or () for p in placed))
    for owner, attribution in made.items():
        given = {name: str(getattr(fields[owner], name, None) or "") for name in FEATURES}
        allowed = FEATURES | dict.fromkeys(LINKS, tuple(made))
        for name, value in given.items():
            if value and value not in allowed[name]:
                imported.lines += 1  # the rest of the annotation is kept, so this counts by itself
                imported.skip(file, 0, f"an unknown {name}", f"{owner}: {value}")
                given[name] = ""
        source = {"kind": given["kind"] or "unspecified", "named": given["named"].lower() == "true"}
        made[owner] = attribution.model_copy(
            update={
                "source": attribution.source.model_copy(update=source), "stance": given["stance"] or "none",
                **{link: given[link] or None for link in LINKS},
            }
        )  # fmt: skip
    return list(made.values())


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write an XMI file for each article and the type system beside them; gives what is left out."""
    cassis = _cassis()
    system = cassis.TypeSystem()
    for kind, features in (
        (CLAIM, ("identifier", "stance", "kind", "named", "via", "refers")),
        (SOURCE, ("claims",)),
        (CUE, ("claims",)),
    ):
        made = system.create_type(name=kind, supertypeName="uima.tcas.Annotation")
        for feature in features:
            system.create_feature(domainType=made, name=feature, rangeType="uima.cas.String")
    lost: list[Skipped] = []
    write_atomic(folder / TYPES, system.to_xml().encode())
    for article in articles:
        cas = cassis.Cas(typesystem=system)
        cas.sofa_string, cas.sofa_mime = article.text, "text/plain"
        shared: dict[tuple[str, int, int], list[str]] = {}
        for a in article.attributions:
            for s in a.claim.spans:
                cas.add(
                    system.get_type(CLAIM)(
                        begin=s.start, end=s.end, identifier=a.id, stance=a.stance, kind=a.source.kind,
                        named=str(a.source.named).lower(), via=a.via, refers=a.refers,
                    )
                )  # fmt: skip
            for kind, all_ in ((SOURCE, a.source.spans), (CUE, a.cue.spans)):
                for s in all_:
                    shared.setdefault((kind, s.start, s.end), []).append(a.id)
        for (kind, start, end), owners in shared.items():
            cas.add(system.get_type(kind)(begin=start, end=end, claims=" ".join(owners)))
        try:
            content = cas.to_xmi().encode()
        except ValueError as error:
            lost.append(Skipped(f"{article.id}.xmi", 0, "a text with characters that XML cannot hold", str(error)[:80]))
            continue
        write_atomic(folder / f"{article.id}.xmi", content)
        for a in article.attributions:
            if a.positions or a.source.entities:
                lost.append(Skipped(f"{article.id}.xmi", 0, "entities and positions", a.id))
    return lost
