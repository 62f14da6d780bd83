"""Mapping files that would take all time and memory, run code or read other files: refused at once."""

import os
import time

import pytest

from sync.errors import ConfigError
from sync.mapping.loader import load
from tests.unit.mapping.test_loader import ENVIRONMENT, SOUND

LARGEST = 256 * 1024
MUCH = "the file holds too much, or its aliases multiply it"
DEEP = "nested too deeply; 40 levels are allowed"
LAUGHS = "a: &a [ha, ha]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
)
BOMBS = {
    "laughs": (LAUGHS, MUCH),
    "one long text, often": ("a: &a " + "x" * 100_000 + "\nb: [" + "*a," * 19_000 + "]", MUCH),
    "brackets": ("[" * LARGEST, DEEP),
    "braces": ("{" * LARGEST, DEEP),
    "list": ("a: [" + "a," * (LARGEST // 2 - 5) + "]", MUCH),
    "keys": ("".join(f"k{number}: v\n" for number in range(20_000)), MUCH),
    "documents": ("---\n" * (LARGEST // 4), "one file holds one mapping"),
    "itself": (SOUND + "tags: &a [*a]\n", DEEP),
    "more than that": (SOUND + "#" * LARGEST, "the file is larger than 256 KiB"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name, tmp_path):
    """A few seconds of CPU, and one problem."""
    text, message = BOMBS[name]
    file = tmp_path / "bomb.yml"
    file.write_text(text)
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load([file], ENVIRONMENT)
    assert time.process_time() - began < 20
    assert caught.value.problems[0].message.startswith(message)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:pathlib.Path.touch [ran]",
        "!!python/object/new:os.system ['touch ran']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch ran']",
    ],
)
def test_tags_run_no_code(tag, tmp_path, monkeypatch):
    """Wherever such a tag stands it is refused, and nothing came of it."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "customers.yml"
    for text in (f"{tag}\n", f"{SOUND}name: {tag}\n", f"{SOUND}tags: [a, {tag}]\n"):
        file.write_text(text)
        with pytest.raises(ConfigError):
            load([file], ENVIRONMENT)
    assert os.listdir(tmp_path) == ["customers.yml"]


@pytest.mark.parametrize(
    "name", ["fifo", "device", "folder/../../outside.sql", "folder/link", "loop"]
)
def test_query_files_that_are_none(name, tmp_path):
    """Pipes that never end, devices, ways out through folders and links: refused, none is waited for."""
    folder = tmp_path / "mappings"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.sql").write_text("select 'outside'")
    os.mkfifo(folder / "fifo")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "folder" / "link").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop").symlink_to("loop")
    file = folder / "customers.yml"
    for given in (name, f"{name}/outside.sql"):
        file.write_text(SOUND.replace("query: select 1", f"query_file: {given}"))
        with pytest.raises(ConfigError) as caught:
            load([file], ENVIRONMENT)
        assert {problem.path for problem in caught.value.problems} == {"source.query_file"}
