package publish

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/publish/postgrestest"
)

// addressOf is what the settings make of the address of a database.
func addressOf(t *testing.T, text string) (*pgx.ConnConfig, error) {
	t.Helper()
	t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", text)
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("accounts: [{name: acme, main_account_id: 1, client_id: x}]\npublish:\n"+warehouse), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return (&database{&s.Publish[0]}).address()
}

// TestAServerBeyondThisMachineHasToShowWhoItIs.
func TestAServerBeyondThisMachineHasToShowWhoItIs(t *testing.T) {
	const weak = "the address asks for less than a server that shows who it is"
	const none = "must be an address such as postgres://USER:PASSWORD@db.example.com/warehouse"
	for text, want := range map[string]string{
		"postgres://u:p1anted@db.example.com/w":                            "",
		"postgresql://u:p1anted@db.example.com:6432/w?sslmode=verify-full": "",
		"postgres://u:p1anted@db.example.com/w?sslmode=require":            weak,
		"postgres://u:p1anted@db.example.com/w?sslmode=verify-ca":          weak,
		"postgres://u:p1anted@db.example.com/w?sslmode=prefer":             weak,
		"postgres://u:p1anted@db.example.com/w?sslmode=disable":            weak,
		"postgres://u:p1anted@127.0.0.1,db.example.com/w?sslmode=disable":  weak,
		"postgres://u:p1anted@127.0.0.1/w?host=db.example.com":             weak,
		"postgres://u:p1anted@127.0.0.1/w":                                 "",
		"postgres://u:p1anted@localhost/w?sslmode=disable":                 "",
		"postgres://u:p1anted@/w?host=/run/postgresql":                     "",
		"postgres://u:p1anted@db.example.com/w?sslmode=full":               "look at its port, its sslmode",
		"postgres://u:p1anted@db.example.com/w?sslrootcert=/none/ca.pem":   "the files that it names",
		"postgres://u:p1anted@db.example.com:none/w":                       none,
		"postgres://u:p1/anted@db.example.com/w":                           none,
		"postgres://u:p1anted@x/y@db.example.com/w":                        none,
		"mysql://u:p1anted@db.example.com/w":                               none,
		"host=db.example.com password=p1anted":                             none,
	} {
		settings, err := addressOf(t, text)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v", text, err)
		case err != nil && strings.Contains(err.Error(), "p1"):
			t.Errorf("%s: the password stands in %q", text, err)
		case err == nil && !isLocal(settings.Host) && !isVerified(settings.TLSConfig):
			t.Errorf("%s: not verified", text)
		}
	}
}

// testTLS: a server is let in by its name, with a certificate of an authority that the address
// names.
func testTLS(t *testing.T, server *postgrestest.Server) {
	cert, key := certificate(t, "db.example.com")
	ca := server.Install("cert.pem", cert)
	server.Query("postgres", fmt.Sprintf(`ALTER SYSTEM SET ssl_cert_file = '%s'`, ca))
	server.Query("postgres", fmt.Sprintf(`ALTER SYSTEM SET ssl_key_file = '%s'`, server.Install("key.pem", key)))
	server.Query("postgres", `ALTER SYSTEM SET ssl = on`)
	server.Down()
	server.Up()
	secret := url.QueryEscape(postgrestest.Password()[0])
	for name, tt := range map[string]struct{ host, more, want string }{
		"its name":           {"db.example.com", "sslrootcert=" + ca, ""},
		"another name":       {"other.example.com", "sslrootcert=" + ca, "certificate is valid for db.example.com, not other.example.com"},
		"another authority":  {"db.example.com", "", "certificate signed by unknown authority"},
		"not beyond the own": {"127.0.0.1", "sslmode=disable", ""},
	} {
		settings, err := addressOf(t, fmt.Sprintf("postgres://postgres:%s@%s:%d/postgres?%s", secret, tt.host, server.Port, tt.more))
		if err != nil {
			t.Fatal(err)
		}
		settings.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
		conn, err := pgx.ConnectConfig(t.Context(), settings)
		if err == nil {
			_ = conn.Close(t.Context())
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// testMirrorRestarted: the server goes down while it is written to.
func testMirrorRestarted(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "restarted")
	d.after(0)
	server.Query("restarted", `
		CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
		CREATE TRIGGER wait AFTER UPDATE ON ringroster.contacts FOR EACH STATEMENT EXECUTE FUNCTION wait()`)
	d.sql(`UPDATE members SET email = 'new' || member_id || '@example.com'`)
	said := make(chan string)
	go func() { said <- d.after(time.Minute) }()
	for server.Query("restarted", `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`) == "0\n" {
		if t.Context().Err() != nil {
			t.Fatal("it does not get there")
		}
	}
	server.Down()
	if got := <-said; !strings.HasPrefix(got, "warehouse failed: PostgreSQL at 127.0.0.1: ") {
		t.Errorf("got %q", got)
	}
	server.Up()
	server.Query("restarted", `DROP TRIGGER wait ON ringroster.contacts`)
	d.want(server.Query("restarted", `SELECT count(*) FROM ringroster.roster WHERE email LIKE 'new%'`), "0\n")
	d.want(d.after(time.Hour), "warehouse delivered 31: 0 new, 10 changed, 0 gone")
	d.equal()
}

// TestMirrorDiskFull: a database without room keeps what it has, and gets the rest when there
// is some.
func TestMirrorDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=80m"); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	server := postgrestest.Start(t, dir, "max_wal_size=32MB", "min_wal_size=32MB", "max_connections=5", "shared_buffers=4MB")
	d := newMirror(t, server, "small")
	d.after(0)
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	d.sql(`UPDATE members SET job_title = 'Chief'`)
	got := d.after(time.Minute)
	if !strings.HasPrefix(got, "warehouse failed: ") || !strings.Contains(got, "No space left on device") {
		t.Errorf("got %q", got)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	d.want(server.Query("small", `SELECT count(*) FROM ringroster.roster WHERE job_title = ''`), "10\n")
	d.want(d.after(time.Hour), "warehouse delivered 31: 0 new, 10 changed, 0 gone")
	d.equal()
}

// fill writes a file until there is no room left.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for block := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func certificate(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}
