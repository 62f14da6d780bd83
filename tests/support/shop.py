"""A small shop in any database, for who begins with its tables."""

#: What most databases understand; `{time}` and `{flag}` are types that differ.
TABLES = """
create table accounts (
  id varchar(20) not null primary key,
  company_name varchar(80),
  billing_email varchar(80),
  country char(2),
  signed_up_at {time},
  seats integer,
  balance decimal(12, 2),
  is_partner {flag},
  password_hash varchar(80)
);
create table users (
  account_id varchar(20) not null,
  email varchar(80) not null,
  job_title varchar(80),
  last_seen_at {time},
  primary key (account_id, email)
);
create view partners as select id, seats * 2 as double_seats from accounts where is_partner;
insert into accounts (id, seats, is_partner) values ('acc_1', 3, true)
"""
#: What `init accounts` makes of it, everywhere.
FIELDS = {
    "external_id": "id",
    "email": "billing_email",
    "company": "company_name",
    "country": "country",
    "lead_created_at": "signed_up_at",
}
ATTRIBUTES = {"seats": "Integer", "balance": "Decimal", "is_partner": "Boolean"}


def statements(*, time: str = "timestamp", flag: str = "boolean") -> list[str]:
    """The statements, one by one."""
    return TABLES.format(time=time, flag=flag).split(";\n")
