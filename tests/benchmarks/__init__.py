# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runtime benchmarks of the collection against the usual alternatives; no time is asserted.

    python -m tests.benchmarks [NAME…]

A benchmark is a module of this folder with `run()`, which gives the lines of its table.
"""
