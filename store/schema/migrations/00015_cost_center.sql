-- The cost centre of an extension.

-- +goose Up

ALTER TABLE members ADD COLUMN cost_center TEXT NOT NULL DEFAULT '';
