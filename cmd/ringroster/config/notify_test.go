package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// everyKind is what a destination is told of that names no kinds.
var everyKind = []string{"failed", "recovered", "held", "decided", "conflicts", "jwt_expiring", "settings_refused", "changes", "weekly", "publish"}

func TestADestinationNeedsFewKeys(t *testing.T) {
	s := load(t, minimal+`
notify:
  - {name: ops, mail: {host: mail.example.com, from: Roster <roster@example.com>, to: [ops@example.com, Night <night@example.com>]}}
  - {name: here, remind: 0h, mail: {host: "::1", security: none, from: r@example.com, to: [o@example.com]}}
  - {name: hook, webhook: {url_file: hook.url}}
`)
	ops, here, hook := &s.Notify[0], &s.Notify[1], &s.Notify[2]
	if len(ops.Kinds()) != len(sync.NoticeKinds) || ops.Reminds() != 24*time.Hour || ops.Mail.Port != 587 || ops.Mail.Security != StartTLS {
		t.Errorf("got %+v, mail %+v", ops, ops.Mail)
	}
	if diff := cmp.Diff([]string{"ops@example.com", "night@example.com"}, ops.Recipients()); diff != "" {
		t.Error(diff)
	}
	if here.Mail.Port != 25 || here.Reminds() != 0 {
		t.Errorf("got %+v, mail %+v", here, here.Mail)
	}
	if hook.Webhook.Format != JSON || len(hook.Recipients()) != 1 || hook.Webhook.URLFile != "hook.url" {
		t.Errorf("got %+v, webhook %+v", hook, hook.Webhook)
	}
}

const destinations = `
notify:
  - {name: ops, mail: {host: mail.example.com, from: r@example.com, to: [o@example.com], username: roster}}
  - {name: hook, webhook: {}}
`

func TestPlacesOfTheSecretsOfADestination(t *testing.T) {
	key := strings.Repeat("A", 32)
	tests := []struct {
		name, settings string
		prepare        func(t *testing.T)
	}{
		{"inline", strings.NewReplacer("username: roster", "username: roster, password: pw", "webhook: {}", "webhook: {url: http://localhost/x, secret: "+key+"}").Replace(destinations), nil},
		{"files", strings.NewReplacer("username: roster", "username: roster, password_file: p", "webhook: {}", "webhook: {url_file: u, secret_file: s}").Replace(destinations), func(t *testing.T) {
			put(t, "p", "pw\n", 0o600)
			put(t, "u", "http://localhost/x\n", 0o640)
			put(t, "s", "whsec_"+key+"\n", 0o600)
		}},
		{"systemd credentials", destinations, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "notify.ops.password"), "pw", 0o400)
			put(t, filepath.Join(dir, "notify.hook.url"), "http://localhost/x", 0o400)
			put(t, filepath.Join(dir, "notify.hook.secret"), key, 0o400)
			t.Setenv("CREDENTIALS_DIRECTORY", dir)
		}},
		{"environment", destinations, func(t *testing.T) {
			t.Setenv("RINGROSTER_NOTIFY_OPS_PASSWORD", "pw")
			t.Setenv("RINGROSTER_NOTIFY_HOOK_URL", "http://localhost/x")
			t.Setenv("RINGROSTER_NOTIFY_HOOK_SECRET", key)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := load(t, minimal+test.settings)
			if test.prepare != nil {
				test.prepare(t)
			}
			mail, err := s.Notify[0].Credentials()
			hook, err2 := s.Notify[1].Credentials()
			if err != nil || err2 != nil || mail.Password != "pw" || hook.URL != "http://localhost/x" || len(hook.Key) != 24 {
				t.Errorf("got %q, %q, %d bytes; %v, %v", string(mail.Password), string(hook.URL), len(hook.Key), err, err2)
			}
		})
	}
}

func TestSecretsOfADestinationThatCannotBeUsed(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"no address", nil, "config.yaml:9: notify[1].webhook.url: destination hook has no address: set url_file, the systemd credential notify.hook.url (which ringroster-service COMMAND has), or $RINGROSTER_NOTIFY_HOOK_URL"},
		{"http", map[string]string{"URL": "http://hooks.example.com/" + planted}, "config.yaml:9: notify[1].webhook.url: the address of destination hook ($RINGROSTER_NOTIFY_HOOK_URL) must begin with https://; http:// is accepted for this machine alone (localhost, 127.0.0.1, [::1])"},
		{"a short key", map[string]string{"URL": "https://hooks.example.com/x", "SECRET": planted}, "config.yaml:9: notify[1].webhook.secret: the signing secret of destination hook ($RINGROSTER_NOTIFY_HOOK_SECRET) is not base64 of at least 24 bytes; make one: openssl rand -base64 32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := load(t, minimal+destinations)
			for key, value := range test.env {
				t.Setenv("RINGROSTER_NOTIFY_HOOK_"+key, value)
			}
			if _, err := s.Notify[1].Credentials(); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
