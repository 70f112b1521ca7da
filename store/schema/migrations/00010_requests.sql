-- What a restored or copied roster must not do: use the number of a run again, or
-- carry out what was asked of another.

-- +goose Up

CREATE TABLE numbering (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  last_run INTEGER NOT NULL, -- the highest number that was ever given out
  place    TEXT NOT NULL     -- device and inode of the database; '': not known yet
) STRICT;
INSERT INTO numbering SELECT 1, coalesce(max(run_id), 0), '' FROM runs;

-- What operators asked a running service to do. What waited in an older version has
-- failed: whoever asked is not waiting any more.
CREATE TABLE asked (
  request_id INTEGER PRIMARY KEY, -- at random, so that no copy has another with it
  request    TEXT NOT NULL CHECK (json_valid(request)),
  asked_at   TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  run_id     INTEGER,
  error      TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO asked (request_id, request, asked_at, state, run_id, error)
SELECT request_id, request, asked_at, iif(state = 'done', 'done', 'failed'), run_id,
       iif(state IN ('waiting', 'taken'), 'ringroster was upgraded after it was asked', error)
  FROM requests;
DROP TABLE requests;
ALTER TABLE asked RENAME TO requests;
