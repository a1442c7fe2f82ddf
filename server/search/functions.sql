-- 检索函数: how a door finds firms and vehicles. Made once for each reading door: "door." stands for its schema.
-- They run with the caller's rights and read the door's own views, so that nobody finds what he may not see.
--
-- A place is tier * 2^32 + rank. Tiers: 0 code or plate; then, each twice, first the names that have every word as it was
-- written, then those that have another word for it: 1, 2 the whole name, 3, 4 brand and all words, 5, 6 the beginning of
-- the name, 7, 8 all words; 9 pinyin initials, 10 likeness. A row has one place: that of its best tier.
--
-- The door's settings forbid bitmaps and sorts. What needs them says so, and each statement has one way it can be run,
-- because plans are made without the values. What few names carry is looked for by the index of tokens, all of it at once.
-- Of more the whole name and the brand come first, by indexes of their own. Common words are then looked for along the
-- ranks, of which the next 10,000 fill a page; of those how they are written does not matter.

-- How many names carry all these tokens: 0 few, so that all of them may be looked at; 2 so many that the next ranks hold a
-- page of them; 1 between. The words of a name are no accident, so that the product of their shares may be far too small
-- (应链 and 链管); where it and the rarest token differ, names are counted, no further than needed. Before anything was
-- counted all are few.
CREATE FUNCTION door.how_common(wanted text[]) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on AS $$
DECLARE
    few CONSTANT integer := 400;
    many CONSTANT integer := 4000;
    total double precision;
    rarest integer;
    expected double precision;
BEGIN
    SELECT g.df INTO total FROM door.gram_df g WHERE g.gram = '';
    IF coalesce(total, 0) < many THEN
        RETURN 0;
    END IF;
    SELECT min(coalesce(g.df, 1)), total * exp(sum(ln(least(greatest(coalesce(g.df, 1), 1) / total, 1))))
    INTO rarest, expected FROM unnest(wanted) w(token) LEFT JOIN door.gram_df g ON g.gram = w.token;
    IF expected <= many AND rarest > many THEN
        SELECT count(*) INTO expected
        FROM (SELECT FROM door.name_search n WHERE n.tokens @> wanted LIMIT many + 1) x;
    END IF;
    RETURN CASE WHEN least(expected, rarest) <= few THEN 0 WHEN least(expected, rarest) <= many THEN 1 ELSE 2 END;
END $$;

-- Names that carry all tokens, by the index of tokens: tiers 1 to 8 in the order of their places.
CREATE FUNCTION door.names_by_tokens(
    wanted text[], whole text, trade_name text, written text[], after bigint, most bigint
) RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT y.id, y.place, y.enterprise_id, y.individual_business_id
    FROM (
        SELECT x.id, x.enterprise_id, x.individual_business_id,
            (CASE WHEN x.core = whole THEN 2 WHEN x.brand = trade_name THEN 4 WHEN starts_with(x.core, whole) THEN 6
                ELSE 8 END - coalesce((x.name LIKE ALL (written))::integer, 0)::bigint << 32) + x.rank AS place
        FROM (
            SELECT n.id, n.name, n.core, n.brand, n.rank, n.enterprise_id, n.individual_business_id
            FROM door.name_search n WHERE n.tokens @> wanted OFFSET 0
        ) x
    ) y
    WHERE y.place > after ORDER BY y.place LIMIT most;
END $$;

-- Tiers 1 to 4, names of exactly this core and those of this brand with all tokens: by their indexes, in the order of ranks.
CREATE FUNCTION door.names_alike(
    wanted text[], whole text, trade_name text, written text[], after bigint, most bigint
) RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
#variable_conflict use_column
DECLARE
    tier CONSTANT bigint := after >> 32;
    missing bigint := most;
    found bigint;
