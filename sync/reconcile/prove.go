package reconcile

import (
	"fmt"

	"ringroster/sync"
)

// proveContacts refuses a directory that cannot be this account's whole truth
// (R1, R4).
func proveContacts(l *sync.ContactList, bound sync.Identity) error {
	if len(l.Contacts)+len(l.Faulty)+l.Nameless == 0 {
		return fmt.Errorf("account %s: the company directory is empty: that is an error, not a fact (R1)", l.Account)
	}
	if id := bound.RingEXAccountID; id != "" && id != l.Identity.RingEXAccountID {
		return &sync.IdentityError{Account: l.Account, What: "RingEX account", Bound: id, Now: l.Identity.RingEXAccountID}
	}
	return nil
}

// prove refuses a snapshot that cannot be this account's whole truth (R1, R4).
func prove(s *sync.Snapshot, state *sync.State) error {
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
		return &sync.ElsewhereError{Account: s.Account, MainAccount: s.Identity.MainAccountID, Other: other}
	}
	return proveIdentity(s, state.Bound)
}

// proveIdentity compares the ids an account is bound to with those that answered
// (R4).
func proveIdentity(s *sync.Snapshot, bound sync.Identity) error {
	for _, id := range []struct{ what, bound, now string }{
		{"RingCX main account", bound.MainAccountID, s.Identity.MainAccountID},
		{"RingEX account", bound.RingEXAccountID, s.Identity.RingEXAccountID},
	} {
		if id.bound != "" && id.bound != id.now {
			return &sync.IdentityError{Account: s.Account, What: id.what, Bound: id.bound, Now: id.now}
		}
	}
	return nil
}
