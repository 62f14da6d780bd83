"""What was observed of ChartMogul and what past runs did: one schema on SQLite and PostgreSQL, no value of a field.

It decides nothing. Begin with `store`; `mapping_state` is the state as one mapping sees it.
"""
