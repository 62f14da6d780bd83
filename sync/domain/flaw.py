"""What the models of a mapping say about a value that they refuse."""

from pydantic_core import PydanticCustomError


def flaw(message: str, hint: str = "") -> PydanticCustomError:
    """A mistake told in a whole sentence."""
    return PydanticCustomError("flaw", "{message}", {"message": message, "hint": hint})


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A wrong value: `message` goes on after the value (`is not a time zone`).

    The loader puts the value there as the file spells it, so that a `${NAME}` never shows what it
    stands for.
    """
    return PydanticCustomError("wrong", "{message}", {"message": message, "hint": hint})
