package notify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// exim is a real mail server on loopback: STARTTLS and AUTH, refusals by recipient, and
// what it took in a folder. What it must not deliver it never gets.
type exim struct {
	dir         string
	port, smtps int
	ca          string // the certificate, which is its own authority; for localhost alone
}

const eximConfig = `
primary_hostname = localhost
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/spool/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT : SMTPS
tls_on_connect_ports = SMTPS
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
acl_smtp_mail = check_sender
acl_smtp_rcpt = check_recipient
smtp_accept_max_per_connection = 10
keep_environment =
qualify_domain = example.com
begin acl
check_sender:
  deny !authenticated = *
       message = authentication is required
  accept
check_recipient:
  defer local_parts = later
        message = mailbox is busy
  deny local_parts = nobody
       message = no such user here
  accept
begin routers
all:
  driver = accept
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = DIR/mail
  maildir_format
  envelope_to_add
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{roster}}{eq{$auth3}{pw-planted}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{roster}}{eq{$auth2}{pw-planted}}}}
  server_set_id = $auth1
  server_advertise_condition = ${if def:tls_in_cipher}
`

func startExim(t *testing.T) *exim {
	t.Helper()
	program := "/usr/sbin/exim4"
	owner, err := user.Lookup("Debian-exim")
	if _, statErr := os.Stat(program); statErr != nil || err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and Exim: apt-get install exim4-daemon-light, as .ci/run does")
	}
	e := &exim{dir: t.TempDir()}
	e.port, e.smtps = freePort(t), freePort(t)
	e.ca = filepath.Join(e.dir, "cert.pem")
	certificate(t, e.dir, "localhost")
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, folder := range []string{"spool", "log", "mail"} {
		path := filepath.Join(e.dir, folder)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(e.dir, "key.pem"), uid, gid); err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{e.dir, filepath.Dir(e.dir)} {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(e.dir, "exim.conf")
	text := eximConfig
	for name, value := range map[string]string{"DIR": e.dir, "PORT": strconv.Itoa(e.port), "SMTPS": strconv.Itoa(e.smtps)} {
		text = string(bytes.ReplaceAll([]byte(text), []byte(name), []byte(value)))
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-C", config, "-bdf", "-q1m")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for _, port := range []int{e.port, e.smtps} {
		if !soon(func() bool { return answers(port) }) { // it says nothing when it is ready
			log, _ := os.ReadFile(filepath.Join(e.dir, "log", "mainlog"))
			t.Fatalf("Exim does not answer at port %d\n%s", port, log)
		}
	}
	return e
}

// soon reports whether something comes true before it is too late.
func soon(happened func() bool) bool {
	late := time.After(20 * time.Second)
	for look := time.NewTicker(10 * time.Millisecond); ; {
		if happened() {
			return true
		}
		select {
		case <-look.C:
		case <-late:
			return false
		}
	}
}

func answers(port int) bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// certificate makes key.pem and cert.pem in a folder, for one name.
func certificate(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"key.pem": {Type: "PRIVATE KEY", Bytes: plain}, "cert.pem": {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "cert.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mails waits until Exim has delivered so many, and gives them by who got them.
func (e *exim) mails(t *testing.T, want int) map[string]*mail.Message {
	t.Helper()
	var files []string
	soon(func() bool {
		files, _ = filepath.Glob(filepath.Join(e.dir, "mail", "new", "*"))
		return len(files) >= want
	})
	if len(files) != want {
		t.Fatalf("%d mails were delivered, want %d", len(files), want)
	}
	got := map[string]*mail.Message{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		got[m.Header.Get("Envelope-To")] = m
	}
	return got
}
