# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports of one member: files written, files left alone, report rows."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.converge import Exports
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.managed_files import ManagedFiles
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files as host_files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

from tests.builders import LookupResolver, credential, programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUE = "the-value-of-it"


def exported(name: str, *exports: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    rows = [export if isinstance(export, dict) else {"name": export} for export in exports]
    item = {"service": f"{name}-item", "account": "me"}
    return credential(name, exports=rows, **{"keychain": item, **more})


def env(name: str, path: str = "~/jobs/app.env") -> dict[str, str]:
    return {"name": name, "file": path}


class Home:
    """A home, the values of its credentials, and the exports surface over both."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, LookupResult] = {}
        self.find_zdotdir: Callable[[], str] | None = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def converge(self, *credentials: dict[str, Any], check_mode: bool = False, **options: bool) -> Report:
        report = Report()
        state = State(str(self.path), check_mode=check_mode)
        with state.lock():
            files = ManagedFiles(report, state, home=str(self.path), check_mode=check_mode)
            kept = lambda service, account: ("kept", f"{self.path}/kept/{service}")  # noqa: E731
            resolver = LookupResolver(value=self.value_of)
            find = self.find_zdotdir or (lambda: str(self.path))
            exports = Exports(files, programs(), store_place=kept, resolver=resolver, find_zdotdir=find)
            exports.converge(credentials, **options)
        return report

    def value_of(self, credential: Any) -> LookupResult:
        return self.values.get(credential["name"], LookupResult("found", secret=Secret(VALUE)))

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = State(str(self.path), check_mode=True).load("exports")
        return record

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        """Mode and content of all files but the state folder."""
        files = [path for path in self.path.rglob("*") if path.is_file() and "state" not in path.parts]
        return {str(path): (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in files}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def states(report: Report) -> dict[str, str]:
    return {row["item"]: row["state"] for row in report.items}


def row(report: Report, item: str) -> dict[str, Any]:
    return next(row for row in report.items if row["item"] == item)


INSTALLED = ("~/.local/share/latchkey/exports.sh", "~/.local/bin/latchkey-run", "~/.zshrc")


def test_first_run_creates_all_files_and_second_run_changes_nothing(home: Home) -> None:
    first = home.converge(exported("heroku", "HEROKU_API_KEY"))
    assert states(first) == dict.fromkeys(INSTALLED, "changed")
    assert b"    HEROKU_API_KEY\n" in (home / ".zshrc").read_bytes()
    modes = {name: mode for name, (mode, _data) in home.snapshot().items()}
    assert modes == {
        str(home / ".zshrc"): 0o644,
        str(home / ".local/bin/latchkey-run"): 0o755,
        str(home / ".local/share/latchkey/exports.sh"): 0o600,
    }
    before = home.snapshot()
    again = home.converge(exported("heroku", "HEROKU_API_KEY"))
    assert states(again) == dict.fromkeys(INSTALLED, "ok")
    assert not again.diff
    assert home.snapshot() == before


def test_check_mode_reports_the_same_and_writes_nothing(home: Home) -> None:
    (home / ".zshrc").write_text("alias ll='ls -l'\nexport PASSWORD=hunter22\n")
    before = home.snapshot()
    declared = [exported("heroku", "HEROKU_API_KEY", env("HEROKU_API_KEY"))]
    foreseen = home.converge(*declared, check_mode=True)
    assert home.snapshot() == before
    assert not (home / ".local").exists()
    done = home.converge(*declared)
    assert (foreseen.items, foreseen.diff) == (done.items, done.diff)
    assert "hunter22" not in str(done.diff)
    assert VALUE not in str(done.diff) + str(done.items)


def test_diff_names_each_file_and_shows_places_and_variables(home: Home) -> None:
    (home / ".zshrc").write_text("mine\n")
    diff = home.converge(exported("a", "A", env("A"))).diff
    assert [row["before"] for row in diff] == ["", "", "~/.zshrc\n", ""]
    library, run, block, env_file = (row["after"] for row in diff)
    assert library == f"~/.local/share/latchkey/exports.sh\na) _latchkey_kept {home.path}/kept/a-item\n"
    assert run == "~/.local/bin/latchkey-run\n"
    assert block.startswith("~/.zshrc\n# >>> latchkey >>>")
    assert env_file == "~/jobs/app.env\nA\n"


def test_all_files_are_removed_when_nothing_is_exported(home: Home) -> None:
    original = b"alias ll='ls -l'  # no newline at the end"
    (home / ".zshrc").write_bytes(original)
    home.converge(exported("a", "A"), exported("b", env("B")))
    last = home.converge()
    assert set(states(last).values()) == {"changed"}
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, original)}
    assert not home.converge().items
    assert home.record() == {}


@pytest.mark.parametrize("login_hook", [False, True])
def test_without_exclusive_nothing_is_removed(home: Home, login_hook: bool) -> None:
    home.converge(exported("a", "A"), exported("b", env("B")), login_hook=True)
    before, record = home.snapshot(), home.record()
    report = home.converge(exclusive=False, login_hook=login_hook)
    assert (home.snapshot(), home.record()) == (before, record)
    assert not report.changed
    home.converge(exported("c", env("C", "~/c.env")), exclusive=False)
    assert (home / "jobs/app.env").exists()
    home.converge()
    assert not home.snapshot()


def test_failed_removal_stays_in_the_record(home: Home) -> None:
    home.converge(exported("a", "A"))
    (home / ".zshrc").chmod(0o444)
    assert home.converge().failed
    assert home.record()["zshrc"]["made"]


def test_block_that_was_copied_here_is_removed_with_all_other_files(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other")
    (other / ".zshrc").write_text("mine\n")
    other.converge(exported("a", "A"))
    (home / ".zshrc").write_bytes((other / ".zshrc").read_bytes())
    home.converge(exported("a", "A"))
    home.converge()
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, b"mine\n")}
    assert home.record() == {}


@pytest.mark.parametrize("obstacle", INSTALLED)
def test_files_made_in_a_run_that_failed_for_another_file_are_removed(home: Home, obstacle: str) -> None:
    path = home / obstacle.removeprefix("~/")
    path.mkdir(parents=True)
    report = home.converge(exported("a", "A"))
    assert sorted(states(report).values()) == ["changed", "changed", "failed"]
    assert home.record()
    path.rmdir()
    assert not home.converge().failed
    assert not home.snapshot()
    assert home.record() == {}


@pytest.mark.parametrize("name", [".zshrc", "exports.sh", "latchkey-run", "app.env"])
def test_ownership_is_recorded_before_the_file_is_written(
    home: Home, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = atomic_write.write

    def write(before: host_files.Snapshot, data: bytes, *, mode: int | None = None) -> None:
        if os.path.basename(before.path) == name:
            raise KeyboardInterrupt
        real(before, data, mode=mode)

    monkeypatch.setattr(atomic_write, "write", write)
    with pytest.raises(KeyboardInterrupt):
        home.converge(exported("a", "A", env("B")))
    record = home.record()
    assert "zshrc" in record if name == ".zshrc" else name in str(record)


def test_empty_zshrc_is_removed_only_if_it_was_created(home: Home) -> None:
    home.converge(exported("a", "A"))
    home.converge()
    assert not home.snapshot()
    (home / ".zshrc").write_bytes(b"")
    home.converge(exported("a", "A"))
    home.converge()
    assert (home / ".zshrc").read_bytes() == b""


def test_created_zshrc_with_other_lines_stays(home: Home) -> None:
    home.converge(exported("a", "A"))
    with (home / ".zshrc").open("a") as file:
        file.write("mine\n")
    home.converge()
    assert (home / ".zshrc").read_text() == "mine\n"


def test_zshrc_keeps_mode_and_link_and_its_previous_version_is_saved(home: Home) -> None:
    (home / "dotfiles").mkdir()
    target = home / "dotfiles/zshrc"
    target.write_text("mine\n")
    target.chmod(0o640)
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    home.converge(exported("a", "A"))
    assert (home / ".zshrc").is_symlink()
    assert target.read_text().startswith("mine\n# >>> latchkey >>>")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert (home / ".local/state/latchkey/previous/dotfiles+zshrc").read_text() == "mine\n"


MODES = pytest.mark.parametrize("check_mode", [False, True])


@MODES
def test_unpaired_markers_fail_and_the_file_stays(home: Home, check_mode: bool) -> None:
    (home / ".zshrc").write_text("a\n# >>> latchkey >>> made by somebody\n")
    report = home.converge(exported("a", "A"), check_mode=check_mode)
    assert (report.failed, row(report, "~/.zshrc")["state"]) == (True, "failed")
    assert "line 2" in row(report, "~/.zshrc")["what"]
    assert row(report, "~/.zshrc")["remedy"]
    assert (home / ".zshrc").read_text() == "a\n# >>> latchkey >>> made by somebody\n"


@MODES
def test_read_only_zshrc_fails_and_stays(home: Home, check_mode: bool) -> None:
    (home / ".zshrc").write_text("mine\n")
    (home / ".zshrc").chmod(0o444)
    report = home.converge(exported("a", "A"), check_mode=check_mode)
    assert (report.failed, row(report, "~/.zshrc")["state"]) == (True, "failed")
    assert "read-only" in report.msg
    assert "chmod u+w" in row(report, "~/.zshrc")["remedy"]
    assert (home / ".zshrc").read_text() == "mine\n"


def test_immutable_zshrc_fails_and_stays(home: Home) -> None:
    (home / ".zshrc").write_text("mine\n")
    if subprocess.run(["chattr", "+i", home / ".zshrc"], capture_output=True, check=False).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        report = home.converge(exported("a", "A"))
    finally:
        subprocess.run(["chattr", "-i", home / ".zshrc"], check=True)
    assert report.failed
    assert states(report)["~/.zshrc"] == "failed"
    assert (home / ".zshrc").read_text() == "mine\n"
    assert not list(home.path.rglob(".latchkey-*"))


def test_overriding_lines_of_zshrc_are_unknown_and_stay(home: Home) -> None:
    (home / ".zshrc").write_text("export A=hunter22\n")
    home.converge(exported("a", "A"), exported("b", "B"))
    with (home / ".zshrc").open("a") as file:
        file.write("B=hunter33\n")
    report = home.converge(exported("a", "A"), exported("b", "B"))
    assert not report.changed
    assert not report.failed
    assert {item: state for item, state in states(report).items() if state != "ok"} == {"A": "unknown", "B": "unknown"}
    assert row(report, "A")["what"].startswith("line 1 of ~/.zshrc sets it too")
    assert row(report, "B")["what"].startswith("line 10 of ~/.zshrc sets it too and wins")
    assert "hunter" not in str(report.items)


PROFILES = {".zshenv": "is there first", ".zprofile": "is there first", ".zlogin": "wins"}


@pytest.mark.parametrize(("profile", "what"), PROFILES.items())
def test_overriding_lines_of_other_profiles_are_unknown_and_stay(home: Home, profile: str, what: str) -> None:
    (home / profile).write_text("# mine\nexport A=hunter22\nexport OTHER=1\n")
    report = home.converge(exported("a", "A"))
    assert row(report, "A")["what"].startswith(f"line 2 of ~/{profile} sets it too and {what}")
    assert "hunter" not in str(report.items)
    assert (home / profile).read_text() == "# mine\nexport A=hunter22\nexport OTHER=1\n"
    assert not home.converge(exported("a", env("A"))).failed
    assert "A" not in states(home.converge(exported("a", env("A"))))


@pytest.mark.parametrize("kind", ["folder", "link to nothing", "link to itself", "fifo", "large", "marks"])
def test_unreadable_profile_is_passed_over(home: Home, kind: str) -> None:
    path = home / ".zshenv"
    made = {
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "large": lambda: path.write_bytes(b"export A=1\n" * 200_000),
        "marks": lambda: path.write_text("# >>> latchkey >>> made by somebody\n"),
    }
    made.get(kind, lambda: path.symlink_to("nowhere" if kind == "link to nothing" else ".zshenv"))()
    assert states(home.converge(exported("a", "A"))) == dict.fromkeys(INSTALLED, "changed")


def test_linked_profile_is_read(home: Home, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("export A=1\n")
    (home / ".zshenv").symlink_to(tmp_path / "store")
    assert "line 1 of ~/.zshenv" in row(home.converge(exported("a", "A")), "A")["what"]


def test_return_above_the_block_is_unknown(home: Home) -> None:
    (home / ".zshrc").write_text("# mine\n[[ -n $FOO ]] || return\n")
    report = home.converge(exported("a", "A"))
    told = row(report, "~/.zshrc, line 2")
    assert (told["state"], told["what"]) == ("unknown", "it can return there, and the block below is not reached")
    assert "move the block above it" in told["remedy"]
    assert not home.converge(exported("a", "A")).changed
    lines = (home / ".zshrc").read_text().splitlines(keepends=True)
    (home / ".zshrc").write_text("".join(lines[2:] + lines[:2]))
    assert states(home.converge(exported("a", "A"))) == dict.fromkeys(INSTALLED, "ok")


ZDOTDIR = "~/.config/zsh/.zshrc"


def test_block_is_in_the_zshrc_that_zsh_reads(home: Home) -> None:
    home.find_zdotdir = lambda: str(home / ".config/zsh")
    (home / ".zshrc").write_text("mine\n")
    report = home.converge(exported("a", "A"))
    assert states(report) == {**dict.fromkeys(INSTALLED[:2], "changed"), ZDOTDIR: "changed"}
    assert "    A\n" in (home / ".config/zsh/.zshrc").read_text()
    assert (home / ".zshrc").read_text() == "mine\n"
    assert not home.converge(exported("a", "A")).changed
    home.converge()
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, b"mine\n")}
    assert home.record() == {}


def test_block_moves_when_zsh_reads_another_zshrc(home: Home) -> None:
    (home / ".zshrc").write_text("mine")
    home.converge(exported("a", "A"))
    home.find_zdotdir = lambda: str(home / ".config/zsh")
    assert states(home.converge(exported("a", "A")))["~/.zshrc"] == "changed"
    assert (home / ".zshrc").read_text() == "mine"
    assert "    A\n" in (home / ".config/zsh/.zshrc").read_text()
    home.find_zdotdir = None
    home.converge(exported("a", "A"))
    assert not (home / ".config/zsh/.zshrc").exists()
    home.converge()
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, b"mine")}


def test_block_that_cannot_be_moved_away_stays_in_the_record(home: Home) -> None:
    home.converge(exported("a", "A"))
    (home / ".zshrc").chmod(0o444)
    home.find_zdotdir = lambda: str(home / "zsh")
    report = home.converge(exported("a", "A"))
    assert states(report) == {**dict.fromkeys(INSTALLED[:2], "ok"), "~/.zshrc": "failed", "~/zsh/.zshrc": "changed"}
    (home / ".zshrc").chmod(0o644)
    home.converge()
    assert not home.snapshot()


def test_zshrc_outside_the_home_is_unknown_until_it_reads_ours(home: Home, tmp_path: Path) -> None:
    (tmp_path / "it's").mkdir()
    home.find_zdotdir = lambda: str(tmp_path / "it's")
    report = home.converge(exported("a", "A"))
    found = row(report, str(tmp_path / "it's/.zshrc"))
    assert (found["state"], states(report)["~/.zshrc"]) == ("unknown", "changed")
    assert not (tmp_path / "it's/.zshrc").exists()
    (tmp_path / "it's/.zshrc").write_text(found["remedy"].partition(": ")[2] + "\n")
    assert states(home.converge(exported("a", "A"))) == dict.fromkeys(INSTALLED, "ok")


def test_zsh_without_an_answer_is_unknown_and_the_block_stays_where_it_is(home: Home) -> None:
    home.find_zdotdir = lambda: str(home / "zsh")
    home.converge(exported("a", "A"))

    def no_answer() -> str:
        raise LatchkeyError("zsh ended with 3", remedy="look at it")

    home.find_zdotdir = no_answer
    report = home.converge(exported("a", "A"))
    assert states(report) == {**dict.fromkeys((*INSTALLED[:2], "~/zsh/.zshrc"), "ok"), "zsh": "unknown"}


def test_foreign_latchkey_run_fails_and_stays(home: Home) -> None:
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/latchkey-run").write_text("mine\n")
    report = home.converge(exported("a", "A"))
    assert states(report)["~/.local/bin/latchkey-run"] == "failed"
    assert states(report)["~/.zshrc"] == "changed"
    home.converge()
    assert (home / ".local/bin/latchkey-run").read_text() == "mine\n"


def test_env_file_holds_the_exports_of_several_credentials(home: Home) -> None:
    home.values["b"] = LookupResult("found", secret=Secret("another value"))
    report = home.converge(exported("a", env("A")), exported("b", env("B"), "B"))
    path = home / "jobs/app.env"
    assert path.read_text().splitlines()[1:] == [f'A="{VALUE}"', 'B="another value"']
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert states(report)["~/jobs/app.env"] == "changed"
    assert "    A\n" not in (home / ".zshrc").read_text()


def test_env_file_is_written_again_for_a_new_value_or_another_mode(home: Home) -> None:
    declared = [exported("a", env("A")), exported("b", env("B"))]
    home.converge(*declared)
    home.values["a"] = LookupResult("found", secret=Secret("rotated"))
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert 'A="rotated"' in (home / "jobs/app.env").read_text()
    (home / "jobs/app.env").chmod(0o644)
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert stat.S_IMODE((home / "jobs/app.env").stat().st_mode) == 0o600


def test_env_file_loses_an_absent_value_and_is_removed_with_the_last(home: Home) -> None:
    declared = [exported("a", env("A")), exported("b", env("B"))]
    home.converge(*declared)
    home.values["a"] = LookupResult("absent")
    home.converge(*declared)
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'B="{VALUE}"']
    home.values["b"] = LookupResult("absent")
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert not (home / "jobs/app.env").exists()
    assert "~/jobs/app.env" not in states(home.converge(*declared))


def test_env_file_stays_while_a_value_is_blocked(home: Home) -> None:
    declared = [exported("a", env("A")), exported("b", env("B"))]
    home.converge(*declared)
    before = home.snapshot()
    home.values["b"] = LookupResult("blocked", reason="it is locked", remedy="unlock it")
    report = home.converge(*declared)
    assert home.snapshot() == before
    assert (row(report, "~/jobs/app.env")["state"], report.changed) == ("unknown", False)
    assert row(report, "~/jobs/app.env")["what"] == "B: it is locked"


def test_undeclared_env_file_is_removed_unless_another_program_replaced_it(home: Home) -> None:
    home.converge(exported("a", env("A", "~/one.env"), env("A", "~/two.env")))
    home.converge(exported("a", env("A", "~/two.env")))
    assert not (home / "one.env").exists()
    (home / "two.env").write_text("MINE=1\n")
    home.converge()
    assert (home / "two.env").read_text() == "MINE=1\n"
    assert home.record() == {}


def test_foreign_env_file_fails_and_stays(home: Home) -> None:
    (home / ".env").write_text("MINE=hunter22\n")
    report = home.converge(exported("a", env("A", "~/.env")))
    assert states(report)["~/.env"] == "failed"
    assert (home / ".env").read_text() == "MINE=hunter22\n"
    assert "hunter22" not in str(report.items) + str(report.diff) + report.msg


HEADER = "# Made by latchkey.workstation: changes are lost.\n"


@MODES
@pytest.mark.parametrize("content", ["", "MINE=hunter22\n", f'A="{VALUE}"\nMINE=1\n'])
def test_env_file_with_the_header_but_no_record_fails_and_stays(home: Home, content: str, check_mode: bool) -> None:
    (home / "a.env").write_text(HEADER + content)
    told = row(home.converge(exported("a", env("A", "~/a.env")), check_mode=check_mode), "~/a.env")
    assert (told["state"], told["what"]) == (
        "failed",
        "~/a.env has the first line of latchkey.workstation, but no record lists it",
    )
    assert told["remedy"] == "move it out of the way: the next run makes it anew; or name another file"
    home.values["a"] = LookupResult("absent")
    home.converge(exported("a", env("A", "~/a.env")), check_mode=check_mode)
    home.converge()
    assert (home / "a.env").read_text() == HEADER + content


def test_env_file_with_the_wanted_content_is_adopted_and_never_removed(home: Home) -> None:
    (home / "a.env").write_text(f'{HEADER}A="{VALUE}"\n')
    (home / "a.env").chmod(0o600)
    assert states(home.converge(exported("a", env("A", "~/a.env"))))["~/a.env"] == "ok"
    (home / "a.env").chmod(0o644)
    assert states(home.converge(exported("a", env("A", "~/a.env"))))["~/a.env"] == "changed"
    assert stat.S_IMODE((home / "a.env").stat().st_mode) == 0o600
    home.converge()
    assert (home / "a.env").exists()


def test_value_that_is_no_text_fails_only_its_env_file(home: Home) -> None:
    home.values["a"] = LookupResult("found", secret=Secret(b"hunter\xff22"))
    report = home.converge(exported("a", env("A", "~/a.env")), exported("b", env("B", "~/b.env")))
    assert (states(report)["~/a.env"], states(report)["~/b.env"]) == ("failed", "changed")
    assert "hunter" not in str(report.items) + report.msg


def test_credential_without_a_store_item_is_read_from_its_sources(home: Home) -> None:
    sources = [
        {"kind": "env", "name": "CF"},
        {"kind": "dotenv", "path": "~/repo/.env", "key": "CF"},
        {"kind": "file", "path": "/etc/cf"},
    ]
    home.converge(exported("cf", "CF", keychain=None, sources=sources))
    dotenv = f"_latchkey_dotenv {home.path}/repo/.env CF && return; [ $? -lt 2 ] || return 2"
    assert (
        f"    cf) {dotenv}; _latchkey_file /etc/cf ;;"
        in (home / ".local/share/latchkey/exports.sh").read_text().splitlines()
    )


def test_variables_that_are_not_required_are_listed_as_optional(home: Home) -> None:
    home.converge(exported("a", "A", required=False), exported("b", "B"), exported("c", "C", required=False))
    assert "_latchkey_spared=' A C '" in (home / ".local/share/latchkey/exports.sh").read_text()


def test_credential_that_no_shell_can_read_is_an_error(home: Home) -> None:
    with pytest.raises(LatchkeyError, match="cf: shells have no place to read it from"):
        home.converge(exported("cf", "CF", keychain=None, sources=[{"kind": "env", "name": "CF"}]))


def test_env_file_needs_no_place_that_shells_can_read(home: Home) -> None:
    home.values["cf"] = LookupResult.of(VALUE.encode(), "command")
    home.converge(exported("cf", env("CF"), keychain=None, sources=[{"kind": "command", "argv": ["/bin/tell"]}]))
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'CF="{VALUE}"']


def test_item_declared_absent_is_not_exported(home: Home) -> None:
    gone = {"service": "a-item", "account": "me", "state": "absent"}
    home.converge(exported("a", "A", keychain=gone), exported("b", "B"))
    assert "    A" not in (home / ".zshrc").read_text()


def test_item_declared_absent_is_removed_from_its_env_file(home: Home) -> None:
    gone = {"service": "a-item", "account": "me", "state": "absent"}
    home.converge(exported("a", env("A")), exported("b", env("B")))
    home.converge(exported("a", env("A"), keychain=gone), exported("b", env("B")))
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'B="{VALUE}"']
    home.converge(exported("a", env("A"), keychain=gone), exported("b", env("B"), keychain=gone))
    assert not (home / "jobs/app.env").exists()


def test_zshrc_changed_between_read_and_write_is_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".zshrc").write_text("mine\n")
    real, seen = atomic_write.write, []

    def write(before: host_files.Snapshot, data: bytes, *, mode: int | None = None) -> None:
        if before.path.endswith(".zshrc") and not seen:
            seen.append(before)
            (home / ".zshrc").write_text("mine\nand more\n")
        real(before, data, mode=mode)

    monkeypatch.setattr(atomic_write, "write", write)
    assert not home.converge(exported("a", "A")).failed
    assert (home / ".zshrc").read_text().startswith("mine\nand more\n# >>> latchkey >>>")


def test_leftovers_of_a_killed_run_are_removed_beside_written_files(home: Home) -> None:
    for folder in ("dotfiles", ".local/bin", ".local/share/latchkey", ".local/state/latchkey/previous"):
        (home / folder).mkdir(parents=True, exist_ok=True)
        (home / folder / ".latchkey-0123456789abcdef").write_text("half")
    (home / "dotfiles/zshrc").write_text("mine\n")
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    home.converge(exported("a", "A"))
    assert not list(home.path.rglob(".latchkey-*"))


@pytest.mark.ordinary_user
def test_check_mode_reports_a_folder_that_is_not_writable(home: Home) -> None:
    (home.path / ".local/state/latchkey").mkdir(parents=True)
    home.path.chmod(0o500)
    try:
        report = home.converge(exported("a", "A"), check_mode=True)
    finally:
        home.path.chmod(0o700)
    assert "is not writable" in row(report, "~/.zshrc")["what"]


@pytest.mark.parametrize(
    "note",
    [
        {"env_files": 5},
        {"env_files": "~/.env"},
        {"env_files": [5]},
        {"env_files": ["~/a\0b"]},
        {"env_files": ["~/a\nb FAIL everything"]},
        {"zdotdir": ["~/a"]},
        {"zdotdir": {"~/a\u2028b": {"made": True}}},
        {"zdotdir": {"~/a": {"made": 1}}},
        {"programs": [5]},
        {"zshrc": 5},
        {"zshrc": ["made"]},
        {"zshrc": {"made": "no"}},
    ],
    ids=str,
)
def test_record_of_another_shape_is_an_error_with_its_path(home: Home, note: dict[str, Any]) -> None:
    with State(str(home.path), check_mode=False).lock():
        State(str(home.path), check_mode=False).save("exports", note)
    with pytest.raises(LatchkeyError, match=r"/exports\.json is damaged") as error:
        home.converge(exported("a", "A"))
    assert error.value.remedy
    assert not home.snapshot()


@pytest.mark.parametrize("folder", [".zshrc", "jobs/app.env", ".local/bin/latchkey-run", ".local/share/latchkey"])
@pytest.mark.parametrize("kind", ["folder", "file", "link to nothing", "link to itself"])
def test_obstacle_fails_only_its_own_file(home: Home, folder: str, kind: str) -> None:
    path = home / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("mine\n")
    else:
        path.symlink_to("nowhere" if kind == "link to nothing" else path.name)
    report = home.converge(exported("a", "A", env("B")))
    assert len(report.items) == len(INSTALLED) + 1
    if (folder, kind) not in {(".zshrc", "file"), (".zshrc", "link to nothing"), (".local/share/latchkey", "folder")}:
        assert report.failed
        assert sum(item["state"] == "failed" for item in report.items) == 1
