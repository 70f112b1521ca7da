package config

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ringroster/sync"
)

// Publish is a destination that the roster is delivered to.
type Publish struct {
	Name      string        `mapstructure:"name"`
	What      string        `mapstructure:"what"`
	Accounts  []string      `mapstructure:"accounts"` // empty: all
	Filter    PublishFilter `mapstructure:"filter"`
	Format    string        `mapstructure:"format"`
	Columns   []Column      `mapstructure:"columns"` // empty: those of the view
	Delimiter string        `mapstructure:"delimiter"`
	MaxShrink Limit         `mapstructure:"max_shrink"`
	To        PublishTo     `mapstructure:"to"`

	origin origin
}

// PublishFilter narrows what is published, as the flags of `roster list` do. Of contacts
// there are status and search.
type PublishFilter struct {
	Status     string `mapstructure:"status"`
	Role       string `mapstructure:"role"`
	SubAccount ID     `mapstructure:"sub_account"` // id or name
	Activity   string `mapstructure:"activity"`
	Team       string `mapstructure:"team"`
	EmployeeID ID     `mapstructure:"employee_id"`
	Supervisor ID     `mapstructure:"supervisor"` // WHO, as in commands: whom they report to
	Search     string `mapstructure:"search"`
}

// Column is a column of what is published.
type Column struct {
	Name string `mapstructure:"name"` // not set: as in the view
	From string `mapstructure:"from"` // a column of the view
	Join string `mapstructure:"join"` // between the items of a list; empty: the list as JSON
}

// PublishTo is where it goes: a file in a folder or on an SFTP server, calls of a webhook, or
// tables of a database.
type PublishTo struct {
	Dir  string `mapstructure:"dir"`
	File string `mapstructure:"file"` // {date} is the day of the delivery, in UTC
	Mode string `mapstructure:"mode"`
	Keep int    `mapstructure:"keep"` // how many files of other days stay; 0: all

	SFTP     *SFTP           `mapstructure:"sftp"`
	Webhook  *PublishWebhook `mapstructure:"webhook"`
	Postgres *Postgres       `mapstructure:"postgres"`
}

// Target is the file, as the settings name it, or the schema.
func (t *PublishTo) Target() string {
	switch {
	case t.SFTP != nil:
		return t.SFTP.Path
	case t.Postgres != nil:
		return "schema " + t.Postgres.Schema
	}
	return t.File
}

// PublishWebhook is an address that changes are posted to. Its secrets are had from
// Credentials.
type PublishWebhook struct {
	URL        Secret `mapstructure:"url"`
	URLFile    string `mapstructure:"url_file"`
	Secret     Secret `mapstructure:"secret"` // to sign with; empty: unsigned
	SecretFile string `mapstructure:"secret_file"`
	CAFile     string `mapstructure:"ca_file"`
}

// What can be published, and how.
const (
	PublishedRoster   = "roster"
	PublishedContacts = "contacts"
	PublishedChanges  = "changes"
	PublishedMirror   = "mirror"
	CSV               = "csv"
	NDJSON            = "ndjson"
)

// DateMark stands for the day in the name of a file.
const DateMark = "{date}"

// publishedColumns are the columns of the views, by what is published.
var publishedColumns = map[string][]string{
	PublishedRoster: {
		"member_id", "account", "status", "role", "username", "first_name", "last_name", "email", "extension_number",
		"activity_id", "data_source", "rc_user_id", "department", "job_title", "site", "managed", "deactivation_reason",
		"created_at", "created_by", "updated_at", "updated_by", "deactivated_at", "reactivated_at", "last_seen_at",
		"absent_days", "time_zone", "language", "teams", "categories", "permissions", "pins", "cost_center", "employee_id",
		"supervisors",
	},
	PublishedContacts: {
		"contact_id", "account", "rc_id", "type", "status", "first_name", "last_name", "name", "email",
		"extension_number", "phone_numbers", "department", "job_title", "site", "updated_at",
	},
}

// publishCommands are no names of destinations: `ringroster publish NAME` delivers to one.
var publishCommands = []string{"status", "approve", "forget", "verify"}

// listColumns are those that hold lists of texts.
var listColumns = []string{"teams", "categories"}

// unpublished are columns that change with every run: who wants them names them.
var unpublished = []string{"last_seen_at", "absent_days"}

// FileMode is the mode of the files.
func (t *PublishTo) FileMode() fs.FileMode {
	mode, _ := strconv.ParseUint(t.Mode, 8, 9) // validated when it was read
	return fs.FileMode(mode)
}

// Tab is the delimiter that cannot be written as it is.
const Tab = "tab"

// Comma is the delimiter.
func (p *Publish) Comma() rune {
	if p.Delimiter == Tab {
		return '\t'
	}
	r, _ := utf8.DecodeRuneInString(p.Delimiter)
	return r
}

