"""Phase two: what waits is looked up, decided about, sent and written down.

Only `deliver` sends. Begin with it; `writer` drives it, `recorder` writes down what became of each row.
"""
