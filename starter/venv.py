# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the private venv from pinned requirements: ``python -I starter/venv.py PROGRAM VENV SET [UV]``.

Of the user's pip and uv settings only those of the package index, network and cache are used; all others (``user``,
``target``, constraints) are ignored, since they could leave the venv empty. The venv is stamped as ready only after a
test import of the installed packages.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import fcntl
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass, field

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, CHECKOUT)

from plugins.plugin_utils._progress import Progress  # noqa: E402

PROOF = "import ansible.release, boto3, jinja2, yaml"
# Where packages come from, in pip's words and in uv's.
_KEPT = (
    *("index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "cert", "client-cert", "proxy"),
    *("timeout", "default-timeout", "retries", "keyring-provider", "use-feature", "cache-dir", "no-cache-dir"),
)
_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "no-index": "UV_NO_INDEX"}
_UV_KEPT = re.compile(
    r"UV_((DEFAULT_|EXTRA_)?INDEX(_\w+)?|NO_INDEX|FIND_LINKS|INSECURE_HOST|HTTP_\w+|CONNECTIVITY_\w+|OFFLINE|CACHE_DIR"
    r"|NO_CACHE|PYTHON_\w+|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|LINK_MODE)"
)
_LITTLE_ROOM = 1 << 20
_NO_ROOM = r"No space left on device|os error 28\b|Disk quota exceeded"
_OTHER_HASH = r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|hashes? (are )?(required|missing)|--require-hashes"
_NO_NETWORK = (
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionError|Connection refused|tcp connect error|dns error"
    r"|Failed to (fetch|connect)|error sending request|[Nn]ame or service not known|name resolution|timed out"
    r"|Network is unreachable|ProxyError"
)
_CAUSES = (
    (_NO_ROOM, "there is no room left on the disk", "make room"),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|invalid peer certificate|UnknownIssuer",
        "{index} shows a certificate that is not trusted here",
        "name the certificate authority of your network in SSL_CERT_FILE and PIP_CERT",
    ),
    (r"\b40[137]\b.*(Unauthorized|Forbidden|Proxy)|Unauthorized|Forbidden", "{index} refuses access", "log in to it"),
    (
        _OTHER_HASH,
        "a package is not the pinned one",
        "restore requirements/ (git checkout requirements), or ask who keeps the index",
    ),
    (
        _NO_NETWORK,
        "{index} does not answer",
        "check the network, the proxy and the index in PIP_INDEX_URL or pip.conf",
    ),
    (
        r"No matching distribution|No solution found|not found in the package registry|no version of",
        "{index} has not the pinned releases",
        "name an index that has them in PIP_INDEX_URL",
    ),
)


class Failure(Exception):
    """Failure to create the venv; the message names cause and remedy."""


