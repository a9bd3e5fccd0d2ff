"""Takes secrets out of configuration text before it is kept. Pure; the record's backups go through it.

What is not a secret may go with one: a backup in the record shows what changed, it is nothing to restore from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

REMOVED = "<removed>"

_WORD = r"""
    pass(?:word|wd|phrase|code|key)s? | pwd | secrets? | keys?\d* | keystring | psk | cak | communit(?:y|ies)
    | authentication | auth | authorization | privacy | priv | md5 | sha\d* | cipher | credentials? | tokens? | pin
    | usm | ascii-text | hex
"""
_PART = "[A-Za-z0-9.]{1,40}"
_NAMES_A_SECRET = re.compile(
    rf"""
    (?P<kept> (?<![\w-]) _? (?:{_PART}[-_]){{0,6}} (?:{_WORD}) (?:[-_]{_PART}){{0,6}} ["':=]{{0,4}} \s+)
    (?!"{REMOVED}") (?P<rest>\S.*)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A word that is or has one of these between hyphens, and whatever follows it."""
_IS_SET = re.compile(
    rf"""(?P<kept> (?:{_WORD}) ["']? [=:>] \s* ) (?!\s|"{REMOVED}") (?P<rest>\S.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
"""``key=...``, ``"key":...`` and ``<key>...``, whatever stands before the word."""
_JSON = re.compile(
    rf"""(?P<kept> "[^"\s]{{0,60}}(?:{_WORD})" \s* : \s* ) (?!{REMOVED}) (?: "(?:[^"\\]|\\.)*" | [^\s,\[\]{{}}"]+ )""",
    re.VERBOSE | re.IGNORECASE,
)
"""There what follows the value is none of it, and has to stay JSON."""
_SNMP = re.compile(
    r"""
    (?P<kept>
        (?<![\w-])
        (?: snmp\S*\s+(?:host|target-host|user|v3|trap(?=\s+address\s))\s+\S+\s+ | trap-group\s+ )
    )
    (?P<rest>\S.*)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""The community of a host that gets traps stands there without its name; on Junos the group's name is one."""
_HASH = re.compile(r"\$[A-Za-z0-9._-]{1,10}\$\S+")
_URL = re.compile(r"(?P<kept>://[^\s/:@]{0,100}:)\S{1,200}(?=@)")
"""Up to the last ``@``: a password may have one, and a slash."""
_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


def redact(text: str) -> str:
    """Replace what may be a secret, line by line; the words before it stay.

    Passwords, keys, communities and hashes are found by the word in front of them or by their own form; a private key
    is taken out as a whole.
    """
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    inside = False
    for line in text.split("\n"):
        if inside:
            inside = _ENDS.search(line) is None
        elif begin := _BEGINS.search(line):
            inside = _ENDS.search(line) is None
            yield line[: begin.start()] + REMOVED
        else:
            yield _without_secrets(line)


def _without_secrets(line: str) -> str:
    line = _JSON.sub(rf'\g<kept>"{REMOVED}"', line)
    line = _URL.sub(rf"\g<kept>{REMOVED}", _HASH.sub(REMOVED, line))
    cuts = [found.start("rest") for each in (_NAMES_A_SECRET, _IS_SET, _SNMP) if (found := each.search(line))]
    return line[: min(cuts)] + REMOVED if cuts else line
