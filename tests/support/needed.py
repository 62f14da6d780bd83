"""Packages that only some tests need: the drivers of databases, and what plays the other side."""

import importlib
import os
from typing import Any

import pytest


def needed(module: str) -> Any:
    """The module. Where it is not installed the tests that call this are skipped, but never where CI is set.

    Called between imports and tests of a file it skips the whole file.
    """
    if os.environ.get("CI") == "true":
        return importlib.import_module(module)
    return pytest.importorskip(
        module, reason=f"{module} is not installed (pip install --group dev)", exc_type=ImportError
    )


def driver(module: str) -> Any:
    """The driver of a warehouse, or its engine; without it the tests are skipped, but never in `make drivers`."""
    if os.environ.get("SYNC_TEST_DRIVERS") == "1":
        return importlib.import_module(module)
    reason = f"{module} is not installed here: see make drivers"
    return pytest.importorskip(module, reason=reason, exc_type=ImportError)
