-- 修订函数: begin, seal, stamp. Run by migrate each time, and by check, which compares; it must lock no table.
-- Names are qualified and search_path is fixed, because the functions run with the owner's rights.

-- One text form for the head of a transaction; actor, action and reason carry their length, so none can run into the next.
CREATE OR REPLACE FUNCTION journal.header(t journal.transaction) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.revision || '|' || to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '|'
        || length(t.actor) || ':' || t.actor || '|' || length(t.action) || ':' || t.action || '|'
        || length(t.reason) || ':' || t.reason || E'\n'
$$;

-- SHA-256(previous ‖ header ‖ its entries in order)
CREATE OR REPLACE FUNCTION journal.transaction_hash(t journal.transaction) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(t.previous || convert_to(journal.header(t) || coalesce(
        string_agg(e.table_name || '|' || e.id || '|' || e.operation::text || '|' || encode(e.hash, 'hex'), E'\n' ORDER BY e.n),
        ''), 'UTF8'))
    FROM journal.entry e WHERE e.revision = t.revision
$$;

CREATE OR REPLACE FUNCTION journal.begin(p_actor text, p_action text, p_reason text, OUT revision bigint, OUT day date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head journal.head;
    moment timestamptz;
BEGIN
    SELECT * INTO head FROM journal.head h FOR UPDATE;
    IF head.xact = pg_current_xact_id() THEN
        RAISE EXCEPTION 'this transaction has begun its revision already' USING ERRCODE = 'XJ002';
    END IF;
    moment := journal.moment();
    IF (moment AT TIME ZONE 'Asia/Shanghai')::date < (head.at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'the day % lies before the last revision''s', (moment AT TIME ZONE 'Asia/Shanghai')::date
            USING ERRCODE = 'XJ003';
    END IF;
    moment := greatest(moment, head.at + interval '1 microsecond');
    revision := head.revision + 1;
    day := (moment AT TIME ZONE 'Asia/Shanghai')::date;
    INSERT INTO journal.transaction (revision, at, actor, action, reason, previous)
    VALUES (revision, moment, coalesce(p_actor, ''), coalesce(p_action, ''), coalesce(p_reason, ''), head.hash);
    UPDATE journal.head h SET revision = begin.revision, at = moment, xact = pg_current_xact_id();
    PERFORM set_config('xintu.revision', revision::text, true);
END $$;

-- The revision of this transaction, by the head row alone: a setting could be forged.
CREATE OR REPLACE FUNCTION journal.current_revision() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rev bigint;
BEGIN
    SELECT h.revision INTO rev FROM journal.head h WHERE h.xact = pg_current_xact_id_if_assigned();
    IF rev IS NULL THEN
        RAISE EXCEPTION 'a fact is written only after journal.begin(actor, action, reason)' USING ERRCODE = 'XJ001';
    END IF;
    IF EXISTS (SELECT FROM journal.transaction t WHERE t.revision = rev AND t.hash IS NOT NULL) THEN
        RAISE EXCEPTION 'the revision is sealed already' USING ERRCODE = 'XJ002';
    END IF;
    RETURN rev;
END $$;

-- The subjects that the open revision has changed after its entry p_after, as they stand now, with the rank they have in
-- name_search, and whether what their names are found by stands there already. The writer may not read the journal.
-- A plan made while the tables were small would read them whole for each row: hence the settings.
CREATE OR REPLACE FUNCTION journal.changed_names(p_after bigint, p_most integer) RETURNS TABLE (
    n bigint, kind text, id uuid, name text, division_code text, sector text, state text, scope text, disclosed_from date,
    disclosed_until date, withdrawn_on date, source_unit_id uuid, revision bigint, rank integer, same boolean
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    rev bigint := journal.current_revision();
BEGIN
    RETURN QUERY
    SELECT e.n, e.table_name, s.*, i.rank, coalesce((i.name, i.division_code, i.sector, i.state)
        IS NOT DISTINCT FROM (s.name, s.division_code, s.sector, s.state), false)
    FROM journal.entry e
    CROSS JOIN LATERAL (
        SELECT f.id, f.name, f.division_code, f.sector, f.state, f.scope, f.disclosed_from, f.disclosed_until,
            f.withdrawn_on, f.source_unit_id, f.revision_from
        FROM xintu.enterprise f WHERE e.table_name = 'enterprise' AND f.id = e.id
        UNION ALL
        SELECT b.id, b.name, b.division_code, b.sector, b.state, b.scope, b.disclosed_from, b.disclosed_until,
            b.withdrawn_on, b.source_unit_id, b.revision_from
        FROM xintu.individual_business b WHERE e.table_name = 'individual_business' AND b.id = e.id
    ) s
    LEFT JOIN xintu.name_search i ON i.id = e.id
    WHERE e.revision = rev AND e.n > p_after AND e.table_name IN ('enterprise', 'individual_business')
    ORDER BY e.n LIMIT p_most;
END $$;

-- Whether each subject that a revision has changed stands in name_search as it is now.
CREATE OR REPLACE FUNCTION journal.names_complete(p_revision bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM journal.entry e
        WHERE e.revision = p_revision AND e.table_name IN ('enterprise', 'individual_business')
            AND NOT EXISTS (SELECT FROM xintu.name_search i WHERE i.id = e.id AND i.revision = p_revision));
END $$;

-- At commit: seal the revision.
CREATE OR REPLACE FUNCTION journal.seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    sealed bytea;
BEGIN
    IF NOT journal.names_complete(NEW.revision) THEN
        RAISE EXCEPTION 'revision % changed subjects that name_search does not have: name_index.complete() was not called',
            NEW.revision USING ERRCODE = 'XJ006';
    END IF;
    SELECT journal.transaction_hash(t) INTO sealed FROM journal.transaction t WHERE t.revision = NEW.revision;
    UPDATE journal.transaction t SET hash = sealed,
        entries = (SELECT count(*) FROM journal.entry e WHERE e.revision = NEW.revision)
    WHERE t.revision = NEW.revision;
    UPDATE journal.head h SET hash = sealed;
    RETURN NULL;
END $$;

-- Each new version gets its revision and a fresh salt, whatever the writer put there.
CREATE OR REPLACE FUNCTION journal.stamp() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the id of a fact never changes' USING ERRCODE = 'XJ004';
    END IF;
    -- A missing setting leaves null: the statement trigger, which trusts no setting, then says what is wrong.
    NEW.revision_from := coalesce(nullif(current_setting('xintu.revision', true), '')::bigint, -1);
    NEW.salt := uuid_send(gen_random_uuid());
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION journal.refuse_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a fact of % is never deleted: withdraw it', TG_TABLE_NAME USING ERRCODE = 'XJ004';
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA journal FROM PUBLIC;
