"""Warehouses with a table of one row, for all tests here."""

from tests.support.shops import *  # noqa: F403  # the fixtures that it lists
