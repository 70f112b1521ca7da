-- Whose extension has ended: that of long ago proves of nobody that they left now (R22).

-- +goose Up

-- By member, with the start of the first full run that saw it; NULL: none has looked yet.
ALTER TABLE accounts ADD COLUMN ended_extensions TEXT CHECK (json_valid(ended_extensions));
