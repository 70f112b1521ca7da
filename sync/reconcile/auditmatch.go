package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// Which entry of RingCentral's logs a change follows: a function of changes and entries (R37).

// entryKey is the person key by which the record of an entry names somebody.
func entryKey(e *sync.AuditEntry) string {
	switch {
	case e.ID == "":
		return ""
	case e.Entity == sync.AuditedAgent:
		return sync.AgentKey(sync.LoginKey(e.SubAccount, e.ID))
	case e.Entity == sync.AuditedUser:
		return sync.AdminKey(e.ID)
	}
	return "rc:" + e.ID
}

// whatItDid is in one word what an entry did, if that may be what a change follows; "": it is not.
//
//	the change                     an entry of RingCX           of RingEX
//	-----------------------------  ---------------------------  --------------------------
//	disabled, or no extension      never                        DELETE; one that disables,
//	                                                            or does not say what it changed
//	removed                        DELETE; one that deactivates DELETE; one that disables
//	access revoked                 likewise, or one that does   likewise
//	                               not say what it changed
//	a lower role                   DELETE; one that deactivates never
//	                               or names a type or a role,
//	                               or does not say what it changed
func whatItDid(e *sync.AuditEntry, c *sync.Change) string {
	unsaid := len(e.Values) == 0
	ofRingEX := e.Entity == sync.AuditedExtension
	switch {
	case strings.EqualFold(e.Type, "CREATE"):
		return ""
	case c.Kind == sync.Update:
		if !ofRingEX && (strings.EqualFold(e.Type, "DELETE") || unsaid || deactivates(e) || namesValue(e, "type", "role")) {
			return "changed"
		}
		return ""
	case !ofRingEX && sync.ByExtension(c):
		return ""
	case strings.EqualFold(e.Type, "DELETE"):
		return "removed"
	case ofRingEX && disables(e):
		return "disabled"
	case !ofRingEX && deactivates(e):
		return "deactivated"
	case unsaid && (ofRingEX && sync.ByExtension(c) || !ofRingEX && c.Reason == sync.ReasonAccessRevoked):
		return "changed"
	}
	return ""
}

func disables(e *sync.AuditEntry) bool {
	return slices.ContainsFunc(e.Values, func(v sync.AuditValue) bool { return strings.EqualFold(v.After, "Disabled") })
}

func deactivates(e *sync.AuditEntry) bool {
	return slices.ContainsFunc(e.Values, func(v sync.AuditValue) bool {
		return strings.Contains(strings.ToLower(v.Name), "active") && strings.EqualFold(v.After, "false")
	})
}

// namesValue says whether the name of a value has one of the parts.
func namesValue(e *sync.AuditEntry, parts ...string) bool {
	return slices.ContainsFunc(e.Values, func(v sync.AuditValue) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(strings.ToLower(v.Name), part) })
	})
}

// question is a change of which it is asked who did it, and since when that can be.
type question struct {
	change *sync.Change
	member *sync.Member
	from   time.Time
}

// auditTrace finds the entries about somebody: by person key, and by e-mail; each is a
// position in entries, which stand in the order of latestFirst.
type auditTrace struct {
	entries []sync.AuditEntry
	about   map[string][]int
}

func traceAudit(found *sync.AuditAnswer) *auditTrace {
	t := &auditTrace{slices.SortedFunc(slices.Values(found.Entries), latestFirst), map[string][]int{}}
	for i := range t.entries {
		e := &t.entries[i]
		if key := entryKey(e); key != "" {
			t.about[key] = append(t.about[key], i)
		}
		if e.Email != "" {
			key := mailKey(e.Email)
			t.about[key] = append(t.about[key], i)
		}
	}
	return t
}

func mailKey(email string) string { return "email:" + sync.FoldEmail(email) }

