"""The list of checks, and one way to run them; `trunkline drivers test` and the `suite` are behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from trunkline.drivers.switch.conformance import behaviour, ports, words
from trunkline.drivers.switch.conformance.bench import Bench
from trunkline.drivers.switch.conformance.device import DeviceModel
from trunkline.drivers.switch.conformance.samples import sample_port
from trunkline.drivers.switch.dialect import Dialect
from trunkline.orchestrator.models import PortName


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked. Without a device model only what the dialect would send is."""

    dialect: Dialect
    model: DeviceModel | None = None

    def bench(self) -> Bench:
        """Put it to work on a device as good as new.

        Raises:
            ValueError: there is no device model.
        """
        if self.model is None:
            raise ValueError("there is no device model")
        return Bench(dialect=self.dialect, model=self.model, device=self.model.empty())

    def places(self) -> tuple[PortName, str] | None:
        """Give a port and a parent of sub-interfaces, both named as the platform names them."""
        guess = sample_port(self.dialect)
        if self.model is None:
            return None if guess is None else (guess, guess)
        trunks = [PortName(name) for name in self.model.ports]
        parents = [name for name in self.model.gateways if name is not None]
        port = next(iter(trunks), PortName(parents[0]) if parents else guess)
        return None if port is None else (port, parents[0] if parents else port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be so. ``run`` gives what is wrong; it takes chance from outside."""

    name: str
    promise: str
    on_device: bool
    by_chance: bool
    run: Callable[[Subject, Random], Iterator[str]]


def _grammar(subject: Subject, random: Random) -> Iterator[str]:
    del random
    return words.grammar(subject.dialect, {} if subject.model is None else subject.model.prompts)


def _with_places(
    check: Callable[[Dialect, PortName, str, Random], Iterator[str]], subject: Subject, random: Random
) -> Iterator[str]:
    places = subject.places()
    if places is None:
        yield "no way of naming ports is known to its phrases; bring a device model, which names some"
        return
    yield from check(subject.dialect, *places, random)


def _on_device(
    check: Callable[[behaviour.MakeBench, Random], Iterator[str]], subject: Subject, random: Random
) -> Iterator[str]:
    return check(subject.bench, random)


def _word_check(
    name: str, promise: str, check: Callable[[Dialect, PortName, str, Random], Iterator[str]]
) -> Check:
    run = partial(_with_places, check)
    return Check(name=name, promise=promise, on_device=False, by_chance=True, run=run)


def _device_check(
    name: str,
    promise: str,
    check: Callable[[behaviour.MakeBench, Random], Iterator[str]],
    *,
    by_chance: bool = False,
) -> Check:
    run = partial(_on_device, check)
    return Check(name=name, promise=promise, on_device=True, by_chance=by_chance, run=run)


CHECKS = (
    Check(
        name="grammar",
        promise="its patterns know what they must and no more",
        on_device=False,
        by_chance=False,
        run=_grammar,
    ),
    _word_check(
        "lines", "for any VLAN and name every line passes the guards and is short enough", words.lines
    ),
    _word_check("rails", "the guards can tell every line from one about something else", words.rails),
    _device_check("round-trip", "what is wanted is there afterwards", behaviour.round_trip, by_chance=True),
    _device_check("idempotence", "the second time nothing is sent", behaviour.idempotence),
    _device_check("inverse", "removing undoes adding", behaviour.inverse),
    _device_check("neighbours", "other VLANs and ports stay as they are", behaviour.neighbours),
    _device_check("open-trunks", "a trunk that carries every VLAN is not touched", ports.open_trunks),
    _device_check("adoption", "a port is made a trunk whole or not at all", ports.adoption),
    _device_check("refusals", "a refused line is told, never taken for done", behaviour.refusals),
    _device_check("unreadable", "what is no answer is never believed", behaviour.unreadable),
    _device_check("saving", "saving is confirmed", behaviour.saving),
    _device_check("forgetting", "a neighbor is forgotten alone, or not at all", behaviour.forgetting),
)


def complaints(check: Check, subject: Subject, random: Random) -> list[str]:
    """Run a check to its end; an exception of the dialect or its device model is a complaint as well."""
    found: list[str] = []
    try:
        found.extend(check.run(subject, random))
    except Exception as error:  # noqa: BLE001  # a plug-in's code may raise anything
        found.append(f"{type(error).__name__}: {error}")
    return found
