package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// World is everything the simulator knows: the accounts it serves, and how it behaves.
// It is plain data: a zero field means "as RingCentral usually is".
type World struct {
	Accounts  []*Account `yaml:"accounts" json:"accounts"`
	Behaviour `yaml:",inline"`
}

// Behaviour is how the simulated service acts, whatever its data.
type Behaviour struct {
	Limits     *Limits   `yaml:"limits,omitempty" json:"limits"`           // nil: no limits; {}: RingCentral's own
	Lifetimes  Lifetimes `yaml:"lifetimes,omitempty" json:"lifetimes"`     // of tokens
	Latency    Duration  `yaml:"latency,omitempty" json:"latency"`         // before every answer
	AuditDelay Duration  `yaml:"audit_delay,omitempty" json:"audit_delay"` // until RingCX's log tells of an action; zero: 5 min
	Variations bool      `yaml:"variations,omitempty" json:"variations"`   // see variations.go
	Faults     []*Fault  `yaml:"faults,omitempty" json:"faults"`
}

// Lifetimes of tokens; zero is RingCentral's own (ringcentral/API.md 1.1 and 5.3).
type Lifetimes struct {
	RingEX        Duration `yaml:"ringex,omitempty" json:"ringex"`                 // what access_token_ttl asks for, else 1 h
	RingEXRefresh Duration `yaml:"ringex_refresh,omitempty" json:"ringex_refresh"` // what refresh_token_ttl asks for, else 7 days
	RingCX        Duration `yaml:"ringcx,omitempty" json:"ringcx"`                 // 5 min
	RingCXRefresh Duration `yaml:"ringcx_refresh,omitempty" json:"ringcx_refresh"` // 1 h; undocumented by RingCentral
	// Claimed, when set, is what expires_in says, whatever the truth.
	Claimed Duration `yaml:"claimed,omitempty" json:"claimed"`
}

// Duration is a time.Duration written as text ("250ms", "5m") in YAML and JSON.
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 250ms or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// Account is one customer of RingCentral: a RingEX account, the RingCX main account linked to it,
// and the one app and one user whose credentials the simulator accepts.
type Account struct {
	ClientID     string `yaml:"client_id" json:"client_id"`
	ClientSecret string `yaml:"client_secret" json:"client_secret"`
	JWT          string `yaml:"jwt" json:"jwt"`           // the personal JWT credential
	OwnerID      int64  `yaml:"owner_id" json:"owner_id"` // extension of the user who owns the JWT
	NoJWTFlow    bool   `yaml:"no_jwt_flow,omitempty" json:"no_jwt_flow,omitempty"`
	NoWFOAccess  bool   `yaml:"no_wfo_access,omitempty" json:"no_wfo_access,omitempty"`
	// NoSupervisors says that agents come without supervisorAgentIds, as its schema has them.
	NoSupervisors bool `yaml:"no_supervisors,omitempty" json:"no_supervisors,omitempty"`
	RefreshTokens bool `yaml:"refresh_tokens,omitempty" json:"refresh_tokens,omitempty"` // app setting "Issue refresh tokens"
	// NoAuditLog says that the owner lacks RingCX's permission "Audit log access". RingEX's trail needs
	// the scope ReadAuditTrail, and an owner who does not lack the permission of that name.
	NoAuditLog bool `yaml:"no_audit_log,omitempty" json:"no_audit_log,omitempty"`
	// Scopes are the app's; nil is ReadAccounts alone.
	Scopes []string `yaml:"scopes,omitempty" json:"scopes,omitempty"`
	// MissingPermissions are RingEX user permissions the owner lacks, e.g. ReadUserRoles.
	MissingPermissions []string `yaml:"missing_permissions,omitempty" json:"missing_permissions,omitempty"`

	ID            int64  `yaml:"id" json:"id"` // RingEX account id
	Company       string `yaml:"company,omitempty" json:"company,omitempty"`
	MainNumber    string `yaml:"main_number,omitempty" json:"main_number,omitempty"`
	MainAccountID string `yaml:"main_account_id" json:"main_account_id"`       // RingCX
	EnvID         string `yaml:"env_id,omitempty" json:"env_id,omitempty"`     // eo1
	TimeZone      string `yaml:"time_zone,omitempty" json:"time_zone"`         // US/Pacific
	Language      string `yaml:"language,omitempty" json:"language,omitempty"` // en-US

	SubAccounts    []*SubAccount    `yaml:"sub_accounts,omitempty" json:"sub_accounts"`
	Administrators []*Administrator `yaml:"administrators,omitempty" json:"administrators"`
	Extensions     []*Extension     `yaml:"extensions,omitempty" json:"extensions"`
	Roles          []*Role          `yaml:"roles,omitempty" json:"roles"`
	Sites          []*Site          `yaml:"sites,omitempty" json:"sites"`
	Contacts       []*Contact       `yaml:"contacts,omitempty" json:"contacts"`

	// Editor is the e-mail of whoever makes the edits of edit.go; empty: the first administrator.
	Editor     string         `yaml:"editor,omitempty" json:"editor,omitempty"`
	AuditLog   []*AuditRecord `yaml:"audit_log,omitempty" json:"audit_log,omitempty"`     // RingCX's, oldest first
	AuditTrail []*TrailRecord `yaml:"audit_trail,omitempty" json:"audit_trail,omitempty"` // RingEX's, likewise
}

