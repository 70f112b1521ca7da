// Package config reads the settings file: strictly, with every problem at once,
// each with its line. What it returns is complete and valid; secrets are read
// only when an account is first contacted.
package config

import (
	"io/fs"
	"time"
)

// Settings is the whole settings file. The tags are the keys; config.example.yaml
// says what each means.
type Settings struct {
	File     string    `mapstructure:"-"` // where it was read
	Warnings []Problem `mapstructure:"-"` // what still works and should be changed

	ServiceEnabled     bool      `mapstructure:"service_enabled"`
	ImpersonatedUserID string    `mapstructure:"impersonated_user_id"`
	Database           Database  `mapstructure:"database"`
	Host               string    `mapstructure:"host"` // "": see HostName
	Schedule           Schedule  `mapstructure:"schedule"`
	Accounts           []Account `mapstructure:"accounts"`

	RolePrecedence string        `mapstructure:"role_precedence"` // first, last, or a role as the mappings write it
	RoleMap        []RoleMapping `mapstructure:"role_map"`
	WEMAccess      WEMAccess     `mapstructure:"wem_access"`
	RequireRingEX  bool          `mapstructure:"require_ringex"`
	Scope          Scope         `mapstructure:"scope"`
	RequiredFields []string      `mapstructure:"required_fields"`
	Map            []Mapping     `mapstructure:"map"`
	Onboarding     Onboarding    `mapstructure:"onboarding"`

	RegionalSettings RegionalSettings `mapstructure:"regional_settings"`
	EmployeeID       EmployeeID       `mapstructure:"employee_id"`
	Attribution      Attribution      `mapstructure:"attribution"`

	Deactivate        bool    `mapstructure:"deactivate"`
	Limits            Limits  `mapstructure:"limits"`
	DeactivationGrace Grace   `mapstructure:"deactivation_grace"`
	Protect           []Match `mapstructure:"protect"`

	Contacts     Contacts  `mapstructure:"contacts"`
	Snapshots    Snapshots `mapstructure:"snapshots"`
	History      History   `mapstructure:"history"`
	HTTP         HTTP      `mapstructure:"http"`
	HeartbeatURL Secret    `mapstructure:"heartbeat_url"` // such addresses often carry a key
	Notify       []Notify  `mapstructure:"notify"`
	Publish      []Publish `mapstructure:"publish"`
	Log          Log       `mapstructure:"log"`
}

// ID is a number of RingCentral's. Whether it stands in quotes or not, its
// digits are kept as they are written.
type ID string

// Database says where the roster is.
type Database struct {
	Path string `mapstructure:"path"` // absolute, or relative to the working directory as the settings file is
	Mode string `mapstructure:"mode"` // 0600 or 0640
}

// FileMode is the mode with which the database's files are created.
func (d Database) FileMode() fs.FileMode {
	if d.Mode == "0640" {
		return 0o640
	}
	return 0o600
}

// Schedule says when runs are.
type Schedule struct {
	DailyAt string `mapstructure:"daily_at"` // HH:MM, UTC
	Every   string `mapstructure:"every"`    // from daily_at on, such as 6h
	CatchUp bool   `mapstructure:"catch_up"`
}

// TimeOfDay is daily_at as the time since midnight UTC.
func (s Schedule) TimeOfDay() time.Duration { return timeOfDay(s.DailyAt) }

