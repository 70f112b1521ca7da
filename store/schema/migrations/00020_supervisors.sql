-- To whom agents report.

-- +goose Up

-- In members.logins a tenth value may follow active: the ids of the agents, in the same
-- sub-account, who supervise this one.
DROP VIEW roster_logins;

CREATE VIEW roster_logins AS
SELECT m.member_id, m.account, l.value ->> 0 AS sub_account_id, l.value ->> 1 AS sub_account,
       l.value ->> 2 AS agent_group_id, l.value ->> 3 AS agent_group,
       l.value ->> 4 AS agent_id, l.value ->> 5 AS agent_type, l.value ->> 6 AS user_name,
       l.value ->> 7 AS data_source, l.value ->> 8 AS active,
       coalesce(l.value -> 9, '[]') AS supervisor_agent_ids
  FROM members m, json_each(m.logins) l;

-- Which active members report to which others, once for each of their active logins. Logins
-- stand in the members' rows, so that whoever asks reads all of those once, for any number
-- of answers.
CREATE VIEW reports AS
WITH holders AS MATERIALIZED (
  SELECT m.member_id, m.account, l.value ->> 0 AS sub_account_id, l.value ->> 4 AS agent_id
    FROM members m, json_each(m.logins) l
   WHERE m.status = 'active' AND l.value ->> 8)
SELECT m.member_id, h.member_id AS supervisor_member_id, h.sub_account_id
  FROM members m CROSS JOIN json_each(m.logins) l CROSS JOIN json_each(l.value, '$[9]') s CROSS JOIN holders h
 WHERE m.status = 'active' AND l.value ->> 8
   AND h.agent_id = s.value AND h.sub_account_id = l.value ->> 0 AND h.account = m.account;

CREATE VIEW roster_supervisors AS
SELECT DISTINCT member_id, supervisor_member_id, sub_account_id FROM reports;
