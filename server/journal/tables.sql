-- 修订日志: the tables of revisions, entries and hashes. Run by migrate each time; every statement may be repeated.
-- Their functions are in functions.sql, their triggers in triggers.py.

CREATE SCHEMA IF NOT EXISTS journal;
CREATE SCHEMA IF NOT EXISTS history;

CREATE TABLE IF NOT EXISTS journal.action (name text PRIMARY KEY);
COMMENT ON TABLE journal.action IS '操作类型 the closed list of reasons for which facts change';

CREATE TABLE IF NOT EXISTS journal.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL,
    at timestamptz NOT NULL,
    hash bytea NOT NULL,
    xact xid8
);
COMMENT ON TABLE journal.head IS '最新修订 the single row whose lock makes fact writes serial';
INSERT INTO journal.head (revision, at, hash)
VALUES (0, '2000-01-01 00:00:00+08', sha256('xintu')) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS journal.transaction (
    revision bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor ~ '\S'),
    action text NOT NULL REFERENCES journal.action,
    reason text NOT NULL CHECK (reason ~ '\S'),
    previous bytea NOT NULL,
    entries bigint,
    hash bytea
);
COMMENT ON TABLE journal.transaction IS '修订 one per write: who, what for, and the hash that chains it to the one before';

CREATE TABLE IF NOT EXISTS journal.entry (
    revision bigint NOT NULL,
    n bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    id uuid NOT NULL,
    operation "char" NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (revision, n)
);
COMMENT ON TABLE journal.entry IS '条目 one per changed row: SHA-256(salt ‖ the version as text)';
CREATE INDEX IF NOT EXISTS entry_by_row ON journal.entry (id, revision);