// secrets are those that the settings speak of, whether they are given or not.
func (p *Publish) secrets() []endSecret {
	if s := p.To.SFTP; s != nil {
		return []endSecret{{secretKind{key: "key", name: "private key", lines: true}, "to.sftp", s.Key, s.KeyFile, true, nil}}
	}
	if w := p.To.Webhook; w != nil {
		return webhookSecrets("to.webhook", w.URL, w.URLFile, w.Secret, w.SecretFile)
	}
	if db := p.To.Postgres; db != nil {
		return []endSecret{{secretKind{key: "url", name: "address"}, "to.postgres", db.URL, db.URLFile, true, postgresFault}}
	}
	return nil
}

func (p *Publish) owner(group string) *owner { return ownerOf(p.origin, "publish", p.Name, group) }

// Credentials reads the destination's secrets, as those of notices.
func (p *Publish) Credentials() (EndCredentials, error) { return endCredentials(p.secrets(), p.owner) }

func (p *Publish) checkPlaces(r *report) { checkEndPlaces(r, p.secrets(), p.owner) }

// settle makes relative paths start at the settings file.
func (p *Publish) settle(dir string) {
	p.To.Dir = under(dir, p.To.Dir)
	if s := p.To.SFTP; s != nil {
		s.KeyFile, s.KnownHostsFile = under(dir, s.KeyFile), under(dir, s.KnownHostsFile)
	}
	if w := p.To.Webhook; w != nil {
		for _, path := range []*string{&w.URLFile, &w.SecretFile, &w.CAFile} {
			*path = under(dir, *path)
		}
	}
	if db := p.To.Postgres; db != nil {
		db.URLFile = under(dir, db.URLFile)
	}
}

// complete gives a destination what it does not set.
func (p *Publish) complete(given func(key string) bool) {
	usual := PublishedRoster
	if db := p.To.Postgres; db != nil {
		usual = PublishedMirror
		if !given("to.postgres.schema") {
			db.Schema = "ringroster"
		}
	}
	for key, text := range map[string]struct {
		own   *string
		usual string
	}{
		"what": {&p.What, usual}, "format": {&p.Format, CSV}, "delimiter": {&p.Delimiter, ","}, "to.mode": {&p.To.Mode, "0640"},
	} {
		if !given(key) {
			*text.own = text.usual
		}
	}
	if !given("max_shrink.percent") {
		p.MaxShrink.Percent = 10
	}
	if !given("max_shrink.floor") {
		p.MaxShrink.Floor = 5
	}
	if p.To.SFTP != nil && !given("to.sftp.port") {
		p.To.SFTP.Port = 22
	}
	if len(p.Columns) == 0 {
		for _, name := range publishedColumns[p.What] {
			if !slices.Contains(unpublished, name) {
				p.Columns = append(p.Columns, Column{From: name})
			}
		}
	}
	for i := range p.Columns {
		if c := &p.Columns[i]; c.Name == "" {
			c.Name = c.From
		}
	}
}

// validatePublish checks every destination by itself and against those before it.
func (s *Settings) validatePublish(r *report) {
	for i := range s.Publish {
		p, key := &s.Publish[i], fmt.Sprintf("publish[%d]", i)
		p.validate(r, key)
		for j := range s.Publish[:i] {
			other := &s.Publish[j]
			if variables(other.Name) == variables(p.Name) {
				r.add(key+".name", "is too much like the name of publish[%d], %s: both would read the same environment variables", j, other.Name)
			}
			if p.To.File != "" && p.To.Dir == other.To.Dir && p.To.File == other.To.File {
				r.add(key+".to.file", "is the file of publish[%d], %s: each would replace the other's", j, other.Name)
			}
			if a, b := p.To.SFTP, other.To.SFTP; a != nil && b != nil && a.Path != "" && a.Host == b.Host && a.User == b.User && a.Path == b.Path {
				r.add(key+".to.sftp.path", "is the file of publish[%d], %s: each would replace the other's", j, other.Name)
			}
		}
		for j, account := range p.Accounts {
			if !slices.ContainsFunc(s.Accounts, func(a Account) bool { return a.Name == account }) {
				r.add(fmt.Sprintf("%s.accounts[%d]", key, j), "is the name of no account")
			}
		}
		if p.What == PublishedContacts && !s.Contacts.Enabled {
			r.add(key+".what", "is contacts, which are off: set contacts.enabled: true")
		}
	}
}

func (p *Publish) validate(r *report, key string) {
	mustBeSet(r, key+".name", p.Name)
	if !IsAccountName(p.Name) {
		r.add(key+".name", "must be made of letters, digits, dots, underscores and hyphens")
	}
	if slices.Contains(publishCommands, p.Name) {
		r.add(key+".name", "is a command: `ringroster publish %s`; give another name", p.Name)
	}
	oneOf(r, key+".what", p.What, PublishedRoster, PublishedContacts, PublishedChanges, PublishedMirror)
	switch p.What {
	case PublishedChanges:
		p.validateChanges(r, key)
		return
	case PublishedMirror:
		p.validateMirror(r, key)
		return
	}
	oneOf(r, key+".format", p.Format, CSV, NDJSON)
	p.validateShrink(r, key)
	if p.Format == CSV && p.Delimiter != Tab && (utf8.RuneCountInString(p.Delimiter) != 1 || strings.ContainsAny(p.Delimiter, "\"\r\n\x00\uFFFD")) {
		r.add(key+".delimiter", `must be tab, or one character such as "," or ";" or "|"; no quote`)
	}
	p.validateFilter(r, key+".filter")
	p.validateColumns(r, key+".columns")
	if p.To.SFTP != nil {
		for _, name := range []string{"dir", "file", "mode", "keep"} {
			if r.lines[key+".to."+name] != 0 {
				r.add(key+".to."+name, "goes with a folder, not with sftp: make two destinations of it")
			}
		}
	}
	p.To.validate(r, key+".to")
}

