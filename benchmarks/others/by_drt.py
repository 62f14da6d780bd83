"""A project of `drt-core` with its REST destination: POST, for that is all it can be told.

Its URL is the same for every row, so it can create customers but change none; it does not look rows up, and a diff of
its own needs PostgreSQL. A sync sends one request after the other; twenty of them, each with a twentieth of the rows,
share the pace, which is a little below the limit: it is not exact, and repeats have none.
"""

import json
import sys
from pathlib import Path

_SYNCS = 20
_BODY = """
    {"data_source_uuid": %s, "external_id": "{{ row.id }}", "company": {{ row.company | tojson_safe }},
     "email": {{ row.email | tojson_safe }}, "country": {{ row.country | tojson_safe }},
     "city": {{ row.city | tojson_safe }},
     "lead_created_at": {{ row.signed_up_at | tojson_safe }}, "attributes": {"custom": [
      {"type": "String", "key": "plan", "value": {{ row.plan | tojson_safe }}},
      {"type": "Integer", "key": "seats", "value": {{ row.seats }}},
      {"type": "Decimal", "key": "mrr", "value": {{ row.mrr }}},
      {"type": "Timestamp", "key": "last_seen", "value": {{ row.last_seen | tojson_safe }}},
      {"type": "Boolean", "key": "is_partner", "value": {{ "true" if row.is_partner else "false" }}},
      {"type": "String", "key": "note", "value": {{ row.note | tojson_safe }}}]}}
"""
_SYNC = """\
name: accounts_%(number)s
model: select * from accounts where id %% %(of)s = %(number)s
destination:
  type: rest_api
  url: %(url)s/customers
  method: POST
  headers: {Content-Type: application/json}
  auth: {type: basic, username_env: CHARTMOGUL_API_KEY, password_env: NO_PASSWORD}
  body_template: |%(body)s
sync:
  mode: full
  on_error: skip
  rate_limit: {requests_per_second: 36}
"""


def project(folder: Path, warehouse: Path, url: str, data_source: str) -> dict[str, str]:
    """Write the project into `folder`; the variables that `drt run` needs beside the key."""
    (folder / "syncs").mkdir(parents=True, exist_ok=True)
    (folder / "drt_project.yml").write_text("name: accounts\nversion: '0.1'\nprofile: here\n")
    (folder / ".drt").mkdir(exist_ok=True)
    (folder / ".drt" / "profiles.yml").write_text(
        f"here:\n  type: sqlite\n  database: {warehouse}\n"
    )
    body = _BODY % json.dumps(data_source)
    for number in range(_SYNCS):
        told = {"number": number, "of": _SYNCS, "url": url, "body": body}
        (folder / "syncs" / f"accounts_{number}.yml").write_text(_SYNC % told)
    # ChartMogul wants no password, drt wants one that is not empty.
    return {"HOME": str(folder), "NO_PASSWORD": "-"}


if __name__ == "__main__":
    # The program as its command starts it.
    from drt.cli.main import app

    sys.argv[1:] = ["run", "--threads", str(_SYNCS), "--output", "json"]
    app()