// last is the last entry that may be what a change follows, between the question's from and
// now, with what it did; nil: there is none.
func (t *auditTrace) last(q *question, now time.Time) (last *sync.AuditEntry, did string) {
	keys := append(q.member.Keys(), mailKey(q.member.Profile[sync.Email]), mailKey(q.member.Synced.Profile[sync.Email]))
	best := len(t.entries)
	for _, key := range keys {
		for _, i := range t.about[key] {
			e := &t.entries[i]
			if i >= best {
				break
			}
			if e.At.Before(q.from) || e.At.After(now) {
				continue
			}
			if word := whatItDid(e, q.change); word != "" {
				best, last, did = i, e, word
				break
			}
		}
	}
	return last, did
}

// answer says who did it; nil: nobody knows.
func (q *question) answer(t *auditTrace, status map[string]sync.ExtensionStatus, now time.Time) (a *sync.Attribution) {
	if last, did := t.last(q, now); last != nil {
		a = attribution(last, did)
	}
	if why, told := status[q.member.RCUserID]; told && q.change.Reason == sync.ReasonDisabled {
		if a == nil {
			a = &sync.Attribution{Log: sync.RingEXExtension, Did: "disabled"}
		}
		a.Status, a.Comment = why.Reason, why.Comment
	}
	return a
}

// attribution is an entry as what it is kept as.
func attribution(e *sync.AuditEntry, did string) *sync.Attribution {
	a := &sync.Attribution{Log: e.Log, At: e.At.Truncate(time.Second), Actor: cmp.Or(e.Actor, e.ActorName), Name: e.ActorName, Did: did, Action: e.Action}
	switch {
	case e.ActorID == "":
	case e.Log == sync.RingEXTrail:
		a.ActorID = "rc:" + e.ActorID
	default:
		a.ActorID = sync.AdminKey(e.ActorID)
	}
	return a
}

// latestFirst orders entries whatever the order in which logs answered. Of one time RingCX's
// come first: they are about the records that runs read.
func latestFirst(a, b sync.AuditEntry) int {
	return cmp.Or(b.At.Compare(a.At), strings.Compare(string(a.Log), string(b.Log)), strings.Compare(a.ActorID, b.ActorID),
		strings.Compare(a.Action, b.Action), strings.Compare(a.ID, b.ID))
}

// callActors gives actors of whom a log knows an id alone, or a name, the e-mail by which the
// snapshot knows them.
func callActors(asked []question, s *sync.Snapshot) {
	unnamed := map[string][]*sync.Attribution{}
	for i := range asked {
		if a := asked[i].change.Source; a != nil && a.ActorID != "" {
			unnamed[a.ActorID] = append(unnamed[a.ActorID], a)
		}
	}
	if len(unnamed) == 0 {
		return
	}
	call := func(key, email string) {
		for _, a := range unnamed[key] {
			a.Actor = cmp.Or(email, a.Actor)
		}
	}
	for i := range s.Extensions {
		call("rc:"+s.Extensions[i].ID, s.Extensions[i].Email)
	}
	for i := range s.Admins {
		call(sync.AdminKey(s.Admins[i].UserID), s.Admins[i].Email)
	}
}

const (
	// lateness is how long before the last whole run an action may have been that it did not
	// see: lists are read for minutes, and a log tells of an action some minutes later.
	lateness = 15 * time.Minute
	// asksAgain is how long it is asked anew who did what waits already: what a log tells
	// too late, or for want of a permission, is found by a later run.
	asksAgain = 48 * time.Hour
	// longestAudit is how far back logs are read, for somebody whose grace ends.
	longestAudit = 31 * 24 * time.Hour
	// mostAudited is of how many sub-accounts the log is read, those first of which most
	// people are concerned; mostDisabled how many extensions are asked why they are disabled.
	mostAudited, mostDisabled = 5, 10
)

