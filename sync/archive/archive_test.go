package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// archive is a roster that keeps runs, as store does.
type archive struct {
	data  map[string][]byte // by name
	bases map[string]sync.Base
	runs  [][]string // the names of their pieces
}

// keep keeps what a run was decided from that knew members by their seals, and returns
// how much of it is new.
func (a *archive) keep(t rapid.TB, s *sync.Snapshot, members ...int) (size int) {
	t.Helper()
	if a.data == nil {
		a.data, a.bases = map[string][]byte{}, map[string]sync.Base{}
	}
	kept := map[string]bool{}
	for name := range a.data {
		kept[name] = true
	}
	w := NewWriter(sync.RunID(len(a.runs)+1), "v1", &plan.Input{Snapshot: s, State: sync.State{Kept: kept, Bases: a.bases}})
	know := w.note(func(sync.Sealed) bool { return true })
	for _, id := range members {
		know(sealOfNumber(id))
	}
	k := w.Keep(1)
	if k.Err != nil {
		t.Fatal(k.Err)
	}
	var run []string
	for _, piece := range k.Pieces {
		run = append(run, piece.Name)
		if piece.Data == nil {
			if a.data[piece.Name] == nil {
				t.Fatalf("the roster should have piece %s", piece.Name)
			}
			continue
		}
		a.data[piece.Name] = piece.Data
		size += len(piece.Data)
		if piece.List != "" {
			a.bases[piece.List] = sync.Base{Name: piece.Name, Marks: piece.Marks}
		}
	}
	a.runs = append(a.runs, run)
	return size
}

// sealOfNumber is some seal.
func sealOfNumber(id int) sync.Sealed {
	return sync.Sealed{ID: int64(id), Text: noDigest + fmt.Sprint(700000+id) + strings.Repeat("\x7f", 4)}
}

