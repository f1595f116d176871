"""The dataset card: YAML that every version of `datasets` reads, and the datasheet's sections; and a lint of it.

Each config's entry has the corpus's version and a digest of its rows: `datasets` caches a local folder under the card's YAML alone, and would
else serve the rows of yesterday, or of another checkout of the same name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from allegedly.dataset.configs import CONFIGS
from allegedly.schema import CANARY
from allegedly.store import Corpus

#: Heading of the card -> heading of the datasheet (corpus/README.md) whose text it has.
SECTIONS = {
    "Curation rationale": "Why it exists",
    "Source data and producers": "How the texts came to be",
    "Annotation process and annotators": "How the annotations came to be",
    "Measured against people": "Is it circular? What was measured against people, and against itself",
    "Uses and out-of-scope use": "Uses, and what it is not for",
    "Bias, risks and limits": "Known weaknesses",
    "What the gold holds": "What the gold holds",
}
REQUIRED = (
    *SECTIONS,
    "Loading",
    "Structure",
    "Language variety",
    "Personal and sensitive information",
    "Citation",
    "Contact",
)
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]+\)")


def front(manifest: dict[str, Any]) -> dict[str, Any]:
    """The card's YAML, as data."""
    configs, infos = [], []
    for name, config in CONFIGS.items():
        splits = manifest["configs"].get(name, {})
        if not splits:
            continue
        marks = " ".join(f"{s}:{about['sha256'][:16]}" for s, about in splits.items())
        configs.append(
            {
                "config_name": name,
                **({"default": True} if name == "articles" else {}),
                "version": ".".join(([*manifest["version"].split("."), "0", "0"])[:3]),
                "description": f"{config.about} [{marks}]",
                "data_files": [{"split": s, "path": f"data/{name}/{s}.parquet"} for s in splits],
            }
        )
        size = sum(about["bytes"] for about in splits.values())
        infos.append(
            {
                "config_name": name,
                "features": [{"name": column, **kind.yaml()} for column, kind in config.columns.items()],
                "splits": [
                    {"name": s, "num_bytes": about["bytes"], "num_examples": about["rows"]}
                    for s, about in splits.items()
                ],
                "download_size": size,
                "dataset_size": size,
            }
        )
    rows = sum(about["rows"] for about in manifest["configs"]["stance"].values())
    return {
        "language": ["en"],
        "license": "cc-by-4.0",
        "pretty_name": "allegedly: who says what, and do they assert it or deny it?",
        "size_categories": [next(name for most, name in SIZES if rows < most)],
        "source_datasets": ["original"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "task_categories": ["token-classification", "text-classification"],
        "tags": ["attribution", "stance", "claims", "quotation", "news", "croissant"],
        "configs": configs,
        "dataset_info": infos,
    }


def card(corpus: Corpus, manifest: dict[str, Any]) -> str:
    """The card of a built dataset."""
    import yaml

    head = yaml.safe_dump(front(manifest), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n\n{_body(corpus, manifest)}"


def _body(corpus: Corpus, manifest: dict[str, Any]) -> str:
    sheet = _datasheet(corpus.path("corpus", "README.md"))
    varieties = sorted({r.variety for r in corpus.records.values()})
    parts = [
        f"# {corpus.info.name}\n\n**Who says what, and do they assert it or deny it?** English news articles, each attribution with its source, the words that\n"
        "attribute, the claim, the stance (assert, deny, none), and through whom it reached us. Articles and annotations are written by language\n"
        f"models, in a fictional world. Corpus {manifest['corpus']}.",
        "## Loading\n\n```python\nfrom datasets import load_dataset\n\n"
        'stance = load_dataset("PATH/OR/NAME", "stance")          # no scripts, no trust_remote_code\n'
        'print(stance["train"][0]["claim"], stance["train"].features["label"].int2str(stance["train"][0]["label"]))\n```\n\n'
        'Or `pip install allegedly` and `allegedly.load("stance")`: string labels, no download. Offsets count Unicode code points of the row\'s `text`.',
        _structure(manifest),
        f"## Language variety\n\nEnglish: {', '.join(varieties)}; edited written news.",
    ]
    for heading, theirs in SECTIONS.items():
        parts.append(f"## {heading}\n\n{sheet.get(theirs) or 'The corpus has no datasheet for this.'}")
    parts += [
        "## Personal and sensitive information\n\nEvery person, body, company, outlet and country in the texts is invented. There are no data of real people.",
        f"## Citation\n\nThe allegedly authors: *{corpus.info.name} {manifest['version']}: an annotated corpus of claims, stance and attribution in news*. Corpus {manifest['corpus']}.",
        "## Contact\n\nMistakes in texts or labels: open an issue in the project's repository with the article's and the attribution's id.",
        f"<!-- {CANARY} -->\n",
    ]
    return "\n\n".join(parts)


def _structure(manifest: dict[str, Any]) -> str:
    made = ["## Structure"]
    for name in CONFIGS:
        splits = manifest["configs"].get(name, {})
        sizes = ", ".join(f"{about['rows']:,} {s}" for s, about in splits.items())
        made.append(f"{columns(name)}\n\nRows: {sizes or 'none yet'}.")
    return "\n\n".join(made)


def columns(name: str) -> str:
    """A config's section: what its rows are, and each column."""
    config = CONFIGS[name]
    rows = [f"| `{column}` | {words} |" for column, words in config.explained.items()]
    table = "\n".join(["| column | what |", "|---|---|", *rows])
    about = f"{config.about[0].upper()}{config.about[1:]}" + ("" if config.about.endswith("?") else ".")
    return f"### {name}\n\n{about}\n\n{table}"


def _datasheet(path: Path) -> dict[str, str]:
    """The datasheet's sections by heading, without comments and relative links."""
    if not path.exists():
        return {}
    text = re.sub(r"<!--.*?-->\n?", "", path.read_text("utf-8"), flags=re.DOTALL)
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {
        heading.strip(): LINK.sub(r"\1", body).strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def lint(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """What is wrong with a built card: keys, sections, features that are not the files', counts that are not theirs."""
    import yaml

    text = (folder / "README.md").read_text("utf-8")
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not found:
        return ["no YAML at the top of the card"]
    data = yaml.safe_load(found[1])
    wrong = [
        f"no key {key!r}"
        for key in ("language", "license", "size_categories", "configs", "dataset_info")
        if key not in data
    ]
    wrong += [f"no section {heading!r}" for heading in REQUIRED if f"\n## {heading}\n" not in text]
    if CANARY not in text:
        wrong.append("no canary")
    if data.get("license") != "cc-by-4.0":
        wrong.append(f"license: expected the hub's id cc-by-4.0, got {data.get('license')!r}")
    if [c["config_name"] for c in data.get("configs", ())] != [n for n in CONFIGS if n in manifest["configs"]]:
        wrong.append("configs are not those of the package")
    for info in data.get("dataset_info", ()):
        name = info["config_name"]
        for split in info["splits"]:
            stated = manifest["configs"].get(name, {}).get(split["name"], {}).get("rows")
            if stated != split["num_examples"]:
                wrong.append(
                    f"{name}/{split['name']}: the card has {split['num_examples']} rows, the manifest {stated}"
                )
        wrong += _features(folder, name, info)
    return wrong


def _features(folder: Path, name: str, info: dict[str, Any]) -> list[str]:
    """Whether the card's columns are those of the parquet files."""
    import pyarrow.parquet as pq

    wrong = []
    for split in info["splits"]:
        columns = pq.read_schema(folder / "data" / name / f"{split['name']}.parquet").names
        if columns != [f["name"] for f in info["features"]]:
            wrong.append(f"{name}/{split['name']}: the card's columns are not the file's")
    return wrong