// auditQuestions are the changes of a plan of which it is to be asked who did it. What an earlier
// run found stays with what waits.
func auditQuestions(plan *sync.Plan, state *sync.State, now time.Time) (asked []question) {
	open := sync.NewOpenSet(state.Open)
	ask := func(changes []sync.Change) {
		for i := range changes {
			c := &changes[i]
			field := c.SourceField()
			if field == "" || state.LastSeen.IsZero() {
				continue
			}
			q := question{change: c, member: c.Was, from: state.LastSeen}
			if c.Kind == sync.Deactivate {
				q.member = c.Next()
				if seen := q.member.LastSeenAt; !seen.IsZero() {
					q.from = seen
				}
			}
			if row := open.Of(c.Member, field); row != nil && row.State == sync.Waiting {
				if c.Source = row.Source; c.Source != nil || now.Sub(row.Since) > asksAgain {
					continue
				}
				if !q.from.Before(row.Since) { // before the run that held it there was one that saw them
					q.from = row.Since.AddDate(0, 0, -1)
				}
			}
			if q.from = q.from.Add(-lateness); now.Sub(q.from) > longestAudit {
				q.from = now.Add(-longestAudit)
			}
			asked = append(asked, q)
		}
	}
	ask(plan.Changes)
	if plan.Held != nil {
		ask(plan.Held.Changes)
	}
	return asked
}

// queryFor is what has to be read to answer the questions, and what is left out of it.
func queryFor(asked []question, s *sync.Snapshot, now time.Time) (q sync.AuditQuery, unasked []string) {
	q.From, q.To = now, now
	concerned := map[string]int{}
	for i := range asked {
		m, c := asked[i].member, asked[i].change
		if asked[i].from.Before(q.From) {
			q.From = asked[i].from
		}
		if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, sync.FormerID) && c.Kind == sync.Deactivate {
			q.Extensions = append(q.Extensions, m.RCUserID)
			if c.Reason == sync.ReasonDisabled {
				q.Disabled = append(q.Disabled, m.RCUserID)
			}
		}
		if sync.ByExtension(c) {
			continue
		}
		for j := range m.Logins {
			if m.Logins[j].Active {
				concerned[m.Logins[j].SubAccountID]++
			}
		}
		if len(m.AdminIDs) > 0 { // under which account that is filed, nobody knows
			q.Main = s.Identity.MainAccountID
			for j := range s.SubAccounts {
				if s.SubAccounts[j].Read {
					concerned[s.SubAccounts[j].ID]++
				}
			}
		}
	}
	for id := range concerned {
		q.SubAccounts = append(q.SubAccounts, id)
	}
	slices.SortFunc(q.SubAccounts, func(a, b string) int {
		return cmp.Or(cmp.Compare(concerned[b], concerned[a]), strings.Compare(a, b))
	})
	if n := len(q.SubAccounts); n > mostAudited {
		unasked = append(unasked, fmt.Sprintf("%d of %d sub-accounts concerned were left out", n-mostAudited, n))
		q.SubAccounts = q.SubAccounts[:mostAudited]
	}
	if n := len(q.Disabled); n > mostDisabled {
		unasked = append(unasked, fmt.Sprintf("%d of %d disabled extensions were not asked why", n-mostDisabled, n))
		q.Disabled = q.Disabled[:mostDisabled]
	}
	return q, unasked
}

// attribute puts into a plan what was found.
func attribute(plan *sync.Plan, asked []question, found *sync.AuditAnswer, s *sync.Snapshot, now time.Time) {
	trace := traceAudit(found)
	for i := range asked {
		asked[i].change.Source = asked[i].answer(trace, found.Status, now)
	}
	callActors(asked, s)
	sources := map[sync.HeldKey]*sync.Attribution{}
	for i := range asked {
		c := asked[i].change
		sources[sync.HeldKey{Member: c.Member, Field: c.SourceField()}] = c.Source
	}
	for i := range plan.Open {
		h := &plan.Open[i]
		if a := sources[sync.HeldKey{Member: h.Member, Field: h.Field}]; a != nil && h.State == sync.Waiting {
			h.Source = a
		}
	}
}
