# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One member's exports: what is written, what is left alone, what is said."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import Exports
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_files import Managed
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "the-value-of-it"


def credential(name: str, *exports: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    rows = [{"file": None, **(export if isinstance(export, dict) else {"name": export})} for export in exports]
    item = {"service": f"{name}-item", "account": "me", "state": "present"}
    return {"name": name, "exports": rows, "sources": [], "keychain": item, "required": True, **more}


def env(name: str, path: str = "~/jobs/app.env") -> dict[str, str]:
    return {"name": name, "file": path}


class Home:
    """A home and the values of its credentials."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Found] = {}

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def converge(self, *credentials: dict[str, Any], check_mode: bool = False, **options: bool) -> Report:
        report = Report()
        state = State(str(self.path), check_mode=check_mode)
        with state.lock():
            files = Managed(report, state, home=str(self.path), check_mode=check_mode)
            kept = lambda service, account: ("kept", f"{self.path}/kept/{service}")  # noqa: E731
            Exports(files, kept=kept, value_of=self.value_of).converge(credentials, **options)
        return report

    def value_of(self, credential: Any) -> Found:
        return self.values.get(credential["name"], Found("found", secret=Secret(VALUE)))

    def note(self) -> dict[str, Any]:
        note: dict[str, Any] = State(str(self.path), check_mode=True).load("exports")
        return note

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        """Everything but our notes: they are not what a person has."""
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


def test_what_shells_need_is_made_and_then_nothing_changes(home: Home) -> None:
    first = home.converge(credential("heroku", "HEROKU_API_KEY"))
    assert states(first) == dict.fromkeys(INSTALLED, "changed")
    assert b"    HEROKU_API_KEY\n" in (home / ".zshrc").read_bytes()
    modes = {name: mode for name, (mode, _data) in home.snapshot().items()}
    assert modes == {
        str(home / ".zshrc"): 0o644,
        str(home / ".local/bin/latchkey-run"): 0o755,
        str(home / ".local/share/latchkey/exports.sh"): 0o600,
    }
    before = home.snapshot()
    again = home.converge(credential("heroku", "HEROKU_API_KEY"))
    assert states(again) == dict.fromkeys(INSTALLED, "ok")
    assert not again.diff
    assert home.snapshot() == before


def test_check_mode_says_the_same_and_writes_nothing(home: Home) -> None:
    (home / ".zshrc").write_text("alias ll='ls -l'\nexport PASSWORD=hunter22\n")
    before = home.snapshot()
    declared = [credential("heroku", "HEROKU_API_KEY", env("HEROKU_API_KEY"))]
    foreseen = home.converge(*declared, check_mode=True)
    assert home.snapshot() == before
    assert not (home / ".local").exists()
    done = home.converge(*declared)
    assert (foreseen.items, foreseen.diff) == (done.items, done.diff)
    assert "hunter22" not in str(done.diff)
    assert VALUE not in str(done.diff) + str(done.items)


def test_a_diff_says_which_file_and_shows_places_and_names(home: Home) -> None:
    (home / ".zshrc").write_text("mine\n")
    diff = home.converge(credential("a", "A", env("A"))).diff
    assert [row["before"] for row in diff] == ["", "", "~/.zshrc\n", ""]
    library, run, block, env_file = (row["after"] for row in diff)
    assert library == f"~/.local/share/latchkey/exports.sh\na) _latchkey_kept {home.path}/kept/a-item\n"
    assert run == "~/.local/bin/latchkey-run\n"
    assert block.startswith("~/.zshrc\n# >>> latchkey >>>")
    assert env_file == "~/jobs/app.env\nA\n"


def test_all_goes_when_nothing_is_exported_any_more(home: Home) -> None:
    original = b"alias ll='ls -l'  # no newline at the end"
    (home / ".zshrc").write_bytes(original)
    home.converge(credential("a", "A"), credential("b", env("B")))
    last = home.converge()
    assert set(states(last).values()) == {"changed"}
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, original)}
    assert not home.converge().items
    assert home.note() == {}


@pytest.mark.parametrize("login_hook", [False, True])
def test_nothing_goes_where_others_may_have_declared_it(home: Home, login_hook: bool) -> None:
    home.converge(credential("a", "A"), credential("b", env("B")), login_hook=True)
    before, note = home.snapshot(), home.note()
    report = home.converge(exclusive=False, login_hook=login_hook)
    assert (home.snapshot(), home.note()) == (before, note)
    assert not report.changed
    home.converge(credential("c", env("C", "~/c.env")), exclusive=False)
    assert (home / "jobs/app.env").exists()
    home.converge()
    assert not home.snapshot()


def test_what_could_not_be_taken_away_is_not_forgotten(home: Home) -> None:
    home.converge(credential("a", "A"))
    (home / ".zshrc").chmod(0o444)
    assert home.converge().failed
    assert home.note()["zshrc"]["made"]


def test_an_empty_zshrc_that_we_made_goes_and_one_that_was_there_stays(home: Home) -> None:
    home.converge(credential("a", "A"))
    home.converge()
    assert not home.snapshot()
    (home / ".zshrc").write_bytes(b"")
    home.converge(credential("a", "A"))
    home.converge()
    assert (home / ".zshrc").read_bytes() == b""


def test_a_zshrc_that_we_made_and_somebody_wrote_in_stays(home: Home) -> None:
    home.converge(credential("a", "A"))
    with (home / ".zshrc").open("a") as file:
        file.write("mine\n")
    home.converge()
    assert (home / ".zshrc").read_text() == "mine\n"


def test_the_zshrc_keeps_its_mode_its_link_and_its_previous_version(home: Home) -> None:
    (home / "dotfiles").mkdir()
    target = home / "dotfiles/zshrc"
    target.write_text("mine\n")
    target.chmod(0o640)
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    home.converge(credential("a", "A"))
    assert (home / ".zshrc").is_symlink()
    assert target.read_text().startswith("mine\n# >>> latchkey >>>")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert (home / ".local/state/latchkey/previous/dotfiles+zshrc").read_text() == "mine\n"


MODES = pytest.mark.parametrize(("check_mode", "state"), [(False, "failed"), (True, "unknown")])


@MODES
def test_damaged_marks_fail_and_the_file_stays(home: Home, check_mode: bool, state: str) -> None:
    (home / ".zshrc").write_text("a\n# >>> latchkey >>> made by somebody\n")
    report = home.converge(credential("a", "A"), check_mode=check_mode)
    assert (report.failed, row(report, "~/.zshrc")["state"]) == (not check_mode, state)
    assert "line 2" in row(report, "~/.zshrc")["what"]
    assert row(report, "~/.zshrc")["remedy"]
    assert (home / ".zshrc").read_text() == "a\n# >>> latchkey >>> made by somebody\n"


@MODES
def test_a_read_only_zshrc_fails_and_stays(home: Home, check_mode: bool, state: str) -> None:
    (home / ".zshrc").write_text("mine\n")
    (home / ".zshrc").chmod(0o444)
    report = home.converge(credential("a", "A"), check_mode=check_mode)
    assert (report.failed, row(report, "~/.zshrc")["state"]) == (not check_mode, state)
    assert "read-only" in report.msg or check_mode
    assert "chmod u+w" in row(report, "~/.zshrc")["remedy"]
    assert (home / ".zshrc").read_text() == "mine\n"


def test_an_immutable_zshrc_fails_and_stays(home: Home) -> None:
    (home / ".zshrc").write_text("mine\n")
    if subprocess.run(["chattr", "+i", home / ".zshrc"], capture_output=True, check=False).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        report = home.converge(credential("a", "A"))
    finally:
        subprocess.run(["chattr", "-i", home / ".zshrc"], check=True)
    assert report.failed
    assert states(report)["~/.zshrc"] == "failed"
    assert (home / ".zshrc").read_text() == "mine\n"
    assert not list(home.path.rglob(".latchkey-*"))


def test_own_lines_that_win_are_told_and_neither_count_nor_change(home: Home) -> None:
    (home / ".zshrc").write_text("export A=hunter22\n")
    home.converge(credential("a", "A"), credential("b", "B"))
    with (home / ".zshrc").open("a") as file:
        file.write("B=hunter33\n")
    report = home.converge(credential("a", "A"), credential("b", "B"))
    assert not report.changed
    assert not report.failed
    assert {item: state for item, state in states(report).items() if state != "ok"} == {"A": "unknown", "B": "unknown"}
    assert row(report, "A")["what"].startswith("line 1 of ~/.zshrc sets it too")
    assert row(report, "B")["what"].startswith("line 10 of ~/.zshrc sets it too and wins")
    assert "hunter" not in str(report.items)


PROFILES = {".zshenv": "is there first", ".zprofile": "is there first", ".zlogin": "wins"}


@pytest.mark.parametrize(("profile", "what"), PROFILES.items())
def test_own_lines_of_other_profiles_are_told_alike(home: Home, profile: str, what: str) -> None:
    (home / profile).write_text("# mine\nexport A=hunter22\nexport OTHER=1\n")
    report = home.converge(credential("a", "A"))
    assert row(report, "A")["what"].startswith(f"line 2 of ~/{profile} sets it too and {what}")
    assert "hunter" not in str(report.items)
    assert (home / profile).read_text() == "# mine\nexport A=hunter22\nexport OTHER=1\n"
    assert not home.converge(credential("a", env("A"))).failed
    assert "A" not in states(home.converge(credential("a", env("A"))))


@pytest.mark.parametrize("kind", ["folder", "link to nothing", "link to itself", "fifo", "large", "marks"])
def test_a_profile_that_cannot_be_read_is_passed_over(home: Home, kind: str) -> None:
    path = home / ".zshenv"
    made = {
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "large": lambda: path.write_bytes(b"export A=1\n" * 200_000),
        "marks": lambda: path.write_text("# >>> latchkey >>> made by somebody\n"),
    }
    made.get(kind, lambda: path.symlink_to("nowhere" if kind == "link to nothing" else ".zshenv"))()
    assert states(home.converge(credential("a", "A"))) == dict.fromkeys(INSTALLED, "changed")


def test_a_profile_that_is_a_link_is_read_wherever_it_leads(home: Home, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("export A=1\n")
    (home / ".zshenv").symlink_to(tmp_path / "store")
    assert "line 1 of ~/.zshenv" in row(home.converge(credential("a", "A")), "A")["what"]


def test_a_return_above_the_block_is_told(home: Home) -> None:
    (home / ".zshrc").write_text("# mine\n[[ -n $FOO ]] || return\n")
    report = home.converge(credential("a", "A"))
    told = row(report, "~/.zshrc, line 2")
    assert (told["state"], told["what"]) == ("unknown", "it can return there, and the block below is not reached")
    assert "move the block above it" in told["remedy"]
    assert not home.converge(credential("a", "A")).changed
    lines = (home / ".zshrc").read_text().splitlines(keepends=True)
    (home / ".zshrc").write_text("".join(lines[2:] + lines[:2]))
    assert states(home.converge(credential("a", "A"))) == dict.fromkeys(INSTALLED, "ok")


def test_a_latchkey_run_of_somebody_else_is_left_alone(home: Home) -> None:
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/latchkey-run").write_text("mine\n")
    report = home.converge(credential("a", "A"))
    assert states(report)["~/.local/bin/latchkey-run"] == "failed"
    assert states(report)["~/.zshrc"] == "changed"
    home.converge()
    assert (home / ".local/bin/latchkey-run").read_text() == "mine\n"


def test_an_env_file_holds_what_several_credentials_export_to_it(home: Home) -> None:
    home.values["b"] = Found("found", secret=Secret("another value"))
    report = home.converge(credential("a", env("A")), credential("b", env("B"), "B"))
    path = home / "jobs/app.env"
    assert path.read_text().splitlines()[1:] == [f'A="{VALUE}"', 'B="another value"']
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert states(report)["~/jobs/app.env"] == "changed"
    assert "    A\n" not in (home / ".zshrc").read_text()


def test_an_env_file_follows_the_value_and_its_mode(home: Home) -> None:
    declared = [credential("a", env("A")), credential("b", env("B"))]
    home.converge(*declared)
    home.values["a"] = Found("found", secret=Secret("rotated"))
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert 'A="rotated"' in (home / "jobs/app.env").read_text()
    (home / "jobs/app.env").chmod(0o644)
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert stat.S_IMODE((home / "jobs/app.env").stat().st_mode) == 0o600


def test_an_env_file_loses_the_value_that_went_and_goes_with_the_last(home: Home) -> None:
    declared = [credential("a", env("A")), credential("b", env("B"))]
    home.converge(*declared)
    home.values["a"] = Found("absent")
    home.converge(*declared)
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'B="{VALUE}"']
    home.values["b"] = Found("absent")
    assert states(home.converge(*declared))["~/jobs/app.env"] == "changed"
    assert not (home / "jobs/app.env").exists()
    assert "~/jobs/app.env" not in states(home.converge(*declared))


def test_an_env_file_stays_while_nobody_can_tell_the_value(home: Home) -> None:
    declared = [credential("a", env("A")), credential("b", env("B"))]
    home.converge(*declared)
    before = home.snapshot()
    home.values["b"] = Found("blocked", reason="it is locked", remedy="unlock it")
    report = home.converge(*declared)
    assert home.snapshot() == before
    assert (row(report, "~/jobs/app.env")["state"], report.changed) == ("unknown", False)
    assert row(report, "~/jobs/app.env")["what"] == "B: it is locked"


def test_an_env_file_that_is_declared_no_more_goes_and_one_of_somebody_else_stays(home: Home) -> None:
    home.converge(credential("a", env("A", "~/one.env"), env("A", "~/two.env")))
    home.converge(credential("a", env("A", "~/two.env")))
    assert not (home / "one.env").exists()
    (home / "two.env").write_text("MINE=1\n")
    home.converge()
    assert (home / "two.env").read_text() == "MINE=1\n"
    assert home.note() == {}


def test_an_env_file_of_somebody_else_is_not_overwritten(home: Home) -> None:
    (home / ".env").write_text("MINE=hunter22\n")
    report = home.converge(credential("a", env("A", "~/.env")))
    assert states(report)["~/.env"] == "failed"
    assert (home / ".env").read_text() == "MINE=hunter22\n"
    assert "hunter22" not in str(report.items) + str(report.diff) + report.msg


HEADER = "# Made by latchkey.workstation: changes are lost.\n"


@MODES
@pytest.mark.parametrize("content", ["", "MINE=hunter22\n", f'A="{VALUE}"\nMINE=1\n'])
def test_our_first_line_alone_makes_no_env_file_ours(home: Home, content: str, check_mode: bool, state: str) -> None:
    (home / "a.env").write_text(HEADER + content)
    told = row(home.converge(credential("a", env("A", "~/a.env")), check_mode=check_mode), "~/a.env")
    assert (told["state"], told["what"]) == (state, "~/a.env has our first line, and no note of ours lists it")
    assert told["remedy"] == "move it out of the way: the next run makes it anew; or name another file"
    home.values["a"] = Found("absent")
    home.converge(credential("a", env("A", "~/a.env")), check_mode=check_mode)
    home.converge()
    assert (home / "a.env").read_text() == HEADER + content


def test_an_env_file_that_is_what_we_would_write_is_adopted_and_not_ours(home: Home) -> None:
    (home / "a.env").write_text(f'{HEADER}A="{VALUE}"\n')
    (home / "a.env").chmod(0o600)
    assert states(home.converge(credential("a", env("A", "~/a.env"))))["~/a.env"] == "ok"
    (home / "a.env").chmod(0o644)
    assert states(home.converge(credential("a", env("A", "~/a.env"))))["~/a.env"] == "changed"
    assert stat.S_IMODE((home / "a.env").stat().st_mode) == 0o600
    home.converge()
    assert (home / "a.env").exists()


def test_a_value_no_env_file_can_hold_fails_that_file_alone(home: Home) -> None:
    home.values["a"] = Found("found", secret=Secret(b"hunter\xff22"))
    report = home.converge(credential("a", env("A", "~/a.env")), credential("b", env("B", "~/b.env")))
    assert (states(report)["~/a.env"], states(report)["~/b.env"]) == ("failed", "changed")
    assert "hunter" not in str(report.items) + report.msg


def test_a_credential_without_a_keychain_is_read_live(home: Home) -> None:
    sources = [
        {"kind": "env", "name": "CF"},
        {"kind": "dotenv", "path": "~/repo/.env", "key": "CF"},
        {"kind": "file", "path": "/etc/cf"},
    ]
    home.converge(credential("cf", "CF", keychain=None, sources=sources))
    dotenv = f"_latchkey_dotenv {home.path}/repo/.env CF && return; [ $? -lt 2 ] || return 2"
    assert (
        f"    cf) {dotenv}; _latchkey_file /etc/cf ;;"
        in (home / ".local/share/latchkey/exports.sh").read_text().splitlines()
    )


def test_what_is_not_required_may_be_absent_for_shells_too(home: Home) -> None:
    home.converge(credential("a", "A", required=False), credential("b", "B"), credential("c", "C", required=False))
    assert "_latchkey_spared=' A C '" in (home / ".local/share/latchkey/exports.sh").read_text()


def test_a_credential_that_no_shell_can_read_is_an_error(home: Home) -> None:
    with pytest.raises(LatchkeyError, match="cf: shells have no place to read it from"):
        home.converge(credential("cf", "CF", keychain=None, sources=[{"kind": "env", "name": "CF"}]))


def test_an_env_file_needs_no_place_that_shells_can_read(home: Home) -> None:
    home.values["cf"] = Found.of(VALUE.encode(), "command")
    home.converge(credential("cf", env("CF"), keychain=None, sources=[{"kind": "command", "argv": ["/bin/tell"]}]))
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'CF="{VALUE}"']


def test_an_item_that_is_to_be_absent_is_not_exported(home: Home) -> None:
    gone = {"service": "a-item", "account": "me", "state": "absent"}
    home.converge(credential("a", "A", keychain=gone), credential("b", "B"))
    assert "    A" not in (home / ".zshrc").read_text()


def test_an_item_that_is_to_be_absent_leaves_its_env_file(home: Home) -> None:
    gone = {"service": "a-item", "account": "me", "state": "absent"}
    home.converge(credential("a", env("A")), credential("b", env("B")))
    home.converge(credential("a", env("A"), keychain=gone), credential("b", env("B")))
    assert (home / "jobs/app.env").read_text().splitlines()[1:] == [f'B="{VALUE}"']
    home.converge(credential("a", env("A"), keychain=gone), credential("b", env("B"), keychain=gone))
    assert not (home / "jobs/app.env").exists()


def test_a_zshrc_that_somebody_writes_at_the_same_moment_loses_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".zshrc").write_text("mine\n")
    real, seen = _files.write, []

    def write(before: _files.Snapshot, data: bytes, *, mode: int | None = None) -> None:
        if before.path.endswith(".zshrc") and not seen:
            seen.append(before)
            (home / ".zshrc").write_text("mine\nand more\n")
        real(before, data, mode=mode)

    monkeypatch.setattr(_files, "write", write)
    assert not home.converge(credential("a", "A")).failed
    assert (home / ".zshrc").read_text().startswith("mine\nand more\n# >>> latchkey >>>")


def test_leftovers_of_a_killed_run_are_swept_beside_what_is_written(home: Home) -> None:
    for folder in ("dotfiles", ".local/bin", ".local/share/latchkey", ".local/state/latchkey/previous"):
        (home / folder).mkdir(parents=True, exist_ok=True)
        (home / folder / ".latchkey-0123456789abcdef").write_text("half")
    (home / "dotfiles/zshrc").write_text("mine\n")
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    home.converge(credential("a", "A"))
    assert not list(home.path.rglob(".latchkey-*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_in_check_mode_too(home: Home) -> None:
    home.path.chmod(0o500)
    try:
        report = home.converge(credential("a", "A"), check_mode=True)
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
        {"zshrc": 5},
        {"zshrc": ["made"]},
        {"zshrc": {"made": "no"}},
    ],
    ids=str,
)
def test_a_note_of_another_shape_is_an_error_that_names_it(home: Home, note: dict[str, Any]) -> None:
    with State(str(home.path), check_mode=False).lock():
        State(str(home.path), check_mode=False).save("exports", note)
    with pytest.raises(LatchkeyError, match=r"/exports\.json is damaged") as error:
        home.converge(credential("a", "A"))
    assert error.value.remedy
    assert not home.snapshot()


@pytest.mark.parametrize("folder", [".zshrc", "jobs/app.env", ".local/bin/latchkey-run", ".local/share/latchkey"])
@pytest.mark.parametrize("kind", ["folder", "file", "link to nothing", "link to itself"])
def test_what_stands_in_the_way_fails_that_alone(home: Home, folder: str, kind: str) -> None:
    path = home / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("mine\n")
    else:
        path.symlink_to("nowhere" if kind == "link to nothing" else path.name)
    report = home.converge(credential("a", "A", env("B")))
    assert len(report.items) == len(INSTALLED) + 1
    if (folder, kind) not in {(".zshrc", "file"), (".zshrc", "link to nothing"), (".local/share/latchkey", "folder")}:
        assert report.failed
        assert sum(item["state"] == "failed" for item in report.items) == 1
