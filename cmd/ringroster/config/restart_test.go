package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhatNeedsARestartStaysAsItWas: everything else is taken from the new file.
func TestWhatNeedsARestartStaysAsItWas(t *testing.T) {
	old := load(t, `
database: {path: /var/lib/ringroster/roster.db}
http: {listen: "127.0.0.1:9465"}
accounts:
  - {name: acme, main_account_id: 99990000, client_id: abc, client_secret: s3cr3t-planted, jwt_file: acme.jwt}
`)
	now := load(t, `
database: {path: /var/lib/ringroster/other.db, mode: "0640"}
http: {listen: "127.0.0.1:9466"}
log: {level: debug, format: json}
deactivate: false
accounts:
  - {name: beta, main_account_id: 99980000, client_id: new, client_secret: s3cr3t-new}
  - {name: acme, main_account_id: 99990000, client_id: def, client_secret_file: acme.secret, jwt_file: new.jwt, data_source: other}
`)
	got := now.KeepForRestart(old)
	want := []string{
		"database.path", "database.mode", "http.listen", "log.format", "accounts[1].client_id",
		"accounts[1].client_secret", "accounts[1].client_secret_file", "accounts[1].jwt_file",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if now.Database != old.Database || now.HTTP != old.HTTP || now.Log != (Log{Level: "debug", Format: "auto"}) || now.Deactivate {
		t.Errorf("got %+v", now)
	}
	kept := old.Accounts[0]
	kept.DataSource = "other"
	if diff := cmp.Diff(kept, now.Accounts[1], ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	if now.Accounts[0].ClientID != "new" {
		t.Error("a new account has its own credentials")
	}
	if keys := load(t, minimal).KeepForRestart(load(t, minimal)); len(keys) != 0 {
		t.Errorf("nothing changed, and %v need a restart", keys)
	}
}
