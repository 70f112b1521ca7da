package publish

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/publish/sshdtest"
)

// sshd is a real OpenSSH, and destinations on it.
type sshd struct{ *sshdtest.Server }

func startSSHD(t *testing.T, options string) *sshd { return &sshd{sshdtest.Start(t, options)} }

// end is the destination, at a port: its own, or that of somebody in between.
func (s *sshd) end(t *testing.T, port int, path string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`accounts: [{name: acme, main_account_id: 1, client_id: x}]
publish: [{name: far, to: {sftp: {host: 127.0.0.1, port: %d, user: %s, key_file: %s, known_hosts_file: %s, path: %s}}}]
`, port, username(t), s.Key, s.Known, path)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return &server{settings: &settings.Publish[0]}
}

func username(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// TestSFTP: a file appears on a real server, and is replaced, whether or not the server can
// rename onto another file.
func TestSFTP(t *testing.T) {
	for name, options := range map[string]string{"posix-rename": "", "rename alone": "-P posix-rename"} {
		t.Run(name, func(t *testing.T) {
			s := startSSHD(t, options)
			end := s.end(t, s.Port, "in/a.csv")
			if _, err := end.check(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "in: file does not exist") {
				t.Errorf("without the folder check says %v", err)
			}
			if err := os.Mkdir(filepath.Join(s.Drop, "in"), 0o755); err != nil {
				t.Fatal(err)
			}
			found, err := end.check(t.Context())
			if err != nil || strings.Contains(found, "cannot rename") != (options != "") {
				t.Errorf("check says %q, %v", found, err)
			}
			large := strings.Repeat("0123456789\n", 100_000)
			for i, text := range []string{"one", large, ""} {
				if err := end.put(t.Context(), "in/a.csv", says(text)); err != nil {
					t.Fatal(err)
				}
				if said := end.remark(); (said != "") != (options != "" && i == 1) { // where one was replaced first
					t.Errorf("after delivery %d it remarks %q", i, said)
				}
				if got := listed(t, filepath.Join(s.Drop, "in")); len(got) != 1 || got["a.csv"] != text {
					t.Errorf("of %d bytes there are %d in %d files", len(text), len(got["a.csv"]), len(got))
				}
			}
		})
	}
}

// TestSFTPTrustsKnownHostsAlone: no host passes whose key is not the one that is written
// down, and nobody without the right key of their own is let in.
func TestSFTPTrustsKnownHostsAlone(t *testing.T) {
	s := startSSHD(t, "")
	other := sshdtest.NewKey(t, filepath.Join(t.TempDir(), "other"))
	stranger := filepath.Join(t.TempDir(), "stranger")
	sshdtest.NewKey(t, stranger)
	right := s.Key
	tests := []struct {
		name    string
		prepare func()
		want    string
	}{
		{"no key is known", func() { s.Knows(s.Port) }, "is not in known_hosts_file: ask whoever runs it"},
		{"another key is known", func() { s.Knows(s.Port, other) }, "is not the one in known_hosts_file: somebody may stand in between"},
		{"it has a new key beside the old one", func() { s.Knows(s.Port, other, s.Host) }, ""},
		{"a stranger", func() { s.Knows(s.Port, s.Host); s.Key = stranger }, "unable to authenticate"},
		{"it is known", func() { s.Key = right }, ""},
		{"no file of known hosts", func() { s.Known = filepath.Join(t.TempDir(), "none") }, "read the known hosts: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.prepare()
			err := s.end(t, s.Port, "a.csv").put(t.Context(), "a.csv", says("one"))
			there := listed(t, s.Drop)
			if tt.want == "" && (err != nil || len(there) != 1) {
				t.Errorf("got %v; there are %v", err, there)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || len(there) != 0) {
				t.Errorf("got %v; there are %v", err, there)
			}
			_ = os.Remove(filepath.Join(s.Drop, "a.csv"))
		})
	}
}

