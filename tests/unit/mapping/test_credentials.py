"""What the environment puts into the user and the password of a URL."""

import pytest
from sqlalchemy import make_url

from sync.mapping.credentials import Credentials

ODD = "p@ss/w:o?r&d#x= +%zz[]ü"


def filled(url: str, **environment: str) -> str:
    """The URL with its references replaced."""
    text = Credentials(url).fill(environment, frozenset())
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("value", [ODD, "100%", "%4", "a b", "", "it's"])
def test_any_value_arrives(value):
    """In the user, in the password, in a part of one, and in a secret option; the rest of the URL stays whole."""
    url = make_url(
        filled("postgresql://${U}:a${P}b@h:1/d?sslpassword=${P}&x=y", U="me@corp", P=value)
    )
    assert (url.username, url.password, url.host, url.port) == ("me@corp", f"a{value}b", "h", 1)
    assert dict(url.query) == {"x": "y"} | ({"sslpassword": value} if value else {})


@pytest.mark.parametrize(
    ("url", "environment", "expected", "left"),
    [
        ("db://u:${P}@h", {"P": "a%40b"}, "db://u:a%40b@h", ("P",)),
        ("db://u:${P}@h", {"P": "a%40b!"}, "db://u:a%2540b%21@h", ()),
        ("db://u:${P}@h", {"P": "plain-1.2~_"}, "db://u:plain-1.2~_@h", ()),
        ("db://u:${P:-a/b}@h", {}, "db://u:a%2Fb@h", ()),
        ("db://u@${H}/${D}?x=${H}", {"H": "a/b", "D": "c d"}, "db://u@a/b/c d?x=a/b", ()),
        ("${U}", {"U": "db://u:p@ss%40@h"}, "db://u:p@ss%40@h", ()),
        ("${B}/db", {"B": "db://u:p@h"}, "db://u:p@h/db", ()),
        ("db://u:${P}@h", {"P": "\udcff"}, "db://u:%FF@h", ()),
    ],
)
def test_places(url, environment, expected, left):
    """Only there, only what is no encoding already, and never a variable that is the whole URL."""
    assert filled(url, **environment) == expected
    assert Credentials(url).left(environment) == left
