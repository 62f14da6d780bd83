"""One slip of a finger."""

import pytest

from sync.domain.slip import is_slip


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SYNC_LOG", False),
        ("SYNC_LO", True),
        ("SYNC_LOGG", True),
        ("SYNCLOG", True),
        ("SYNC_LIG", True),
        ("SYNC_LGO", True),
        ("SNYC_LOG", True),
        ("sync_log", True),
        ("SYNC_", False),
        ("SYNC_LOGGG", False),
        ("SYNC_GOL", False),
        ("SYNC_LXX", False),
        ("", False),
    ],
)
def test_is_slip(written, expected):
    """A letter too few, too many, another or swapped, and the case; nothing, and two of them, are none."""
    assert is_slip(written, "SYNC_LOG") is expected
    assert is_slip("SYNC_LOG", written) is expected