@dataclass
class Venv:
    """``requirements`` is ``run`` or ``test``; ``uv`` the path of uv, empty where there is none."""

    program: str
    path: str
    requirements: str
    uv: str = ""
    progress: Progress = field(default_factory=Progress)

    def make(self) -> None:
        """Make the venv unless another start has done so meanwhile."""
        folder = os.path.dirname(self.path)
        with contextlib.suppress(PermissionError):
            os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise Failure(f"cannot write {folder}, where the venv belongs: nothing was touched")
        with open(f"{self.path}.lock", "a", opener=_shared) as lock:
            self._lock(lock.fileno())
            if self._is_ready():
                self._write_launcher()
                self._write_stamps(self._stamps())
                return
            self._say(f"making {self.path} with {sys.executable}, once")
            try:
                self._fill()
                if not os.getuid():
                    _let_members_read(self.path)
                self._write_launcher()
                self._write_stamps([self._stamp(name) for name in dict.fromkeys(("run", self.requirements))])
            except BaseException:
                shutil.rmtree(self.path, ignore_errors=True)
                raise

    def _lock(self, descriptor: int) -> None:
        """Wait for the lock, which an installer keeps that outlives this process."""
        os.set_inheritable(descriptor, True)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._say(f"waiting for another start, which makes {self.path}")
            self.progress.show("waiting")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.progress.pause()

    def _stamp(self, name: str) -> str:
        """The line that requirements/venv.sh looks for."""
        return f"{name} {_checksum(f'{CHECKOUT}/requirements/{name}.txt')} {self.path}"

    def _stamps(self) -> list[str]:
        try:
            with open(f"{self.path}/.latchkey", encoding="utf-8") as file:
                return [line for line in file.read().splitlines() if not line.startswith("launcher ")]
        except OSError:
            return []

    def _write_stamps(self, stamps: list[str]) -> None:
        lines = [*stamps, f"launcher {_checksum(f'{CHECKOUT}/bootstrap.sh')} {CHECKOUT}"]
        temporary = f"{self.path}/.latchkey.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        os.replace(temporary, f"{self.path}/.latchkey")

    def _is_ready(self) -> bool:
        return self._stamp(self.requirements) in self._stamps() and self._runs()

    def _runs(self) -> bool:
        argv = [f"{self.path}/bin/python", "-I", "-c", PROOF]
        return os.access(argv[0], os.X_OK) and not subprocess.run(argv, capture_output=True, check=False).returncode

    def _fill(self) -> None:
        """Install with uv where there is one, else with pip; pip also where uv fails for a reason of its own."""
        ways = [self._with_uv] if self.uv else []
        ways += [self._with_pip] if _can_make_venvs() else []
        trouble = ""
        for way in ways:
            shutil.rmtree(self.path, ignore_errors=True)
            trouble = way()
            if not trouble and not self._runs():
                trouble = "what was installed cannot be imported"
            if not trouble:
                return
            if re.search(f"{_NO_ROOM}|{_OTHER_HASH}", trouble):
                break
        raise Failure(self._explain(trouble))

    def _with_uv(self) -> str:
        settings = _pip_settings(sys.executable)
        environment = _uv_environment(settings)
        self.progress.show("installing with uv")
        return _run(
            environment, [self.uv, "venv", "--quiet", "--python", sys.executable, self.path]
        ) or _run(
            environment,
            [self.uv, "pip", "install", "--quiet", "--python", f"{self.path}/bin/python", *self._requirements()],
        )  # fmt: skip

    def _with_pip(self) -> str:
        python = f"{self.path}/bin/python"
        self.progress.show("making the venv")
        trouble = _run(_environment(), [sys.executable, "-I", "-m", "venv", self.path])
        if trouble:
            return trouble
        environment = _pip_environment(_pip_settings(python))
        self.progress.show("installing with pip")
        return _run(environment, [python, "-I", "-m", "pip", "install", *self._requirements()])

    def _requirements(self) -> list[str]:
        return ["--require-hashes", "--only-binary", ":all:", "-r", f"{CHECKOUT}/requirements/{self.requirements}.txt"]

    def _explain(self, trouble: str) -> str:
        subject = f"requirements/{self.requirements}.txt could not be installed"
        is_full = os.path.exists(self.path) and shutil.disk_usage(self.path).free < _LITTLE_ROOM
        for pattern, cause, remedy in _CAUSES[:1] if is_full else _CAUSES:
            if is_full or re.search(pattern, trouble):
                return f"{subject}: {cause.format(index=_index())}; nothing was touched: {remedy}, and start again"
        last = ([line.strip() for line in trouble.splitlines() if line.strip()] or ["no reason given"])[-1]
        return f"{subject}: {last[:300]}; nothing was touched, the next start tries again"

    def _write_launcher(self) -> None:
        """``bin/ansible-playbook`` is bootstrap.sh with the names of its checkout and venv in it."""
        with open(f"{CHECKOUT}/bootstrap.sh", encoding="utf-8") as file:
            text = file.read()
        names = f"here={shlex.quote(CHECKOUT)} venv={shlex.quote(self.path)}"
        text = re.sub(r"(?m)^here=.*$", lambda _line: names, text, count=1)
        target = f"{self.path}/bin/ansible-playbook"
        with contextlib.suppress(OSError), open(target, encoding="utf-8", errors="replace") as file:
            if file.read() == text:
                return
        temporary = f"{target}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o755)  # noqa: S103 - everybody may start it
        os.replace(temporary, target)

    def _say(self, text: str) -> None:
        print(f"{self.program}: {text}", file=sys.stderr, flush=True)


