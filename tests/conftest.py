"""Fixtures that all tests share."""

from tests.postgres import database, postgres_url

__all__ = ["database", "postgres_url"]
