"""The warehouse: one query at a time, streamed, only read, its values exactly as they are.

It knows SQL and drivers, and nothing of mappings or ChartMogul. Begin with `warehouse`, then `result`;
what a database does in its own way is a file in `dialects`.
"""
