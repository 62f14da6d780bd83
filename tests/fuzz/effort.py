"""How long to try: moderately with all other tests, or as long as SYNC_FUZZ=long says."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings

_EXAMPLES = {"short": 150, "long": 5_000}

for _name, _examples in _EXAMPLES.items():
    settings.register_profile(
        f"fuzz-{_name}",
        max_examples=_examples,
        # What a person would call slow: a busy machine is no finding, a loop without end is.
        deadline=timedelta(seconds=20),
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

#: A decorator for tests with `given`.
fuzz = settings.get_profile(f"fuzz-{os.environ.get('SYNC_FUZZ', 'short')}")