// SubAccount is a RingCX sub-account.
type SubAccount struct {
	ID       string   `yaml:"id" json:"id"`
	Name     string   `yaml:"name" json:"name"`
	Inactive bool     `yaml:"inactive,omitempty" json:"inactive,omitempty"`
	Groups   []*Group `yaml:"groups,omitempty" json:"groups"`
}

// Group is a RingCX agent group.
type Group struct {
	ID     int64    `yaml:"id" json:"id"`
	Name   string   `yaml:"name" json:"name"`
	Agents []*Agent `yaml:"agents,omitempty" json:"agents"`
}

// Agent is one RingCX agent record; one human may have several.
type Agent struct {
	ID          int64   `yaml:"id" json:"id"`
	RCUserID    int64   `yaml:"rc_user_id,omitempty" json:"rc_user_id,omitempty"` // extension id; 0: not linked, sent as null
	FirstName   string  `yaml:"first_name,omitempty" json:"first_name,omitempty"`
	LastName    string  `yaml:"last_name,omitempty" json:"last_name,omitempty"`
	Email       string  `yaml:"email,omitempty" json:"email,omitempty"`
	UserName    string  `yaml:"user_name,omitempty" json:"user_name,omitempty"` // engageUserName; empty: made from the e-mail
	Type        string  `yaml:"type,omitempty" json:"type,omitempty"`           // AGENT
	Inactive    bool    `yaml:"inactive,omitempty" json:"inactive,omitempty"`
	Supervisors []int64 `yaml:"supervisors,omitempty" json:"supervisors,omitempty"` // agent ids
}

// Administrator is a RingCX administrator of the main account.
type Administrator struct {
	ID        int64  `yaml:"id" json:"id"`
	RCUserID  int64  `yaml:"rc_user_id,omitempty" json:"rc_user_id,omitempty"` // 0: sent as null
	FirstName string `yaml:"first_name,omitempty" json:"first_name,omitempty"`
	LastName  string `yaml:"last_name,omitempty" json:"last_name,omitempty"`
	Email     string `yaml:"email,omitempty" json:"email,omitempty"`
	UserName  string `yaml:"user_name,omitempty" json:"user_name,omitempty"` // engageUserName; empty: made from the e-mail
}

