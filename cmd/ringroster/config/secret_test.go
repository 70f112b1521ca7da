package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.yaml.in/yaml/v3"
)

// inline is the minimal settings with both secrets in them.
const inline = minimal + "    client_secret: one\n    jwt: two\n"

// inFiles has both secrets in files beside the settings.
const inFiles = minimal + "    client_secret_file: acme.secret\n    jwt_file: acme.jwt\n"

func TestEveryPlaceOfASecret(t *testing.T) {
	tests := []struct {
		name, settings string
		prepare        func(t *testing.T)
	}{
		{name: "inline", settings: inline},
		{name: "inline block", settings: minimal + "    client_secret: |\n      one\n    jwt: \" two \"\n"},
		{name: "files", settings: inFiles, prepare: func(t *testing.T) {
			put(t, "acme.secret", "one\n", 0o640)
			put(t, "acme.jwt", "two\r\n\n", 0o400)
		}},
		{name: "a link to a file", settings: inFiles, prepare: func(t *testing.T) {
			put(t, "one", "one", 0o600)
			if err := os.Symlink("one", "acme.secret"); err != nil {
				t.Fatal(err)
			}
			put(t, "acme.jwt", "two", 0o600)
		}},
		{name: "systemd credentials", settings: minimal, prepare: func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "acme.client_secret"), "one\n", 0o440)
			put(t, filepath.Join(dir, "acme.jwt"), "two\n", 0o400)
			t.Setenv("CREDENTIALS_DIRECTORY", dir)
		}},
		{name: "environment", settings: minimal, prepare: func(t *testing.T) {
			t.Setenv("RINGROSTER_ACME_CLIENT_SECRET", "one")
			t.Setenv("RINGROSTER_ACME_JWT", "two\n")
		}},
		{name: "one here, one there", settings: minimal + "    client_secret: one\n", prepare: func(t *testing.T) {
			t.Setenv("RINGROSTER_ACME_JWT", "two")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := load(t, test.settings)
			if test.prepare != nil {
				test.prepare(t)
			}
			got, err := s.Accounts[0].Credentials()
			if want := (Credentials{"one", "two"}); err != nil || got != want {
				t.Errorf("got %q and %q, %v", string(got.ClientSecret), string(got.JWT), err)
			}
		})
	}
}

func TestTwoPlacesForOneSecretAreRefusedAtOnce(t *testing.T) {
	tests := []struct {
		name, settings string
		prepare        func(t *testing.T)
		want           string
	}{
		{
			name: "inline and file", settings: inline + "    jwt_file: acme.jwt\n",
			want: "config.yaml:7: accounts[0].jwt: the JWT is given in 2 places, jwt and jwt_file: keep one",
		},
		{
			name: "file and credential", settings: inFiles,
			prepare: func(t *testing.T) {
				dir := t.TempDir()
				put(t, filepath.Join(dir, "acme.client_secret"), planted, 0o400)
				t.Setenv("CREDENTIALS_DIRECTORY", dir)
			},
			want: "config.yaml:6: accounts[0].client_secret_file: the client secret is given in 2 places, " +
				"client_secret_file and the systemd credential acme.client_secret: keep one",
		},
		{
			name: "credential and environment", settings: minimal,
			prepare: func(t *testing.T) {
				dir := t.TempDir()
				put(t, filepath.Join(dir, "acme.jwt"), planted, 0o400)
				t.Setenv("CREDENTIALS_DIRECTORY", dir)
				t.Setenv("RINGROSTER_ACME_JWT", planted)
			},
			want: "config.yaml:3: accounts[0].jwt: the JWT is given in 2 places, the systemd credential acme.jwt and $RINGROSTER_ACME_JWT: keep one",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := write(t, test.settings)
			if test.prepare != nil {
				test.prepare(t)
			}
			_, err := Load(file)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSecretsThatOthersCanReadAreRefused(t *testing.T) {
	const beside = "acme.secret holds a secret and can be read by others or written by its group; run: chmod o-rwx,g-w acme.secret"
	for mode, refused := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o640: false, 0o440: false,
		0o644: true, 0o604: true, 0o602: true, 0o660: true, 0o666: true,
	} {
		t.Run(fmt.Sprintf("file %#o", mode), func(t *testing.T) {
			file := write(t, inFiles)
			put(t, "acme.secret", planted, mode)
			put(t, "acme.jwt", planted, 0o600)
			_, err := Load(file)
			want := "config.yaml:6: accounts[0].client_secret_file: " + beside
			if refused != (err != nil) || refused && err.Error() != want {
				t.Errorf("got %v", err)
			}
		})
		t.Run(fmt.Sprintf("settings %#o", mode), func(t *testing.T) {
			t.Chdir(t.TempDir())
			_, err := Load(put(t, "config.yaml", inline, mode))
			const message = "config.yaml holds a secret and can be read by others or written by its group; run: chmod o-rwx,g-w config.yaml"
			want := "config.yaml:6: accounts[0].client_secret: " + message + "\nconfig.yaml:7: accounts[0].jwt: " + message
			if refused != (err != nil) || refused && err.Error() != want {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("settings without secrets", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if _, err := Load(put(t, "config.yaml", inFiles, 0o644)); err != nil {
			t.Error(err)
		}
	})
	t.Run("opened up after loading", func(t *testing.T) {
		s := load(t, inFiles)
		put(t, "acme.secret", planted, 0o644)
		put(t, "acme.jwt", planted, 0o600)
		_, err := s.Accounts[0].Credentials()
		if err == nil || err.Error() != "config.yaml:6: accounts[0].client_secret_file: "+beside {
			t.Errorf("got %v", err)
		}
	})
}

func TestSecretsThatCannotBeUsed(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"empty", "", "is empty"},
		{"blank", " \n\n", "is empty"},
		{"two lines", planted + "\n" + planted, "is not one line of plain characters: is it binary, or has an editor added something?"},
		{"binary", planted + "\x00\x01", "is not one line of plain characters: is it binary, or has an editor added something?"},
		{"byte order mark", "\ufeff" + planted, "is not one line of plain characters: is it binary, or has an editor added something?"},
		{"in quotes", `"` + planted + `"`, "is in quotes: remove them"},
		{"in single quotes", "'" + planted + "'\n", "is in quotes: remove them"},
		{"a header", "Bearer " + planted, `begins with "Bearer ": remove that word`},
		{"a header in small letters", "bearer " + planted, `begins with "Bearer ": remove that word`},
		{"large", strings.Repeat(planted, maxSecret/10), "is larger than 64 KiB: is it the right file?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := load(t, minimal+"    client_secret: one\n    jwt_file: acme.jwt\n")
			put(t, "acme.jwt", test.text, 0o600)
			_, err := s.Accounts[0].Credentials()
			want := "config.yaml:7: accounts[0].jwt_file: the JWT of account acme (jwt_file) " + test.want
			if err == nil || err.Error() != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSecretsThatAreNotThereMatterWhenTheyAreNeeded(t *testing.T) {
	s := load(t, inFiles+`  - name: big-one
    main_account_id: 5
    client_id: abc
`)
	if err := os.Mkdir("acme.jwt", 0o700); err != nil {
		t.Fatal(err)
	}
	err := CheckCredentials(&s.Accounts[0], &s.Accounts[1])
	problems, ok := errors.AsType[*Problems](err)
	if !ok || len(problems.List) != 4 {
		t.Fatalf("got %v", err)
	}
	const want = `config.yaml:6: accounts[0].client_secret_file: the client secret of account acme cannot be read from acme.secret: no such file or directory; put it there, readable by this user
config.yaml:7: accounts[0].jwt_file: the JWT of account acme cannot be read from acme.jwt: it is a directory, not a regular file; put it there, readable by this user
config.yaml:8: accounts[1].client_secret: account big-one has no client secret: set client_secret_file, the systemd credential big-one.client_secret (which ringroster-service COMMAND has), or $RINGROSTER_BIG_ONE_CLIENT_SECRET
config.yaml:8: accounts[1].jwt: account big-one has no JWT: set jwt_file, the systemd credential big-one.jwt (which ringroster-service COMMAND has), or $RINGROSTER_BIG_ONE_JWT`
	if err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestAnAccountMadeByAProgramNeedsNoFile(t *testing.T) {
	a := DefaultAccount()
	a.Name = "acme"
	if _, err := a.Credentials(); err == nil || !strings.HasPrefix(err.Error(), "client_secret: account acme has no client secret") {
		t.Errorf("got %v", err)
	}
	a.ClientSecret, a.JWT = "one", "two"
	if err := CheckCredentials(&a); err != nil {
		t.Error(err)
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	s := load(t, strings.NewReplacer("one", planted, "two", planted).Replace(inline))
	c, err := s.Accounts[0].Credentials()
	if err != nil || string(c.JWT) != planted {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, value := range []any{s, *s, s.Accounts, &s.Accounts[0], c, &c, c.JWT, map[string]Secret{"jwt": c.JWT}, []Secret{c.JWT}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
		out.WriteString(zap.Any("value", value).String)
	}
	for _, value := range []any{s.Accounts[0], c, c.JWT} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		if text, err = yaml.Marshal(value); err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	if hex := fmt.Sprintf("%x", planted); strings.Contains(out.String(), planted) || strings.Contains(strings.ToLower(out.String()), hex) {
		t.Errorf("a secret was printed:\n%s", &out)
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("nothing was printed at all")
	}
}
