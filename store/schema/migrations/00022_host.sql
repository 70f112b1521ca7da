-- Which host a roster belongs to: a copy on another one is not written by itself.

-- +goose Up

ALTER TABLE numbering ADD COLUMN host TEXT NOT NULL DEFAULT '';  -- '': the next that writes
