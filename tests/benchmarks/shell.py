# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start of zsh without exports, with ten exports of the collection, and with a grep for each variable."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / ".collections"))
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import render, zshrc_block

from tests.builders import programs

__all__ = ["run"]

_LIBRARY = "~/.local/share/latchkey/exports.sh"
_RUNS = 40
_MEANT = 5.0


def run() -> list[str]:
    """Printable rows: the median of each in ms, and what it is more than a shell without exports."""
    if not shutil.which("zsh"):
        return ["shell start: SKIP, there is no zsh"]
    with tempfile.TemporaryDirectory() as scratch:
        homes = {name: _home(Path(scratch) / str(number), name) for number, name in enumerate(_HOMES)}
        medians = _hyperfine(homes) if shutil.which("hyperfine") else _loop(homes)
    plain = medians[_PLAIN]
    rows = [f"{'zsh -i -c exit':<34} {'ms':>7} {'more':>7}   meant: at most {_MEANT:g} ms more for kept files"]
    rows += [f"{name:<34} {median:7.2f} {median - plain:+7.2f}" for name, median in medians.items()]
    return rows


_PLAIN = "no exports"
_KEPT = "ten kept in files"
_SET = "ten kept in files, set already"
_GREP = "ten times grep and cut"
_HOMES = (_PLAIN, _KEPT, _SET, _GREP)
_NAMES = [f"LATCHKEY_{number}" for number in range(10)]


def _home(home: Path, name: str) -> Path:
    home.mkdir()
    zshrc = b"HISTSIZE=1000\nsetopt auto_cd\n"
    if name in (_KEPT, _SET):
        zshrc = zshrc_block.insert(zshrc, _kept(home))
    elif name == _GREP:
        (home / "env").write_text("".join(f"{variable}=value of {variable}\n" for variable in _NAMES))
        line = "export {0}=\"$(grep '^{0}=' ~/env | cut -d= -f2-)\"\n"
        zshrc += "".join(line.format(variable) for variable in _NAMES).encode()
    (home / ".zshrc").write_bytes(zshrc)
    return home


def _kept(home: Path) -> bytes:
    rows = []
    for variable in _NAMES:
        (home / variable).write_text(f"value of {variable}")
        place = ("kept", str(home / variable))
        rows.append(render.Exported(variable.lower(), [variable], [variable], [place]))
    library = Path(_LIBRARY.replace("~", str(home)))
    library.parent.mkdir(parents=True)
    library.write_text(render.render_library(programs().library, rows))
    return zshrc_block.render(_NAMES, library=_LIBRARY)


def _environment(home: Path, name: str) -> dict[str, str]:
    already = dict.fromkeys(_NAMES, "set") if name == _SET else {}
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb", **already}


def _hyperfine(homes: dict[str, Path]) -> dict[str, float]:
    medians = {}
    for name, home in homes.items():
        result = home / "result.json"
        argv = ["hyperfine", "-N", "--warmup=5", f"--runs={_RUNS}", f"--export-json={result}", "--style=none"]
        command = [*argv, "zsh -o no_global_rcs -i -c exit"]
        subprocess.run(command, env=_environment(home, name), check=True, capture_output=True)
        medians[name] = json.loads(result.read_bytes())["results"][0]["median"] * 1000
    return medians


def _loop(homes: dict[str, Path]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in homes}
    for _ in range(_RUNS):
        for name, home in homes.items():
            started = time.perf_counter()
            argv = ["zsh", "-o", "no_global_rcs", "-i", "-c", "exit"]
            subprocess.run(argv, env=_environment(home, name), check=True, capture_output=True)
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


if __name__ == "__main__":
    sys.stdout.write("\n".join(run()) + "\n")
