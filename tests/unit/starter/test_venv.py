# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from starter.venv import Venv, _pip_environment, _uv_environment

OUTPUTS = {
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": "no room left",
    "error: failed to write file: No space left on device (os error 28)": "no room left",
    "Caused by: invalid peer certificate: UnknownIssuer": "certificate that is not trusted",
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]": "certificate that is not trusted",
    "NewConnectionError('<conn>: Failed to establish a new connection: [Errno 111] Connection refused')": "not answer",
    "error: Failed to fetch: `http://x/`\n Caused by: tcp connect error": "does not answer",
    "Temporary failure in name resolution": "does not answer",
    "HTTP error 403 Client Error: Forbidden for url": "refuses access",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE": "not the pinned one",
    "error: In `--require-hashes` mode, all requirements must have a hash": "not the pinned one",
    "error: Hash mismatch for `boto3`": "not the pinned one",
    "ERROR: No matching distribution found for boto3==1.2": "has not the pinned releases",
    "  x No solution found when resolving dependencies": "has not the pinned releases",
    "first\nsomething else\n": "something else",
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_failure_is_one_sentence_with_its_cause(output: str) -> None:
    text = Venv("bootstrap.sh", "/nowhere", "run")._explain(output)
    assert OUTPUTS[output] in text
    assert "nothing was touched" in text
    assert "\n" not in text


def test_settings_of_a_person_reach_installers_only_where_packages_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_USER", "PIP_TARGET", "UV_TARGET", "UV_SYSTEM_PYTHON", "UV_INDEX", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "x")
    settings = {"index-url": "http://127.0.0.1:1/a", "extra-index-url": "http://127.0.0.1:2/b\nhttp://127.0.0.1:3/c"}
    pip, uv = _pip_environment(settings), _uv_environment(settings)
    assert "PIP_USER" not in pip
    assert "PIP_TARGET" not in pip
    assert pip["PIP_CONFIG_FILE"] == "/dev/null"
    assert pip["PIP_INDEX_URL"] == "http://127.0.0.1:1/a"
    assert (uv["UV_INDEX"], uv["UV_DEFAULT_INDEX"]) == ("x", "x")
    assert "UV_TARGET" not in uv
    monkeypatch.delenv("UV_INDEX")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    uv = _uv_environment(settings)
    assert uv["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/a"
    assert uv["UV_INDEX"] == "http://127.0.0.1:2/b http://127.0.0.1:3/c"
    assert uv["UV_SYSTEM_CERTS"] == "true"
