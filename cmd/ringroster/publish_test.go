package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/cmd/ringroster/publish/sshdtest"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/store/deliver"
)

// publishExample is an example of deploy/publish.md: settings, and how what they give begins.
type publishExample struct{ title, settings, begins string }

// publishExamples reads the page. UPDATE=1 writes what is given into it.
func publishExamples(t *testing.T, page string) (all []publishExample) {
	t.Helper()
	block := regexp.MustCompile("(?s)### ([^\n]+)\n.*?```yaml\n(.*?)```\n\n```text\n(.*?)```")
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		all = append(all, publishExample{m[1], m[2], m[3]})
	}
	if len(all) != strings.Count(page, "\n### ") {
		t.Fatalf("the page has %d examples, %d of them with an output", strings.Count(page, "\n### "), len(all))
	}
	return all
}

// TestPublishPage: the examples of deploy/publish.md give what stands under them.
func TestPublishPage(t *testing.T) {
	page := readPage(t, "deploy", "publish.md")
	world := simulator.Generate(40, 7)
	server := simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(server)
	defer listener.Close()
	dir := t.TempDir()
	base := wire.SimulatorSettings(world, listener.Listener.Addr().String())
	query := regexp.MustCompile("`psql --csv -c '(.*)'`").FindStringSubmatch(page)[1]
	config := filepath.Join(dir, "config.yaml")
	ringroster := func(settings string, args ...string) string {
		t.Helper()
		if err := os.WriteFile(config, append([]byte(base), settings...), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"--config", config}, args...), nil, &out, &errs); code != 0 {
			t.Fatalf("%s ended with %d: %s%s", args, code, out.String(), errs.String())
		}
		return out.String()
	}
	ringroster("", "sync", "--new")
	for _, example := range publishExamples(t, page) {
		t.Run(example.title, func(t *testing.T) {
			drop := t.TempDir()
			var calls [][]byte
			bus := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				calls = append(calls, body)
			}))
			defer bus.Close()
			t.Setenv("RINGROSTER_PUBLISH_HR_BUS_URL", bus.URL)
			settings := strings.ReplaceAll(example.settings, "/srv/drop", drop)
			var warehouse *postgrestest.Server
			if strings.Contains(settings, "postgres") {
				warehouse = postgrestest.Start(t, "")
				t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", warehouse.Database("warehouse"))
			}
			ringroster(settings, "publish")
			if warehouse != nil {
				if err := os.WriteFile(filepath.Join(drop, "answer"), []byte(warehouse.CSV("warehouse", strings.ReplaceAll(query, "$$", "'"))), 0o600); err != nil {
					t.Fatal(err)
				}
				readWithPsql(t, warehouse, filepath.Join(dir, "roster.db"))
			}
			if strings.Contains(settings, "what: changes") {
				server.Change(func(w *simulator.World) { w.Accounts[0].Rename("bea.mueller@example.com", "Beate", "Müller") })
				ringroster(settings, "sync")
				if err := os.WriteFile(filepath.Join(drop, "call"), anyDay(bytes.Join(calls, nil)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			files, err := os.ReadDir(drop)
			if err != nil || len(files) != 1 {
				t.Fatalf("there are %v, %v", files, err)
			}
			file := filepath.Join(drop, files[0].Name())
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("UPDATE") != "" {
				first := strings.Join(strings.SplitAfterN(string(got), "\n", 5)[:min(4, strings.Count(string(got), "\n"))], "")
				page = strings.Replace(page, example.settings+"```\n\n```text\n"+example.begins, example.settings+"```\n\n```text\n"+first, 1)
			} else if begins := string(got[:min(len(got), len(example.begins))]); begins != example.begins {
				t.Error(cmp.Diff(example.begins, begins))
			}
			if strings.HasSuffix(file, ".csv") {
				readWithPython(t, file, string(got))
			}
		})
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(filepath.Join("..", "..", "deploy", "publish.md"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheSettingsOfThePage: the settings that deploy/publish.md begins with are good, and all four
// destinations have what they should; what is read again is read by others' programs.
func TestTheSettingsOfThePage(t *testing.T) {
	_, settings, _ := strings.Cut(readPage(t, "deploy", "publish.md"), "```yaml\n")
	settings, _, _ = strings.Cut(settings, "```\n")
	world := simulator.Generate(40, 7)
	ringcentral := simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(ringcentral)
	defer listener.Close()
	vendor, warehouse := sshdtest.Start(t, ""), postgrestest.Start(t, "")
	var calls []byte
	bus := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls, body...)
	}))
	defer bus.Close()
	dir, drop := t.TempDir(), t.TempDir()
	settings = strings.NewReplacer("/srv/drop", drop, "/etc/ringroster", dir, "host: sftp.example.com", fmt.Sprintf("host: 127.0.0.1, port: %d", vendor.Port), "user: roster", "user: root").Replace(settings)
	files := map[string]string{
		"config.yaml":   wire.SimulatorSettings(world, listener.Listener.Addr().String()) + settings,
		"warehouse.url": warehouse.Database("warehouse"), "bus.url": bus.URL, "bus.secret": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(vendor.Key, filepath.Join(dir, "sftp.key")), os.Symlink(vendor.Known, filepath.Join(dir, "known_hosts")), os.Mkdir(filepath.Join(vendor.Drop, "in"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"sync --new", "check", "publish"} {
		var out bytes.Buffer
		if code := run(t.Context(), append([]string{"--config", filepath.Join(dir, "config.yaml")}, strings.Fields(command)...), nil, &out, &out); code != exitDone {
			t.Fatalf("%s ended with %d: %s", command, code, out.String())
		}
	}
	ringcentral.Change(func(w *simulator.World) { w.Accounts[0].Rename("bea.mueller@example.com", "Beate", "Møller") })
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--config", filepath.Join(dir, "config.yaml"), "sync"}, nil, &out, &out); code != exitDone {
		t.Fatalf("the sync ended with %d: %s", code, out.String())
	}
	for _, pattern := range []string{filepath.Join(drop, "agents-20??-??-??.csv"), filepath.Join(vendor.Drop, "in", "agents.csv")} {
		found, _ := filepath.Glob(pattern)
		if len(found) != 1 {
			t.Fatalf("there is no %s", pattern)
		}
		text, err := os.ReadFile(found[0])
		if err != nil || !strings.Contains(string(text), "Møller") || strings.Count(string(text), "\n") != 39 {
			t.Errorf("%s has %d lines, %v", found[0], strings.Count(string(text), "\n"), err)
		}
		readWithPython(t, found[0], string(text))
	}
	readWithPsql(t, warehouse, filepath.Join(dir, "roster.db"))
	if !bytes.Contains(calls, []byte(`"before":"Bea","after":"Beate"`)) {
		t.Errorf("the bus was told %s", calls)
	}
}

