"""chartmogul-sync keeps ChartMogul true to the warehouse."""

__version__ = "0.1.0"
