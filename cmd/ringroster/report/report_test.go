package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
)

// write gives a report of the 20 days before noon as text.
func write(t testing.TB, st *store.Store, account string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(t.Context(), &b, st, Options{Days: 20, Account: account, Now: noon, Version: "1.0"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page of the invented company is testdata/invented.html: look at it in a browser.
// UPDATE=1 writes it anew.
func TestPage(t *testing.T) {
	for name, st := range map[string]*store.Store{"invented": invented(t).st, "empty": newFixture(t).st} {
		t.Run(name, func(t *testing.T) {
			got, golden := write(t, st, ""), filepath.Join("testdata", name+".html")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error("UPDATE=1 if that is wanted:", diff)
			}
			checkPage(t, got)
		})
	}
}

// checkPage checks what a reader, or a reader's program, needs: elements that are closed in
// their order, one heading of the page, headings without gaps, tables with a caption and
// with headers that say of what they are, drawings with a title and a description, names
// for what can be moved to, and ids that are there once.
func checkPage(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	var level int
	ids, named := map[string]bool{}, []string{}
	inside := map[string]int{} // elements since the last table, row of a body or svg began
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal("the page cannot be parsed:", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name, attr := e.Name.Local, map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			if id := attr["id"]; id != "" {
				if ids[id] {
					t.Errorf("two elements have the id %q", id)
				}
				ids[id] = true
			}
			named = append(named, strings.Fields(attr["aria-labelledby"])...)
			switch name {
			case "script", "link", "img", "iframe":
				t.Errorf("the page has an element %s", name)
			case "h1", "h2", "h3":
				if n := int(name[1] - '0'); n > level+1 {
					t.Errorf("a heading %s after one of level %d", name, level)
				} else {
					level = n
				}
			case "table", "svg":
				clear(inside)
			case "tr":
				inside["th"], inside["colspan"] = 0, 0
			case "th":
				if attr["scope"] == "" {
					t.Error("a table header without a scope")
				}
			case "td":
				if attr["colspan"] != "" {
					inside["colspan"]++
				}
			case "html":
				if attr["lang"] == "" {
					t.Error("no language")
				}
			}
			inside[name]++
			open = append(open, name)
		case xml.EndElement:
			if n := len(open); n == 0 || open[n-1] != e.Name.Local {
				t.Fatalf("</%s> where %v is open", e.Name.Local, open)
			}
			open = open[:len(open)-1]
			switch e.Name.Local {
			case "table":
				if inside["caption"] != 1 || inside["thead"] != 1 {
					t.Errorf("a table without a caption or a head: %v", inside)
				}
			case "svg":
				if inside["title"] != 1 || inside["desc"] != 1 {
					t.Errorf("a drawing without a title or a description: %v", inside)
				}
			case "tr":
				if inside["th"] == 0 && inside["colspan"] == 0 {
					t.Error("a row without a header")
				}
			}
		}
	}
	for _, id := range named {
		if !ids[id] {
			t.Errorf("something is named by %q, which is not there", id)
		}
	}
	if len(open) > 0 || level == 0 {
		t.Errorf("open at the end: %v; headings: %d", open, level)
	}
}

// Names reach the page as text, and what cannot be seen in them is shown.
func TestNamesAreText(t *testing.T) {
	page := write(t, invented(t).st, "")
	for _, want := range []string{
		"<bdi>&lt;script&gt;alert(1)&lt;/script&gt; O&#39;Neil &amp; &#34;Sons&#34;</bdi>",
		`<bdi>evil\u202egnp.exe Zero\u200bWidth</bdi>`,
		"<bdi>=HYPERLINK(&#34;https://example.com&#34;) &#43;1</bdi>",
		"<bdi>שרה כהן</bdi>",
		`<bdi>Line\u000abreak &lt;/td&gt;&lt;/table&gt;</bdi>`,
		"covers for &lt;Ann&gt;",
		"agents of &lt;group&gt; 7: 503",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, r := range page {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			t.Errorf("the page has the character %U", r)
		}
	}
	if at := regexp.MustCompile(`(src|href|url)\s*[=(]\s*["']?[^#"']`).FindString(page); at != "" {
		t.Errorf("the page leads elsewhere: %s", at)
	}
}

// One account's report has nothing of the others.
func TestOneAccount(t *testing.T) {
	st := invented(t).st
	if page := write(t, st, "beta"); strings.Contains(page, "acme") || !strings.Contains(page, "Bea Two") || !strings.Contains(page, "2026-12-05") {
		t.Error("beta's report is not about beta alone")
	}
	if page := write(t, st, "acme"); strings.Contains(page, "beta") || strings.Contains(page, "Bea") || strings.Contains(page, "--account") {
		t.Error("acme's report is not about acme alone")
	}
}

// How many were active follows from how many are and from what runs did.
func TestActiveByDay(t *testing.T) {
	p := &page{Options: Options{Now: noon}, ctx: t.Context(), st: invented(t).st, Since: noon.AddDate(0, 0, -20)}
	if err := p.gather(); err != nil {
		t.Fatal(err)
	}
	var got []int
	for i := range p.Days {
		got = append(got, p.Days[i].Active)
	}
	if want := []int{8, 8, 9, 9, 9, 7, 7, 7, 8, 9, 9, 9, 9}; !slices.Equal(got, want) {
		t.Errorf("active by day: %v, want %v", got, want)
	}
	if p.Came() != 2 || p.Left() != 2 || p.Filled() != 9 {
		t.Errorf("came %d, left %d, filled %d", p.Came(), p.Left(), p.Filled())
	}
	for _, c := range []*chart{p.Members(), p.Changes(), p.Durations(), p.Calls()} {
		for _, at := range c.Ticks {
			if at.At < top-1 || at.At > bottom+1 {
				t.Errorf("%s: the tick %s is at %.0f", c.ID, at.Text, at.At)
			}
		}
	}
}

// Who came, by which rule, is told by the change with which they came last.
func TestAccess(t *testing.T) {
	p := &page{Options: Options{Now: noon}, ctx: t.Context(), st: invented(t).st}
	got := map[string]string{}
	for r := range p.Access() {
		got[r.FirstName] = strings.Join([]string{r.Role, r.Since, r.Why, r.By}, "; ")
	}
	for first, want := range map[string]string{
		"Ann": "Administrator; 2026-11-18T03:01:35Z; listed as administrator (R9); onboard: new (R12)",
		"Bob": "Agent; 2026-11-26T03:01:08Z; listed by RingCentral (R9); reactivate: returned (R18)",
	} {
		if got[first] != want {
			t.Errorf("%s: %s, want %s", first, got[first], want)
		}
	}
	if _, there := got["Dee"]; there || len(got) != 9 || p.err != nil {
		t.Errorf("%d members are listed, with the inactive one: %v; %v", len(got), there, p.err)
	}
}

// An error of the store is the report's.
func TestErrorEndsTheReport(t *testing.T) {
	f := invented(t)
	p := &page{ctx: t.Context(), st: f.st}
	want := errors.New("the disk is gone")
	for range rows(p, func(yield func(views.MoveRow, error) bool) { yield(views.MoveRow{}, want) },
		func(m *views.MoveRow) (*views.MoveRow, bool) { return m, true }) {
		t.Error("a row came of an error")
	}
	if !errors.Is(p.err, want) {
		t.Errorf("the page ended with %v", p.err)
	}
	if err := f.st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), io.Discard, f.st, Options{Days: 20, Now: noon}); err == nil {
		t.Error("a report of a closed roster")
	}
}

