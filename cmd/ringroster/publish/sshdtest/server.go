// Package sshdtest runs a real OpenSSH for tests.
package sshdtest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const program = "/usr/sbin/sshd"

// Server is an OpenSSH on loopback that lets one key in, for files alone.
type Server struct {
	t    testing.TB
	dir  string
	said bytes.Buffer

	mu  sync.Mutex // somebody else may take it down in the middle of a delivery
	cmd *exec.Cmd

	Port    int
	Options string        // more words for its internal-sftp, from the next Up on
	Drop    string        // the folder where one is put when one signs in
	Key     string        // the private key that is let in
	Known   string        // a known_hosts_file that has the host's key
	Host    ssh.PublicKey // that key
}

// Start starts one that ends with the test.
func Start(t testing.TB, options string) *Server {
	t.Helper()
	if _, err := os.Stat(program); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and OpenSSH: apt-get install openssh-server, as .ci/run does")
	}
	dir := t.TempDir()
	s := &Server{t: t, dir: dir, Options: options, Drop: t.TempDir(), Key: filepath.Join(dir, "client"), Known: filepath.Join(dir, "known_hosts")}
	client := NewKey(t, s.Key)
	s.Host = NewKey(t, filepath.Join(dir, "host"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.Port = l.Addr().(*net.TCPAddr).Port
	s.must(l.Close())
	s.Knows(s.Port, s.Host)
	s.must(os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(client), 0o600))
	s.must(os.MkdirAll("/run/sshd", 0o755))
	s.Up()
	t.Cleanup(s.Down)
	return s
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Up starts the server again.
func (s *Server) Up() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %[2]s/host
PidFile %[2]s/pid
AuthorizedKeysFile %[2]s/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d %[3]s %[4]s
`, s.Port, s.dir, s.Drop, s.Options)
	s.must(os.WriteFile(filepath.Join(s.dir, "config"), []byte(text), 0o600))
	s.cmd = exec.Command(program, "-D", "-e", "-f", filepath.Join(s.dir, "config"))
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.must(s.cmd.Start())
	for tries := 0; ; tries++ {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)))
		if err == nil {
			_ = conn.Close()
			return
		}
		if tries == 500 {
			s.t.Fatalf("sshd does not answer: %v\n%s", err, s.said.String())
		}
		time.Sleep(20 * time.Millisecond) // it says nothing when it is ready
	}
}

// Down ends it, and whatever it is about: each session is a process of its own.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.cmd.Process.Pid)) // proc(5)
	for session := range strings.FieldsSeq(string(sessions)) {
		if pid, err := strconv.Atoi(session); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Knows writes which keys the host has at a port.
func (s *Server) Knows(port int, keys ...ssh.PublicKey) {
	s.t.Helper()
	var text bytes.Buffer
	for _, key := range keys {
		fmt.Fprintln(&text, knownhosts.Line([]string{fmt.Sprintf("127.0.0.1:%d", port)}, key))
	}
	s.must(os.WriteFile(s.Known, text.Bytes(), 0o600))
}

// NewKey makes a private key in a file.
func NewKey(t testing.TB, file string) ssh.PublicKey {
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
