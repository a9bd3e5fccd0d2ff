from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from trunkline.lab.switch import faults
from trunkline.lab.switch.faults import Faults
from trunkline.orchestrator.errors import ConfigError


def test_the_example_in_the_documentation_is_a_fault_file(tmp_path: Path) -> None:
    example = inspect.cleandoc((faults.__doc__ or "").partition("\n\n")[2])
    path = tmp_path / "faults.yaml"
    path.write_text(example)

    loaded = faults.load(path)

    assert loaded.vty_lines == 5
    assert {event.do for event in loaded.events} == {
        *("drop", "reject", "confirm", "syslog", "garbage", "leave_config", "freeze", "delay")
    }
    assert set(re.findall(r"^(\w+):", example, re.MULTILINE)) == set(Faults.model_fields)


def test_an_empty_file_is_a_healthy_switch(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("")
    assert faults.load(path) == Faults()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slow: 5", "slow: Extra inputs are not permitted"),
        ("events: [{do: drop}]", "give either `line` or `matching`"),
        ("events: [{line: 1, matching: x, do: drop}]", "give either `line` or `matching`"),
        ("events: [{matching: '(', do: drop}]", "no regular expression"),
        ("events: [{line: 1, do: explode}]", "events.0.do"),
        ("events: [", "it cannot be read"),
        ("- 1", "valid dictionary"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"fault file .*faults\.yaml") as caught:
        faults.load(path)
    assert words in str(caught.value)
