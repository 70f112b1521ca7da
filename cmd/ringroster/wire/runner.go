package wire

import (
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/ringcentral"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// Runner joins settings, roster and RingCentral, which is told the version of the program.
func Runner(s *config.Settings, version string, roster sync.Roster, observer sync.Observer) *reconcile.Runner {
	accounts := map[string]*config.Account{}
	for i := range s.Accounts {
		accounts[s.Accounts[i].Name] = &s.Accounts[i]
	}
	return &reconcile.Runner{
		Roster: roster, Observer: observer, Now: time.Now,
		Connect: func(name string) (sync.Directory, error) {
			tuneCollector()
			return Connect(s, version, accounts[name], onCall(observer))
		},
		Policy: func(name string) sync.Policy { return s.Policy(accounts[name]) },
		Keep:   s.Snapshots.Keep, KeepDays: s.Snapshots.KeepDays,
		Attribution: s.Attribution.Enabled,

		ContactPolicy: func(name string) sync.ContactPolicy { return s.ContactPolicy(accounts[name]) },
	}
}

// Connect makes a session with RingCentral; secrets are read only now.
func Connect(s *config.Settings, version string, account *config.Account, onCall func(ringcentral.Call)) (sync.Directory, error) {
	credentials, err := account.Credentials()
	if err != nil {
		return nil, err
	}
	subAccounts := make([]string, len(account.SubAccounts))
	for i, id := range account.SubAccounts {
		subAccounts[i] = string(id)
	}
	dir, err := ringcentral.New(ringcentral.Config{
		Account: account.Name, BaseURL: account.BaseURL, RingCXURL: account.RingCXURL,
		MainAccountID: string(account.MainAccountID), SubAccounts: subAccounts, ClientID: account.ClientID,
		ClientSecret: string(credentials.ClientSecret), JWT: string(credentials.JWT),
		Roles:             s.Policy(account).Access.Rule != sync.AccessListed,
		Regional:          s.RegionalSettings.Enabled,
		EmployeeReference: s.EmployeeID.Reference, EmployeeField: s.EmployeeID.CustomField,
		UserAgent: "ringroster/" + version, CAFile: account.CAFile, OnCall: onCall,
	})
	if err != nil {
		return nil, err // not dir: a nil *Directory is no nil Directory
	}
	return dir, nil
}

// onCall tells an observer of each request, if it cares.
func onCall(observer sync.Observer) func(ringcentral.Call) {
	o, ok := observer.(interface{ Call(c observe.Call) })
	if !ok {
		return nil
	}
	return func(c ringcentral.Call) {
		o.Call(observe.Call{
			Account: c.Account, Op: c.Op, Method: c.Method, Path: c.Path, Group: c.Group, RequestID: c.RequestID,
			Attempt: c.Attempt, Status: c.Status, Wait: c.Wait, Duration: c.Duration,
		})
	}
}
