package publish

import (
	"slices"

	"ringroster/cmd/ringroster/config"
	"ringroster/store/deliver"
)

// Reason is why a delivery waits for an approval.
type Reason string

// The reasons; the first that fits is given.
const (
	Restored Reason = "restored" // the roster was restored, copied or taken over: what the destination has is not known
	Empty    Reason = "empty"    // no row would be left, or none is there at the first delivery
	Shrunk   Reason = "shrunk"   // too many rows would be missing
)

// candidate is what would be delivered.
type candidate struct {
	rows    int
	leaving []int64 // the rows that would be missing, but for those of members whom a run took out
}

// leavingOf are the rows that were lost and that no run decided about.
func leavingOf(lost []int64, left map[int64]bool) []int64 {
	return slices.DeleteFunc(slices.Clone(lost), func(id int64) bool { return left[id] })
}

// withhold is the guard: it says why what would be delivered has to wait; "": it does not.
// shown are the rows that were missing when it was shown.
func withhold(p *deliver.Publication, c candidate, shown []int64, limit config.Limit) Reason {
	reason := suspect(p, c, limit)
	if reason != "" && approved(p, c, shown) {
		return ""
	}
	return reason
}

// suspect says what is wrong with a delivery by itself.
func suspect(p *deliver.Publication, c candidate, limit config.Limit) Reason {
	first := p.Version == ""
	switch {
	case p.Restored:
		return Restored
	case c.rows == 0 && (first || p.Rows > 0):
		return Empty
	case len(c.leaving)*100 > limit.Percent*p.Rows && len(c.leaving) >= limit.Floor:
		return Shrunk
	}
	return ""
}

// approved says whether somebody approved of what was shown, and this lacks no more. That
// nothing at all is left has to be approved as such.
func approved(p *deliver.Publication, c candidate, shown []int64) bool {
	return p.Held.ApprovedBy != "" && within(c.leaving, shown) && (c.rows > 0 || p.Held.Rows == 0)
}
