package sync

import "slices"

// tell says what became of whom Who means: of the plan, once it is settled. What a draft
// decided may be held, refused, or as another reading has it.
func (s *settling) tell() {
	t := s.kept.in.Trace
	if t == nil {
		return
	}
	plan := s.kept.plan
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Kind != Deactivate && t.means(c.Person, c.Member) { // of leavers leave tells
			t.tellChange(c)
		}
	}
	for _, n := range plan.Notes {
		if n.Reason == NoteRefused && t.means(n.Person, n.Member) {
			t.add(n.Person, n.Member, "R36", "plan", "%s", n.Detail)
		}
	}
	for _, person := range s.kept.people.all {
		if t.means(person.Key(), person.outcome.found) {
			s.tellRest(person)
		}
	}
	for i := range s.held {
		if c := &s.held[i]; t.means(c.Person, c.Member) {
			t.tellHeld(c)
		}
	}
}

// tellRest says of a person whose change is not in the plan, or not all of it, that nothing
// changes, or what one look keeps.
func (s *settling) tellRest(person *Person) {
	t, o := s.kept.in.Trace, &person.outcome
	kept := false
	if c := o.details().change; c != nil {
		for i := range c.Fields {
			if f := &c.Fields[i]; s.open.of(c.Member, f.Field) == nil && takesAway(c, f) && s.kept.oneLookKeeps(c.Member, f.Field) {
				kept = true
				t.add(c.Person, c.Member, "R2", "plan", "%s stays as it is: by all looks together it would change, and by one of them alone would not", f.Field)
			}
		}
	}
	isOpen := slices.ContainsFunc(s.rows, func(h HeldChange) bool { return h.Member == o.found })
	if o.decision == unchanged && !kept && !isOpen && !s.hidden[o.found] {
		t.add(person.Key(), o.found, "R19", "plan", "unchanged: the roster holds what RingCentral reports")
	}
}

func (t *Trace) tellChange(c *Change) {
	if c.Kind == Onboard {
		t.add(c.Person, 0, "R14", "plan", "onboard, reason %s: %s", c.Reason, c.Detail)
		return
	}
	t.add(c.Person, c.Member, "R19", "plan", "%s, reason %s %s", c.Kind, c.Reason, c.Detail)
	for _, f := range c.Fields {
		t.add(c.Person, c.Member, "R19", "plan", "%s: %q becomes %q, %s", f.Field, f.Before, f.After, f.Reason)
	}
}

func (t *Trace) tellHeld(c *Change) {
	switch c.Kind {
	case Onboard:
		t.add(c.Person, 0, "R14", "plan", "would come in, reason %s: %s", c.Reason, c.Detail)
	case Deactivate:
		t.add(c.Person, c.Member, "R14", "plan", "would leave, reason %s: %s", c.Reason, c.Detail)
	default:
		for _, f := range c.Fields {
			t.add(c.Person, c.Member, "R19", "plan", "%s: %q would become %q, %s", f.Field, f.Before, f.After, f.Reason)
		}
	}
	for _, r := range c.Why {
		t.add(c.Person, c.Member, "R21-R24", "guard", "held: %s, %s", r.Reason, r.Detail)
	}
}
