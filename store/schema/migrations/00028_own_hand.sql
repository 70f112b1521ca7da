-- What the program writes must not look like an edit by hand. Until now each commit dropped the
-- triggers that watch for these, and made them anew, after which every other connection had to
-- prepare its statements again. They look here first; a row stands here within a transaction
-- of the program's alone.

-- +goose Up

CREATE TABLE own_hand (writes INTEGER PRIMARY KEY);

DROP TRIGGER members_search;
-- +goose StatementBegin
CREATE TRIGGER members_search AFTER UPDATE OF first_name, last_name, email, username, extension_number ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand) AND new.search IS old.search
 AND (new.first_name, new.last_name, new.email, new.username, new.extension_number)
     IS NOT (old.first_name, old.last_name, old.email, old.username, old.extension_number)
BEGIN
  UPDATE members SET search = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

DROP TRIGGER hand_replacing_members;
-- +goose StatementBegin
CREATE TRIGGER hand_replacing_members BEFORE INSERT ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = new.member_id AND after = '' AND kind = 'onboard';
END;
-- +goose StatementEnd

DROP TRIGGER hand_filling_members;
-- +goose StatementBegin
CREATE TRIGGER hand_filling_members BEFORE INSERT ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  SELECT RAISE(ABORT, 'teams, categories and permissions must be JSON')
   WHERE NOT (json_valid(new.teams) AND json_valid(new.categories) AND json_valid(new.permissions));
  SELECT RAISE(ABORT, 'pins must be a JSON array of objects')
   WHERE NOT json_valid(new.pins) OR json_type(new.pins) <> 'array'
      OR EXISTS (SELECT 1 FROM json_each(new.pins) WHERE type <> 'object');
  SELECT RAISE(ABORT, 'logins must be a JSON array of logins')
   WHERE NOT json_valid(new.logins) OR json_type(new.logins) <> 'array';
  SELECT RAISE(ABORT, 'a login must be an array of eight texts and 0 or 1')
    FROM json_each(new.logins) l
   WHERE l.type <> 'array' OR json_array_length(l.value) <> 9
      OR EXISTS (SELECT 1 FROM json_each(iif(l.type = 'array', l.value, '[]')) v
                  WHERE iif(v.key < 8, v.type <> 'text', v.type <> 'integer' OR v.value NOT IN (0, 1)));
END;
-- +goose StatementEnd

DROP TRIGGER hand_editing_members;
-- +goose StatementBegin
CREATE TRIGGER hand_editing_members BEFORE UPDATE OF teams, categories, permissions, pins, logins ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  SELECT RAISE(ABORT, 'teams, categories and permissions must be JSON')
   WHERE NOT (json_valid(new.teams) AND json_valid(new.categories) AND json_valid(new.permissions));
  SELECT RAISE(ABORT, 'pins must be a JSON array of objects')
   WHERE NOT json_valid(new.pins) OR json_type(new.pins) <> 'array'
      OR EXISTS (SELECT 1 FROM json_each(new.pins) WHERE type <> 'object');
  SELECT RAISE(ABORT, 'logins must be a JSON array of logins')
   WHERE NOT json_valid(new.logins) OR json_type(new.logins) <> 'array';
  SELECT RAISE(ABORT, 'a login must be an array of eight texts and 0 or 1')
    FROM json_each(new.logins) l
   WHERE l.type <> 'array' OR json_array_length(l.value) <> 9
      OR EXISTS (SELECT 1 FROM json_each(iif(l.type = 'array', l.value, '[]')) v
                  WHERE iif(v.key < 8, v.type <> 'text', v.type <> 'integer' OR v.value NOT IN (0, 1)));
END;
-- +goose StatementEnd

DROP TRIGGER hand_inserted_members;
-- +goose StatementBegin
CREATE TRIGGER hand_inserted_members AFTER INSERT ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd
