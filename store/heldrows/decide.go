package heldrows

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// decided is a held change that an operator decides about.
type decided struct {
	id     int64
	run    sync.RunID
	settle bool // it waits for a change of the settings (R23)
}

// bySettings says of a row of held_changes whether settings_changed is among its reasons.
const bySettings = `EXISTS (SELECT 1 FROM json_each(why) r WHERE r.value ->> '$.reason' = '` + string(sync.ReasonSettings) + `')`

// settle records an operator's decision: what waits is approved or rejected, a rejection
// is cleared, and new rejections come with an undo.
func (w *heldWriter) settle(s *sync.Settled) error {
	from := sync.Waiting
	if s.Decision == sync.Clear {
		from = sync.Rejected
	}
	ids := slices.Compact(slices.Sorted(slices.Values(s.Held)))
	rows, err := w.find(ids, from)
	if err != nil || len(ids)+len(s.New)+len(s.Renewed) == 0 {
		return err
	}
	switch s.Decision {
	case sync.Clear:
		return w.clear(ids)
	case sync.Approve:
		if err := errors.Join(w.decide(ids, Approved, &w.now), w.showAnew(s.Renewed)); err != nil {
			return err
		}
	default:
		if err := w.decide(ids, string(sync.Rejected), nil); err != nil {
			return err
		}
	}
	if err := w.bring(s.New); err != nil || s.Decision != sync.Approve {
		return err
	}
	return w.acceptSettled(rows)
}

// find reads the rows that are decided about, and fails where one is not as it was shown.
func (w *heldWriter) find(ids []int64, state sync.HeldState) ([]decided, error) {
	list, err := sqlrows.JSONList(ids)
	if err != nil {
		return nil, err
	}
	found, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(d *decided, rows *sql.Rows) error { return rows.Scan(&d.id, &d.run, &d.settle) }, `
		SELECT held_id, run_id, `+bySettings+` FROM held_changes
		 WHERE held_id IN (SELECT value FROM json_each(?)) AND account = ? AND job = ? AND state = ? ORDER BY held_id`,
		list, w.c.Account, w.c.JobName(), state))
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if i == len(found) || found[i].id != id {
			return nil, fmt.Errorf("%w: held change %d of %s is not %s any more", sync.ErrMoved, id, w.c.JobName(), state)
		}
	}
	return found, nil
}

// decide gives rows a state, and the run that decides as whose decision it is.
func (w *heldWriter) decide(ids []int64, state string, closed *string) error {
	list, err := sqlrows.JSONList(ids)
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(w.ctx, `
		UPDATE held_changes
		   SET state = ?, closed_at = ?, decided_at = ?, decided_by = r.actor, on_behalf_of = r.on_behalf_of, note = r.note, decided_run = r.run_id
		  FROM runs r
		 WHERE held_id IN (SELECT value FROM json_each(?)) AND r.run_id = ? AND r.account = held_changes.account AND r.job = held_changes.job`,
		state, closed, w.now, list, w.c.Run)
	return err
}

// showAnew gives what an approval did not apply the number of its run. No settings wait under
// it: whom else they would concern, nobody was shown (R23, R25).
func (w *heldWriter) showAnew(renewed []sync.HeldChange) error {
	if len(renewed) == 0 {
		return nil
	}
	open, err := OpenSet(w.ctx, w.tx, w.c.JobName(), w.c.Account)
	if err != nil {
		return err
	}
	for i := range renewed {
		h := &renewed[i]
		h.Run = w.c.Run
		at := slices.IndexFunc(open, func(o sync.HeldChange) bool { return o.ID == h.ID && o.State == sync.Waiting })
		if at < 0 {
			return fmt.Errorf("%w: held change %d of %s is not waiting any more", sync.ErrMoved, h.ID, h.Name)
		}
		if err := w.renew(&open[at], h); err != nil {
			return fmt.Errorf("show %s of %s anew: %w", h.Kind, h.Name, err)
		}
	}
	if !slices.ContainsFunc(renewed, func(h sync.HeldChange) bool { return isHeldForSettings(&h) }) {
		return nil
	}
	return w.awaitSettings(noSettings)
}

