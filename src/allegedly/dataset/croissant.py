"""The Croissant description (MLCommons, version 1.0): files, and for each config the columns that are plain values or lists of them.

Columns of spans are left to the parquet schema: Croissant's reader cannot take lists of records with lists inside.
"""

from __future__ import annotations

from typing import Any

from allegedly.dataset.configs import CONFIGS, Config
from allegedly.dataset.features import List

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(manifest: dict[str, Any]) -> dict[str, Any]:
    """The description of a built dataset, from its manifest."""
    files, records = [], []
    for config in CONFIGS.values():
        for split, about in manifest["configs"].get(config.name, {}).items():
            name = f"{config.name}/{split}"
            files.append(
                {
                    "@type": "cr:FileObject",
                    "@id": name,
                    "name": name,
                    "contentUrl": f"data/{config.name}/{split}.parquet",
                    "encodingFormat": "application/x-parquet",
                    "sha256": about["parquet_sha256"],
                    "contentSize": f"{about['bytes']} B",
                }
            )
            records.append(
                {
                    "@type": "cr:RecordSet",
                    "@id": f"{name}/rows",
                    "name": f"{name}/rows",
                    "description": config.about,
                    "field": list(_fields(config, name)),
                }
            )
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest["name"],
        "description": "English news articles annotated for who says what, and whether they assert or deny it.",
        "version": manifest["version"],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "citeAs": f"{manifest['name']} {manifest['version']}: an annotated corpus of claims, stance and attribution in news",
        **({"datePublished": manifest["released"]} if manifest.get("released") else {}),
        "distribution": files,
        "recordSet": records,
    }


def _fields(config: Config, file: str) -> Any:
    for name, kind in config.columns.items():
        inner = kind.of if isinstance(kind, List) else kind
        if inner.croissant() is None:
            continue
        yield {
            "@type": "cr:Field",
            "@id": f"{file}/rows/{name}",
            "name": f"{file}/rows/{name}",
            "description": config.explained[name],
            "dataType": inner.croissant(),
            **({"repeated": True} if isinstance(kind, List) else {}),
            "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
        }