// members reads whom the run with a place among all knew by their seals.
func (a *archive) members(t rapid.TB, place int) (ids []int) {
	t.Helper()
	var data []byte
	for _, name := range a.runs[place] {
		data = append(data, a.data[name]...)
	}
	err := eachPastLine(data, func(line *pastLine, _ string) {
		for _, s := range line.Sealed {
			ids = append(ids, int(s.ID))
			if noDigest+s.Seal != sealOfNumber(int(s.ID)).Text {
				t.Fatalf("member %d has another's seal", s.ID)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// snapshot reads what the run with a place among all kept.
func (a *archive) snapshot(t rapid.TB, place int) *sync.Snapshot {
	t.Helper()
	var data []byte
	for _, name := range a.runs[place] {
		data = append(data, a.data[name]...)
	}
	for past, err := range ReadPasts(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		return past.Snapshot
	}
	return nil
}

// listing is a company of groups and extensions with the given numbers.
func listing(numbers ...[]int) *sync.Snapshot {
	s := &sync.Snapshot{Account: "acme", SubAccounts: []sync.SubAccount{{ID: "1", Name: "Main"}}}
	for i, list := range numbers {
		g := sync.Group{ID: fmt.Sprint(10 + i), Name: "Sales"}
		for _, n := range list {
			g.Agents = append(g.Agents, sync.Agent{ID: fmt.Sprint(n), FirstName: "Ada", Email: fmt.Sprintf("ada%d@example.com", n)})
			s.Extensions = append(s.Extensions, sync.Extension{ID: fmt.Sprint(n), LastName: "Newcomb"})
		}
		s.SubAccounts[0].Groups = append(s.SubAccounts[0].Groups, g)
	}
	return s
}

// clone is a copy that shares nothing.
func clone(t rapid.TB, s *sync.Snapshot) *sync.Snapshot {
	t.Helper()
	var c sync.Snapshot
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// Law: whatever comes, goes, moves and changes from day to day, every run gives back
// the lists that it was decided from.
func TestLawEveryKeptRunHasItsOwnLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := func(what string) []int { return rapid.SliceOfN(rapid.IntRange(0, 300), 0, 150).Draw(t, what) }
		a, today, days := &archive{}, listing(numbers("first"), numbers("second")), []*sync.Snapshot{}
		var known [][]int
		for range rapid.IntRange(1, 6).Draw(t, "days") {
			var members []int
			for id := rapid.IntRange(1, 400).Draw(t, "known from"); id < 1200; id += rapid.IntRange(1, 9).Draw(t, "known next") {
				members = append(members, id)
			}
			days, known = append(days, clone(t, today)), append(known, members)
			a.keep(t, today, members...)
			today = clone(t, today)
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				g := &today.SubAccounts[0].Groups[rapid.IntRange(0, 1).Draw(t, "group")]
				at := rapid.IntRange(0, len(g.Agents)).Draw(t, "at")
				end := rapid.IntRange(at, min(at+80, len(g.Agents))).Draw(t, "end")
				switch rapid.IntRange(0, 4).Draw(t, "what") {
				case 0:
					g.Agents = slices.Insert(g.Agents, at, sync.Agent{ID: "new", Email: "new@example.com"})
				case 1:
					g.Agents = slices.Delete(g.Agents, at, end)
				case 2:
					for i := at; i < end; i++ {
						g.Agents[i].LastName += "x"
					}
				case 3:
					slices.Reverse(g.Agents[at:end])
				case 4:
					g.Name += "s"
				}
			}
			today.Extensions = today.Extensions[min(len(today.Extensions), rapid.IntRange(0, 3).Draw(t, "gone")):]
		}
		for i, want := range days {
			if diff := cmp.Diff(want, a.snapshot(t, i), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("day %d, -was +kept:\n%s", i, diff)
			}
			if diff := cmp.Diff(known[i], a.members(t, i)); diff != "" {
				t.Fatalf("day %d, known by their seals, -was +kept:\n%s", i, diff)
			}
		}
	})
}

// A day on which one in a hundred is another keeps a small part of what a first one
// does, and a day without news next to nothing.
func TestAQuietDayKeepsLittle(t *testing.T) {
	var numbers []int
	for i := range 900 {
		numbers = append(numbers, i)
	}
	a, s := &archive{}, listing(numbers, numbers)
	first := a.keep(t, s)
	same := a.keep(t, s)
	for _, g := range s.SubAccounts[0].Groups {
		for i := range 9 {
			g.Agents[i*100+3].LastName, s.Extensions[i*100+5].Site = "Married", "Bern"
		}
	}
	some := a.keep(t, s)
	if same > first/10 || some > first/4 {
		t.Errorf("%d bytes are kept of the first day, %d of one with the same, %d of one with some news", first, same, some)
	}
	for i := range s.Extensions {
		s.Extensions[i].Department = "Moved"
	}
	a.keep(t, s)
	if got := a.snapshot(t, 3); !cmp.Equal(s, got, cmpopts.EquateEmpty()) {
		t.Error(cmp.Diff(s, got, cmpopts.EquateEmpty()))
	}
	if base := a.bases["extensions 0"]; !slices.Contains(a.runs[3], base.Name) || slices.Contains(a.runs[0], base.Name) {
		t.Error("a list of which everything is new is no base for the next")
	}
}

// Lists are told apart whatever their ids and names are made of.
func TestListsAreNotTakenForEachOther(t *testing.T) {
	a, s := &archive{}, listing(nil, nil)
	s.SubAccounts[0].Groups = []sync.Group{{ID: "10", Name: "A B"}, {ID: "10 A", Name: "B"}, {ID: "10", Name: "A B"}}
	a.keep(t, s)
	a.keep(t, s)
	for day := range 2 {
		if diff := cmp.Diff(s, a.snapshot(t, day), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("day %d: %s", day, diff)
		}
	}
}

// What a run kept of a member tells the extension that the member kept, too.
func TestAKeptExtensionIsInThePast(t *testing.T) {
	m := &sync.Member{ID: 1, Account: "acme"}
	m.Synced = sync.AsHeld(m)
	m.Synced.Extension = "701:1f:2e"
	k := keptMember(m)
	if got := k.member("acme").Synced; got != m.Synced {
		t.Errorf("%+v, want %+v", got, m.Synced)
	}
}

// What is written by hand is what encoding/json would write, to the byte.
func TestListsAreWrittenAsJSONWritesThem(t *testing.T) {
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"Ngô Đình", `"`, `\`, "\u2028", "\xff", "<b>&", "\x7f", "\t", "�"}))
	fill := func(t *rapid.T, v reflect.Value) {
		for _, f := range v.Fields() {
			switch f.Kind() {
			case reflect.String:
				if ids, ok := reflect.TypeAssert[*sync.AgentIDs](f.Addr()); ok {
					*ids = sync.NewAgentIDs(rapid.OneOf(rapid.Just[[]string](nil), rapid.SliceOfN(text, 0, 3)).Draw(t, "ids"))
					continue
				}
				f.SetString(text.Draw(t, "text"))
			case reflect.Bool:
				f.SetBool(rapid.Bool().Draw(t, "flag"))
			case reflect.Slice:
				if list, ok := reflect.TypeAssert[*[]string](f.Addr()); ok {
					*list = rapid.SliceOfN(text, 0, 3).Draw(t, "texts")
				}
			default:
				t.Fatalf("a record holds a %s", f.Kind())
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		g, list := sync.Group{}, make([]sync.Extension, rapid.IntRange(1, 3).Draw(t, "extensions"))
		fill(t, reflect.ValueOf(&g).Elem())
		for range rapid.IntRange(0, 3).Draw(t, "agents") {
			a := sync.Agent{}
			fill(t, reflect.ValueOf(&a).Elem())
			g.Agents = append(g.Agents, a)
		}
		for i := range list {
			fill(t, reflect.ValueOf(&list[i]).Elem())
		}
		sealed := []pastSealed{{rapid.Int64().Draw(t, "id"), text.Draw(t, "seal")}, {1, "701\x7fada\x7f\x7f\x7f"}}
		for _, c := range []struct {
			line  pastLine
			write func(*Writer)
		}{
			{pastLine{Group: &g}, func(w *Writer) { w.group("1", &g) }},
			{pastLine{Extensions: list}, func(w *Writer) { w.extensions(0, list) }},
			{pastLine{Sealed: sealed}, func(w *Writer) { w.sealedLine(sealed) }},
		} {
			w := NewWriter(1, "v1", &plan.Input{Snapshot: &sync.Snapshot{}})
			c.write(w)
			want := &strings.Builder{}
			enc := json.NewEncoder(want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(c.line); err != nil || w.err != nil {
				t.Fatal(err, w.err)
			}
			if diff := cmp.Diff(want.String(), w.line.String()); diff != "" {
				t.Error(diff)
			}
		}
	})
}
