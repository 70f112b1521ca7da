-- Which extension was whose is remembered of everybody whose record does not say it by its
-- rcUserId, not of those alone who kept one that their e-mail did not give them (R7).

-- +goose Up

ALTER TABLE members ADD COLUMN synced_extension TEXT NOT NULL DEFAULT '';

UPDATE members SET synced_extension = synced ->> '$.extension', synced = json_remove(synced, '$.extension')
 WHERE synced <> '' AND synced ->> '$.extension' IS NOT NULL;
