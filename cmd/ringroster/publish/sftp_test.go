package publish

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"ringroster/cmd/ringroster/config"
)

// sshd is a real OpenSSH on loopback that lets one key in, for files alone.
type sshd struct {
	port  int
	drop  string // where one is put when one signs in
	key   string // the private key that is let in
	known string // a known_hosts_file that has the host's key
	host  ssh.PublicKey
}

// startSSHD starts one; options are more words for its internal-sftp.
func startSSHD(t *testing.T, options string) *sshd {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and OpenSSH: apt-get install openssh-server, as .ci/run does")
	}
	dir := t.TempDir()
	s := &sshd{drop: t.TempDir(), key: filepath.Join(dir, "client"), known: filepath.Join(dir, "known_hosts")}
	client := newKey(t, s.key)
	s.host = newKey(t, filepath.Join(dir, "host"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	s.knows(t, s.host)
	text := fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %s/host
PidFile %s/pid
AuthorizedKeysFile %s/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d %s %s
`, s.port, dir, dir, dir, s.drop, options)
	for name, text := range map[string]string{"config": text, "authorized": string(ssh.MarshalAuthorizedKey(client))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(dir, "config"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for tries := 0; ; tries++ {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			_ = conn.Close()
			return s
		}
		if tries == 500 {
			t.Fatalf("sshd does not answer: %v\n%s", err, said.String())
		}
		time.Sleep(20 * time.Millisecond) // it says nothing when it is ready
	}
}

// newKey makes a private key in a file.
func newKey(t *testing.T, file string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// knows writes which key the host has.
func (s *sshd) knows(t *testing.T, keys ...ssh.PublicKey) {
	t.Helper()
	var text string
	for _, key := range keys {
		text += knownhosts.Line([]string{fmt.Sprintf("127.0.0.1:%d", s.port)}, key) + "\n"
	}
	if err := os.WriteFile(s.known, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// end is the destination, at a port: its own, or that of somebody in between.
func (s *sshd) end(t *testing.T, port int, path string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`accounts: [{name: acme, main_account_id: 1, client_id: x}]
publish: [{name: far, to: {sftp: {host: 127.0.0.1, port: %d, user: %s, key_file: %s, known_hosts_file: %s, path: %s}}}]
`, port, username(t), s.key, s.known, path)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return &server{&settings.Publish[0]}
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
			end := s.end(t, s.port, "in/a.csv")
			if _, err := end.check(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "in: file does not exist") {
				t.Errorf("without the folder check says %v", err)
			}
			if err := os.Mkdir(filepath.Join(s.drop, "in"), 0o755); err != nil {
				t.Fatal(err)
			}
			found, err := end.check(t.Context())
			if err != nil || strings.Contains(found, "cannot rename") != (options != "") {
				t.Errorf("check says %q, %v", found, err)
			}
			large := strings.Repeat("0123456789\n", 100_000)
			for _, text := range []string{"one", large, ""} {
				if err := end.put(t.Context(), "in/a.csv", says(text)); err != nil {
					t.Fatal(err)
				}
				if got := listed(t, filepath.Join(s.drop, "in")); len(got) != 1 || got["a.csv"] != text {
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
	other := newKey(t, filepath.Join(t.TempDir(), "other"))
	stranger := filepath.Join(t.TempDir(), "stranger")
	newKey(t, stranger)
	right := s.key
	tests := []struct {
		name    string
		prepare func()
		want    string
	}{
		{"no key is known", func() { s.knows(t) }, "is not in known_hosts_file: ask whoever runs it"},
		{"another key is known", func() { s.knows(t, other) }, "is not the one in known_hosts_file: somebody may stand in between"},
		{"it has a new key beside the old one", func() { s.knows(t, other, s.host) }, ""},
		{"a stranger", func() { s.knows(t, s.host); s.key = stranger }, "unable to authenticate"},
		{"it is known", func() { s.key = right }, ""},
		{"no file of known hosts", func() { s.known = filepath.Join(t.TempDir(), "none") }, "read the known hosts: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.prepare()
			err := s.end(t, s.port, "a.csv").put(t.Context(), "a.csv", says("one"))
			there := listed(t, s.drop)
			if tt.want == "" && (err != nil || len(there) != 1) {
				t.Errorf("got %v; there are %v", err, there)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || len(there) != 0) {
				t.Errorf("got %v; there are %v", err, there)
			}
			_ = os.Remove(filepath.Join(s.drop, "a.csv"))
		})
	}
}

// TestSFTPCut: whatever ends half-way, the file before is there as it was.
func TestSFTPCut(t *testing.T) {
	s := startSSHD(t, "")
	if err := s.end(t, s.port, "a.csv").put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", 1<<20)
	for _, after := range []int64{0, 200, 4000, 300_000, 900_000} {
		port := cutter(t, s.port, after)
		s.knownAt(t, port)
		end := s.end(t, port, "a.csv")
		if err := end.put(t.Context(), "a.csv", says(large)); err == nil {
			t.Errorf("cut after %d bytes, it went well", after)
		}
		if got := listed(t, s.drop)["a.csv"]; got != "one" {
			t.Errorf("cut after %d bytes, %d are there", after, len(got))
		}
	}
	if err := s.end(t, s.port, "a.csv").put(t.Context(), "a.csv", says("two")); err == nil {
		t.Error("the host is known at other ports alone now")
	}
	s.knows(t, s.host)
	if err := s.end(t, s.port, "a.csv").put(t.Context(), "a.csv", says("two")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "two"}, listed(t, s.drop)); diff != "" {
		t.Error(diff)
	}
}

// knownAt writes that the host is to be found at another port.
func (s *sshd) knownAt(t *testing.T, port int) {
	t.Helper()
	was := s.port
	s.port = port
	s.knows(t, s.host)
	s.port = was
}

// cutter passes so many bytes on to a port, and then cuts.
func cutter(t *testing.T, port int, after int64) int {
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
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// TestSFTPDiskFull: on a server without room the file before stays.
func TestSFTPDiskFull(t *testing.T) {
	s := startSSHD(t, "")
	if err := syscall.Mount("tmpfs", s.drop, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(s.drop, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	end := s.end(t, s.port, "a.csv")
	if err := end.put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	if err := end.put(t.Context(), "a.csv", says(strings.Repeat("x", 1<<20))); err == nil {
		t.Error("there was room for it")
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "one"}, listed(t, s.drop)); diff != "" {
		t.Error(diff)
	}
}
