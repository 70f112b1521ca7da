package sync

import "slices"

// isSameQuestion says whether what is held now is what was shown under the number that it has:
// the same change, whose doing it is included, and held for no kind of reason that was not
// shown. Else it gets a new number, and an approval of the old one does not mean it (R25).
func isSameQuestion(was, now *HeldChange) bool {
	return was.State == now.State && was.Kind == now.Kind && was.asksFor(now.Before, now.After) &&
		isBySettings(was.Reason) == isBySettings(now.Reason) &&
		(!now.Kind.bringsIn() || isSameArrival(was, now)) &&
		!slices.ContainsFunc(now.Why, func(r HoldReason) bool {
			kind := kindOfDoubt(r.Reason)
			return kind != "" && !slices.ContainsFunc(was.Why, func(w HoldReason) bool { return kindOfDoubt(w.Reason) == kind })
		})
}

// asksFor says whether a change of a field is what was shown: the same value, in place of the
// same. Of logins that is which of them it ends: what they gained or were renamed to is applied
// meanwhile.
func (h *HeldChange) asksFor(before, after string) bool {
	if h.Field != loginsField || h.Kind != Update {
		return h.Before == before && h.After == after
	}
	was, is := noLongerActive(h.Before, h.After), noLongerActive(before, after)
	return slices.EqualFunc(was, is, func(a, b Login) bool { return a.isSame(b) && a.AgentGroupID == b.AgentGroupID })
}

// isBySettings says whether a change is the settings' doing and not RingCentral's. Whoever says
// that somebody is missing says nothing of a scope that leaves them out.
func isBySettings(r Reason) bool { return r == ReasonOutOfScope || r == ReasonSettings }

// bringsIn says whether a change of that kind brings somebody to the roster, or back.
func (k Kind) bringsIn() bool { return k == Onboard || k == Link || k == Reactivate }

// comesAs says with which role somebody comes in, or back.
func (c *Change) comesAs(role string) {
	c.Role = role
	c.addDetail("as " + role)
}

// isSameArrival says whether it is the same human in the same role who would come in, or back.
func isSameArrival(was, now *HeldChange) bool {
	return SameText(was.Name, now.Name) && FoldEmail(was.Email) == FoldEmail(now.Email) && was.Role == now.Role
}

// kindOfDoubt is what sort of reason holds something: lists that are not believed are one, and
// what was shown is answered for all of them. "": a limit, which asks about nothing but what is
// shown anyway.
func kindOfDoubt(r Reason) string {
	switch r {
	case ReasonLimit, ReasonOnboardLimit, ReasonUpdateLimit:
		return ""
	case ReasonSubAccountGone, ReasonGroupGone, ReasonListEmptied, ReasonListShrunk, ReasonListCap, ReasonListInDoubt:
		return "list"
	}
	return string(r)
}
