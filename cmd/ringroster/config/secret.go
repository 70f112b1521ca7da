package config

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Secret is text that prints as [redacted] wherever it is printed. string(s) is
// the secret itself; keep fields of this type exported, since fmt calls no
// methods of others.
type Secret string

const redacted = "[redacted]"

var _ encoding.TextMarshaler = Secret("")

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format answers every verb of fmt with the same.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText answers JSON, YAML and the loggers with the same.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Credentials are an account's secrets, read and found to be plausible.
type Credentials struct {
	ClientSecret Secret
	JWT          Secret
}

// maxSecret bounds a secret, in bytes.
const maxSecret = 64 << 10

// secretKind is one of the two secrets that an account has.
type secretKind struct {
	key   string // in the settings, and the ending of a systemd credential
	name  string // for people
	lines bool   // it has several
}

var (
	clientSecret = secretKind{key: "client_secret", name: "client secret"}
	jwtSecret    = secretKind{key: "jwt", name: "JWT"}
)

// place is where a secret was given.
type place struct {
	name string // as the operator knows it
	key  string // of the account, under which its problems are reported
	file string // where it stands, "" for the environment
	text Secret // when there is no need to read the file
}

// Credentials reads the account's secrets from where each was given: inline, a
// file, a systemd credential or an environment variable, exactly one of them.
// Errors are *Problems that name the place, never what stands there.
func (a *Account) Credentials() (Credentials, error) {
	var c Credentials
	err := errors.Join(a.read(clientSecret, &c.ClientSecret), a.read(jwtSecret, &c.JWT))
	if err != nil {
		return Credentials{}, merge(err)
	}
	return c, nil
}

// CheckCredentials reads the secrets of several accounts and gives all problems
// at once, so that a run can refuse before it touches anything.
func CheckCredentials(accounts ...*Account) error {
	var errs []error
	for _, a := range accounts {
		_, err := a.Credentials()
		errs = append(errs, err)
	}
	return merge(errors.Join(errs...))
}

// merge makes one *Problems of several joined.
func merge(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	all := &Problems{}
	for _, e := range joined.Unwrap() {
		if p, ok := errors.AsType[*Problems](e); ok {
			all.List = append(all.List, p.List...)
		}
	}
	return all
}

// owner is who has secrets: an account, or a destination of notices.
type owner struct {
	origin
	name       string // for people: account acme
	credential string // what its systemd credentials begin with
	variable   string // and its environment variables
}

func (a *Account) owner() *owner {
	return &owner{a.origin, "account " + a.Name, a.Name + ".", a.variables()}
}

// read fills into from the one place that has the secret.
func (a *Account) read(kind secretKind, into *Secret) error {
	return a.owner().read(kind, a.places(kind), into)
}

func (o *owner) read(kind secretKind, places []place, into *Secret) error {
	if len(places) == 0 {
		return o.problem(kind.key, "%s has no %s: set %s_file, the systemd credential %s%s (which ringroster-service COMMAND has), or $%s",
			o.name, kind.name, kind.key, o.credential, kind.key, o.variableOf(kind))
	}
	if len(places) > 1 {
		return o.problem(places[0].key, "%s", tooMany(kind, places))
	}
	p := places[0]
	if p.text == "" {
		data, mode, err := readFile(p.file, maxFile)
		if err != nil {
			return o.problem(p.key, "the %s of %s cannot be read from %s: %v; put it there, readable by this user", kind.name, o.name, p.file, cause(err))
		}
		if fix := exposed(p.file, mode); fix != "" {
			return o.problem(p.key, "%s", fix)
		}
		p.text = Secret(data)
	}
	text := strings.TrimSpace(string(p.text))
	line := text
	if kind.lines {
		line = strings.ReplaceAll(line, "\n", "")
	}
	if fault := implausible(line); fault != "" {
		return o.problem(p.key, "the %s of %s (%s) %s", kind.name, o.name, p.name, fault)
	}
	*into = Secret(text)
	return nil
}

