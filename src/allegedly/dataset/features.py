"""Types of dataset columns, each in the four languages that need them: Arrow, `datasets` (the dialect that 2.14 to 5.x read), card YAML, Croissant.

A list is a bare JSON list in the dialect, never `{"_type": "List"}`, which versions before 4.0 cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Type:
    """A column's type."""

    def arrow(self) -> Any:
        """The pyarrow type."""
        raise NotImplementedError

    def hub(self) -> Any:
        """The feature, as the parquet schema's metadata states it."""
        raise NotImplementedError

    def yaml(self) -> dict[str, Any]:
        """The keys beside `name` in the card's `dataset_info`."""
        raise NotImplementedError

    def element(self) -> Any:
        """What stands under `list:` in the card."""
        (value,) = self.yaml().values()
        return value

    def croissant(self) -> str | None:
        """The Croissant data type; None where the column is structured."""
        return None


@dataclass(frozen=True)
class Value(Type):
    """A string, a number or a truth value."""

    dtype: str = "string"

    def arrow(self) -> Any:
        """The pyarrow type."""
        import pyarrow as pa

        return {"string": pa.string(), "int32": pa.int32(), "bool": pa.bool_()}[self.dtype]

    def hub(self) -> Any:
        """A `Value`."""
        return {"dtype": self.dtype, "_type": "Value"}

    def yaml(self) -> dict[str, Any]:
        """`dtype: string`."""
        return {"dtype": self.dtype}

    def croissant(self) -> str | None:
        """The schema.org type."""
        return {"string": "sc:Text", "int32": "sc:Integer", "bool": "sc:Boolean"}[self.dtype]


@dataclass(frozen=True)
class Label(Type):
    """A class label: a number in the file, its name in rows."""

    names: tuple[str, ...]

    def arrow(self) -> Any:
        """A 64-bit number."""
        import pyarrow as pa

        return pa.int64()

    def hub(self) -> Any:
        """A `ClassLabel`."""
        return {"names": list(self.names), "_type": "ClassLabel"}

    def yaml(self) -> dict[str, Any]:
        """`dtype: {class_label: {names: …}}`."""
        return {"dtype": {"class_label": {"names": {str(n): name for n, name in enumerate(self.names)}}}}

    def croissant(self) -> str | None:
        """A number."""
        return "sc:Integer"


@dataclass(frozen=True)
class Struct(Type):
    """Named fields."""

    fields: Mapping[str, Type]

    def arrow(self) -> Any:
        """A struct."""
        import pyarrow as pa

        return pa.struct([pa.field(name, kind.arrow()) for name, kind in self.fields.items()])

    def hub(self) -> Any:
        """A mapping of features."""
        return {name: kind.hub() for name, kind in self.fields.items()}

    def yaml(self) -> dict[str, Any]:
        """`struct: […]`."""
        return {"struct": [{"name": name, **kind.yaml()} for name, kind in self.fields.items()]}


@dataclass(frozen=True)
class List(Type):
    """Any number of one type."""

    of: Type

    def arrow(self) -> Any:
        """A list."""
        import pyarrow as pa

        return pa.list_(self.of.arrow())

    def hub(self) -> Any:
        """A bare list."""
        return [self.of.hub()]

    def yaml(self) -> dict[str, Any]:
        """`list: …`."""
        return {"list": self.of.yaml() if isinstance(self.of, List) else self.of.element()}


STRING, INT, BOOL = Value(), Value("int32"), Value("bool")
SPAN = Struct({"start": INT, "end": INT, "text": STRING})
SPANS = List(SPAN)


def schema(columns: Mapping[str, Type]) -> Any:
    """The Arrow schema of some columns, with their features in its metadata."""
    import json

    import pyarrow as pa

    about = {"info": {"features": {name: kind.hub() for name, kind in columns.items()}}}
    fields = [pa.field(name, kind.arrow()) for name, kind in columns.items()]
    return pa.schema(fields, metadata={"huggingface": json.dumps(about)})


def encode(kind: Type, value: Any) -> Any:
    """A row's value as the file has it: label names become numbers."""
    if isinstance(kind, Label):
        return kind.names.index(value)
    if isinstance(kind, List):
        return [encode(kind.of, x) for x in value]
    if isinstance(kind, Struct):
        return {name: encode(inner, value[name]) for name, inner in kind.fields.items()}
    return value
