# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every OSStatus the twin can answer with; the exit code is always `status & 0xFF`."""

from __future__ import annotations

__all__ = ["Refused", "text"]

DARK_WAKE = -25320
NO_INTERACTION = -25308
NO_DEFAULT = -25307
NOT_FOUND = -25300
DUPLICATE = -25299
KEYCHAIN_EXISTS = -25296
INVALID_KEYCHAIN = -25295
NO_SUCH_KEYCHAIN = -25294
AUTH_FAILED = -25293
READ_ONLY = -25292
NOT_AVAILABLE = -25291
NO_ACCESS = -25243
CANCELED = -128
PARAMETER = -50

_TEXTS = {
    DARK_WAKE: "In dark wake, no UI possible",
    NO_INTERACTION: "User interaction is not allowed.",
    NO_DEFAULT: "A default keychain could not be found.",
    NOT_FOUND: "The specified item could not be found in the keychain.",
    DUPLICATE: "The specified item already exists in the keychain.",
    KEYCHAIN_EXISTS: "A keychain with the same name already exists.",
    INVALID_KEYCHAIN: "The specified keychain is not a valid keychain file.",
    NO_SUCH_KEYCHAIN: "The specified keychain could not be found.",
    AUTH_FAILED: "The user name or passphrase you entered is not correct.",
    READ_ONLY: "This keychain cannot be modified.",
    NOT_AVAILABLE: "No keychain is available. You may need to restart your computer.",
    NO_ACCESS: "The specified item has no access control.",
    -34018: "A required entitlement isn't present.",
    CANCELED: "User canceled the operation.",
    -108: "Failed to allocate memory.",
    -61: "Write permissions error.",
    PARAMETER: "One or more parameters passed to a function were not valid.",
}


def text(status: int) -> str:
    return _TEXTS.get(status, f"OSStatus {status}")


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(text(status))
        self.status = status