// isHeldForSettings says whether settings_changed is among the reasons.
func isHeldForSettings(h *sync.HeldChange) bool {
	return slices.ContainsFunc(h.Why, func(r sync.HoldReason) bool { return r.Reason == sync.ReasonSettings })
}

// noSettings stand for a run under whose number somebody waits because settings changed, and
// that accepts none: to reject all of it says all the same that they are wrong (R23).
const noSettings = "null"

// awaitSettings keeps the settings of the run until what waits for them under its number is
// decided about.
func (w *heldWriter) awaitSettings(settings string) error {
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO run_settings (account, job, run_id, settings) VALUES (?, ?, ?, ?)`,
		w.c.Account, w.c.JobName(), w.c.Run, settings)
	return err
}

// clear ends rejections, which stay history, and puts suspects in their place. The run
// that shows these first tells who cleared them.
func (w *heldWriter) clear(ids []int64) error {
	open, err := OpenSet(w.ctx, w.tx, w.c.JobName(), w.c.Account)
	if err != nil {
		return err
	}
	for i := range open {
		h := &open[i]
		if !slices.Contains(ids, h.ID) {
			continue
		}
		h.Run, h.State, h.PresentDays, h.PresentOn = w.c.Run, sync.Suspect, 0, ""
		if err := w.add(h); err != nil {
			return err
		}
	}
	return w.end(ids)
}

// bring adds rejections of what was not held, and suspects, in place of whatever is open
// about the same.
func (w *heldWriter) bring(all []sync.HeldChange) error {
	var ids []int64
	for i := range all {
		h := all[i]
		_, err := w.tx.ExecContext(w.ctx, `
			UPDATE held_changes SET state = 'ended', closed_at = ?
			 WHERE account = ? AND job = ? AND coalesce(member_id, contact_id) = ? AND field = ? AND closed_at IS NULL`,
			w.now, w.c.Account, w.c.JobName(), h.Member, h.Field)
		if err != nil {
			return err
		}
		h.Run = w.c.Run
		if h.Since.IsZero() {
			h.Since = w.c.FinishedAt
		}
		if err := w.add(&h); err != nil {
			return fmt.Errorf("add %s of %s: %w", h.Kind, h.Name, err)
		}
		if h.State == sync.Rejected {
			ids = append(ids, h.ID)
		}
	}
	return w.decide(ids, string(sync.Rejected), nil)
}

// acceptFull accepts the settings of a full run, unless it holds somebody
// because they changed: then they wait under its number, where that is shown (R23).
func (w *heldWriter) acceptFull(planned []sync.HeldChange) error {
	if w.c.Settings == nil {
		return nil
	}
	settings, err := settingsText(w.c.Settings)
	if err != nil {
		return err
	}
	holds, shown := false, false
	for i := range planned {
		h := &planned[i]
		if h.State == sync.Waiting && isHeldForSettings(h) {
			holds, shown = true, shown || h.Run == w.c.Run
		}
	}
	if !holds {
		if refused, err := w.refused(); err != nil || refused {
			return err
		}
		return w.accept(settings, w.c.Run)
	}
	if shown {
		return w.awaitSettings(settings)
	}
	return nil
}

// acceptSettled accepts the settings of an approval, if they are those of a run of which it
// approves the last that waited for them, and nothing of which ended by itself: that may come
// again, and nobody was asked about it (R23).
func (w *heldWriter) acceptSettled(rows []decided) error {
	var runs []sync.RunID
	for _, d := range rows {
		if d.settle {
			runs = append(runs, d.run)
		}
	}
	list, err := sqlrows.JSONList(runs)
	if err != nil || len(runs) == 0 || w.c.Settings == nil {
		return err
	}
	settings, err := settingsText(w.c.Settings)
	if err != nil {
		return err
	}
	if refused, err := w.refused(); err != nil || refused {
		return err
	}
	accepted, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(s *runSettings, rows *sql.Rows) error { return rows.Scan(&s.run, &s.text) }, `
		SELECT s.run_id, s.settings FROM run_settings s
		 WHERE s.account = ?1 AND s.job = ?2 AND s.run_id IN (SELECT value FROM json_each(?3)) AND s.settings = ?4
		   AND s.run_id NOT IN (
		       SELECT run_id FROM held_changes
		        WHERE account = ?1 AND job = ?2 AND state IN ('waiting', 'ended') AND `+bySettings+`)
		 ORDER BY s.run_id DESC LIMIT 1`, w.c.Account, w.c.JobName(), list, settings))
	if err != nil || len(accepted) == 0 {
		return err
	}
	return w.accept(accepted[0].text, accepted[0].run)
}

// refused says whether all that a run held for its settings was rejected, or all of one reason,
// and the rejections stand: then nothing is accepted. What is gone from RingCentral is no
// setting's doing, where anything else was approved, and an approval that was undone is none (R23).
func (w *heldWriter) refused() (refused bool, err error) {
	err = w.tx.QueryRowContext(w.ctx, `
		WITH approved AS (
		    SELECT run_id, reason FROM held_changes a
		     WHERE account = ?1 AND job = ?2 AND state = '`+Approved+`' AND NOT EXISTS (
		           SELECT 1 FROM held_changes u
		            WHERE u.account = ?1 AND u.job = ?2 AND u.closed_at IS NULL AND u.state = 'rejected' AND u.field = a.field
		              AND coalesce(u.member_id, u.contact_id) = coalesce(a.member_id, a.contact_id)))
		SELECT EXISTS (SELECT 1 FROM run_settings s JOIN held_changes h USING (account, job, run_id)
		  WHERE account = ?1 AND job = ?2 AND h.closed_at IS NULL AND h.state = 'rejected' AND `+bySettings+`
		    AND run_id NOT IN (SELECT run_id FROM approved a WHERE a.reason = h.reason OR h.reason = '`+string(sync.ReasonRemoved)+`'))`,
		w.c.Account, w.c.JobName()).Scan(&refused)
	return refused, err
}

// runSettings are the settings of a run that wait to be accepted.
type runSettings struct {
	run  sync.RunID
	text string
}

// acceptSQL replaces what the guard compares the next run with, by job.
var acceptSQL = map[string]string{
	sync.JobMembers:  `UPDATE accounts SET settings = ? WHERE account = ?`,
	sync.JobContacts: `UPDATE accounts SET contacts_settings = ? WHERE account = ?`,
}

// accept accepts the settings of a run; those of earlier ones wait no more.
func (w *heldWriter) accept(settings string, run sync.RunID) error {
	if _, err := w.tx.ExecContext(w.ctx, acceptSQL[w.c.JobName()], settings, w.c.Account); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(w.ctx, `DELETE FROM run_settings WHERE account = ? AND job = ? AND run_id <= ?`, w.c.Account, w.c.JobName(), run)
	return err
}

// settingsText is a column of settings. Values must be compact JSON, to come back as they
// went.
func settingsText(a *sync.Accepted) (string, error) {
	settings := make(map[string]json.RawMessage, len(a.Settings))
	for key, value := range a.Settings {
		settings[key] = json.RawMessage(value)
	}
	text, err := sqlrows.ExactJSON(settings)
	if err != nil {
		return "", fmt.Errorf("accepted settings: %w", err)
	}
	return text, nil
}

// ParseSettings reads accepted settings; nil: none were accepted yet.
func ParseSettings(text sql.NullString) (map[string]string, error) {
	if !text.Valid {
		return nil, nil
	}
	raw := map[string]json.RawMessage{}
	err := json.Unmarshal([]byte(text.String), &raw)
	settings := make(map[string]string, len(raw))
	for key, value := range raw {
		settings[key] = string(value)
	}
	return settings, err
}
