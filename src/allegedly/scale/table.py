"""Annotated articles as an Arrow table, built column by column: `Table.from_pylist` takes four times as long over nested records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from allegedly.dataset.configs import ATTRIBUTION
from allegedly.dataset.features import SPAN, STRING, List, Struct
from allegedly.schema import Article, Spans

#: Labels by name, as in the records, so that SQL reads them.
RECORD = Struct({**ATTRIBUTION.fields, "kind": STRING, "stance": STRING})
OWN = {"id": STRING, "attributions": List(RECORD), "error": STRING, "system": STRING}


class Made(NamedTuple):
    """A row of the output: the article with its attributions, or what went wrong."""

    id: str
    article: Article | None
    error: str | None
    kept: dict[str, Any]


def schema(kept: Any) -> Any:
    """The Arrow schema of the output: our columns, then the kept ones, those named as ours with `input_` before it."""
    import pyarrow as pa

    own = [pa.field(name, kind.arrow()) for name, kind in OWN.items()]
    return pa.schema([*own, *(f.with_name(f"input_{f.name}") if f.name in OWN else f for f in kept)])


def table(rows: Sequence[Made], system: str, kept: Any) -> Any:
    """Rows as a table of that schema."""
    import pyarrow as pa

    columns = [
        _array([r.id for r in rows], pa.string()),
        _attributions([r.article for r in rows]),
        _array([r.error for r in rows], pa.string()),
        pa.array([system] * len(rows), pa.string()),
        *(_array([r.kept[f.name] for r in rows], f.type) for f in kept),
    ]
    return pa.table(columns, schema=schema(kept))


def _array(values: list[Any], kind: Any) -> Any:
    """An Arrow array. Names of files and strings of JSON may hold a surrogate that stands alone, which no Parquet file can: `?` takes its place."""
    import pyarrow as pa

    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in values], kind)


def _attributions(articles: Sequence[Article | None]) -> Any:
    import pyarrow as pa

    fields = RECORD.arrow()
    flat: dict[str, list[Any]] = {f.name: [] for f in fields}
    spans = {role: _SpanLists() for role in ("source", "cue", "claim")}
    offsets = [0]
    for article in articles:
        for a in article.attributions if article else ():
            text = article.text if article else ""
            for role, some in (("source", a.source.spans), ("cue", a.cue.spans), ("claim", a.claim.spans)):
                spans[role].add(text, some)
            values = (a.id, a.source.kind, a.source.named, list(a.source.entities), a.stance, a.via, a.refers)
            for name, value in zip(("id", "kind", "named", "entities", "stance", "via", "refers"), values, strict=True):
                flat[name].append(value)
            flat["positions"].append([{"proposition": p.proposition, "polarity": p.polarity} for p in a.positions])
        offsets.append(len(flat["id"]))
    arrays = [spans[f.name].array() if f.name in spans else pa.array(flat[f.name], f.type) for f in fields]
    structs = pa.StructArray.from_arrays(arrays, fields=list(fields))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs, type=pa.list_(fields))


class _SpanLists:
    """The spans of one role, of many attributions one after the other."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._texts: list[str] = []
        self._offsets = [0]

    def add(self, text: str, spans: Spans) -> None:
        for s in spans:
            self._starts.append(s.start)
            self._ends.append(s.end)
            self._texts.append(text[s.start : s.end])
        self._offsets.append(len(self._starts))

    def array(self) -> Any:
        import pyarrow as pa

        kind = SPAN.arrow()
        columns = [
            pa.array(self._starts, pa.int32()),
            pa.array(self._ends, pa.int32()),
            pa.array(self._texts, pa.string()),
        ]
        structs = pa.StructArray.from_arrays(columns, fields=list(kind))
        return pa.ListArray.from_arrays(pa.array(self._offsets, pa.int32()), structs, type=pa.list_(kind))