// Extension is a RingEX extension of any type. An Unassigned one is sent without number and contact.
type Extension struct {
	ID         int64  `yaml:"id" json:"id"`
	Number     string `yaml:"number,omitempty" json:"number,omitempty"`
	Type       string `yaml:"type,omitempty" json:"type,omitempty"`     // User
	Status     string `yaml:"status,omitempty" json:"status,omitempty"` // Enabled
	Name       string `yaml:"name,omitempty" json:"name,omitempty"`     // empty: first and last name
	FirstName  string `yaml:"first_name,omitempty" json:"first_name,omitempty"`
	LastName   string `yaml:"last_name,omitempty" json:"last_name,omitempty"`
	Email      string `yaml:"email,omitempty" json:"email,omitempty"`
	Department string `yaml:"department,omitempty" json:"department,omitempty"`
	JobTitle   string `yaml:"job_title,omitempty" json:"job_title,omitempty"`
	Site       string `yaml:"site,omitempty" json:"site,omitempty"` // a site's id
	// References are ids in other systems by type, CustomFields values by name; nil: not sent.
	References    map[string]string `yaml:"references,omitempty" json:"references,omitempty"`
	CustomFields  map[string]string `yaml:"custom_fields,omitempty" json:"custom_fields,omitempty"`
	CostCenter    string            `yaml:"cost_center,omitempty" json:"cost_center,omitempty"`     // a name; empty: not sent
	Roles         []string          `yaml:"roles,omitempty" json:"roles,omitempty"`                 // role ids
	TimeZone      string            `yaml:"time_zone,omitempty" json:"time_zone,omitempty"`         // empty: the account's
	Language      string            `yaml:"language,omitempty" json:"language,omitempty"`           // empty: the account's
	Phones        []string          `yaml:"phones,omitempty" json:"phones,omitempty"`               // E.164
	StatusReason  string            `yaml:"status_reason,omitempty" json:"status_reason,omitempty"` // of a disabled one; empty: Voluntarily
	StatusComment string            `yaml:"status_comment,omitempty" json:"status_comment,omitempty"`
	Hidden        bool              `yaml:"hidden,omitempty" json:"hidden,omitempty"`
}

// Role is a RingEX user role.
type Role struct {
	ID          string   `yaml:"id" json:"id"`
	Name        string   `yaml:"name" json:"name"`
	Description string   `yaml:"description,omitempty" json:"description,omitempty"`
	Custom      bool     `yaml:"custom,omitempty" json:"custom,omitempty"`
	Hidden      bool     `yaml:"hidden,omitempty" json:"hidden,omitempty"`
	Permissions []string `yaml:"permissions,omitempty" json:"permissions,omitempty"`
}

// Site is a RingEX business site.
type Site struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name"`
	Code string `yaml:"code,omitempty" json:"code,omitempty"`
}

// Contact is a company directory entry that has no extension behind it.
type Contact struct {
	ID         string   `yaml:"id" json:"id"`
	Type       string   `yaml:"type,omitempty" json:"type,omitempty"`     // External
	Status     string   `yaml:"status,omitempty" json:"status,omitempty"` // Enabled
	Name       string   `yaml:"name,omitempty" json:"name,omitempty"`
	FirstName  string   `yaml:"first_name,omitempty" json:"first_name,omitempty"`
	LastName   string   `yaml:"last_name,omitempty" json:"last_name,omitempty"`
	Email      string   `yaml:"email,omitempty" json:"email,omitempty"`
	Number     string   `yaml:"number,omitempty" json:"number,omitempty"`
	Department string   `yaml:"department,omitempty" json:"department,omitempty"`
	JobTitle   string   `yaml:"job_title,omitempty" json:"job_title,omitempty"`
	Site       string   `yaml:"site,omitempty" json:"site,omitempty"`
	Phones     []string `yaml:"phones,omitempty" json:"phones,omitempty"`
}

// Parse reads a world from YAML or JSON text; unknown and duplicate keys are errors.
func Parse(data []byte) (*World, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	w := &World{}
	if err := dec.Decode(w); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty: give at least one account")
		}
		return nil, readable(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document: put everything into one")
	}
	return w, w.validate()
}

// readable takes Go type names out of a YAML error; lines and keys stay.
func readable(err error) error {
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	var all []error
	for _, line := range typed.Errors {
		what, _, _ := strings.Cut(line, " in type ")
		all = append(all, errors.New(strings.ReplaceAll(what, "field ", "key ")))
	}
	return errors.Join(all...)
}
