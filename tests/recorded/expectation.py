"""What a capture must be read as: the YAML file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def expected(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["parsed_sample"]
    return rows
