"""The MRR of the customers that a run touches."""

from sync.domain.money import Revenue


def test_what_is_known_and_the_largest():
    """Those that nobody looked at count, and add nothing; five are named, the largest first."""
    revenue = Revenue()
    for key, cents in (("a", 100), ("b", None), ("c", 700), ("d", 300), ("e", 0)):
        revenue.add(key, cents)
    for number in range(4):
        revenue.add(f"f{number}", 200)
    assert (revenue.known, revenue.of, revenue.sum_cents) == (8, 9, 1900)
    assert revenue.largest == [("c", 700), ("d", 300), ("f0", 200), ("f1", 200), ("f2", 200)]
