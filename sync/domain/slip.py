"""Whether a name is one slip of a finger away from another."""


def is_slip(written: str, meant: str) -> bool:
    """Whether one letter is missing, too many or another, two neighbours are swapped, or only the case differs."""
    if written == meant:
        return False
    written, meant = written.upper(), meant.upper()
    start = next((i for i, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), None)
    if start is None:
        return abs(len(written) - len(meant)) <= 1
    rest, other = written[start:], meant[start:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other or rest == other[1:] or rest[1:] == other[1:]
