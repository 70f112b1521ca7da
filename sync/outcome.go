package sync

// outcome is what became of a person. One stands in each of them, so it holds no
// more than what becomes of nearly everybody.
type outcome struct {
	decision decision
	belongs  bool     // the verdict's
	active   bool     // the member found is
	wasAdmin bool     // likewise, before the run
	found    int64    // the member found by id, 0: none
	email    uint64   // hash of that member's e-mail after this plan, folded; 0 of an inactive one
	rest     *details // nil: none of them
}

type decision uint8

const (
	undecided decision = iota
	unchanged
	changed
	onboarded
	skipped
	inConflict
	heldBack // all of what would happen to them waits for an operator
	hidden   // nobody: a person of lost records alone (restore.go)
)

// details are what there is to know of a few.
type details struct {
	gained   []string // ids of the records that the member found did not hold
	reason   Reason   // of a newcomer; "": the usual one
	detail   string   // with it
	change   *Change  // of a member
	conflict *Conflict
	note     *Note
	mark     *Member
	unread   string // the extension whose own regional settings are to be read; "": none
	readOn   string // the day on which they were read last; "": never, or they may have changed
}

// details are for reading; more is for adding to them.
func (o *outcome) details() details {
	if o.rest == nil {
		return details{}
	}
	return *o.rest
}

func (o *outcome) more() *details {
	if o.rest == nil {
		o.rest = &details{}
	}
	return o.rest
}

// count adds the person to a summary (R32).
func (o *outcome) count(s *Summary) {
	switch o.decision {
	case onboarded:
		s.Onboard++
	case changed:
		switch o.details().change.Kind {
		case Link:
			s.Link++
		case Reactivate:
			s.Reactivate++
		default:
			s.Update++
		}
	case skipped:
		s.Skipped++
	case inConflict:
		s.Conflicts++
	case heldBack:
		s.HeldPeople++
	case hidden:
	default:
		s.Unchanged++
	}
}
