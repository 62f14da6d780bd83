"""How keys are written down: as they are, but those with an e-mail in them as a keyed hash."""

from collections import abc
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Writes keys with one salt, the state's own."""

    salt: bytes

    def stored(self, key: str) -> str:
        """What the state holds for a key: `email:` and 32 hex digits, where it contains an @."""
        if "@" not in key and "\0" not in key:  # PostgreSQL's text takes no NUL
            return key
        digest = blake2b(key.encode("utf-8", "surrogatepass"), key=self.salt, digest_size=16)
        return f"email:{digest.hexdigest()}"

    def number(self, text: str) -> int:
        """8 bytes of keyed hash of a text, as a signed number."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), key=self.salt, digest_size=8)
        return int.from_bytes(digest.digest(), "big", signed=True)

    def plain(self, keys: abc.Iterable[str]) -> dict[str, str]:
        """Stored key → the key it was given as."""
        return {self.stored(key): key for key in keys}
