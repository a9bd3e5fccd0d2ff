"""What a fault file may say: the ways in which real switches make life hard.

latency_ms: 5               # every answer travels that long
slow_ms: 20                 # the switch thinks that long about every line
vty_lines: 5                # more sessions than that at a time are refused
refuse_logins_after: 3      # and after so many logins every further one
bad_password: true          # the right password is wrong, too
echo: false                 # what is typed is not shown
bytewise: true              # every byte of output travels alone
change_host_key_after: 1    # after so many logins it shows another host key
events:                     # things that happen once (or `times: N`, 0 for ever) to one session
  - {line: 7, do: drop}                             # the 7th line of a session ends it, executed
  - {line: 7, do: drop, when: before}               # ... not executed
  - {matching: "^vlan 10", do: reject, text: "% Failed to create VLANs 10"}
  - {matching: "^no vlan", do: confirm, text: "Really?"}
  - {matching: "show vlan", do: syslog, text: "%LINK-3-UPDOWN: Interface Gi1/0/1, changed state to up"}
  - {matching: "show vlan", do: garbage}            # bytes that are no UTF-8 in the middle of the output
  - {matching: "switchport", do: leave_config}      # thrown out of configuration mode after the line
  - {line: 3, do: freeze}                           # it never answers again
  - {line: 3, do: delay, seconds: 2}
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from trunkline.orchestrator.errors import ConfigError

Action = Literal["drop", "freeze", "syslog", "confirm", "reject", "garbage", "leave_config", "delay"]


class Event(BaseModel):
    """Something that happens at a line.

    Attributes:
        line: The how-manieth line of a session, from 1.
        matching: Or a regular expression the line must contain.
        do: What happens.
        when: Before the line is executed (and instead of it, for ``drop`` and ``freeze``), or after.
        text: What is printed (``syslog``, ``confirm``, ``reject``).
        seconds: For ``delay``.
        times: How often it happens, counted over all sessions; 0 is for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: PositiveInt | None = None
    matching: str | None = None
    do: Action
    when: Literal["before", "after"] = "after"
    text: str = ""
    seconds: Annotated[float, Field(ge=0)] = 0
    times: NonNegativeInt = 1

    @model_validator(mode="after")
    def _one_trigger(self) -> Self:
        if (self.line is None) == (self.matching is None):
            raise ValueError("give either `line` or `matching`")
        if self.matching is not None:
            try:
                re.compile(self.matching)
            except re.error as error:
                raise ValueError(f"`matching` is no regular expression: {error}") from None
        return self

    def happens(self, number: int, line: str) -> bool:
        """Whether it happens at this line."""
        if self.matching is not None:
            return re.search(self.matching, line) is not None
        return number == self.line


class Faults(BaseModel):
    """A fault file; without arguments, a healthy switch. The module's text explains every key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: Annotated[float, Field(ge=0)] = 0
    slow_ms: Annotated[float, Field(ge=0)] = 0
    vty_lines: PositiveInt = 16
    refuse_logins_after: NonNegativeInt | None = None
    bad_password: bool = False
    echo: bool = True
    bytewise: bool = False
    change_host_key_after: PositiveInt | None = None
    events: tuple[Event, ...] = ()


def load(path: Path) -> Faults:
    """Read a fault file.

    Raises:
        ConfigError: It cannot be read or says something unknown; the message names the file and the keys.
    """
    try:
        content = YAML(typ="safe").load(path.read_text())
        return Faults.model_validate({} if content is None else content)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"it cannot be read: {error}", subject=f"fault file {path}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ConfigError(
            problems, subject=f"fault file {path}", fix="see trunkline/lab/switch/faults.py"
        ) from error