def _checksum(path: str) -> str:
    with open(path, "rb") as file:
        return subprocess.run(["cksum"], stdin=file, capture_output=True, text=True, check=True).stdout.strip()


def _can_make_venvs() -> bool:
    argv = [sys.executable, "-I", "-c", "import ensurepip, venv"]
    return not subprocess.run(argv, capture_output=True, check=False).returncode


def _run(environment: dict[str, str], argv: list[str]) -> str:
    """Output of a program that failed; empty for one that succeeded."""
    done = subprocess.run(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        close_fds=False,
    )
    return (done.stdout.strip() or f"{argv[0]} failed") if done.returncode else ""


def _environment() -> dict[str, str]:
    """The environment without settings of pip and uv."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}


def _pip_settings(python: str) -> dict[str, str]:
    """Settings of the package index from pip's files and the environment; empty without pip."""
    argv = [python, "-I", "-m", "pip", "config", "list"]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    levels: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in done.stdout.splitlines():
        name, _equals, value = line.partition("=")
        level, _dot, key = name.rpartition(".")
        if level in levels and key in _KEPT:
            with contextlib.suppress(ValueError, SyntaxError):
                levels[level][key] = str(ast.literal_eval(value))
    own = {key: os.environ[name] for key in _KEPT if (name := _pip_variable(key)) in os.environ}
    return {**levels["global"], **levels["install"], **levels[":env:"], **own}


def _pip_variable(key: str) -> str:
    return f"PIP_{key.upper().replace('-', '_')}"


def _pip_environment(settings: dict[str, str]) -> dict[str, str]:
    given = {_pip_variable(key): value for key, value in settings.items()}
    if given.get("PIP_RETRIES") == "0":
        given["PIP_RETRIES"] = "1"  # without one pip does not tell why an index cannot be had
    return {**_environment(), **given, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """uv takes the certificates that the system trusts, and pip's index where it is given none of its own."""
    own = {name: value for name, value in os.environ.items() if _UV_KEPT.fullmatch(name)}
    environment = {**_environment(), "UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true", **own}
    if not any(name.startswith(("UV_DEFAULT_INDEX", "UV_INDEX", "UV_NO_INDEX")) for name in own):
        environment.update({_UV[key]: " ".join(value.split()) for key, value in settings.items() if key in _UV})
        if settings.get("find-links"):
            environment["UV_FIND_LINKS"] = ",".join(settings["find-links"].split())
        environment["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does; each file is held to its hash
    if settings.get("cert") and "SSL_CERT_FILE" not in environment:
        environment["SSL_CERT_FILE"] = settings["cert"]
    return environment


def _index() -> str:
    """Scheme and host of the index, without a login in it."""
    address = os.environ.get("UV_DEFAULT_INDEX") or _pip_settings(sys.executable).get("index-url", "")
    parts = urllib.parse.urlsplit(address)
    with contextlib.suppress(ValueError):
        if parts.hostname:
            return f"the package index {parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return "the package index"


def _let_members_read(folder: str) -> None:
    for top, folders, files in os.walk(folder):
        for name in ("", *folders, *files):
            path = os.path.join(top, name)
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                more = 0o055 if stat.S_ISDIR(mode) or mode & 0o100 else 0o044
                os.chmod(path, (stat.S_IMODE(mode) | more) & ~0o022)


def _shared(path: str, flags: int) -> int:
    return os.open(path, flags, 0o644)


def main(program: str, path: str, requirements: str, uv: str = "") -> int:
    venv = Venv(program, path, requirements, uv)
    try:
        os.environ.setdefault("HOME", pwd.getpwuid(os.getuid()).pw_dir)
        if not os.getuid():
            os.umask(0o022)
        venv.make()
    except KeyboardInterrupt:
        trouble, code = "interrupted: nothing was touched, the next start begins anew", 130
    except Failure as failure:
        trouble, code = str(failure), 1
    except KeyError:
        trouble, code = f"user id {os.getuid()} has no account (passwd entry) here: run it as one that has", 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "there is no room left on the disk" if full else f"{error.filename}: {error.strerror}"
        trouble, code = f"{path} could not be made: {what}; nothing was touched: mend it and start again", 1
    else:
        venv.progress.stop()
        return 0
    venv.progress.stop()
    print(f"{program}: {trouble}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