func (p *Publish) validateShrink(r *report, key string) {
	if p.MaxShrink.Percent < 0 || p.MaxShrink.Percent > 100 {
		r.add(key+".max_shrink.percent", "must be from 0 to 100")
	}
	notNegative(r, key+".max_shrink.floor", p.MaxShrink.Floor)
}

// validateChanges is for a log, of which nothing can be left out.
func (p *Publish) validateChanges(r *report, key string) {
	for _, name := range []string{"filter", "format", "columns", "delimiter", "max_shrink"} {
		if r.lines[key+"."+name] != 0 {
			r.add(key+"."+name, "goes with what: roster or contacts only: changes are told as they are, none left out")
		}
	}
	if p.To.Webhook == nil || p.To.Dir != "" || p.To.File != "" || p.To.SFTP != nil || p.To.Postgres != nil {
		r.add(key+".to", "must have webhook, which changes are posted to, and nothing else: of files, a lost one would go unnoticed; who wants rows has roster_changes in a mirror")
		return
	}
	validateInline(r, key+".to.webhook", p.To.Webhook.URL, p.To.Webhook.Secret)
}

func (p *Publish) validateFilter(r *report, key string) {
	f := &p.Filter
	if p.What == PublishedRoster && f.Status != "" {
		oneOf(r, key+".status", f.Status, string(sync.Active), string(sync.Inactive))
	}
	if p.What != PublishedContacts {
		return
	}
	for name, value := range map[string]string{
		"role": f.Role, "sub_account": string(f.SubAccount), "activity": f.Activity, "team": f.Team, "employee_id": string(f.EmployeeID), "supervisor": string(f.Supervisor),
	} {
		if value != "" {
			r.add(key+"."+name, "goes with what: roster only; contacts have status and search")
		}
	}
}

func (p *Publish) validateColumns(r *report, key string) {
	known := publishedColumns[p.What]
	if known == nil {
		return // that was said
	}
	for i, c := range p.Columns {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch nearest := Nearest(c.From, known); {
		case slices.Contains(known, c.From):
		case c.From == "":
			r.add(at+".from", "must be set: the column of the view, such as %s", known[0])
		case nearest != "":
			r.add(at+".from", "is no column of %s: did you mean %s?", p.What, nearest)
		default:
			r.add(at+".from", "is no column of %s; there are %s", p.What, strings.Join(known, ", "))
		}
		if c.Join != "" && !slices.Contains(listColumns, c.From) {
			r.add(at+".join", "goes with lists only: %s", strings.Join(listColumns, ", "))
		}
		if slices.ContainsFunc(p.Columns[:i], func(other Column) bool { return other.Name == c.Name }) {
			r.add(at+".name", "names two columns")
		}
	}
}

func (t *PublishTo) validate(r *report, key string) {
	if t.Webhook != nil {
		r.add(key+".webhook", "goes with what: changes only; roster and contacts are delivered as files")
	}
	if t.Postgres != nil {
		r.add(key+".postgres", "goes with what: mirror, which it has where none is set")
		return
	}
	if t.SFTP != nil {
		t.SFTP.validate(r, key+".sftp")
		return
	}
	if t.Dir == "" && t.File == "" {
		r.add(key, "must be set: dir and file, or sftp")
		return
	}
	mustBeSet(r, key+".dir", t.Dir)
	mustBeSet(r, key+".file", t.File)
	if strings.ContainsAny(t.File, `/\`) || strings.HasPrefix(t.File, ".") {
		r.add(key+".file", "must be the name of a file in to.dir, without / and without a dot at its beginning")
	}
	validateMarks(r, key+".file", t.File)
	if mode, err := strconv.ParseUint(t.Mode, 8, 9); err != nil || len(t.Mode) != 4 || mode&0o600 != 0o600 || mode&0o113 != 0 {
		r.add(key+".mode", "must be such as 0600, 0640, 0644 or 0660: the owner reads and writes it, and nobody else writes it but the group")
	}
	if t.Keep < 0 {
		r.add(key+".keep", "must not be negative; 0 keeps all")
	}
	if t.Keep > 0 && !strings.Contains(t.File, DateMark) {
		r.add(key+".keep", "goes with %s in to.file only: there is but one file", DateMark)
	}
}

func validateMarks(r *report, key, file string) {
	if rest := strings.Replace(file, DateMark, "", 1); strings.ContainsAny(rest, "{}") {
		r.add(key, "may hold %s once, and no other { or }", DateMark)
	}
}