// The page of many members takes no more memory than that of few: its rows are written as
// they are read.
func TestPageIsNeverInMemoryAsAWhole(t *testing.T) {
	people, most := 20_000, uint64(2<<20)
	if testing.Short() {
		people = 5_000
	}
	f := newFixture(t)
	f.run("acme", 40, 60, func(c *sync.Commit) {
		for m := range crowd(people) {
			c.Plan.Changes = append(c.Plan.Changes, f.onboard(m))
		}
	})
	f.run("acme", 1, 60, func(c *sync.Commit) {
		c.Status = sync.HeldRun
		for i := range people {
			c.Plan.Open = append(c.Plan.Open, f.leaver(fmt.Sprint("First", i), noon))
		}
	})
	clear(f.who)
	w := &watcher{}
	if err := Write(t.Context(), w, f.st, Options{Days: 20, Now: noon}); err != nil {
		t.Fatal(err)
	}
	if w.written < people*200 {
		t.Errorf("%d bytes cannot be the whole page", w.written)
	}
	if early, late := w.live[1], slices.Max(w.live); late > early+most {
		t.Errorf("%d bytes live early in the page, %d later", early, late)
	}
}

// watcher notes how much memory is in use as a page comes.
type watcher struct {
	written int
	live    []uint64
}

func (w *watcher) Write(b []byte) (int, error) {
	if w.written += len(b); len(w.live) < w.written>>20 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.live = append(w.live, m.HeapAlloc)
	}
	return len(b), nil
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "under 1 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s", 2*time.Hour + 5*time.Minute: "2 h 5 min",
	} {
		if got := span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567"} {
		if got := count(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
