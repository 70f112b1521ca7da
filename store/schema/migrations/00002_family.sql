-- What belongs to the roster, what is pinned, and where people are in the world.

-- +goose Up

ALTER TABLE members ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';       -- IANA name
ALTER TABLE members ADD COLUMN language TEXT NOT NULL DEFAULT '';        -- BCP 47 tag
ALTER TABLE members ADD COLUMN synced_regional TEXT NOT NULL DEFAULT ''; -- the extension whose own settings were read; '': none yet

-- The roster's own, as activity_id is: given once, then set by operators.
ALTER TABLE members ADD COLUMN teams TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(teams));
ALTER TABLE members ADD COLUMN categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(categories));
ALTER TABLE members ADD COLUMN permissions TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(permissions)); -- {}: never given

-- Synced fields that an operator holds against the sync.
ALTER TABLE members ADD COLUMN pins TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(pins));

CREATE INDEX members_pinned ON members (account) WHERE pins <> '[]'; -- they are few, and `status` asks

DROP VIEW roster;

-- A linked member that is neither absent nor inactive was in the last snapshot.
CREATE VIEW roster AS
SELECT m.member_id, m.account, m.status, m.role, m.username, m.first_name, m.last_name,
       m.email, m.extension_number, m.activity_id, m.data_source, m.rc_user_id,
       m.department, m.job_title, m.site, m.managed, m.deactivation_reason,
       m.created_at, m.created_by, m.updated_at, m.updated_by,
       m.deactivated_at, m.reactivated_at,
       CASE WHEN m.linked = 0 OR m.status = 'inactive' OR m.absent_days > 0 THEN m.last_seen_at
            ELSE a.last_snapshot_at END AS last_seen_at,
       m.absent_days, m.time_zone, m.language, m.teams, m.categories, m.permissions, m.pins
  FROM members m LEFT JOIN accounts a ON a.account = m.account;
