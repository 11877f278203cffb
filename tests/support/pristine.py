"""Reset a PostgreSQL database to its initial state, in some milliseconds.

Copying a template takes a hundred times as long, and TRUNCATE creates new files for every table and
index. Here a schema has a copy of every table; if the rows differ, they are deleted and copied
back.
"""

from __future__ import annotations

import psycopg

# Everything but rows and partitions: what differs in it is not put back, the database is replaced.
STRUCTURE = """
WITH parts AS (SELECT inhrelid AS relid FROM pg_inherits)
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
  SELECT concat(c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull)
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  WHERE c.relnamespace = 'public'::regnamespace
  AND c.oid NOT IN (SELECT relid FROM parts)
  AND c.oid NOT IN (SELECT indexrelid FROM pg_index JOIN parts ON indrelid = relid)
  UNION ALL SELECT concat(tgname, tgrelid, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace AND conrelid NOT IN (SELECT relid FROM parts)
) AS lines (line)
"""
# Otherwise it would wait for open transactions.
END_TRANSACTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
# Without partitions, whose rows are those of their table.
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
# Written out for every table, because the server plans such statements once and keeps the plans.
PUT_BACK = """
IF (SELECT count(*) FROM public.{0}) <> (SELECT count(*) FROM pristine.{0})
OR EXISTS (SELECT t::text FROM public.{0} t EXCEPT SELECT t::text FROM pristine.{0} t) THEN
  DELETE FROM public.{0};
  INSERT INTO public.{0} SELECT * FROM pristine.{0};
END IF;
"""
# Months of events: those that a test has created are dropped.
PARTS = "SELECT inhrelid AS relid FROM pg_inherits WHERE inhparent = 'activities'::regclass"
DROPPED = f"SELECT relid FROM pristine.parts EXCEPT {PARTS}"  # noqa: S608 -- constants
RESET = """
CREATE FUNCTION pristine.reset() RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text;
BEGIN
  SET LOCAL session_replication_role = replica; -- no foreign key decides the order
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits
    WHERE inhparent = 'public.activities'::regclass
    AND inhrelid NOT IN (SELECT relid FROM pristine.parts)
  LOOP EXECUTE 'DROP TABLE ' || part; END LOOP;
  {statements}
END $$
"""


class Pristine:
    """Remembers a database as it is when this is made."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = psycopg.connect(url, autocommit=True)
        self._remember()
        self.structure = self._structure()

    def reset(self) -> bool:
        """Put every row back; returns False where more than rows was changed."""
        self.connection.execute(END_TRANSACTIONS)
        if self._structure() != self.structure or self.connection.execute(DROPPED).fetchone():
            return False
        self.connection.execute("SELECT pristine.reset()")
        return True

    def close(self) -> None:
        """Close the connection, so that the database can be dropped."""
        self.connection.close()

    def _remember(self) -> None:
        self.connection.execute("CREATE SCHEMA pristine")
        self.connection.execute(f"CREATE TABLE pristine.parts AS {PARTS}")
        statements = []
        for (name,) in self.connection.execute(TABLES).fetchall():
            self.connection.execute(f"CREATE TABLE pristine.{name} AS TABLE public.{name}")
            statements.append(PUT_BACK.format(name))
        for name, last in self.connection.execute(SEQUENCES).fetchall():
            values = f"{last}, true" if last else "1, false"
            statements.append(f"PERFORM setval('public.{name}', {values});")
        self.connection.execute(RESET.format(statements="".join(statements)))

    def _structure(self) -> str:
        return self.connection.execute(STRUCTURE).fetchone()[0]
