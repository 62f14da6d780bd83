"""chartmogul-sync keeps ChartMogul true to the warehouse.

From Python: `from sync import run, validate, check`. They are loaded when they are first asked for, since the command
line, which starts here too, does without them.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["check", "run", "validate"]

if TYPE_CHECKING:
    from sync.api.check import check
    from sync.api.run import run
    from sync.api.validate import validate
else:

    def __getattr__(name: str) -> object:
        """One of the functions that are public."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.api.{name}"), name)
        globals()[name] = found
        return found
