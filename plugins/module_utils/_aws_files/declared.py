# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validate declared sections of the AWS files and convert their values to the text AWS reads.

``declare`` turns a name and its settings into a ``WantedSection``: a mapping of ``KeyPath`` to ``Setting``, or to None
for a key that must be absent. It raises a LatchkeyError for anything that an AWS file cannot hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import LatchkeyError
from .._core.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "KEEP_EXISTING",
    "KEY_PAIR",
    "NEVER_LITERAL",
    "SESSION_TOKENS",
    "VARIABLES",
    "KeyPath",
    "Setting",
    "WantedSection",
    "declare",
]

VARIABLES = {
    "sso-session": "aws_config_sso_sessions",
    "profile": "aws_config_profiles",
    "credentials": "aws_config_credentials",
}

SESSION_TOKENS = {"aws_session_token", "aws_security_token"}
KEY_PAIR = {"aws_access_key_id", "aws_secret_access_key", *SESSION_TOKENS}
NEVER_LITERAL = KEY_PAIR - {"aws_access_key_id"}

_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_BLOCK_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\Z")
_ACCOUNT_KEYS = {"sso_account_id", "aws_account_id"}
_ACCOUNT = re.compile(r"\d{12}\Z")


@dataclass(frozen=True)
class KeyPath:
    """A key of a section, or with ``nested`` a key of the block under it (``s3.addressing_style``)."""

    key: str
    nested: str | None = None

    def __str__(self) -> str:
        return self.key if self.nested is None else f"{self.key}.{self.nested}"

    @classmethod
    def parse(cls, text: str) -> KeyPath:
        """Parse the text that ``str`` gives."""
        key, dot, nested = text.partition(".")
        return cls(key, nested if dot else None)


@dataclass(frozen=True)
class Setting:
    """The text to write; ``secret`` if it came from a source and is masked in diffs."""

    text: str = field(repr=False)
    secret: bool = False


KEEP_EXISTING = Setting("", secret=True)  # keep the value in the file, whatever it is


@dataclass(frozen=True)
class WantedSection:
    """A declared section.

    ``settings`` maps to None for a key that must be absent. An ``absent`` section is removed, a ``deferred`` one is not
    touched in this run because a value is missing.
    """

    kind: str
    name: str
    settings: Mapping[KeyPath, Setting | None] = field(default_factory=dict)
    absent: bool = False
    deferred: bool = False

    @property
    def item(self) -> str:
        return f"{self.kind} {self.name}"


def declare(
    kind: str, name: str, settings: Mapping[str, Any], *, absent: bool = False, deferred: bool = False
) -> WantedSection:
    """Validate ``settings``: text, numbers, booleans, lists, Secret, KEEP_EXISTING, None, or a dict of these (a block).

    Raises LatchkeyError with the variable, section and key.
    """
    entry = f"{VARIABLES[kind]}.{name}"
    if not name or name != name.strip() or _UNFIT.search(name) or set(name) & set("[]\t"):
        raise LatchkeyError(
            f"{VARIABLES[kind]} has a section name that an AWS file cannot hold",
            remedy="use a name without brackets, control characters, and spaces at its ends",
        )
    if kind == "credentials" and name == "DEFAULT":
        raise LatchkeyError(f"{entry} would apply to every profile of the file", remedy="name it default")
    wanted: dict[KeyPath, Setting | None] = {}
    for path, value in _flatten(settings, entry=entry):
        if path in wanted:
            raise LatchkeyError(
                f"{entry}.{path} is declared twice", remedy="keys are not case-sensitive: keep one of them"
            )
        wanted[path] = None if value is None else _setting(value, entry=f"{entry}.{path}", path=path)
    return WantedSection(kind, name, wanted, absent, deferred)


def _flatten(settings: Mapping[str, Any], *, entry: str) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in settings.items():
        if not _KEY.match(str(key)):
            raise LatchkeyError(f"{entry} has an invalid key", remedy="keys are letters, digits, _ and -")
        if not isinstance(value, dict):
            yield KeyPath(key.lower()), value
            continue
        for nested, inner in value.items():
            if not _BLOCK_KEY.match(str(nested)):
                raise LatchkeyError(f"{entry}.{key} has an invalid key", remedy="keys are letters, digits, . _ and -")
            yield KeyPath(key.lower(), nested), inner


def _setting(value: Any, *, entry: str, path: KeyPath) -> Setting:
    if isinstance(value, Setting):
        return value
    if isinstance(value, Secret):
        setting = Setting(_text(value, entry=entry), secret=True)
    elif path.key in NEVER_LITERAL:
        raise LatchkeyError(f"{entry} is a secret", remedy="declare it in aws_config_credentials, with its source")
    else:
        if path.key in _ACCOUNT_KEYS and not isinstance(value, str):
            raise LatchkeyError(f"{entry} is not text", remedy="write the account ID in quotes")
        setting = Setting(_literal(value, entry=entry))
    if _UNFIT.search(setting.text) or setting.text != setting.text.strip():
        raise LatchkeyError(
            f"{entry} is a value that an AWS file cannot hold", remedy="a value is one line without spaces at its ends"
        )
    if path.key in _ACCOUNT_KEYS and not _ACCOUNT.match(setting.text):
        raise LatchkeyError(
            f"{entry} is not an account ID of twelve digits", remedy="write all twelve digits, in quotes"
        )
    return setting


def _text(secret: Secret, *, entry: str) -> str:
    try:
        return secret.text()
    except LatchkeyError as error:
        raise LatchkeyError(f"{entry}: {error.message}", remedy="look at its source") from None


def _literal(value: Any, *, entry: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(_literal(part, entry=entry) for part in value)
    if isinstance(value, (str, int, float)):
        return str(value)
    raise LatchkeyError(
        f"{entry} is not a valid value", remedy="use text, a number, true or false, a list, or a mapping of these"
    )
