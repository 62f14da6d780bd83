"""One run over one or more mappings, from the leases to the exit code.

It knows the phases and their order; how a record is found and written in ChartMogul is the destination's.
Begin with `run`, then `task`.
"""
