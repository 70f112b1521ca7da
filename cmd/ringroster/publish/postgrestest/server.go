// Package postgrestest runs a real PostgreSQL for tests.
package postgrestest

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// password is that of the superuser: what no error may show.
const password = "pl@nted/secret"

// Server is a PostgreSQL on loopback, without anything in it.
type Server struct {
	t        testing.TB
	bin, dir string
	Port     int
}

// Start starts one that ends with the test, with more settings, each as NAME=VALUE. Its data is
// in a folder of its own, or in the one given.
func Start(t testing.TB, dir string, settings ...string) *Server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		t.Skip("needs PostgreSQL: apt-get install postgresql, as .ci/run does")
	}
	if _, err := user.Lookup("postgres"); err != nil && os.Geteuid() == 0 {
		t.Skip("needs the user postgres, as whom PostgreSQL runs")
	}
	slices.Sort(found)
	if dir == "" {
		dir = t.TempDir()
	}
	s := &Server{t: t, bin: filepath.Dir(found[len(found)-1]), dir: dir}
	for up := dir; up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		s.must(os.Chmod(up, 0o711))
	}
	s.must(os.WriteFile(filepath.Join(dir, "password"), []byte(password), 0o644))
	if os.Geteuid() == 0 {
		s.run("chown", "postgres", dir)
	}
	s.initialise()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.Port = l.Addr().(*net.TCPAddr).Port
	s.must(l.Close())
	text := fmt.Sprintf("listen_addresses='127.0.0.1'\nport=%d\nunix_socket_directories='%s'\nfsync=off\nlog_min_messages=fatal\n", s.Port, dir)
	s.must(os.WriteFile(filepath.Join(s.data(), "postgresql.auto.conf"), []byte(text+strings.Join(settings, "\n")+"\n"), 0o644))
	s.Up()
	t.Cleanup(func() { _ = s.command("pg_ctl", "-D", s.data(), "-m", "immediate", "stop").Run() })
	return s
}

// blank is the data of a new server, in a file without a name: initdb takes more than a second
// of a processor, and unpacking what one left less than half of one. Compressed it would take
// twice that, and in memory the collector of the program that is tested would count it.
var blank struct {
	sync.Once
	packed *os.File
	size   int64
}

func (s *Server) initialise() {
	s.t.Helper()
	blank.Do(func() {
		s.as("initdb", "-D", s.data(), "-A", "scram-sha-256", "--pwfile="+filepath.Join(s.dir, "password"), "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
		packed, err := os.CreateTemp("", "postgres")
		s.must(err)
		s.must(os.Remove(packed.Name()))
		pack := exec.Command("tar", "-C", s.dir, "-c", "data")
		pack.Stdout = packed
		s.must(pack.Run())
		s.must(os.RemoveAll(s.data()))
		info, err := packed.Stat()
		s.must(err)
		blank.packed, blank.size = packed, info.Size()
	})
	unpack := exec.Command("tar", "-C", s.dir, "-xp")
	unpack.Stdin = io.NewSectionReader(blank.packed, 0, blank.size)
	s.must(unpack.Run())
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// command is a program of PostgreSQL's, run by the user that owns the server.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(s.bin, name)}, args...)
	if os.Geteuid() == 0 {
		args = append([]string{"runuser", "-u", "postgres", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.dir
	return cmd
}

func (s *Server) as(name string, args ...string) {
	s.t.Helper()
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Fatalf("%s: %v\n%s%s", name, err, out, log)
	}
}

func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Up starts the server again.
func (s *Server) Up() {
	s.as("pg_ctl", "-D", s.data(), "-w", "-l", filepath.Join(s.dir, "log"), "start")
}

// Down stops it, whatever it is about.
func (s *Server) Down() { s.as("pg_ctl", "-D", s.data(), "-m", "immediate", "stop") }

// Install puts a file beside the data, which the server alone can read.
func (s *Server) Install(name string, text []byte) string {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	s.must(os.WriteFile(file, text, 0o600))
	if os.Geteuid() == 0 {
		s.run("chown", "postgres", file)
	}
	return file
}

// Database makes a database and gives its address.
func (s *Server) Database(name string) string {
	s.t.Helper()
	s.Query("postgres", `CREATE DATABASE `+name)
	return s.URL("postgres", password, name)
}

// URL is the address of a database for a user.
func (s *Server) URL(user, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), Path: database}
	return u.String()
}

// Query runs statements with psql and gives what it prints: a row a line, with | between cells.
func (s *Server) Query(database, statements string) string {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statements, s.URL("postgres", password, database))
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("psql: %v\n%s\n%s", err, statements, out)
	}
	return string(out)
}

// CSV is the outcome of a query as psql gives it as CSV, with a head.
func (s *Server) CSV(database, query string) string {
	s.t.Helper()
	out, err := exec.Command(filepath.Join(s.bin, "psql"), "-X", "--csv", "-c", query, s.URL("postgres", password, database)).CombinedOutput()
	if err != nil {
		s.t.Fatalf("psql: %v\n%s", err, out)
	}
	return string(out)
}

// Password is the superuser's, as it stands in addresses and as it is.
func Password() []string {
	return []string{password, url.QueryEscape(password), url.PathEscape(password)}
}
