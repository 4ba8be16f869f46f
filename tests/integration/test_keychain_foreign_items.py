# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property: no sequence of runs changes or removes an item that carries an attribute this collection did not write."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.desktops import ABSENT_TOOLS, Desktop, lookup, put, search
from tests.integration.keychains import Person, credential

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(bool(ABSENT_TOOLS), reason=f"not on this machine: {', '.join(ABSENT_TOOLS)}")

VALUES = ("first value", "second value")
SERVICES = ("a", "b")
attribute = st.sampled_from(["env", "application", "xdg:schema", "Service", "serv", "attribute.service"])
text = st.sampled_from(["", "staging", "a", "me", "two\nlines", "x\nattribute.service = a", "gr\u00fc\u00dfe"])
step = st.one_of(
    st.tuples(st.just("plant"), st.sampled_from(SERVICES), st.dictionaries(attribute, text), st.sampled_from(VALUES)),
    st.tuples(st.just("run"), st.sampled_from(SERVICES), st.sampled_from(VALUES), st.booleans()),
    st.tuples(st.just("by hand"), st.sampled_from(SERVICES), st.sampled_from(VALUES)),
    st.tuples(st.just("absent"), st.sampled_from(SERVICES)),
    st.tuples(st.just("declare nothing")),
)


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    home = Path(tempfile.mkdtemp(prefix="latchkey-desktop-"))
    made = Desktop(home)
    made.start(b"of the keyring")
    before = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = made.address
    yield made
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS")
    if before is not None:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = before
    made.stop()
    shutil.rmtree(home)


class Run:
    """One sequence of steps, with services of its own in the shared keyring."""

    def __init__(self, home: Path) -> None:
        self.alice = Person(home, backend="secret_service")
        self.prefix = home.name
        self.planted: dict[str, tuple[bytes, list[str]]] = {}

    def name(self, service: str) -> str:
        return f"{self.prefix}-{service}"

    def plant(self, service: str, attributes: dict[str, str], value: str) -> None:
        mark = f"{self.prefix}-{len(self.planted)}"
        words = [word for pair in {**attributes, "mark": mark}.items() for word in pair]
        put(value.encode(), "service", self.name(service), "account", "me", *words)
        self.planted[mark] = (value.encode(), search("mark", mark))

    def take(self, step: tuple[object, ...]) -> None:
        kind, *given = step
        if kind == "plant":
            self.plant(*given)  # type: ignore[arg-type]
        elif kind == "run":
            service, value, authority = given
            sources = [self.alice.write("f", str(value))] if authority else []
            self.alice.converge({**credential(self.name(str(service)), *sources), "name": "token"})
        elif kind == "by hand":
            service, value = given
            self.alice.converge(credential(self.name(str(service))), value=str(value), exclusive=False)
        elif kind == "absent":
            self.alice.converge(credential(self.name(str(given[0])), state="absent"))
        else:
            self.alice.converge()

    def check(self) -> None:
        for mark, (value, attributes) in self.planted.items():
            assert lookup("mark", mark) == value
            assert search("mark", mark) == attributes


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(step, min_size=2, max_size=6))
def test_items_with_attributes_of_their_own_are_never_changed_or_removed(
    desktop: Desktop, steps: list[tuple[object, ...]]
) -> None:
    home = Path(tempfile.mkdtemp(prefix="latchkey-home-"))
    try:
        run = Run(home)
        for one in steps:
            run.take(one)
            run.check()
    finally:
        shutil.rmtree(home)
