# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of docs/uninstall.md: what they remove, what they keep, and which files they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.conftest import CHECKOUT
from tests.integration.remedies import commands, paste

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Person

DECLARED: dict[str, Any] = {
    "latchkey_credentials_mine": {
        "by_hand": {"keychain": {"service": "by-hand", "account": "me"}, "export": "BY_HAND", "required": False},
        "from_file": {
            "source": [{"file": "~/token"}],
            "keychain": {"service": "from-file", "account": "me"},
            "export": ["FROM_FILE", {"name": "FROM_FILE", "file": "~/jobs/x.env"}],
        },
    },
    "aws_config_profiles": {"dev": {"region": "eu-west-1"}},
    "latchkey_keychain_backend": "files",
}
UNINSTALL = CHECKOUT / "inventory/uninstall"
STORED = ".local/share/latchkey/keychain/by-hand+me"


def files(person: Person) -> set[str]:
    """Return the files of the home except those of the test, of Ansible and of the state folder."""
    skipped = ("inventory/", ".ansible/", "report.json", ".local/state/latchkey/")
    found: list[Path] = [path for path in person.home.rglob("*") if path.is_file()]
    names = (str(path.relative_to(person.home)) for path in found)
    return {name for name in names if not name.startswith(skipped)}


def test_uninstall_removes_everything_except_values_without_another_copy(person: Person) -> None:
    person.write("token", "value-from-a-file")
    zshrc = person.write(".zshrc", "# mine\n")
    person.write(".aws/config", "[profile other]\nregion = eu-west-1\n")
    before = files(person)
    person.declare(**DECLARED)
    assert person.play("playbooks/store.yml", "-e", "credential=by_hand", stdin="value-by-hand\n").returncode == 0
    assert person.play("bootstrap.yml").returncode == 0
    assert {"jobs/x.env", ".local/bin/latchkey-run", STORED} <= files(person) - before

    person.declare()
    for path in sorted(UNINSTALL.rglob("*.yml")):
        person.write(f"inventory/{path.relative_to(UNINSTALL)}", path.read_text())
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert files(person) - before == {STORED}
    assert zshrc.read_text() == "# mine\n"
    assert (person.home / ".aws/config").read_text() == "[profile other]\nregion = eu-west-1\n"
    assert (person.home / STORED).read_text() == "value-by-hand"
    (command,) = commands(done.stdout)
    assert "-e credential=by_hand -e state=absent" in command.replace("\\\n", "")
    done = paste(command, person)
    assert done.returncode == 0, command + done.stdout
    assert files(person) == before
