# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared sections of the AWS files: what can stand there at all, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["KEPT", "NEVER_LITERAL", "PARTS_OF_A_KEY", "TOKENS", "VARIABLES", "Place", "Setting", "Wanted", "declare"]

VARIABLES = {
    "sso-session": "aws_config_sso_sessions",
    "profile": "aws_config_profiles",
    "credentials": "aws_config_credentials",
}

TOKENS = {"aws_session_token", "aws_security_token"}
PARTS_OF_A_KEY = {"aws_access_key_id", "aws_secret_access_key", *TOKENS}
NEVER_LITERAL = PARTS_OF_A_KEY - {"aws_access_key_id"}

_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_BLOCK_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\Z")
_ACCOUNT = re.compile(r"\d{12}\Z")


@dataclass(frozen=True)
class Place:
    """A key, or what stands ``below`` it in its block."""

    key: str
    below: str | None = None

    def __str__(self) -> str:
        return self.key if self.below is None else f"{self.key}.{self.below}"

    @classmethod
    def of(cls, text: str) -> Place:
        key, dot, below = text.partition(".")
        return cls(key, below if dot else None)


@dataclass(frozen=True)
class Setting:
    """A wanted value."""

    text: str = field(repr=False)
    secret: bool = False


KEPT = Setting("", secret=True)  # whatever stands there


@dataclass(frozen=True)
class Wanted:
    """A declared section; None stands for a key that has to be absent, ``held`` for: leave as it is this time."""

    kind: str
    name: str
    settings: Mapping[Place, Setting | None] = field(default_factory=dict)
    absent: bool = False
    held: bool = False

    @property
    def item(self) -> str:
        return f"{self.kind} {self.name}"


def declare(kind: str, name: str, settings: Mapping[str, Any], *, absent: bool = False, held: bool = False) -> Wanted:
    """The section of ``settings``: text, numbers, booleans, lists, Secret, KEPT, None, or a block of these."""
    entry = f"{VARIABLES[kind]}.{name}"
    if not name or name != name.strip() or _UNFIT.search(name) or set(name) & set("[]\t"):
        raise LatchkeyError(
            f"{VARIABLES[kind]} has a name that no AWS file can hold",
            remedy="leave out brackets and control characters",
        )
    if kind == "credentials" and name == "DEFAULT":
        raise LatchkeyError(f"{entry} would count for every profile of the file", remedy="name it default")
    wanted: dict[Place, Setting | None] = {}
    for place, value in _places(settings, entry=entry):
        if place in wanted:
            raise LatchkeyError(f"{entry}.{place} is declared twice", remedy="keys have no upper and lower case here")
        wanted[place] = None if value is None else _setting(value, entry=f"{entry}.{place}", place=place)
    return Wanted(kind, name, wanted, absent, held)


def _places(settings: Mapping[str, Any], *, entry: str) -> Iterator[tuple[Place, Any]]:
    for key, value in settings.items():
        if not _KEY.match(str(key)):
            raise LatchkeyError(f"{entry} has a key that is no word", remedy="keys are letters, digits, _ and -")
        if not isinstance(value, dict):
            yield Place(key.lower()), value
            continue
        for below, inner in value.items():
            if not _BLOCK_KEY.match(str(below)):
                raise LatchkeyError(
                    f"{entry}.{key} has a key that is no word", remedy="keys are letters, digits, . _ and -"
                )
            yield Place(key.lower(), below), inner


def _setting(value: Any, *, entry: str, place: Place) -> Setting:
    if isinstance(value, Setting):
        return value
    if isinstance(value, Secret):
        setting = Setting(_text(value, entry=entry), secret=True)
    elif place.key in NEVER_LITERAL:
        raise LatchkeyError(f"{entry} is a secret", remedy="declare it in aws_config_credentials, with its source")
    else:
        setting = Setting(_literal(value, entry=entry))
    if _UNFIT.search(setting.text) or setting.text != setting.text.strip():
        raise LatchkeyError(
            f"{entry} cannot stand in an AWS file", remedy="a value is one line, with no space at its ends"
        )
    if place.key == "sso_account_id" and not _ACCOUNT.match(setting.text):
        raise LatchkeyError(f"{entry} is no account of twelve digits", remedy="quote it: YAML eats a leading zero")
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
        f"{entry} is no value", remedy="write text, a number, true or false, a list or a block of these"
    )