// TestSFTPCut: whatever ends half-way, the file before is there as it was.
func TestSFTPCut(t *testing.T) {
	s := startSSHD(t, "")
	if err := s.end(t, s.Port, "a.csv").put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", 1<<20)
	for _, after := range []int64{0, 200, 4000, 300_000, 900_000} {
		port := cutter(t, s.Port, after)
		s.Knows(port, s.Host)
		end := s.end(t, port, "a.csv")
		if err := end.put(t.Context(), "a.csv", says(large)); err == nil {
			t.Errorf("cut after %d bytes, it went well", after)
		}
		if got := listed(t, s.Drop)["a.csv"]; got != "one" {
			t.Errorf("cut after %d bytes, %d are there", after, len(got))
		}
	}
	if err := s.end(t, s.Port, "a.csv").put(t.Context(), "a.csv", says("two")); err == nil {
		t.Error("the host is known at other ports alone now")
	}
	s.Knows(s.Port, s.Host)
	if err := s.end(t, s.Port, "a.csv").put(t.Context(), "a.csv", says("two")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "two"}, listed(t, s.Drop)); diff != "" {
		t.Error(diff)
	}
}

// cutter passes so many bytes on to a port, and then cuts.
func cutter(t *testing.T, port int, after int64) int { return interrupter(t, port, after, func() {}) }

// interrupter passes so many bytes on to a port, then does something, and cuts.
func interrupter(t *testing.T, port int, after int64, do func()) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		from, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = from.Close() }()
		to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return
		}
		defer func() { _ = to.Close() }()
		go func() { _, _ = io.Copy(from, to) }()
		_, _ = io.CopyN(to, from, after)
		do()
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// TestSFTPFaults: whatever fails there, the file before stays, the error says what, and when it is
// mended the next delivery replaces it.
func TestSFTPFaults(t *testing.T) {
	s := startSSHD(t, "")
	in := filepath.Join(s.Drop, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	end := s.end(t, s.Port, "in/a.csv")
	deliver := func(text string) error { return end.put(t.Context(), "in/a.csv", says(text)) }
	restart := func(options string) func() error {
		return func() error {
			s.Down()
			s.Options = options
			s.Up()
			return nil
		}
	}
	rename := func(from, to string) func() error { return func() error { return os.Rename(from, to) } }
	tests := []struct {
		name    string
		prepare func() error
		want    string
		at      string // where the file before is meanwhile
		mend    func() error
	}{
		{"the server is down", func() error { s.Down(); return nil }, "connection refused", in, func() error { s.Up(); return nil }},
		{"it is restarted in the middle", func() error {
			port := interrupter(t, s.Port, 300_000, s.Down)
			s.Knows(port, s.Host)
			end = s.end(t, port, "in/a.csv")
			return nil
		}, "write in/", in, func() error {
			s.Up()
			s.Knows(s.Port, s.Host)
			end = s.end(t, s.Port, "in/a.csv")
			return nil
		}},
		{"the right to write is taken away", restart("-R"), "write in/.a.csv.ringroster-part: permission denied", in, restart("")},
		{"the folder is renamed", rename(in, in+"2"), "write in/.a.csv.ringroster-part: file does not exist", in + "2", rename(in+"2", in)},
		{"a folder stands in its place", func() error {
			return errors.Join(os.Rename(in+"/a.csv", s.Drop+"/a.csv"), os.MkdirAll(in+"/a.csv/x", 0o755))
		}, "write in/a.csv: ", s.Drop, func() error { return os.RemoveAll(in + "/a.csv") }},
	}
	if err := deliver("before"); err != nil {
		t.Fatal(err)
	}
	before := "before"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.prepare(); err != nil {
				t.Fatal(err)
			}
			err := deliver(strings.Repeat("x", 1<<20))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if got, err := os.ReadFile(filepath.Join(tt.at, "a.csv")); err != nil || string(got) != before {
				t.Errorf("the file before has %d bytes, %v", len(got), err)
			}
			if err := tt.mend(); err != nil {
				t.Fatal(err)
			}
			before = tt.name
			if err := deliver(before); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(map[string]string{"a.csv": before}, listed(t, in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSFTPDiskFull: on a server without room the file before stays.
func TestSFTPDiskFull(t *testing.T) {
	s := startSSHD(t, "")
	if err := syscall.Mount("tmpfs", s.Drop, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(s.Drop, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	end := s.end(t, s.Port, "a.csv")
	if err := end.put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	if err := end.put(t.Context(), "a.csv", says(strings.Repeat("x", 1<<20))); err == nil {
		t.Error("there was room for it")
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "one"}, listed(t, s.Drop)); diff != "" {
		t.Error(diff)
	}
}
