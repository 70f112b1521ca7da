-- Who delivers to a destination claims it. A try that failed is another time: a command that
-- delivers at once goes before that, and waits for nobody's claim but a living one's.

-- +goose Up

ALTER TABLE destinations ADD COLUMN claimed_until TEXT; -- NULL: nobody delivers to it right now
