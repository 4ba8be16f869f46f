# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs that the modules share: members with their credentials, and the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AUTO", "BACKENDS", "SECURITY", "members_spec", "require_one_credential", "store_argument_spec"]

AUTO = "auto"
BACKENDS = ("keychain", "secret_service", "files")
SECURITY = "/usr/bin/security"

_SOURCE: dict[str, Any] = {
    "kind": {
        "type": "str",
        "required": True,
        "choices": ["env", "dotenv", "file", "json", "keychain", "vault", "ssm", "command"],
    },
    "name": {"type": "str"},
    "path": {"type": "str"},
    "key": {"type": "str", "no_log": False},
    "pointer": {"type": "str"},
    "service": {"type": "str"},
    "account": {"type": "str"},
    "argv": {"type": "list", "elements": "str"},
    "field": {"type": "str"},
    "version": {"type": "int"},
    "profile": {"type": "str"},
    "region": {"type": "str"},
    "base_url": {"type": "str"},
}

_KEYCHAIN: dict[str, Any] = {
    "service": {"type": "str", "required": True},
    "account": {"type": "str", "required": True},
    "label": {"type": "str"},
    "kind": {"type": "str"},
    "comment": {"type": "str"},
    "trusted_apps": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

_CREDENTIAL: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "about": {"type": "str", "default": ""},
    "sources": {"type": "list", "elements": "dict", "options": _SOURCE, "default": []},
    "keychain": {"type": "dict", "options": _KEYCHAIN, "no_log": False},
    "exports": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "file": {"type": "str"}},
    },
    "check": {"type": "dict"},
    "required": {"type": "bool", "default": True},
    "warn_before": {"type": "int", "default": 0},
    "category": {"type": "str", "default": ""},
    "rotate": {"type": "str", "default": ""},
    "consumers": {"type": "list", "elements": "str", "default": []},
}


def members_spec(**more: Any) -> dict[str, Any]:
    """Arguments of every module with ``members``; ``more`` are additional options of a member's entry."""
    return {
        "members": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "account": {"type": "str", "required": True},
                "credentials": {"type": "list", "elements": "dict", "options": _CREDENTIAL, "default": []},
                **more,
            },
        },
        "unserved": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
    }


def store_argument_spec() -> dict[str, Any]:
    """Arguments that choose and reach a member's store; documented in doc_fragments/store.py."""
    return {
        "backend": {"type": "str", "choices": [AUTO, *BACKENDS], "default": AUTO},
        "security": {"type": "path", "default": SECURITY},
    }


def require_one_credential(options: Mapping[str, Any]) -> str:
    """Name of the only credential that the options select, for a ``value`` given by hand.

    Raises LatchkeyError if the options select none or several.
    """
    only = options["credential"] or ""
    names = [
        each["name"] for entry in options["members"] for each in entry["credentials"] if only in ("", each["name"])
    ]
    if len(names) != 1:
        raise LatchkeyError("value is for one credential of one member", remedy="list one member, name credential")
    return str(names[0])