BEGIN
    IF tier <= 2 THEN
        RETURN QUERY
        SELECT y.id, y.place, y.enterprise_id, y.individual_business_id FROM (
            SELECT n.id, (2 - (n.name LIKE ALL (written))::integer::bigint << 32) + n.rank AS place,
                n.enterprise_id, n.individual_business_id
            FROM door.name_search n WHERE n.core = whole AND n.tokens @> wanted OFFSET 0
        ) y WHERE y.place > after ORDER BY y.place LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    FOR brand_tier IN greatest(tier, 3)..4 LOOP
        EXIT WHEN missing = 0 OR trade_name IS NULL;
        RETURN QUERY
        SELECT n.id, (brand_tier::bigint << 32) + n.rank, n.enterprise_id, n.individual_business_id
        FROM door.name_search n
        WHERE n.brand = trade_name AND n.rank > CASE tier WHEN brand_tier THEN after & 4294967295 ELSE 0 END
            AND n.core IS DISTINCT FROM whole AND n.tokens @> wanted
            AND n.name LIKE ALL (written) = (brand_tier = 3)
        ORDER BY n.brand, n.rank LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END LOOP;
END $$;

-- Names that begin so, but for those of a better tier; by the index of names, all of them.
CREATE FUNCTION door.names_by_beginning(wanted text[], whole text, trade_name text, after_rank bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT x.id, (6::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.core, n.brand, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.core ~>=~ whole AND n.core ~<~ (whole || U&'\+10FFFF') OFFSET 0
    ) x
    WHERE x.rank > after_rank AND x.core <> whole AND x.brand IS DISTINCT FROM trade_name AND x.tokens @> wanted
    ORDER BY x.rank LIMIT most;
END $$;

-- Tiers 5 to 8 of words that are common: each along an index, as far as the page needs.
CREATE FUNCTION door.common_names(wanted text[], whole text, trade_name text, after bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    tier CONSTANT bigint := after >> 32;
    reach CONSTANT bigint := 10000;
    missing bigint := most;
    found bigint;
    ranks bigint;
BEGIN
    IF tier <= 6 THEN
        ranks := CASE tier WHEN 6 THEN after & 4294967295 ELSE 0 END;
        SELECT count(*) INTO found FROM (
            SELECT FROM door.name_search n WHERE n.core ~>=~ whole AND n.core ~<~ (whole || U&'\+10FFFF') LIMIT 501) x;
        IF found > 500 THEN
            RETURN QUERY SELECT x.id, (6::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
            FROM (
                SELECT n.id, n.core, n.brand, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
                FROM door.name_search n WHERE n.rank > ranks AND n.rank <= ranks + reach ORDER BY n.rank OFFSET 0
            ) x
            WHERE starts_with(x.core, whole) AND x.core <> whole AND x.brand IS DISTINCT FROM trade_name
                AND x.tokens @> wanted
            LIMIT missing;
            GET DIAGNOSTICS found = ROW_COUNT;
            missing := missing - found;
            ranks := ranks + reach;
        END IF;
        IF missing > 0 THEN
            RETURN QUERY SELECT * FROM door.names_by_beginning(wanted, whole, trade_name, ranks, missing);
            GET DIAGNOSTICS found = ROW_COUNT;
            missing := missing - found;
        END IF;
    END IF;
    IF missing > 0 AND tier <= 8 THEN
        ranks := CASE tier WHEN 8 THEN after & 4294967295 ELSE 0 END;
        RETURN QUERY SELECT x.id, (8::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
        FROM (
            SELECT n.id, n.core, n.brand, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
            FROM door.name_search n WHERE n.rank > ranks AND n.rank <= ranks + reach ORDER BY n.rank OFFSET 0
        ) x
        WHERE x.tokens @> wanted AND starts_with(x.core, whole) IS NOT TRUE AND x.brand IS DISTINCT FROM trade_name
        LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
        ranks := ranks + reach;
        IF missing > 0 AND EXISTS (SELECT FROM door.name_search n WHERE n.rank > ranks ORDER BY n.rank LIMIT 1) THEN
            RETURN QUERY SELECT * FROM door.names_by_tokens(
                wanted, whole, trade_name, NULL, (8::bigint << 32) + ranks, missing);
        END IF;
    END IF;
END $$;

-- Names by their pinyin initials, but for those in which the letters themselves stand, or that have fewer characters.
CREATE FUNCTION door.names_by_initials(
    wanted text[], literal text[], letters integer, after_rank bigint, most bigint
)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT x.id, (9::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.core, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.tokens @> wanted OFFSET 0
    ) x
    WHERE x.rank > after_rank AND length(x.core) >= letters AND NOT x.tokens @> literal ORDER BY x.rank LIMIT most;
END $$;

-- The same of initials that are common: along the ranks first.
CREATE FUNCTION door.common_initials(
    wanted text[], literal text[], letters integer, after_rank bigint, most bigint
)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    reach CONSTANT bigint := 10000;
    found bigint;
BEGIN
    RETURN QUERY
    SELECT x.id, (9::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.core, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.rank > after_rank AND n.rank <= after_rank + reach ORDER BY n.rank OFFSET 0
    ) x
    WHERE x.tokens @> wanted AND length(x.core) >= letters AND NOT x.tokens @> literal LIMIT most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < most AND EXISTS (SELECT FROM door.name_search n WHERE n.rank > after_rank + reach ORDER BY n.rank LIMIT 1)
    THEN
        RETURN QUERY SELECT * FROM door.names_by_initials(wanted, literal, letters, after_rank + reach, most - found);
    END IF;
END $$;

-- Names that carry all tokens of one guess at what was meant. The rarest come first; to ask the index for more than three
-- of them takes longer than to look at what three leave.
CREATE FUNCTION door.names_of_guess(wanted text[]) RETURNS TABLE (rank integer, name text, core text)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT x.rank, x.name, x.core FROM (
        SELECT n.rank, n.name, n.core, n.tokens FROM door.name_search n WHERE n.tokens @> wanted[:3] OFFSET 0
    ) x WHERE x.tokens @> wanted LIMIT 500;
END $$;

-- 近似: the names most like one that nobody bears. Each guess is tokens that the right name may carry in spite of the mistake.
-- The rarest guesses are looked for, as many as can be afforded; of the names found those that share most characters are
-- compared place by place with what was typed, with what sounds like it and what looks like it, from both ends.
-- Pinyin has no characters, so that "typed" is empty, and is compared with the whole name too: its 市 and 县 are spelt.
CREATE FUNCTION door.similar_names(
    typed text, written text[], guesses text[], sounds text[], shapes text[], weights integer[], filters text[],
    after bigint, most bigint
) RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
#variable_conflict use_column
DECLARE
    total CONSTANT double precision := greatest((SELECT g.df FROM door.gram_df g WHERE g.gram = ''), 1);
BEGIN
    RETURN QUERY
    WITH guess AS (
        SELECT g.wanted, sum(g.expected) OVER (ORDER BY g.expected, g.n) AS so_far
        FROM (
            SELECT t.n, array_agg(t.token ORDER BY d.df NULLS FIRST) AS wanted,
                total * exp(sum(ln(least(greatest(coalesce(d.df, 1), 1) / total, 1)))) AS expected
            FROM (
                SELECT a.n, unnest(string_to_array(a.guess, ' ') || filters) AS token
                FROM unnest(guesses) WITH ORDINALITY a(guess, n)
            ) t LEFT JOIN door.gram_df d ON d.gram = t.token
            GROUP BY t.n
        ) g
    ), way AS MATERIALIZED (
        SELECT w.n, string_to_array(w.sounds, ' ') AS sounds, string_to_array(w.shapes, ' ') AS shapes
        FROM unnest(sounds, shapes) WITH ORDINALITY w(sounds, shapes, n)
    ), spot AS MATERIALIZED (
        SELECT w.n, x.i::integer AS i, x.weight, x.sounds, x.shapes, nullif(substr(typed, x.i::integer, 1), '') AS asked
        FROM way w CROSS JOIN LATERAL unnest(w.sounds, w.shapes, weights[:cardinality(w.sounds)])
            WITH ORDINALITY x(sounds, shapes, weight, i)
    ), candidate AS MATERIALIZED (
        SELECT f.rank, f.name, f.core FROM (
            SELECT DISTINCT c.rank, c.name, c.core FROM guess g CROSS JOIN LATERAL door.names_of_guess(g.wanted) c
            WHERE g.so_far <= 500
        ) f
        ORDER BY CASE typed
            WHEN '' THEN abs(length(f.core) - (SELECT cardinality(w.sounds) FROM way w WHERE w.n = 1))
            ELSE length(translate(f.core, typed, ''))
                - 2 * (SELECT count(*) FROM unnest(written) v(word) WHERE f.core LIKE v.word) END, f.rank
        LIMIT 100
    ), pair AS (
        SELECT c.rank, w.n, t.text, length(t.text) - cardinality(w.sounds) AS shift
        FROM candidate c
        CROSS JOIN LATERAL (
            SELECT c.core AS text UNION ALL SELECT translate(c.name, '()（） ', '') WHERE typed = ''
        ) t
        CROSS JOIN way w
        -- Whoever spells a name out begins with its beginning, or with what follows the region.
        WHERE typed <> '' OR strpos(w.sounds[1], left(t.text, 1)) > 0 AND strpos(w.sounds[2], substr(t.text, 2, 1)) > 0
            OR length(t.text) > cardinality(w.sounds)
                AND strpos(w.sounds[1], substr(t.text, 1 + length(t.text) - cardinality(w.sounds), 1)) > 0
                AND strpos(w.sounds[2], substr(t.text, 2 + length(t.text) - cardinality(w.sounds), 1)) > 0
    ), compared AS (
        SELECT p.rank, 100 * sum(p.weight * p.likeness) / sum(p.weight)
            - 300 * greatest(length(p.text) - count(*) FILTER (WHERE p.likeness > 0), 0) AS likeness
        FROM (
            SELECT e.rank, e.n, e.text, e.weight, CASE
                WHEN e.here = e.asked OR e.there = e.asked THEN 100
                WHEN strpos(e.sounds, e.here) > 0 OR strpos(e.sounds, e.there) > 0 THEN 90
                WHEN strpos(e.shapes, e.here) > 0 OR strpos(e.shapes, e.there) > 0 THEN 85
                WHEN strpos(e.text, e.asked) > 0 THEN 60
                ELSE 0 END AS likeness
            FROM (
                SELECT a.rank, a.n, a.text, s.weight, s.sounds, s.shapes, s.asked,
                    nullif(substr(a.text, s.i, 1), '') AS here, nullif(substr(a.text, s.i + a.shift, 1), '') AS there
                FROM pair a JOIN spot s ON s.n = a.n
            ) e
        ) p
        GROUP BY p.rank, p.n, p.text
    ), likest AS (
        SELECT b.rank, max(b.likeness) AS likeness FROM compared b WHERE b.likeness >= 5500 GROUP BY b.rank
    ), best AS (
        SELECT l.rank, row_number() OVER (ORDER BY l.likeness + l.as_written DESC, l.rank) AS n
        FROM (
            SELECT l.rank, l.likeness, 1500 * (SELECT count(*) FROM unnest(written) v(word) WHERE c.name LIKE v.word)
                / greatest(cardinality(written), 1) AS as_written
            FROM likest l JOIN candidate c ON c.rank = l.rank
        ) l
        ORDER BY l.likeness + l.as_written DESC, l.rank LIMIT 5
    )
    SELECT n.id, (10::bigint << 32) + b.n, n.enterprise_id, n.individual_business_id
    FROM best b JOIN door.name_search n ON n.rank = b.rank
    WHERE (10::bigint << 32) + b.n > after ORDER BY b.n LIMIT most;
END $$;

-- Firms and shops by their code, or by the nine characters of the organisation code inside it; a shop's may be given twice.
CREATE FUNCTION door.firms_by_code(
    uscc_code text, organisation_code text, only_kind text, division text, only_sector text
) RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT f.id, row_number() OVER (ORDER BY f.kind DESC, f.id),
        CASE f.kind WHEN 'enterprise' THEN f.id END, CASE f.kind WHEN 'individual_business' THEN f.id END
    FROM (
        SELECT e.id, 'enterprise' AS kind, e.division_code, e.sector FROM door.enterprise e WHERE e.uscc = uscc_code
        UNION ALL
        SELECT e.id, 'enterprise', e.division_code, e.sector FROM door.enterprise e
        WHERE substr(e.uscc, 9, 9) = organisation_code
        UNION ALL
        SELECT b.id, 'individual_business', b.division_code, b.sector FROM door.individual_business b
        WHERE b.uscc = uscc_code
        UNION ALL
        SELECT b.id, 'individual_business', b.division_code, b.sector FROM door.individual_business b
        WHERE substr(b.uscc, 9, 9) = organisation_code
    ) f
    WHERE (only_kind IS NULL OR f.kind = only_kind) AND (division IS NULL OR starts_with(f.division_code, division))
        AND (only_sector IS NULL OR f.sector = only_sector);
END $$;

-- The one call of the plans. What was typed comes taken apart (server/search/questions.py); a filter holds for all kinds.
CREATE FUNCTION door.find_subjects(
    reading text, code text, plate_colour text, wanted text[], whole text, trade_name text, written text[],
    initials text, guesses text[], sounds text[], shapes text[], weights integer[],
    only_kind text, division text, only_sector text, most bigint, after_place bigint
) RETURNS TABLE (
    id uuid, place bigint, matched text, enterprise_id uuid, individual_business_id uuid, vehicle_id uuid
)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    tiers CONSTANT text[] := ARRAY['exact', 'exact', 'brand', 'brand', 'prefix', 'prefix', 'words', 'words'];
    filters CONSTANT text[] := array_remove(
        ARRAY['@k:' || only_kind, '@d:' || division, '@s:' || only_sector], NULL);
    named CONSTANT text[] := wanted || filters;
    after CONSTANT bigint := coalesce(after_place, 0);
    ranks CONSTANT bigint := CASE after >> 32 WHEN 9 THEN after & 4294967295 ELSE 0 END;
    missing bigint := most;
    found bigint := 0;
    others bigint;
    common integer;
BEGIN
    IF code IS NOT NULL AND reading = 'plate' THEN
        RETURN QUERY SELECT v.id, v.n, 'plate', NULL::uuid, NULL::uuid, v.id FROM (
            SELECT c.id, row_number() OVER (ORDER BY c.colour, c.id) AS n FROM door.vehicle c
            WHERE c.plate = code AND (plate_colour IS NULL OR c.colour = plate_colour)
                AND coalesce(only_kind, 'vehicle') = 'vehicle' AND only_sector IS NULL
                AND (division IS NULL OR starts_with(c.division_code, division))
        ) v WHERE v.n > after ORDER BY v.n LIMIT most;
    ELSIF code IS NOT NULL THEN
        RETURN QUERY SELECT f.id, f.place, 'code', f.enterprise_id, f.individual_business_id, NULL::uuid
        FROM door.firms_by_code(
            CASE reading WHEN 'uscc' THEN code END, CASE reading WHEN 'organisation_code' THEN code END,
            only_kind, division, only_sector) f
        WHERE f.place > after ORDER BY f.place LIMIT most;
    END IF;
    IF wanted IS NULL OR only_kind = 'vehicle' THEN
        RETURN;
    END IF;
    IF after >> 32 <= 8 THEN
        common := door.how_common(named);
        others := after;
        IF common > 0 AND after >> 32 <= 4 THEN
            RETURN QUERY SELECT f.id, f.place, tiers[f.place >> 32], f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.names_alike(named, whole, trade_name, written, after, missing) f;
            GET DIAGNOSTICS found = ROW_COUNT;
            missing := missing - found;
            others := (5::bigint << 32) - 1;
        END IF;
        IF missing > 0 AND common = 2 THEN
            RETURN QUERY SELECT f.id, f.place, tiers[f.place >> 32], f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.common_names(named, whole, trade_name, others, missing) f;
            GET DIAGNOSTICS found = ROW_COUNT;
            missing := missing - found;
        ELSIF missing > 0 THEN
            RETURN QUERY SELECT f.id, f.place, tiers[f.place >> 32], f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.names_by_tokens(named, whole, trade_name, written, others, missing) f;
            GET DIAGNOSTICS found = ROW_COUNT;
            missing := missing - found;
        END IF;
    END IF;
    IF missing > 0 AND initials IS NOT NULL AND after >> 32 <= 9 THEN
        IF door.how_common(initials || filters) = 2 THEN
            RETURN QUERY SELECT f.id, f.place, 'initials', f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.common_initials(initials || filters, wanted, length(whole), ranks, missing) f;
        ELSE
            RETURN QUERY SELECT f.id, f.place, 'initials', f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.names_by_initials(initials || filters, wanted, length(whole), ranks, missing) f;
        END IF;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    IF missing = most AND cardinality(guesses) > 0 AND (after_place IS NULL OR after >> 32 = 10) THEN
        RETURN QUERY SELECT f.id, f.place, 'similar', f.enterprise_id, f.individual_business_id, NULL::uuid
        FROM door.similar_names(CASE reading WHEN 'pinyin' THEN '' ELSE whole END, written, guesses, sounds, shapes, weights, filters, after, most) f;
    END IF;
END $$;
