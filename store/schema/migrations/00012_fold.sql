-- Texts are compared by rule R33 now. What was folded for searching is folded anew, by
-- the program: a row that a search finds by it already, which is nearly every one, stays.

-- +goose Up

-- It says of a member what searchText says. Those it changes lose their seal: the next
-- sync reads them whole.
UPDATE members
   SET search = ringroster_fold(first_name || ' ' || last_name)
             || iif(ringroster_fold(email) <> email, char(10) || ringroster_fold(email), '')
             || iif(ringroster_fold(username) <> username, char(10) || ringroster_fold(username), '')
             || iif(ringroster_fold(extension_number) <> extension_number, char(10) || ringroster_fold(extension_number), '')
 WHERE search IS NOT NULL
   AND NOT (instr(search, ringroster_fold(first_name || ' ' || last_name))
        AND (ringroster_fold(email) = email OR instr(search, ringroster_fold(email)))
        AND (ringroster_fold(username) = username OR instr(search, ringroster_fold(username)))
        AND (ringroster_fold(extension_number) = extension_number OR instr(search, ringroster_fold(extension_number))));

-- The phone numbers of a contact stay as they stand in its text.
UPDATE contact_search
   SET text = (SELECT ringroster_fold(c.first_name || ' ' || c.last_name || ' ' || c.name || ' ' || c.email || ' ' || c.department)
                 FROM contact_entries c WHERE c.contact_id = contact_search.contact_id) || char(10) || text
 WHERE contact_id IN (
       SELECT contact_id FROM contact_entries
        WHERE ringroster_fold(first_name) <> lower(first_name) OR ringroster_fold(last_name) <> lower(last_name)
           OR ringroster_fold(name) <> lower(name) OR ringroster_fold(email) <> lower(email)
           OR ringroster_fold(department) <> lower(department));
