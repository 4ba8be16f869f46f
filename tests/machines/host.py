# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network settings that a machine copies from its host, so that apt and pip use the same servers.

The settings are read from apt's and pip's configuration and the environment; none are written in the project.
"""

from __future__ import annotations

import configparser
import io
import os
import re
import subprocess
from pathlib import Path

__all__ = ["files", "folders", "mirror"]

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
COPIED = re.compile(
    r"(PIP|UV)_\w*(INDEX|LINKS|CERT|TLS|HOST|PROXY|TIMEOUT|VERSION_CHECK)\w*"
    r"|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|GIT_SSL_CAINFO|(http|https|all|no)_proxy",
    re.IGNORECASE,
)


def mirror() -> str:
    """Return the mirror of this host's apt; empty if there is none, and debootstrap chooses."""
    targets = _output("apt-get", "indextargets", "--format", "$(COMPONENT) $(REPO_URI)", "Created-By: Packages")
    main = [line.split()[1].rstrip("/") for line in targets if line.startswith("main ")]
    return next((uri for uri in main if uri.endswith("/debian")), "")


def files() -> dict[str, bytes]:
    """Return path and content of each file that a machine gets from its host."""
    environment = _environment()
    made = {
        "/etc/environment": "".join(f"{name}={value}\n" for name, value in environment.items()),
        "/etc/pip.conf": _pip(),
        "/etc/apt/apt.conf.d/90host": "\n".join(
            line for line in _output("apt-config", "dump") if re.match(r"Acquire::(https?|Check)\b", line)
        )
        + "\n",
    }
    named = [CERTIFICATES, *_pip().split(), *environment.values()]
    copied = {name: Path(name).read_bytes() for name in named if name.startswith("/") and Path(name).is_file()}
    return copied | {path: text.encode() for path, text in made.items()}


def folders() -> list[Path]:
    """Return package folders that pip's settings name; a machine mounts them read-only at the same path."""
    words = " ".join([_pip(), *(v for name, v in _environment().items() if name.startswith(("PIP_", "UV_")))]).split()
    # The pages of an index on disk point to files beside it, so its parent folder is mounted.
    named = [Path(word[7:]).parent if word.startswith("file://") else Path(word) for word in words if "/" in word]
    return sorted({path for path in named if path.is_absolute() and path.is_dir()})


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if COPIED.fullmatch(name)}


def _pip() -> str:
    """Return the pip settings of this host, merged in pip's order."""
    home = Path.home()
    places = [
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
        Path(os.environ.get("PIP_CONFIG_FILE", os.devnull)),
    ]
    merged = configparser.RawConfigParser()
    merged.read(places)
    text = io.StringIO()
    merged.write(text)
    return text.getvalue()


def _output(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
