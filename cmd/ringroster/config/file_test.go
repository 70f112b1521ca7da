package config

import (
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOnlyRegularFilesAreRead, and what is none is refused without waiting for it.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := unix.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	put(t, "large", strings.Repeat("x", maxFile+1), 0o600)
	put(t, "good", "x", 0o600)
	for file, want := range map[string]string{
		"pipe": "not a regular file", "socket": "not a regular file", ".": "not a regular file",
		"/dev/zero": "not a regular file", "/dev/null": "not a regular file",
		"large": "larger than 1 MiB", "none": "no such file",
	} {
		for name, read := range map[string]func() error{
			"ReadFile": func() error { _, err := ReadFile(file, maxFile); return err },
			"ReadText": func() error { _, err := ReadText(file, maxFile); return err },
			"secret": func() error {
				_, err := (&Account{Name: "acme", JWT: "x", ClientSecretFile: file}).Credentials()
				return err
			},
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: got %v, want %q", name, file, err, want)
			}
		}
	}
	if _, err := ReadFile("/proc/self/maps", 10); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("what has no size is read beyond the bound: %v", err)
	}
}

// TestTextIsUTF8, with or without the mark that says so.
func TestTextIsUTF8(t *testing.T) {
	t.Chdir(t.TempDir())
	for content, want := range map[string]string{
		"José":                       "",
		"\ufeffJosé":                 "",
		"":                           "",
		"\xff\xfeJ\x00o\x00":         "it is UTF-16: save it as UTF-8",
		"\xfe\xff\x00J\x00o":         "it is UTF-16: save it as UTF-8",
		"J\x00o\x00":                 "it holds zero bytes",
		"first_name\nAnn\nJos\xe9\n": "line 3 is not UTF-8",
	} {
		put(t, "file", content, 0o600)
		text, err := ReadText("file", maxFile)
		if want == "" && (err != nil || string(text) != strings.TrimPrefix(content, "\ufeff")) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %q, %v", content, text, err)
		}
	}
}
