# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The starter as a program: ``python -I -X utf8 starter NAME [ARGUMENT…]``; NAME is shown in errors."""

import os
import sys

# Isolated mode leaves sys.path without the checkout, and it stays so once the package is found.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from starter.run import main

del sys.path[0]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
