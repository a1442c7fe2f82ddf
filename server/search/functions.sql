-- 检索函数: how a door finds firms and vehicles. Made once for each reading door: "door." stands for its schema.
-- They run with the caller's rights and read the door's own views, so that nobody finds what he may not see.
--
-- A place is tier * 2^32 + rank: 0 code or plate, 1 the whole name, 2 brand and all words, 3 beginning of the name,
-- 4 all words, 5 pinyin initials, 6 likeness. A row has one place: that of its best tier.
--
-- The door's settings forbid bitmaps and sorts. What needs them says so, and each statement has one way it can be run,
-- because plans are made without the values. Common words are looked for along the ranks, of which the next 10,000 fill
-- a page; others by the index of tokens, all of them at once.

-- In how many names all these tokens would stand if they were independent; 0 before anything was counted.
CREATE FUNCTION door.expected_names(wanted text[]) RETURNS double precision LANGUAGE plpgsql STABLE AS $$
DECLARE
    total double precision;
    share double precision;
BEGIN
    SELECT g.df INTO total FROM door.gram_df g WHERE g.gram = '';
    IF coalesce(total, 0) = 0 THEN
        RETURN 0;
    END IF;
    SELECT exp(sum(ln(least(greatest(coalesce(g.df, 1), 1) / total, 1)))) INTO share
    FROM unnest(wanted) w(token) LEFT JOIN door.gram_df g ON g.gram = w.token;
    RETURN coalesce(share, 1) * total;
END $$;

