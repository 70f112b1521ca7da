package guard

import (
	"slices"
	"strings"

	"ringroster/sync"
)

// IsSameQuestion says whether what is held now is what was shown under the number that it has:
// the same change, whose doing it is included, and held for no kind of reason that was not
// shown. Else it gets a new number, and an approval of the old one does not mean it (R25).
func IsSameQuestion(was, now *sync.HeldChange) bool {
	return was.State == now.State && was.Kind == now.Kind && AsksFor(was, now.Before, now.After) &&
		sync.IsBySettings(was.Reason) == sync.IsBySettings(now.Reason) &&
		(!now.Kind.BringsIn() || isSameArrival(was, now)) &&
		!slices.ContainsFunc(now.Why, func(r sync.HoldReason) bool {
			kind := kindOfDoubt(r.Reason)
			return kind != "" && !slices.ContainsFunc(was.Why, func(w sync.HoldReason) bool { return kindOfDoubt(w.Reason) == kind })
		})
}

// AsksFor says whether a change of a field is what was shown: the same value, in place of the
// same. Of logins that is which of them it ends: what they gained or were renamed to is applied
// meanwhile.
func AsksFor(h *sync.HeldChange, before, after string) bool {
	if h.Field != sync.LoginsField || h.Kind != sync.Update {
		return h.Before == before && h.After == after
	}
	was, is := sync.NoLongerActive(h.Before, h.After), sync.NoLongerActive(before, after)
	return slices.EqualFunc(was, is, func(a, b sync.Login) bool { return a.IsSame(b) && a.AgentGroupID == b.AgentGroupID })
}

// ComesAs says with which role somebody comes in, or back.
func ComesAs(c *sync.Change, role string) {
	c.Role = role
	c.AddDetail("as " + role)
}

// isSameArrival says whether it is the same human in the same role who would come in, or back.
func isSameArrival(was, now *sync.HeldChange) bool {
	return sync.SameText(was.Name, now.Name) && sync.FoldEmail(was.Email) == sync.FoldEmail(now.Email) && was.Role == now.Role
}

// kindOfDoubt is what sort of reason holds something: lists that are not believed are one, and
// what was shown is answered for all of them. "": a limit, which asks about nothing but what is
// shown anyway.
func kindOfDoubt(r sync.Reason) string {
	switch r {
	case sync.ReasonLimit, sync.ReasonOnboardLimit, sync.ReasonUpdateLimit:
		return ""
	case sync.ReasonSubAccountGone, sync.ReasonGroupGone, sync.ReasonListEmptied, sync.ReasonListShrunk, sync.ReasonListCap, sync.ReasonListInDoubt:
		return "list"
	}
	return string(r)
}

// WithReasons adds reasons to others, each once: what this run finds in place of what an earlier
// one found.
func WithReasons(all, more []sync.HoldReason) []sync.HoldReason {
	all = slices.Clone(all)
	for _, r := range more {
		at := slices.IndexFunc(all, func(x sync.HoldReason) bool {
			return x == r || x.Reason == r.Reason && isEarlier(x) != isEarlier(r)
		})
		switch {
		case at < 0:
			all = append(all, r)
		case isEarlier(all[at]):
			all[at] = r
		}
	}
	return all
}

// Earlier stands before the detail of a reason that this run does not find.
const Earlier = "an earlier run found: "

func isEarlier(r sync.HoldReason) bool { return strings.HasPrefix(r.Detail, Earlier) }

// AsShown are the reasons for which something was held that stays held, though this run finds
// none (R25). What it says of lists and numbers is not so today, and must not read as if it were.
func AsShown(h *sync.HeldChange) []sync.HoldReason {
	why := slices.Clone(h.Why)
	for i := range why {
		if r := &why[i]; r.Reason != sync.ReasonAttached && r.Reason != sync.NoteRejected && !isEarlier(*r) {
			r.Detail = Earlier + r.Detail
		}
	}
	return why
}
