-- The employee number.

-- +goose Up

ALTER TABLE members ADD COLUMN employee_id TEXT NOT NULL DEFAULT '';
