-- Seals, and what runs kept in pieces.

-- +goose Up

-- What a sync leaves behind about somebody of whom nothing else is noted: a
-- digest of all that a plan looks at, and the names to find them by. NULL: the
-- plan reads the rows. The program writes seal and rows together; whoever else
-- touches the rows breaks the seal, and raises the account's version, so that no
-- plan made from what stood there before is carried out.
ALTER TABLE members ADD COLUMN seal TEXT;

-- Read in place of the rows.
CREATE INDEX members_seal ON members (account, member_id, seal);

-- Holds a row while the program itself writes members: never seen by anybody
-- else, since one transaction puts it in and takes it out.
CREATE TABLE own_hand (id INTEGER PRIMARY KEY CHECK (id = 1)) STRICT;

-- +goose StatementBegin
CREATE TRIGGER members_inserted AFTER INSERT ON members
WHEN new.seal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER members_updated AFTER UPDATE ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = new.member_id AND seal IS NOT NULL;
  UPDATE accounts SET version = version + 1 WHERE account IN (old.account, new.account);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER logins_inserted AFTER INSERT ON logins
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER logins_updated AFTER UPDATE ON logins
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id IN (old.member_id, new.member_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER logins_deleted AFTER DELETE ON logins
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = old.member_id;
END;
-- +goose StatementEnd

-- Pieces of what runs kept, each named after its content: nearly all of a day's
-- are those of the day before. snapshots.data of earlier versions is whole.
CREATE TABLE snapshot_pieces (
  piece_id INTEGER PRIMARY KEY,
  account  TEXT NOT NULL,
  name     TEXT NOT NULL,
  data     BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX snapshot_pieces_name ON snapshot_pieces (account, name);

CREATE TABLE snapshot_parts (
  account  TEXT NOT NULL,
  run_id   INTEGER NOT NULL,
  position INTEGER NOT NULL,
  piece_id INTEGER NOT NULL REFERENCES snapshot_pieces (piece_id),
  PRIMARY KEY (account, run_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX snapshot_parts_piece ON snapshot_parts (piece_id);