// readWithPsql reads every row of a mirror with psql: it has what the sqlite3 shell reads of the
// roster, of each column that both write in the same way.
func readWithPsql(t *testing.T, server *postgrestest.Server, path string) {
	t.Helper()
	for _, view := range deliver.Mirrored() {
		var there, here []string
		for _, c := range view.Columns {
			name := `"` + c.Name + `"`
			switch c.Type {
			case "boolean":
				there, here = append(there, name+"::int"), append(here, name)
			case "timestamp with time zone":
				there, here = append(there, `to_char(`+name+` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`), append(here, name)
			case "jsonb":
				there, here = append(there, `length(replace(`+name+`::text, ' ', ''))`), append(here, `length(replace(`+name+`, ' ', ''))`)
			default:
				there, here = append(there, name), append(here, name)
			}
		}
		key := strings.Join(view.Key, ", ")
		out, err := exec.CommandContext(t.Context(), "sqlite3", path, ".mode csv", ".separator , \"\\n\"",
			`SELECT `+strings.Join(here, ", ")+` FROM `+view.Name+` ORDER BY `+key).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("needs sqlite3")
		}
		if err != nil {
			t.Fatalf("sqlite3: %v\n%s", err, out)
		}
		want := cellsOf(t, string(out))
		got := cellsOf(t, server.CSV("warehouse", `SELECT `+strings.Join(there, ", ")+` FROM ringroster.`+view.Name+` ORDER BY `+key))
		if diff := cmp.Diff(want, got[1:], cmpopts.EquateEmpty()); diff != "" || len(want) == 0 && view.Name != "contacts" {
			t.Errorf("%s (-sqlite3 +psql), %d rows: %s", view.Name, len(want), diff)
		}
	}
}

func cellsOf(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// anyDay is a call without what is another each time: roster, times, numbers.
func anyDay(call []byte) []byte {
	call = regexp.MustCompile(`/ringroster/[0-9a-f]{16}/`).ReplaceAll(call, []byte("/ringroster/3f0e9a51c27b84d6/"))
	call = regexp.MustCompile(`"20\d\d-[0-9T:-]+Z"`).ReplaceAll(call, []byte(`"2026-11-30T03:00:05Z"`))
	return append(bytes.ReplaceAll(call, []byte("},{"), []byte("},\n {")), '\n')
}

// readWithPython reads a file with the csv module of Python's: every line is a row, with as
// many cells as the head has.
func readWithPython(t *testing.T, file, text string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3")
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import csv, json, sys
with open(sys.argv[1], newline="", encoding="utf-8") as f:
    print(json.dumps(list(csv.reader(f, delimiter=sys.argv[2], strict=True))))`, file, map[bool]string{true: ";", false: ","}[strings.Contains(text, ";")]).Output()
	if err != nil {
		t.Fatalf("Python cannot read it: %v", err)
	}
	var rows [][]string
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != strings.Count(text, "\n") {
		t.Errorf("Python reads %d rows of %d lines", len(rows), strings.Count(text, "\n"))
	}
	for _, row := range rows {
		if len(row) != len(rows[0]) {
			t.Errorf("a row has %d cells, the head %d: %q", len(row), len(rows[0]), row)
		}
	}
}
