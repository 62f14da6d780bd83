"""The client against the sandbox: two readings of the same documentation."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.pace import Pace
from sync.chartmogul.transport import Transport, open_http
from sync.errors import AlreadyExists, Denied, NotFound
from sync.plan import Absent, Seen, same
from sync.record import AttributeType, Fields
from sync.sandbox import transport
from sync.sandbox.sandbox import Sandbox
from tests.chartmogul.scene import Clock
from tests.chartmogul.test_calls import TYPES
