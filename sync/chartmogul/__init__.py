"""The client of ChartMogul's API: what is asked, what an answer means, at which pace, and when to ask again.

It knows no rows, no mappings and no state. Begin with `client`, then `transport`.
"""
