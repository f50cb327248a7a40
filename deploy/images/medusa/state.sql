-- What Storeplane remembers about this database: what it was made by, and what was last asked of it.
-- In a schema of its own, so that Medusa's migrations never see it.
CREATE SCHEMA storeplane;
CREATE TABLE storeplane.state (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    medusa_version text NOT NULL,
    publishable_key_id text NOT NULL,
    publishable_key_sha256 text,
    store_name text,
    claimed_at timestamptz
);
INSERT INTO storeplane.state (medusa_version, publishable_key_id)
SELECT :'version', id FROM public.api_key WHERE type = 'publishable' ORDER BY created_at LIMIT 1;
