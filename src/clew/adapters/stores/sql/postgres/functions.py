"""What PostgreSQL learns of SQLite's functions, in the schema of the store."""

from __future__ import annotations

FUNCTIONS = r"""
CREATE FUNCTION each(listed text) RETURNS TABLE (key bigint, value bigint)
LANGUAGE sql IMMUTABLE ROWS 100 AS $$
SELECT one.place - 1, one.element::bigint
FROM json_array_elements_text(listed::json) WITH ORDINALITY AS one (element, place)
$$;
CREATE FUNCTION each(listed text, path text) RETURNS TABLE (key bigint, value text)
LANGUAGE sql IMMUTABLE ROWS 100 AS $$
SELECT one.place - 1, one.element
FROM json_array_elements_text(listed::json) WITH ORDINALITY AS one (element, place)
$$;
CREATE FUNCTION hex(content bytea) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(upper(encode(content, 'hex')), '') $$;
CREATE FUNCTION instr(whole text, part text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT strpos(whole, part)::bigint $$;
CREATE FUNCTION substr(whole text, start bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.substr(whole, start::integer) $$;
CREATE FUNCTION substr(whole text, start bigint, length bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.substr(whole, start::integer, length::integer) $$;
CREATE FUNCTION max(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT greatest(a, b) $$;
CREATE FUNCTION date(seconds bigint, kind text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
SELECT to_char(to_timestamp(seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD')
$$;
CREATE FUNCTION glob_pattern(glob text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
SELECT replace(replace(replace(
    regexp_replace(regexp_replace(
        replace(replace(replace(glob, '\', '\\'), '%', '\%'), '_', '\_'),
    '(?<!\[)\*', '%', 'g'), '(?<!\[)\?', '_', 'g'),
'[*]', '*'), '[?]', '?'), '[[]', '[')
$$;
CREATE FUNCTION leading_number(told text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    digits text := substring(told FROM '^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)');
BEGIN
    RETURN coalesce(digits, '0')::double precision;
EXCEPTION WHEN numeric_value_out_of_range THEN
    IF digits ~* 'e-' THEN RETURN 0; END IF;
    RETURN CASE WHEN digits LIKE '-%' THEN '-Infinity' ELSE 'Infinity' END;
END
$$;
CREATE FUNCTION number_given() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    counter regclass := pg_get_serial_sequence(
        format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'n');
    highest bigint;
BEGIN
    IF NEW.n IS NULL THEN
        NEW.n := nextval(counter);
    ELSE
        EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s', counter)
        INTO highest;
        IF NEW.n > highest THEN PERFORM setval(counter, NEW.n); END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER number_given BEFORE INSERT ON experiment
FOR EACH ROW EXECUTE FUNCTION number_given();
CREATE INDEX word_text ON word USING hash (text);
"""

OBJECTS = """
CREATE TABLE object (
    n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT COLLATE "C" NOT NULL UNIQUE,
    size_bytes BIGINT NOT NULL, written_s DOUBLE PRECISION NOT NULL
);
CREATE TABLE piece (
    object BIGINT NOT NULL REFERENCES object ON DELETE CASCADE, seq BIGINT NOT NULL,
    content BYTEA NOT NULL, PRIMARY KEY (object, seq)
);
ALTER TABLE piece ALTER COLUMN content SET STORAGE EXTERNAL;
"""
"""Where large values lie without an object store: compressed already, in pieces."""
