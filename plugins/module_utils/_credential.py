# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one shape in which every module takes its members and their credentials."""

from __future__ import annotations

from typing import Any

__all__ = ["members_spec", "way_to_store"]

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
    """Arguments that every surface's module takes; ``more`` are further options of a member's entry."""
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


def way_to_store(name: str, user: str = "") -> str:
    """What a person types to put a value in; ``user`` where several members are served."""
    way = f"ansible-playbook playbooks/store.yml -e credential={name}"
    return f"{way} -e user={user}" if user else way
