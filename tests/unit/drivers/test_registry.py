"""Which dialects there are, and that no code of a plug-in runs that nobody named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.plugins import install
from trunkline.drivers.registry import device_models, dialect, registrations
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.orchestrator.errors import UnknownPlatform

WRITTEN = "class Odd:\n    platform = 'odd_os'\n    blind = True\n"


def add(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.syspath_prepend(folder)


def test_our_own_dialect_is_found_and_loaded() -> None:
    assert "cisco_ios" in {each.platform for each in registrations()}
    assert isinstance(dialect("cisco_ios", allowed={"cisco_ios"}), CiscoIos)


def test_a_plug_in_that_nobody_allowed_is_listed_and_its_code_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = "[trunkline.dialects]\nodd_os = odd_one:Odd\n[trunkline.device_models]\nodd_os = odd_one:Odd\n"
    add(monkeypatch, install(tmp_path, "odd", points, {"odd_one": WRITTEN}))

    (found,) = (each for each in registrations() if each.platform == "odd_os")
    with pytest.raises(UnknownPlatform, match="installed but not allowed; name it in TRUNKLINE_DIALECTS"):
        dialect("odd_os", allowed={"cisco_ios"})
    assert device_models("odd_os", allowed={"cisco_ios"}) == {}

    assert found.source == "odd 1"
    assert "odd_one" not in sys.modules


def test_a_name_that_two_packages_register_means_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = "[trunkline.dialects]\ncisco_ios = thief:Odd\n"
    add(monkeypatch, install(tmp_path, "thief", points, {"thief": WRITTEN}))

    with pytest.raises(UnknownPlatform, match=r"is registered by thief 1 and trunkline [0-9.]+; uninstall"):
        dialect("cisco_ios", allowed={"cisco_ios"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import not_installed\n", "ModuleNotFoundError"),
        ("Odd = 1\n", "TypeError"),
        (
            "class Odd:\n    def __init__(self): raise RuntimeError('\\x1b[2Jgone')\n",
            r"RuntimeError: .x1b\[2Jgone",
        ),
    ],
)
def test_a_plug_in_whose_code_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    module = f"faulty_{abs(hash(text))}"
    points = f"[trunkline.dialects]\nodd_os = {module}:Odd\n"
    add(monkeypatch, install(tmp_path, "odd", points, {module: text}))

    with pytest.raises(UnknownPlatform, match=rf"platform odd_os: cannot be loaded: {words}.*odd 1"):
        dialect("odd_os", allowed={"odd_os"})


def test_a_platform_that_nobody_brings_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownPlatform, match=r"has no dialect; installed are: .*cisco_ios"):
        dialect("none_os", allowed={"none_os"})
