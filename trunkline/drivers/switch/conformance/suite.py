"""A test class that a dialect's own tests inherit. Needs pytest and hypothesis, so no module imports it."""

from __future__ import annotations

from random import Random
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.drivers.switch.conformance.checks import CHECKS, Check, Subject
from trunkline.drivers.switch.conformance.device import DeviceModel
from trunkline.drivers.switch.dialect import Dialect

EXAMPLES = 30


def _named(*, by_chance: bool) -> pytest.MarkDecorator:
    checks = [check for check in CHECKS if check.by_chance is by_chance]
    return pytest.mark.parametrize("check", checks, ids=[check.name for check in checks])


class Conformance:
    """Inherit it and say what is tested; the class's name begins with ``Test``.

    Attributes:
        dialect: The dialect.
        device_model: Makes the played device it is tested against.
    """

    dialect: ClassVar[Dialect]
    device_model: ClassVar[DeviceModel]

    @_named(by_chance=False)
    def test_it_conforms(self, check: Check) -> None:
        """Run what needs no chance."""
        _insist(check, self._subject(), Random(0))  # noqa: S311  # nothing secret; these checks do not use it

    @_named(by_chance=True)
    def test_it_conforms_whatever_is_asked(self, check: Check) -> None:
        """Run the rest with many examples; the smallest one that fails is shown."""
        subject = self._subject()

        @settings(max_examples=EXAMPLES, deadline=None)
        @given(random=st.randoms(use_true_random=False))
        def try_one(random: Random) -> None:
            _insist(check, subject, random)

        try_one()

    def _subject(self) -> Subject:
        return Subject(dialect=self.dialect, model=self.device_model)


def _insist(check: Check, subject: Subject, random: Random) -> None:
    if found := list(check.run(subject, random)):
        raise AssertionError("\n".join([f"{check.promise}: no", *found]))