// places lists where a secret is given, without reading any.
func (a *Account) places(kind secretKind) []place {
	inline, file := a.ClientSecret, a.ClientSecretFile
	if kind == jwtSecret {
		inline, file = a.JWT, a.JWTFile
	}
	return a.owner().places(kind, inline, file)
}

func (o *owner) places(kind secretKind, inline Secret, file string) []place {
	var found []place
	if inline != "" {
		found = append(found, place{kind.key, kind.key, o.file, inline})
	}
	if file != "" {
		found = append(found, place{kind.key + "_file", kind.key + "_file", file, ""})
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		credential := filepath.Join(dir, o.credential+kind.key)
		if _, err := os.Lstat(credential); !errors.Is(err, fs.ErrNotExist) {
			found = append(found, place{"the systemd credential " + filepath.Base(credential), kind.key, credential, ""})
		}
	}
	if value := os.Getenv(o.variableOf(kind)); value != "" {
		found = append(found, place{"$" + o.variableOf(kind), kind.key, "", Secret(value)})
	}
	return found
}

func (o *owner) variableOf(kind secretKind) string { return o.variable + strings.ToUpper(kind.key) }

// variables is what the environment variables of the account's secrets begin with.
func (a *Account) variables() string { return variables(a.Name) }

// variables is what the environment variables of something with a name begin with.
func variables(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
	return "RINGROSTER_" + name + "_"
}

// checkPlaces reports what can be seen of the secrets without reading them: two
// places for one, and files that others can read, this settings file included.
func (s *Settings) checkPlaces(r *report) {
	for i := range s.Accounts {
		a := &s.Accounts[i]
		for _, kind := range []secretKind{clientSecret, jwtSecret} {
			a.origin.check(r, kind, a.places(kind))
		}
	}
	for i := range s.Notify {
		s.Notify[i].checkPlaces(r)
	}
	for i := range s.Publish {
		s.Publish[i].checkPlaces(r)
	}
}

func (o origin) check(r *report, kind secretKind, places []place) {
	if len(places) > 1 {
		r.add(join(o.key, places[0].key), "%s", tooMany(kind, places))
	}
	for _, p := range places {
		// A file that is not there is no matter until it is needed.
		if info, err := os.Stat(p.file); err == nil && info.Mode().IsRegular() {
			if fix := exposed(p.file, info.Mode()); fix != "" {
				r.add(join(o.key, p.key), "%s", fix)
			}
		}
	}
}

func tooMany(kind secretKind, places []place) string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = p.name
	}
	return fmt.Sprintf("the %s is given in %d places, %s: keep one", kind.name, len(places), strings.Join(names, " and "))
}

// exposed gives the remedy for a file with a secret that others can read or
// write, or its group can write; "" when it is kept well. What systemd makes of
// a credential (0400, or 0440 for an access list) passes.
func exposed(file string, mode fs.FileMode) string {
	if mode.Perm()&0o026 == 0 {
		return ""
	}
	return fmt.Sprintf("%s holds a secret and can be read by others or written by its group; run: chmod o-rwx,g-w %s", file, file)
}

// implausible says why a text cannot be a secret of RingCentral's.
func implausible(text string) string {
	switch {
	case text == "":
		return "is empty"
	case len(text) > maxSecret:
		return fmt.Sprintf("is larger than %d KiB: is it the right file?", maxSecret>>10)
	case len(text) > 1 && strings.ContainsRune("\"'`", rune(text[0])) && text[0] == text[len(text)-1]:
		return "is in quotes: remove them"
	case strings.EqualFold(text[:min(len(text), len("Bearer "))], "Bearer "):
		return "begins with \"Bearer \": remove that word"
	case slices.ContainsFunc([]byte(text), func(b byte) bool { return b < ' ' || b > '~' }):
		return "is not one line of plain characters: is it binary, or has an editor added something?"
	}
	return ""
}

// problem is what is wrong with one of the keys that stand there.
func (o origin) problem(key, format string, args ...any) error {
	p := Problem{File: o.file, Key: join(o.key, key), Message: fmt.Sprintf(format, args...)}
	if o.line != nil {
		p.Line = o.line(p.Key)
	}
	return &Problems{[]Problem{p}}
}
