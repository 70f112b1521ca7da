-- How many records the lists have of which the roster has few people (R22).

-- +goose Up

ALTER TABLE accounts ADD COLUMN sparse_lists TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(sparse_lists));
