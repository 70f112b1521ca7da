-- Which synced fields each account's whole runs have read: what the first of them fills in
-- is no change of RingCentral's.

-- +goose Up

ALTER TABLE accounts ADD COLUMN known_fields TEXT NOT NULL DEFAULT
  '["first_name","last_name","email","role","extension_number","department","job_title","site","data_source","time_zone","language"]'
  CHECK (json_valid(known_fields));
