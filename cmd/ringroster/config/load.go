package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// maxFile bounds the settings file and the others that it names, in bytes: a larger
// one is something else.
const maxFile = 1 << 20

// Find returns the settings file to load: flag when it is given, else
// $RINGROSTER_CONFIG, else ./config.yaml, else /etc/ringroster/config.yaml. A
// file that is named must exist; errors are *Problems.
func Find(flag string) (string, error) {
	const variable = "RINGROSTER_CONFIG"
	if flag != "" {
		return flag, exists(flag, "--config")
	}
	if file := os.Getenv(variable); file != "" {
		return file, exists(file, "$"+variable)
	}
	usual := []string{"config.yaml", "/etc/ringroster/config.yaml"}
	for i, file := range usual {
		_, err := os.Stat(file)
		// Whoever stands in a folder of somebody else's (sudo -u) means no file there.
		foreign := i == 0 && errors.Is(err, fs.ErrPermission)
		if !errors.Is(err, fs.ErrNotExist) && !foreign {
			return file, nil // also when it cannot be read, so that Load says so
		}
	}
	return "", fileProblem("", "no settings file: $%s is not set, and there is neither ./%s nor %s; "+
		"name one with --config, or start from config.example.yaml", variable, usual[0], usual[1])
}

func exists(file, from string) error {
	if _, err := os.Stat(file); err != nil {
		return fileProblem(file, "the settings file that %s names cannot be read: %v", from, cause(err))
	}
	return nil
}

// Load reads the settings and checks them whole; errors are *Problems. No secret
// is read that stands outside of the file.
func Load(file string) (*Settings, error) {
	data, _, err := readFile(file, maxFile)
	if err != nil {
		return nil, fileProblem(file, "the settings cannot be read: %v", cause(err))
	}
	s, r := parse(file, data)
	s.settle(filepath.Dir(file))
	s.checkPlaces(r)
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// cause is an error of the file system without the path, which stands before it.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// parse turns bytes into settings, in which only what the report names is wrong.
func parse(file string, data []byte) (*Settings, *report) {
	r := &report{file: file, lines: map[string]int{}}
	s := Defaults()
	s.File = file
	tree := r.parseTree(data, reflect.TypeFor[Settings]())
	if tree == nil {
		return s, r
	}
	if err := decode(tree, s); err != nil {
		r.at(1, "", "the settings cannot be read: %v", err)
	}
	for i := range s.Accounts {
		s.Accounts[i].origin = origin{file, fmt.Sprintf("accounts[%d]", i), r.line}
		s.inherit(&s.Accounts[i], r)
	}
	for i := range s.Notify {
		key := fmt.Sprintf("notify[%d]", i)
		s.Notify[i].origin = origin{file, key, r.line}
		s.Notify[i].complete(func(name string) bool { return r.lines[key+"."+name] != 0 })
	}
	for i := range s.Publish {
		key := fmt.Sprintf("publish[%d]", i)
		s.Publish[i].origin = origin{file, key, r.line}
		s.Publish[i].complete(func(name string) bool { return r.lines[key+"."+name] != 0 })
	}
	s.validate(r)
	s.Warnings = r.warnings
	return s, r
}

// decode lays the tree over the defaults in s. The tree has the right shape, so
// that nothing is converted, and nothing is left to guess.
func decode(tree *yaml.Node, s *Settings) error {
	values := map[string]any{}
	if err := tree.Decode(&values); err != nil {
		return err
	}
	v := viper.New()
	if err := v.MergeConfigMap(values); err != nil {
		return err
	}
	accounts, _ := v.Get("accounts").([]any)
	for range accounts {
		s.Accounts = append(s.Accounts, DefaultAccount())
	}
	return v.Unmarshal(s, func(c *mapstructure.DecoderConfig) {
		c.WeaklyTypedInput = false
		c.DecodeHook = nil
	})
}

// inherit gives an account the times of all accounts where it sets none of its
// own.
func (s *Settings) inherit(a *Account, r *report) {
	given := func(key string) bool { return r.lines[a.origin.key+"."+key] != 0 }
	for key, text := range map[string]struct {
		own *string
		all string
	}{
		"schedule.daily_at": {&a.Schedule.DailyAt, s.Schedule.DailyAt},
		"schedule.every":    {&a.Schedule.Every, s.Schedule.Every},
		"contacts.daily_at": {&a.Contacts.DailyAt, s.Contacts.DailyAt},
		"contacts.every":    {&a.Contacts.Every, s.Contacts.Every},
	} {
		if !given(key) {
			*text.own = text.all
		}
	}
	if !given("schedule.catch_up") {
		a.Schedule.CatchUp = s.Schedule.CatchUp
	}
}

// settle makes relative paths start at the settings file, or for the database
// at $STATE_DIRECTORY when systemd made one.
func (s *Settings) settle(dir string) {
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if state == "" {
		state = dir
	}
	s.Database.Path = under(state, s.Database.Path)
	for i := range s.Accounts {
		a := &s.Accounts[i]
		a.ClientSecretFile = under(dir, a.ClientSecretFile)
		a.JWTFile = under(dir, a.JWTFile)
		a.CAFile = under(dir, a.CAFile)
	}
	for i := range s.Notify {
		s.Notify[i].settle(dir)
	}
	for i := range s.Publish {
		s.Publish[i].settle(dir)
	}
}

func under(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
