"""UIMA CAS as XMI with its type system, as INCEpTION imports and exports it (through dkpro-cassis, the extra `cas`).

PATH is a folder of `.xmi` files with `TypeSystem.xml` beside them. Our layers: `webanno.custom.AttributionClaim` (identifier, stance, kind, named, via,
refers, part), `…AttributionSource` and `…AttributionCue`, each a span that names the record(s) that it belongs to in `claims`.
What maps: all of it; a role in several spans is several annotations of one identifier, as a CAS annotation is one stretch.
What is not there in files of other layers: nothing is guessed, an annotation of another type is reported once per type.
What is lost: in writing, nothing but entities and positions. UIMA counts UTF-16 units; dkpro-cassis maps them to code points and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, ImportFailedError, Skipped, files, plain_attribution, spans, split_of
from allegedly.schema import ANNOTATED, CANARY, KINDS, STANCES, AllegedlyError, Article, Attribution, CorpusRecord
from allegedly.store import write_atomic

PREFIX = "webanno.custom.Attribution"
CLAIM, SOURCE, CUE = f"{PREFIX}Claim", f"{PREFIX}Source", f"{PREFIX}Cue"
FIELDS = tuple(f for f in ANNOTATED if f not in ("entities", "positions", "narrator"))
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
    made: list[Attribution] = []
    for owner, roles in parts.items():
        placed = [spans(text, roles.get(role, [])) for role in ("source", "cue", "claim")]
        if owner not in fields or any(p is None for p in placed):
            imported.skip(file, 0, "no claim" if owner not in fields else "a span outside the text", owner)
            continue
        given = fields[owner]
        try:
            made.append(
                plain_attribution(
                    owner, *(p or () for p in placed),
                    stance=_of(getattr(given, "stance", None), STANCES, "none"),
                    kind=_of(getattr(given, "kind", None), KINDS, "unspecified"),
                    named=str(getattr(given, "named", "")).lower() == "true",
                    via=_link(given, "via", parts), refers=_link(given, "refers", parts),
                )
            )  # fmt: skip
        except (AllegedlyError, ValueError) as error:
            imported.skip(file, 0, "no attribution", f"{owner}: {error}")
    return made


def _of(value: Any, allowed: Iterable[str], otherwise: str) -> str:
    return str(value) if value in tuple(allowed) else otherwise


def _link(given: Any, name: str, known: dict[str, Any]) -> str | None:
    target = getattr(given, name, None)
    return str(target) if target in known else None


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write an XMI file for each article and the type system beside them; entities and positions are left out, and said."""
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
            if a.positions or a.source.entities:
                lost.append(Skipped(f"{article.id}.xmi", 0, "entities and positions", a.id))
        for (kind, start, end), owners in shared.items():
            cas.add(system.get_type(kind)(begin=start, end=end, claims=" ".join(owners)))
        write_atomic(folder / f"{article.id}.xmi", cas.to_xmi().encode())
    return lost
