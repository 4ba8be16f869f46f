# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Common main function of the modules: load libraries, run work for every member, build the module result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .._clients import aws_session
from .._core.errors import LatchkeyError
from .._core.report import MemberResult, Report, module_result
from .._members.serve import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.member import Member

    Entry = dict[str, Any]

__all__ = ["reads_ssm", "run_surface", "serve_reports"]


def run_surface(
    surface: str,
    *,
    serve_members: Callable[[], Mapping[str, Report]],
    needs_botocore: Callable[[], bool],
    unserved: str,
) -> dict[str, Any]:
    """Build the result of the module ``surface``; a LatchkeyError makes it a failed one.

    botocore is imported before the members are served, since a member's process cannot import it any more.
    """
    try:
        if needs_botocore():
            aws_session.load()
        return module_result(surface, serve_members(), unserved=unserved)
    except LatchkeyError as error:
        return {"failed": True, "msg": str(error)}


def serve_reports(members: Sequence[Entry], work: Callable[[Member, Entry], Report]) -> dict[str, Report]:
    """Run ``work(member, entry)`` as each member; the reports by roster name."""
    served = serve(members, lambda member, entry: MemberResult(work(member, entry)))
    return {name: result.report for name, result in served.items()}


def reads_ssm(credentials: Sequence[Mapping[str, Any]]) -> bool:
    """True if a source of ``credentials`` reads AWS Systems Manager."""
    return any(source["kind"] == "ssm" for credential in credentials for source in credential["sources"])
