"""ChartMogul in memory, by its documentation and recordings.

It shares no code with anyone: what one misunderstands the other must not excuse. Begin with `sandbox`;
`settings` tells what can be made to answer otherwise, `faults` what can go wrong.
"""
