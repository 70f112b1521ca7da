package config

import (
	"net/url"
	"regexp"
	"strings"
)

// Postgres is a schema of a PostgreSQL database that mirrors the roster. Its address is had
// from Credentials.
type Postgres struct {
	URL     Secret `mapstructure:"url"` // with user and password
	URLFile string `mapstructure:"url_file"`
	Schema  string `mapstructure:"schema"` // not set: ringroster
}

// plainSchema is a name that needs no quotes.
var plainSchema = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// validate checks a destination that is a mirror, of which nothing but accounts can be left
// out: its tables are the views.
func (p *Publish) validateMirror(r *report, key string) {
	for _, name := range []string{"filter", "format", "columns", "delimiter"} {
		if r.lines[key+"."+name] != 0 {
			r.add(key+"."+name, "goes with files only: a mirror has all rows of the views, under their names")
		}
	}
	p.validateShrink(r, key)
	to := &p.To
	if to.Postgres == nil || to.Dir != "" || to.File != "" || to.SFTP != nil || to.Webhook != nil {
		r.add(key+".to", "must have postgres, where the mirror is, and nothing else")
	}
	if to.Postgres == nil {
		return
	}
	if !plainSchema.MatchString(to.Postgres.Schema) {
		r.add(key+".to.postgres.schema", "must be made of small letters, digits and underscores")
	}
	if to.Postgres.Schema == "public" || to.Postgres.Schema == "information_schema" || strings.HasPrefix(to.Postgres.Schema, "pg_") {
		r.add(key+".to.postgres.schema", "must be a schema of its own: to make the mirror anew it is dropped")
	}
	if url := string(to.Postgres.URL); url != "" && postgresFault(url) != "" {
		r.add(key+".to.postgres.url", "%s", postgresFault(url))
	}
}

// postgresFault is what is wrong with the address of a database; "": nothing. What it holds is
// not repeated.
func postgresFault(text string) string {
	u, err := url.Parse(text)
	// A password with a / in it leaves an @ behind the host: it would be shown as a database.
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Contains(u.Path+u.RawQuery, "@") || u.Fragment != "" {
		return "must be an address such as postgres://USER:PASSWORD@db.example.com/warehouse, with %40 for @ in the password, %2F for / and so on"
	}
	return ""
}

// Loopback says whether a host is this machine.
func Loopback(host string) bool { return loopback(host) }
