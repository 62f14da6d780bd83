"""What every code of a rejected row, a warning or a rail means: its cause, its cure, and what the next run does.

Longer than a noun because each code of the program has its paragraph here, and a test holds that none is missing.
"""

from collections import abc
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Kind(StrEnum):
    """What a code names."""

    ROW = "a rejected row"
    WARNING = "a warning"
    RAIL = "a rail"


@dataclass(frozen=True, slots=True)
class Code:
    """One code for the person who met it; `means` is half a line, the rest are sentences."""

    name: str
    kind: Kind
    means: str
    cause: str
    cure: str
    next_run: str


#: What becomes of a row that the next run finds as it was.
_READ_AGAIN = (
    "Reads the row anew: mended it is sent, else it is rejected again and nothing of it is sent."
)
_LOOKS_AGAIN = "Looks at ChartMogul again, and delivers the row as soon as it can."
#: How a rail is passed.
_DRY_RUN = "Look at `run --dry-run` first."

CODES = (
    Code(
        "ambiguous_contact",
        Kind.ROW,
        "several contacts in ChartMogul may be this row",
        "ChartMogul keeps neither external ids nor e-mails of contacts unique, and has more than one contact with"
        " those of the row. None of them is written by luck, and no further one is created.",
        "Merge or delete the surplus contacts in ChartMogul, whose ids the message names, or give the right one the"
        " row's external_id.",
        _LOOKS_AGAIN,
    ),
    Code(
        "ambiguous_key",
        Kind.ROW,
        "the key of the row, and the one that it had before, are not one record",
        "`was` names the key that a record had before. ChartMogul has a customer under each of the two, or another row"
        " of the query has the key that this one had before: to write one of them would be luck.",
        "Merge the two customers in ChartMogul, or mend the column of `was` in SQL: a key is given once, for ever.",
        _LOOKS_AGAIN,
    ),
    Code(
        "attribute_type",
        Kind.ROW,
        "a value does not fit the type of its custom attribute",
        "The attribute has a type, declared in the mapping, told by the column or locked in the account, and this"
        " value is none of that type: text in an Integer, a number in a Timestamp, more than 255 characters in a"
        " String.",
        "Mend or cast the value in SQL. For long text `too_long: truncate` cuts it. An attribute that is still new"
        " may be declared with another type; a type that ChartMogul has never changes.",
        _READ_AGAIN,
    ),
    Code(
        "conflict",
        Kind.ROW,
        "the record, or its row, is not what was expected",
        "`run --plan` sends only what the plan lists, while the row is the same and ChartMogul still shows the values"
        " that the plan has seen; `undo` puts a value back only where ChartMogul still shows what the run wrote. The"
        " message says what has moved since. Nothing of the row is written.",
        "Look at the record. Make a new plan, or let a run without `--plan` send what the row says by now; what `undo`"
        " left, put back by hand where you want it.",
        "Decides by the row and by what ChartMogul shows then.",
    ),
    Code(
        "contact_moved",
        Kind.ROW,
        "the contact is under another customer in ChartMogul",
        "The row names another customer than the one under which ChartMogul has its contact, and the API has no call"
        " that moves a contact.",
        "Move it in the ChartMogul app, or mend `customer_external_id` in SQL if the warehouse is wrong.",
        "Looks again. A second contact is never created.",
    ),
    Code(
        "customer_not_found",
        Kind.ROW,
        "the contact's customer is not in the data source",
        "ChartMogul has no customer with this `customer_external_id` in the data source: its own row was rejected, it"
        " is not in the customers' query, it belongs to another data source, or it was deleted in ChartMogul.",
        "Sync customers first, and see whether the customer's own row was rejected. With `deleted: leave` the contacts"
        " of deleted customers are skipped.",
        _LOOKS_AGAIN,
    ),
    Code(
        "date_in_future",
        Kind.ROW,
        "a date that must be past lies in the future",
        "ChartMogul takes only past dates for the lead and the trial of a customer. A time without a zone is taken"
        " for UTC, which can make a time of today one of the future.",
        "Mend the date in SQL; write the field's `timezone` where the data has none.",
        "Reads the row anew, and sends it once the date is past.",
    ),
    Code(
        "duplicate_key",
        Kind.ROW,
        "several rows have this key, and they differ",
        "The query gave the key more than once, and the rows do not all make the same record. No row wins by luck:"
        " all are rejected. Repeats that make the same record are skipped instead.",
        "Make the key unique in SQL, for example with DISTINCT ON, QUALIFY or GROUP BY. The message names the other"
        " rows.",
        _READ_AGAIN,
    ),
    Code(
        "edited",
        Kind.ROW,
        "ChartMogul holds a value that this mapping did not write",
        "Somebody changed the field in ChartMogul, or filled it before this mapping first met the record. With"
        " `overwrite: reject_edited` the row is rejected and nothing of it is sent; it is only a warning on a delivered"
        " row where `unless_edited` leaves the value, and where `always` overwrites what was changed since this mapping"
        " last wrote it. A row that did not change is not looked at.",
        "Take the value into the warehouse, or empty the field in ChartMogul; `overwrite: always`, also for one field,"
        " lets the row win.",
        "Looks at a rejected row again, and delivers it once the value is empty, this mapping's own, or the row's. What"
        " stayed in a delivered row is looked at again when that row changes.",
    ),
    Code(
        "gone",
        Kind.ROW,
        "ChartMogul no longer has this record",
        "The record was deleted or merged while the run was busy with it, and a second look did not help.",
        "Nothing, as a rule.",
        "Looks it up again by its key, and creates it if the mode allows that.",
    ),
    Code(
        "held_back",
        Kind.ROW,
        "ChartMogul refused this row before, and nothing about it changed",
        "An earlier run sent this very record, and ChartMogul answered 400 or 422. It would say so again, so the row"
        " is not sent; the message has the day, the run and the words of the refusal.",
        "Mend the row in the warehouse, or the mapping.",
        "Sends it as soon as the row, the mapping or the rules of casting change, seven days after the refusal in any"
        " case, and at once with `retry` or `run --full`.",
    ),
    Code(
        "invalid_country",
        Kind.ROW,
        "no ISO 3166-1 alpha-2 country code",
        "ChartMogul takes two letters, such as DE or GB, in either case; a name, three letters or UK are none. XK is"
        " taken for Kosovo.",
        "Write the code in SQL; where the value is a known name of a country, the hint says which.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_email",
        Kind.ROW,
        "no e-mail address",
        "The text can never be one bare address: it is a link (mailto:), a list, has a name, brackets, quotes or a"
        " character that nobody sees, or its domain is none.",
        "Clean it in SQL, or turn it into null where nothing can be saved.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_integer",
        Kind.ROW,
        "no whole number, or one that is too large",
        "The field takes whole numbers only: a fraction, other text, or a number beyond what ChartMogul takes does"
        " not fit.",
        "Round or cast it in SQL, or turn it into null.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_key",
        Kind.ROW,
        "the row has no usable key",
        "The key is null, blank, padded with spaces, longer than 255 characters, a fraction or a Boolean, or holds a"
        " character that nobody sees; or neither external id nor e-mail names the contact.",
        "Filter such rows or mend the key in SQL (trim, cast to text). A key is taken as it stands: two spellings of"
        " it would be two records.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_status",
        Kind.ROW,
        "no status that can be set",
        "Only the four statuses of leads can be written; ChartMogul computes the others from subscriptions.",
        "Use one of those that the hint names, or turn the others into null in SQL.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_text",
        Kind.ROW,
        "a value that cannot be sent as text",
        "The value is binary, a list or JSON, or its text holds a NUL or half a character, which UTF-8 cannot carry.",
        "Cast it to text in SQL, and take such characters out.",
        _READ_AGAIN,
    ),
    Code(
        "invalid_time",
        Kind.ROW,
        "no date or time that exists",
        "The text is not ISO 8601, the day does not exist, or the value is a number.",
        "Cast it in SQL to a date or a timestamp, or to ISO 8601 text.",
        _READ_AGAIN,
    ),
    Code(
        "not_finite",
        Kind.ROW,
        "NaN or infinity",
        "JSON, and so ChartMogul, knows neither.",
        "Turn it into null in SQL, for example with NULLIF.",
        _READ_AGAIN,
    ),
    Code(
        "not_found",
        Kind.ROW,
        "ChartMogul has no such record, and the mode is update",
        "The mapping only changes what exists, and the key is not in the data source.",
        "Use `mode: upsert` to create such records, or `absent: skip` to leave them out without a rejection.",
        _LOOKS_AGAIN,
    ),
    Code(
        "not_put_back",
        Kind.ROW,
        "ChartMogul answered, and shows something else than what was put back",
        "`undo` holds each answer against what was to be put back. ChartMogul took the request without an error, and"
        " the field is not what it was before: it may be pinned, or be computed by now.",
        "Look at the field in ChartMogul. `undo` of the same run tries what is not back yet once more.",
        "Knows nothing of it: the row is as it was when it was last sent.",
    ),
    Code(
        "null_value",
        Kind.ROW,
        "null where the mapping allows none",
        "The column is null or blank, and the mapping says `on_null: reject` for it.",
        "Fill it in SQL, give the field a `default`, or write `on_null: keep`.",
        _READ_AGAIN,
    ),
    Code(
        "outcome_unknown",
        Kind.ROW,
        "a contact's create may or may not have taken effect",
        "The answer to the create was lost, or the run broke off in between, and no look-up shows the contact."
        " ChartMogul keeps contacts not unique, so that a blind second try could make a second one.",
        "Nothing; wait. Where ChartMogul answered with a contact of no customer, delete that one in the app.",
        "At least ten minutes after the request it looks again: the contact is adopted if it is there, and created if"
        " a complete listing shows that it is not. Until then the row stays rejected.",
    ),
    Code(
        "refused",
        Kind.ROW,
        "ChartMogul refused the row",
        "ChartMogul answered that it does not take this record. Its words are in the message, its whole answer in"
        " errors.jsonl.",
        "Mend the row in the warehouse, or the mapping.",
        "After 400 and 422 the row is `held_back` while nothing about it changes; after any other refusal it is sent"
        " again.",
    ),
    Code(
        "same_record",
        Kind.ROW,
        "another row stands for the same record",
        "Two keys lead to one record of ChartMogul, most often since its customers were merged, or since one row has"
        " the key that another one's record had before (`was`). Only one row is sent, the same one in each run, so that"
        " the two do not overwrite each other for ever.",
        "Keep one of the two rows in the query, or unmerge the customers in ChartMogul. A new customer needs a key that"
        " none had before: ChartMogul never changes an external id.",
        _LOOKS_AGAIN,
    ),
    Code(
        "trial_before_lead",
        Kind.ROW,
        "the free trial begins before the lead",
        "ChartMogul refuses a `free_trial_started_at` that lies before `lead_created_at`.",
        "Mend one of the two dates in SQL.",
        _READ_AGAIN,
    ),
    Code(
        "unavailable",
        Kind.ROW,
        "no usable answer, after all tries",
        "ChartMogul, or a proxy or firewall on the way to it, answered with an error that says nothing about the row,"
        " or not at all. Or the run ended in the middle of the row, after some of its requests: changes.jsonl has what"
        " they changed.",
        "Nothing, as a rule. If it stays, the answer in errors.jsonl tells who sent it.",
        "Tries again. What may have taken effect is looked for first.",
    ),
    Code(
        "dropped",
        Kind.WARNING,
        "ChartMogul answered without an error, but did not take a value",
        "The answer does not show what was sent: an owner that is no user of the account, an attribute of contacts"
        " that nobody has defined in the app, a value that ChartMogul keeps as it is.",
        "Mend the value, or define the attribute in the ChartMogul app.",
        "Counts it (`known_drops`). The value is sent again by `run --full`, with the next write of its row, and once a"
        " day for five rows of the field: if one sticks, the others follow in that run.",
    ),
    Code(
        "lost_attributes",
        Kind.WARNING,
        "an attribute that no row sends is gone since this write",
        "It was there before the write and is not in the answer: ChartMogul replaces the attributes of a contact as a"
        " whole, and this one was set elsewhere in that moment.",
        "Set it again in ChartMogul, or map it.",
        "Nothing: no row sends it.",
    ),
    Code(
        "pinned",
        Kind.WARNING,
        "the field is pinned in ChartMogul, which did not take the value",
        "Somebody has pinned the value in ChartMogul, so that no plain write replaces it. This mapping never frees or"
        " moves a pin.",
        "Free the field in the ChartMogul app, or leave it out of the mapping.",
        "Counts it (`known_drops`), and tries again as with `dropped`: by `run --full`, with the next write of its row,"
        " and once a day for five rows of the field.",
    ),
    Code(
        "rewritten",
        Kind.WARNING,
        "the value that this mapping overwrote is there again",
        "Something writes the field after each of our writes: another mapping, an integration of ChartMogul, an"
        " automation.",
        "Let only one of them have the field: leave it out of this mapping, or write `overwrite: unless_edited`.",
        "Overwrites it again when the row is next looked at, and says so again.",
    ),
    Code(
        "allow_empty",
        Kind.RAIL,
        "the query is empty, and was not in the last run",
        "An empty result is most often a broken query or a table that is being rebuilt.",
        "Mend the query. If it may be empty, set `limits.allow_empty: true`, or lift the rail once with"
        " `run --override allow_empty`.",
        "Judges anew. Nothing was written.",
    ),
    Code(
        "canary",
        Kind.RAIL,
        "a row of the canary did not arrive as it was sent",
        "`run --canary N` writes N rows of each kind of operation and reads them back. One of them was refused, or"
        " ChartMogul shows a field otherwise than it was sent. Nothing more was written, in no mapping.",
        "canary.json in the run's report has what was sent and what is shown. Mend the rows or the mapping, or run"
        " without `--canary` if it is as it should be.",
        "Goes on with the rest: what arrived is remembered, and what ChartMogul drops is known.",
    ),
    Code(
        "changed_keys",
        Kind.RAIL,
        "many keys have left the query, and many are new",
        "The same records seem to come under other keys: a prefix, another case, another column. They would be"
        " created a second time.",
        "Mend the key in the query. If the records really are others, use `run --override changed_keys`; if the query"
        " shows only part of them, write `source: {rows: some}`.",
        "Judges anew. Nothing was written, and no record is marked as left.",
    ),
    Code(
        "max_clears",
        Kind.RAIL,
        "a field of more records would be emptied than allowed",
        "So many rows are null in a column with `on_null: clear` whose field ChartMogul shows filled: more than"
        " `limits.max_clears`, which is 10 % of the rows and at least 20 unless set. A join or an import that failed"
        " looks like that.",
        f"{_DRY_RUN} If that is meant, raise the limit, or lift it once with `run --override max_clears`.",
        "Judges anew. Nothing was written.",
    ),
    Code(
        "dbt",
        Kind.RAIL,
        "dbt did not build the model in time, or a test of it did not pass",
        "The mapping asks for it (`source.dbt_fresh_within`, `source.dbt_tests`), and `run_results.json` beside the"
        " manifest says otherwise, or does not say: `dbt run` and `dbt test` leave one half each, `dbt build` both.",
        "Run `dbt build`, or look at why it failed. To read the model as it is, use `run --override dbt`.",
        "Judges anew. Nothing was read.",
    ),
    Code(
        "max_creates",
        Kind.RAIL,
        "more records would be created than allowed",
        "`limits.max_creates` of the mapping is less than what the run found to create.",
        f"{_DRY_RUN} If that is meant, raise the limit, or lift it once with `run --override max_creates`.",
        "Judges anew. Nothing was written.",
    ),
    Code(
        "max_rejected",
        Kind.RAIL,
        "more rows are rejected than allowed",
        "`limits.max_rejected` of the mapping is less than what was rejected: a column may have changed its meaning.",
        "errors.csv says why. Mend the rows, raise the limit, or lift it once with `run --override max_rejected`.",
        "Judges anew. What was sent before the limit was passed is remembered.",
    ),
    Code(
        "max_requests",
        Kind.RAIL,
        "more requests than allowed",
        "`limits.max_requests` of the mapping is used up.",
        "Raise the limit, lift it once with `run --override max_requests`, or let the next run go on.",
        "Goes on where this one stopped: what was sent is remembered.",
    ),
    Code(
        "max_same_refusals",
        Kind.RAIL,
        "everything is refused for one reason",
        "The first rows that were sent, 100 unless `limits.max_same_refusals` says otherwise, were all refused with the"
        " same words; the rest would be as well. Contacts do not start after it.",
        "Mend what the reason names, in SQL or in the mapping; to send the rest all the same, once, use"
        " `run --override max_same_refusals`.",
        "Holds back what was refused while nothing about it changes, and sends the rest.",
    ),
    Code(
        "max_updates",
        Kind.RAIL,
        "more records would be changed than allowed",
        "`limits.max_updates` of the mapping is less than what the run found to change.",
        f"{_DRY_RUN} If that is meant, raise the limit, or lift it once with `run --override max_updates`.",
        "Judges anew. Nothing was written.",
    ),
)

_BY_NAME = {code.name: code for code in CODES}


def find(name: str) -> Code | None:
    """The code of this name, however it is spelt: `Invalid-Country` is invalid_country."""
    return _BY_NAME.get(_folded(name))


def nearest(name: str) -> str | None:
    """The code that was most likely meant by a name that is none."""
    near = get_close_matches(_folded(name), _BY_NAME, n=1)
    return near[0] if near else None


def of_kind(kind: Kind) -> abc.Iterator[Code]:
    """All codes of a kind, by name."""
    return (code for code in sorted(CODES, key=lambda code: code.name) if code.kind is kind)


def _folded(name: str) -> str:
    return name.strip().lower().replace("-", "_")
