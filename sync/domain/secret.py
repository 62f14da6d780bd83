"""A secret in a text that others wrote, such as a driver's message: found in whatever spelling, and masked."""

import re
from collections import abc
from functools import lru_cache

#: Stands for what is secret.
MASK = "***"

#: What stands before a password where it is one: `password=`, `"pwd": "`.
_NAMED = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|key)\w*['\"]?\s{0,3}(?:=>?|:)\s{0,3}['\"]?"
#: From here on, no word and no name is likely to be the same by chance.
_LONG = 16


def mask(text: str, secret: str, known: abc.Collection[str] = (), *, quoted: bool = True) -> str:
    """The text without the secret: raw, percent-encoded, or escaped as in Python's quotes.

    Where the secret could be a word, or is one of the `known` names that may be shown (of a host, a user), only what
    stands in its place is masked: after `password=`, in a URL, or, with `quoted`, what is in quotes and no known name.
    Without `quoted`, where values of rows may be quoted, a secret that is masked wherever it stands is longer, too.
    """
    if not secret.strip():
        return text
    spelled = _spellings(secret)
    is_name = secret.casefold() in {name.casefold() for name in known}
    if not is_name and _is_telling(secret, 4 if quoted else 8):
        return re.sub(spelled, MASK, text)
    places = [rf"(?<=://)(?P<user>[^\s/@]*:){spelled}(?=@)", rf"(?P<name>{_NAMED}){spelled}(?!\w)"]
    if quoted and not is_name:
        places.append(rf"(?P<open>['\"]){spelled}(?=['\"])")
    for place in places:
        text = re.sub(place, rf"\1{MASK}", text, flags=re.IGNORECASE)
    return text


def _is_telling(secret: str, shortest: int) -> bool:
    """Whether it is no word that would stand anywhere: not letters alone, unless in a mix or very many."""
    if len(secret) >= _LONG:
        return True
    if len(secret) < shortest:
        return False
    if secret.isdecimal():
        return len(secret) > 5
    return not secret.isalpha() or secret[1:] not in (secret[1:].lower(), secret[1:].upper())


@lru_cache(maxsize=32)
def _spellings(secret: str) -> str:
    """A pattern for a secret each of whose characters may be encoded or escaped."""
    return "".join(map(_spelling, secret))


def _spelling(character: str) -> str:
    encoded = "".join(f"%{_any_case(byte)}" for byte in character.encode("utf-8", "surrogatepass"))
    spellings = [re.escape(character), encoded]
    if (escaped := repr(character)[1:-1]) != character:
        spellings.insert(0, re.escape(escaped))
    if character in "'\"":
        spellings.insert(0, re.escape(f"\\{character}"))
    if character == " ":
        spellings.append(r"\+")
    return f"(?:{'|'.join(spellings)})"


def _any_case(byte: int) -> str:
    return "".join(f"[{d.lower()}{d}]" if d.isalpha() else d for d in f"{byte:02X}")
