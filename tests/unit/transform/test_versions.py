"""What a record depends on besides its row: a change of it makes every row a stranger."""

import zoneinfo

from sync.transform.versions import versions
from tests.support.bench import customer, loaded


def test_rules(tmp_path, monkeypatch):
    """They follow the zones that the mapping names, and no others; a zone may be in the package alone."""
    plain = loaded(tmp_path, customer({"company": "company"})).mapping
    zoned = loaded(
        tmp_path, customer({"lead_created_at": {"column": "at", "timezone": "Europe/Berlin"}})
    ).mapping
    folder = tmp_path / "zones" / "Europe"
    folder.mkdir(parents=True)
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "none"), str(tmp_path / "zones")))
    without, before = versions(plain), versions(zoned)
    (folder / "Berlin").write_bytes(b"one")
    first = versions(zoned)
    (folder / "Berlin").write_bytes(b"two")

    assert len({before, first, versions(zoned)}) == 3
    assert without == versions(plain)
    assert "pycountry" in without


def test_edition(tmp_path, monkeypatch):
    """They change with the rules of casting."""
    mapping = loaded(tmp_path, customer()).mapping
    before = versions(mapping)
    monkeypatch.setattr("sync.transform.versions.RULES", -1)
    assert before != versions(mapping)
