# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of every oddity an AWS tool or a person leaves behind, and botocore's own reading of them."""

from __future__ import annotations

import tempfile
from typing import Any

import botocore.exceptions
from botocore.configloader import build_profile_map, raw_config_parse
from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

NAMES = ["dev", "prod", "default", "two words", "o'neil", "ümlaut", "a@b", "x.y", "DEFAULT"]
KEYS = ["region", "output", "sso_session", "s3", "x_unknown", "Cli_Pager", "role_arn"]
BLOCK_KEYS = ["addressing_style", "max_queue_size", "Endpoint_URL"]
VALUES = [
    "eu-west-1",
    "",
    "x # not a comment",
    "a=b:c",
    "https://example.com/start#/",
    "; semi",
    "[x]",
    "naïve",
    "%(x)s",
]

_space = st.sampled_from(["", "", "", " ", "  ", "\t"])
_indent = st.sampled_from(["", "", "", " ", "    ", "\t"])
_end = st.shared(st.sampled_from(["\n", "\n", "\r\n", "\r"]), key="end")


@st.composite
def headers(draw: Any, *, credentials: bool = False) -> str:
    name = draw(st.sampled_from(NAMES))
    if credentials:
        return name
    kind = draw(st.sampled_from(["profile", "profile", "sso-session", "services", ""]))
    quoted = draw(st.sampled_from([name, name, f'"{name}"', f"'{name}'"]))
    return f"{kind}{draw(st.sampled_from([' ', ' ', '  ', chr(9)]))}{quoted}" if kind else name


@st.composite
def fillers(draw: Any) -> str:
    return draw(_indent) + draw(st.sampled_from(["", "", "# a comment", "; [profile dev]", "#region = x", "   "]))


@st.composite
def options(draw: Any) -> list[str]:
    indent, key = draw(_indent), draw(st.sampled_from(KEYS))
    sign = draw(_space) + draw(st.sampled_from(["=", "=", "=", ":"])) + draw(_space)
    if key == "s3" and draw(st.booleans()):
        lines = [indent + key + sign]
        for below in draw(st.lists(st.sampled_from(BLOCK_KEYS), min_size=1, max_size=3)):
            deeper = indent + draw(st.sampled_from([" ", "    "]))
            lines += draw(st.lists(fillers(), max_size=1))
            lines.append(f"{deeper}{below}{draw(_space)}={draw(_space)}{draw(st.sampled_from(VALUES))}{draw(_space)}")
        return lines
    lines = [indent + key + sign + draw(st.sampled_from(VALUES)) + draw(_space)]
    if draw(st.integers(0, 9)) == 0:
        lines.append(indent + "  " + draw(st.sampled_from(["more of it", "[profile deep]", "k = v"])))
    return lines


@st.composite
def files(draw: Any, *, credentials: bool = False) -> bytes:
    """Mostly what botocore reads; what it refuses is for the reader to refuse as well."""
    lines = draw(st.lists(fillers(), max_size=2))
    for _ in range(draw(st.integers(0, 4))):
        header = f"[{draw(headers(credentials=credentials))}]{draw(st.sampled_from(['', '', '', ' # why']))}"
        lines.append(draw(st.sampled_from(["", "", "", "", " ", "    "])) + header)
        for _ in range(draw(st.integers(0, 4))):
            lines += draw(st.one_of(options(), options(), fillers().map(lambda line: [line])))
    end = draw(_end)
    text = end.join(lines) + (end if draw(st.booleans()) else "")
    return (draw(st.sampled_from(["", "", "", "\ufeff"])) + text).encode()


@st.composite
def soups(draw: Any) -> bytes:
    """Lines with no sense in their order."""
    line = st.sampled_from([
        "[default]", "[profile a]", "[profile 'a']", "[a", "a]", "[]", "[DEFAULT]", " [profile b] tail", "[x] ] y",
        "k = v", "  k = v", "K: v", "= v", ": x", "word", "  word", "\tn = 1", "s3 =", "  a = b", "  ab", "# c",
        "", "  ; c", "   ", "\x0b", "\x85", "k2 = a\u2028b", "s3 = \x0c", "\ufeff", "k\xa0= v", "k = \xa0v\xa0",
    ])  # fmt: skip
    ends = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\r"])
    return "".join(draw(line) + draw(ends) for _ in range(draw(st.integers(0, 8)))).encode()


def botocore_sections(data: bytes) -> dict[str, Any] | None:
    """Sections as botocore reads them, None where it refuses the file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            return raw_config_parse(file.name)
        except botocore.exceptions.ConfigParseError:
            return None


def botocore_profiles(data: bytes) -> dict[str, Any]:
    sections = botocore_sections(data)
    assert sections is not None, "botocore cannot read it"
    return build_profile_map(sections)


_values = st.sampled_from(
    ["eu-west-1", "us-east-2", "", "x # not a comment", "https://example.com/start#/", "naïve", 7, True]
)
_blocks = st.dictionaries(st.sampled_from([*BLOCK_KEYS, "new_one"]), st.one_of(_values, st.none()), min_size=1)


@st.composite
def declarations(draw: Any, *, credentials: bool = False) -> list[dict[str, Any]]:
    """Arguments of ``declare``, one dict per section."""
    kinds = ["credentials"] if credentials else ["profile", "sso-session"]
    names = [name for name in [*NAMES, "fresh"] if not (credentials and name == "DEFAULT")]
    sections = draw(st.lists(st.tuples(st.sampled_from(kinds), st.sampled_from(names)), unique=True, max_size=4))
    keys = [key.lower() for key in [*KEYS, "fresh"] if key != "s3"]
    settings = st.dictionaries(st.sampled_from(keys), st.one_of(_values, _values, st.none()), max_size=3)
    return [
        {
            "kind": kind,
            "name": name,
            "settings": {**draw(settings), **({"s3": draw(_blocks)} if draw(st.booleans()) else {})},
            "absent": draw(st.integers(0, 4)) == 0,
        }
        for kind, name in sections
    ]
