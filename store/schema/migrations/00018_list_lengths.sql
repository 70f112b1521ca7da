-- What a list had at the last full run: how many records, and whose extension (R22).

-- +goose Up

-- Of every list by now, and not only of those of which the roster has few people.
ALTER TABLE accounts RENAME COLUMN sparse_lists TO list_lengths;

-- Whose extension has ended: that of long ago proves of nobody that they left now. By member,
-- with the start of the first full run that saw it; NULL: none has looked yet.
ALTER TABLE accounts ADD COLUMN ended_extensions TEXT CHECK (json_valid(ended_extensions));
