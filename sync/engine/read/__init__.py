"""Phase one: rows are drained, compared with the state, and what needs ChartMogul waits in the spool.

Nothing is sent here. Begin with `reader`; `extract` drives it.
"""
