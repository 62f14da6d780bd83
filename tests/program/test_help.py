"""`help` explains codes."""


def test_help(desk):
    """One code with cause, cure and the next run; alone it lists them all."""
    told = desk("help", "invalid_country")
    assert (told.code, told.out.splitlines()[0]) == (
        0,
        "invalid_country: a rejected row; no ISO 3166-1 alpha-2 country code",
    )
    assert [title in told.out for title in ("Cause", "Cure", "Next run")] == [True] * 3
    listed = desk("help")
    assert listed.code == 0
    assert [name in listed.out for name in ("invalid_country", "dropped", "changed_keys")] == (
        [True] * 3
    )


def test_help_of_an_unknown_code(desk):
    """Exit 2, and the nearest code."""
    ended = desk("help", "invalid_contry")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "there is no code 'invalid_contry'\nhint: did you mean invalid_country?\n"