-- Names that carry all tokens, by the index of tokens: tiers 1 to 4 in the order of their places.
CREATE FUNCTION door.names_by_tokens(wanted text[], whole text, trade_name text, after bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT y.id, y.place, y.enterprise_id, y.individual_business_id
    FROM (
        SELECT x.id, x.enterprise_id, x.individual_business_id,
            (CASE WHEN x.core = whole THEN 1 WHEN x.brand = trade_name THEN 2 WHEN starts_with(x.core, whole) THEN 3
                ELSE 4 END::bigint << 32) + x.rank AS place
        FROM (
            SELECT n.id, n.core, n.brand, n.rank, n.enterprise_id, n.individual_business_id
            FROM door.name_search n WHERE n.tokens @> wanted OFFSET 0
        ) x
    ) y
    WHERE y.place > after ORDER BY y.place LIMIT most;
END $$;

-- Names that begin so, but for those of a better tier; by the index of names, all of them.
CREATE FUNCTION door.names_by_beginning(wanted text[], whole text, trade_name text, after_rank bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT x.id, (3::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.core, n.brand, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.core ~>=~ whole AND n.core ~<~ (whole || U&'\+10FFFF') OFFSET 0
    ) x
    WHERE x.rank > after_rank AND x.core <> whole AND x.brand IS DISTINCT FROM trade_name AND x.tokens @> wanted
    ORDER BY x.rank LIMIT most;
END $$;

-- Tiers 1 to 4 of words that are common: each along an index in the order of ranks, as far as the page needs.
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
    IF tier <= 1 THEN
        ranks := CASE tier WHEN 1 THEN after & 4294967295 ELSE 0 END;
        RETURN QUERY SELECT n.id, (1::bigint << 32) + n.rank, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.core = whole AND n.rank > ranks AND n.tokens @> wanted
        ORDER BY n.rank LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    IF missing > 0 AND tier <= 2 AND trade_name IS NOT NULL THEN
        ranks := CASE tier WHEN 2 THEN after & 4294967295 ELSE 0 END;
        RETURN QUERY SELECT n.id, (2::bigint << 32) + n.rank, n.enterprise_id, n.individual_business_id
        FROM door.name_search n
        WHERE n.brand = trade_name AND n.rank > ranks AND n.core IS DISTINCT FROM whole AND n.tokens @> wanted
        ORDER BY n.rank LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    IF missing > 0 AND tier <= 3 THEN
        ranks := CASE tier WHEN 3 THEN after & 4294967295 ELSE 0 END;
        SELECT count(*) INTO found FROM (
            SELECT FROM door.name_search n WHERE n.core ~>=~ whole AND n.core ~<~ (whole || U&'\+10FFFF') LIMIT 501) x;
        IF found > 500 THEN
            RETURN QUERY SELECT x.id, (3::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
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
    IF missing > 0 AND tier <= 4 THEN
        ranks := CASE tier WHEN 4 THEN after & 4294967295 ELSE 0 END;
        RETURN QUERY SELECT x.id, (4::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
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
            RETURN QUERY SELECT * FROM door.names_by_tokens(wanted, whole, trade_name, (4::bigint << 32) + ranks, missing);
        END IF;
    END IF;
END $$;

-- Names by their pinyin initials, but for those in which the letters themselves stand.
CREATE FUNCTION door.names_by_initials(wanted text[], literal text[], after_rank bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on SET enable_sort = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT x.id, (5::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.tokens @> wanted OFFSET 0
    ) x
    WHERE x.rank > after_rank AND NOT x.tokens @> literal ORDER BY x.rank LIMIT most;
END $$;

-- The same of initials that are common: along the ranks first.
CREATE FUNCTION door.common_initials(wanted text[], literal text[], after_rank bigint, most bigint)
RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    reach CONSTANT bigint := 10000;
    found bigint;
BEGIN
    RETURN QUERY
    SELECT x.id, (5::bigint << 32) + x.rank, x.enterprise_id, x.individual_business_id
    FROM (
        SELECT n.id, n.rank, n.tokens, n.enterprise_id, n.individual_business_id
        FROM door.name_search n WHERE n.rank > after_rank AND n.rank <= after_rank + reach ORDER BY n.rank OFFSET 0
    ) x
    WHERE x.tokens @> wanted AND NOT x.tokens @> literal LIMIT most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < most AND EXISTS (SELECT FROM door.name_search n WHERE n.rank > after_rank + reach ORDER BY n.rank LIMIT 1)
    THEN
        RETURN QUERY SELECT * FROM door.names_by_initials(wanted, literal, after_rank + reach, most - found);
    END IF;
END $$;

-- Names that carry all tokens of one guess at what was meant.
CREATE FUNCTION door.names_of_guess(wanted text[]) RETURNS TABLE (rank integer, name text, core text)
LANGUAGE plpgsql STABLE SET enable_bitmapscan = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT n.rank, n.name, n.core FROM door.name_search n WHERE n.tokens @> wanted LIMIT 500;
END $$;

-- 近似: the names most like one that nobody bears. Each guess is tokens that the right name may carry in spite of the mistake.
-- What the guesses find is compared place by place with the characters typed, with those that sound like them and those
-- that look like them, from the left and from the right. The rarest guesses come first, as many as can be afforded.
-- Pinyin has no characters, so that "typed" is empty, and is compared with the whole name too: its 市 and 县 are spelt.
CREATE FUNCTION door.similar_names(
    typed text, guesses text[], sounds text[], shapes text[], weights integer[], filters text[], after bigint, most bigint
) RETURNS TABLE (id uuid, place bigint, enterprise_id uuid, individual_business_id uuid)
LANGUAGE plpgsql STABLE SET enable_sort = on SET enable_hashagg = on AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH guess AS (
        SELECT g.wanted, sum(g.expected) OVER (ORDER BY g.expected, g.n) AS so_far
        FROM (
            SELECT a.n, string_to_array(a.guess, ' ') || filters AS wanted,
                door.expected_names(string_to_array(a.guess, ' ') || filters) AS expected
            FROM unnest(guesses) WITH ORDINALITY a(guess, n)
        ) g
    ), candidate AS (
        SELECT DISTINCT c.rank, t.text, string_to_array(t.text, NULL) AS letters
        FROM guess g
        CROSS JOIN LATERAL door.names_of_guess(g.wanted) c
        CROSS JOIN LATERAL (
            SELECT c.core AS text UNION ALL SELECT translate(c.name, '()（） ', '') WHERE typed = ''
        ) t
        WHERE g.so_far <= 1500
    ), way AS (
        SELECT string_to_array(a.sounds, ' ') AS sounds, string_to_array(a.shapes, ' ') AS shapes,
            w.places, (SELECT sum(x) FROM unnest(weights[:w.places]) x) AS heaviest
        FROM unnest(sounds, shapes) a(sounds, shapes)
        CROSS JOIN LATERAL (SELECT cardinality(string_to_array(a.sounds, ' ')) AS places) w
    ), compared AS (
        SELECT c.rank,
            max(100 * s.likeness / w.heaviest - 300 * greatest(cardinality(c.letters) - s.matched, 0)) AS likeness
        FROM candidate c CROSS JOIN way w CROSS JOIN LATERAL (
            SELECT sum(p.weight * p.likeness) AS likeness, count(*) FILTER (WHERE p.likeness > 60) AS matched
            FROM (
                SELECT weights[i] AS weight, CASE
                    WHEN p.here = p.asked OR p.there = p.asked THEN 100
                    WHEN strpos(w.sounds[i], p.here) > 0 OR strpos(w.sounds[i], p.there) > 0 THEN 90
                    WHEN strpos(w.shapes[i], p.here) > 0 OR strpos(w.shapes[i], p.there) > 0 THEN 85
                    WHEN strpos(c.text, p.asked) > 0 THEN 60
                    ELSE 0 END AS likeness
                FROM generate_series(1, w.places) i
                CROSS JOIN LATERAL (SELECT c.letters[i] AS here,
                    c.letters[i + cardinality(c.letters) - w.places] AS there, nullif(substr(typed, i, 1), '') AS asked) p
            ) p
        ) s
        GROUP BY c.rank
    ), best AS (
        SELECT b.rank, row_number() OVER (ORDER BY b.likeness DESC, b.rank) AS n
        FROM compared b WHERE b.likeness >= 5000 ORDER BY b.likeness DESC, b.rank LIMIT 5
    )
    SELECT n.id, (6::bigint << 32) + b.n, n.enterprise_id, n.individual_business_id
    FROM best b JOIN door.name_search n ON n.rank = b.rank
    WHERE (6::bigint << 32) + b.n > after ORDER BY b.n LIMIT most;
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
    reading text, code text, plate_colour text, wanted text[], whole text, trade_name text, initials text,
    guesses text[], sounds text[], shapes text[], weights integer[],
    only_kind text, division text, only_sector text, most bigint, after_place bigint
) RETURNS TABLE (
    id uuid, place bigint, matched text, enterprise_id uuid, individual_business_id uuid, vehicle_id uuid
)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    tiers CONSTANT text[] := ARRAY['exact', 'brand', 'prefix', 'words', 'initials', 'similar'];
    filters CONSTANT text[] := array_remove(
        ARRAY['@k:' || only_kind, '@d:' || division, '@s:' || only_sector], NULL);
    named CONSTANT text[] := wanted || filters;
    after CONSTANT bigint := coalesce(after_place, 0);
    ranks CONSTANT bigint := CASE after >> 32 WHEN 5 THEN after & 4294967295 ELSE 0 END;
    missing bigint := most;
    found bigint := 0;
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
    IF after >> 32 <= 4 THEN
        IF door.expected_names(named) > 6000 THEN
            RETURN QUERY SELECT f.id, f.place, tiers[f.place >> 32], f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.common_names(named, whole, trade_name, after, missing) f;
        ELSE
            RETURN QUERY SELECT f.id, f.place, tiers[f.place >> 32], f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.names_by_tokens(named, whole, trade_name, after, missing) f;
        END IF;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    IF missing > 0 AND initials IS NOT NULL AND after >> 32 <= 5 THEN
        IF door.expected_names(initials || filters) > 6000 THEN
            RETURN QUERY SELECT f.id, f.place, 'initials', f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.common_initials(initials || filters, wanted, ranks, missing) f;
        ELSE
            RETURN QUERY SELECT f.id, f.place, 'initials', f.enterprise_id, f.individual_business_id, NULL::uuid
            FROM door.names_by_initials(initials || filters, wanted, ranks, missing) f;
        END IF;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
    END IF;
    IF missing = most AND cardinality(guesses) > 0 AND (after_place IS NULL OR after >> 32 = 6) THEN
        RETURN QUERY SELECT f.id, f.place, 'similar', f.enterprise_id, f.individual_business_id, NULL::uuid
        FROM door.similar_names(CASE reading WHEN 'pinyin' THEN '' ELSE whole END, guesses, sounds, shapes, weights, filters, after, most) f;
    END IF;
END $$;
