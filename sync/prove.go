package sync

import "fmt"

// prove refuses a snapshot that cannot be this account's whole truth (R1, R4).
func prove(s *Snapshot, state *State) error {
	people := len(s.Admins)
	for i := range s.SubAccounts {
		for j := range s.SubAccounts[i].Groups {
			people += len(s.SubAccounts[i].Groups[j].Agents)
		}
	}
	if people == 0 {
		return fmt.Errorf("account %s: RingCentral reports not one person: that is an error, not a fact (R1)", s.Account)
	}
	if other := state.Others[s.Identity.MainAccountID]; other != "" {
		return &ElsewhereError{Account: s.Account, MainAccount: s.Identity.MainAccountID, Other: other}
	}
	return proveIdentity(s, state.Bound)
}

// ElsewhereError says that the account that answered has another name in the roster
// (R4).
type ElsewhereError struct{ Account, MainAccount, Other string }

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("RingCX main account %s belongs to account %s here: if the settings now call it %s, run `ringroster account rename %s %s` first (R4)",
		e.MainAccount, e.Other, e.Account, e.Other, e.Account)
}

// Permanent says that trying again is useless until somebody puts it right.
func (e *ElsewhereError) Permanent() bool { return true }

// proveIdentity compares the ids an account is bound to with those that answered
// (R4).
func proveIdentity(s *Snapshot, bound Identity) error {
	for _, id := range []struct{ what, bound, now string }{
		{"RingCX main account", bound.MainAccountID, s.Identity.MainAccountID},
		{"RingEX account", bound.RingEXAccountID, s.Identity.RingEXAccountID},
	} {
		if id.bound != "" && id.bound != id.now {
			return &IdentityError{Account: s.Account, What: id.what, Bound: id.bound, Now: id.now}
		}
	}
	return nil
}

// IdentityError says that somebody else's account answered (R4).
type IdentityError struct{ Account, What, Bound, Now string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("account %s is bound to %s %s, but %s answered: correct the settings, or run `ringroster account rebind %s` if that is meant (R4)",
		e.Account, e.What, e.Bound, e.Now, e.Account)
}

// Permanent says that trying again is useless until somebody puts it right.
func (e *IdentityError) Permanent() bool { return true }
