"""The commands that documents show: lines of their `sh` blocks, each as words."""

import re
import shlex
from collections import abc

_BLOCK = re.compile(r"```sh\n(.*?)```", re.S)


def commands(text: str) -> abc.Iterator[list[str]]:
    """Every command of a page without the variables set before it; lines that only set some are none."""
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            for command in _commands(line):
                words = _without_variables(command)
                if words:
                    yield words


def _commands(line: str) -> abc.Iterator[list[str]]:
    """The commands of a line, which `&&`, `|` and `;` part."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word in ("&&", "|", ";"):
            yield words
            words = []
        elif word == ">":
            next(lexer)  # the file that the shell writes is no argument
        else:
            words.append(word)
    yield words


def _without_variables(words: list[str]) -> list[str]:
    while words and (words[0] == "export" or re.match(r"[A-Z_]+=", words[0])):
        words = words[1:]
    return words