func timeOfDay(text string) time.Duration {
	at, _ := time.Parse("15:04", text) // validated when it was read
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// Interval is every as a time.
func (s Schedule) Interval() time.Duration { return interval(s.Every) }

func interval(text string) time.Duration {
	every, _ := time.ParseDuration(text) // validated when it was read
	return every
}

// Contacts says whether and when the corporate contacts are kept in step.
type Contacts struct {
	Enabled         bool   `mapstructure:"enabled"`
	DailyAt         string `mapstructure:"daily_at"` // HH:MM, UTC
	Every           string `mapstructure:"every"`
	DeleteRemaining bool   `mapstructure:"delete_remaining"`
}

// ContactTime is when the contacts of an account are.
type ContactTime struct {
	DailyAt string `mapstructure:"daily_at"` // HH:MM, UTC
	Every   string `mapstructure:"every"`
}

// TimeOfDay is daily_at as the time since midnight UTC.
func (c ContactTime) TimeOfDay() time.Duration { return timeOfDay(c.DailyAt) }

// Interval is every as a time.
func (c ContactTime) Interval() time.Duration { return interval(c.Every) }

// Account is one RingCentral account. Its secrets are had from Credentials.
type Account struct {
	Name              string `mapstructure:"name"`
	BaseURL           string `mapstructure:"base_url"`   // without a slash at its end
	RingCXURL         string `mapstructure:"ringcx_url"` // likewise
	MainAccountID     ID     `mapstructure:"main_account_id"`
	SubAccounts       []ID   `mapstructure:"sub_accounts"` // empty: every active one
	ClientID          string `mapstructure:"client_id"`
	ClientSecret      Secret `mapstructure:"client_secret"`
	ClientSecretFile  string `mapstructure:"client_secret_file"`
	JWT               Secret `mapstructure:"jwt"`
	JWTFile           string `mapstructure:"jwt_file"`
	DataSource        string `mapstructure:"data_source"`
	DefaultActivityID string `mapstructure:"default_activity_id"`
	CAFile            string `mapstructure:"ca_file"`

	// The account's own times; what it does not set is that of all accounts.
	Schedule Schedule    `mapstructure:"schedule"`
	Contacts ContactTime `mapstructure:"contacts"`

	origin origin
}

// origin is where an account, or a destination, stands in the settings file,
// for what is found wrong only later.
type origin struct {
	file string
	key  string // accounts[0]
	line func(key string) int
}

// RoleMapping gives a RingCX agent type a role.
type RoleMapping struct {
	AgentType string `mapstructure:"agent_type" json:"agent_type"`
	Role      string `mapstructure:"role" json:"role"`
}

// Mapping gives a value of RingCentral's another one on the roster.
type Mapping struct {
	Field string `mapstructure:"field" json:"field"`
	From  string `mapstructure:"from" json:"from"`
	To    string `mapstructure:"to" json:"to"`
}

// WEMAccess says who of RingCentral's people belongs.
type WEMAccess struct {
	Rule       string `mapstructure:"rule" json:"rule"`
	Permission string `mapstructure:"permission" json:"permission,omitempty"` // for role_permission
	Role       string `mapstructure:"role" json:"role,omitempty"`             // for role_name
}

// Scope filters who belongs.
type Scope struct {
	Include []Match `mapstructure:"include" json:"include"`
	Exclude []Match `mapstructure:"exclude" json:"exclude"`
}

// Match is one entry of a filter: all keys that are set must match.
type Match struct {
	Email      string `mapstructure:"email" json:"email,omitempty"`
	SubAccount ID     `mapstructure:"sub_account" json:"sub_account,omitempty"` // id or name
	AgentGroup ID     `mapstructure:"agent_group" json:"agent_group,omitempty"` // id or name
	Department string `mapstructure:"department" json:"department,omitempty"`
	Title      string `mapstructure:"title" json:"title,omitempty"`
	Site       string `mapstructure:"site" json:"site,omitempty"`
	Role       string `mapstructure:"role" json:"role,omitempty"`
	EmployeeID string `mapstructure:"employee_id" json:"employee_id,omitempty"`
}

// Onboarding says who comes to the roster by itself, and with what.
type Onboarding struct {
	Mode     string `mapstructure:"mode"` // automatic or manual
	Defaults Given  `mapstructure:"defaults"`
	Rules    []Rule `mapstructure:"rules"`
}

// The modes of onboarding.
const (
	Automatic = "automatic"
	Manual    = "manual"
)

// Rule gives something to the newcomers it matches.
type Rule struct {
	Name string `mapstructure:"name"`
	When Match  `mapstructure:"when"`
	Set  Given  `mapstructure:"set"`
}

// Given are values for the roster's own fields; what is not set gives nothing.
type Given struct {
	ActivityID  string      `mapstructure:"activity_id"`
	Teams       []string    `mapstructure:"teams"`
	Categories  []string    `mapstructure:"categories"`
	Permissions Permissions `mapstructure:"permissions"`
}

// Permissions are the four things a member may do; nil: not said.
type Permissions struct {
	AgentLogin       *bool `mapstructure:"agent_login"`
	SupervisorAccess *bool `mapstructure:"supervisor_access"`
	InboundCalls     *bool `mapstructure:"inbound_calls"`
	OutboundCalls    *bool `mapstructure:"outbound_calls"`
}

// RegionalSettings says whether time zone and language are synced, and how many
// people's own are looked up in a run of one account.
type RegionalSettings struct {
	Enabled       bool `mapstructure:"enabled"`
	LookupsPerRun int  `mapstructure:"lookups_per_run"`
}

// Attribution says whether runs ask RingCentral who removed, demoted or disabled somebody.
type Attribution struct {
	Enabled bool `mapstructure:"enabled"`
}

// EmployeeID says where RingCentral has the employee number; nothing set: nowhere, and it is
// the roster's own.
type EmployeeID struct {
	Reference   string `mapstructure:"reference"`
	CustomField string `mapstructure:"custom_field"`
}

// Own says that the roster alone knows employee numbers.
func (e *EmployeeID) Own() bool { return e.Reference == "" && e.CustomField == "" }

// Limits say how many changes of a kind are too many at once.
type Limits struct {
	Deactivations  Limit `mapstructure:"deactivations"`
	Onboardings    Limit `mapstructure:"onboardings"`
	Updates        Limit `mapstructure:"updates"`
	Administrators Limit `mapstructure:"administrators"`
}

// Limit holds changes that are more than Percent, and at least Floor.
type Limit struct {
	Percent int `mapstructure:"percent"`
	Floor   int `mapstructure:"floor"`
}

// Grace says how long somebody may be missing.
type Grace struct {
	Days int `mapstructure:"days" json:"days"`
}

// Snapshots says how much is kept of what past runs decided from.
type Snapshots struct {
	Keep     int `mapstructure:"keep"`      // the last full runs of an account
	KeepDays int `mapstructure:"keep_days"` // and those of the last days
}

// History says how long changes are kept.
type History struct {
	KeepDays int `mapstructure:"keep_days"` // 0: for ever
}

// HTTP says where the service shows how it is.
type HTTP struct {
	Listen string `mapstructure:"listen"` // host:port; empty: nowhere
}

// Log says what is logged, and how.
type Log struct {
	Level  string `mapstructure:"level"`
	Format string `mapstructure:"format"`
}

// Defaults are the settings of an empty file. It has no accounts, and is not
// valid for that. Lists are empty, never nil.
func Defaults() *Settings {
	return &Settings{
		ServiceEnabled:     true,
		ImpersonatedUserID: "wfm-sync",
		Database:           Database{Path: "roster.db", Mode: "0600"},
		Schedule:           Schedule{DailyAt: "03:00", Every: "24h", CatchUp: true},
		RolePrecedence:     "first",
		RoleMap:            []RoleMapping{},
		WEMAccess:          WEMAccess{Rule: "listed"},
		Scope:              Scope{Include: []Match{}, Exclude: []Match{}},
		RequiredFields:     []string{},
		Map:                []Mapping{},
		Onboarding: Onboarding{
			Mode: Automatic, Rules: []Rule{},
			Defaults: Given{Teams: []string{}, Categories: []string{}, Permissions: Permissions{
				AgentLogin: new(true), SupervisorAccess: new(false), InboundCalls: new(true), OutboundCalls: new(false),
			}},
		},
		RegionalSettings: RegionalSettings{LookupsPerRun: 200},
		Deactivate:       true,
		Limits: Limits{
			Deactivations: Limit{Percent: 5, Floor: 5}, Onboardings: Limit{Percent: 30, Floor: 20},
			Updates: Limit{Percent: 30, Floor: 20}, Administrators: Limit{Percent: 20, Floor: 3},
		},
		Protect:   []Match{},
		Contacts:  Contacts{DailyAt: "04:00", Every: "24h", DeleteRemaining: true},
		Snapshots: Snapshots{Keep: 14},
		Notify:    []Notify{},
		Publish:   []Publish{},
		Log:       Log{Level: "info", Format: "auto"},
	}
}

// DefaultAccount is an account of which nothing is set.
func DefaultAccount() Account {
	return Account{
		BaseURL:     "https://platform.ringcentral.com",
		RingCXURL:   "https://ringcx.ringcentral.com",
		SubAccounts: []ID{},
		DataSource:  "ringcx-realtime",
	}
}
