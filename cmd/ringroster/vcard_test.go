package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-vcard"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/contactrows"
	"ringroster/sync"
)

// cards writes contacts and reads them back with somebody else's reader.
func cards(t rapid.TB, rows ...contactrows.Row) []vcard.Card {
	t.Helper()
	var out bytes.Buffer
	if err := writeVCards(&out, each(rows)); err != nil {
		t.Fatal(err)
	}
	mustFold(t, out.String())
	var read []vcard.Card
	for dec := vcard.NewDecoder(&out); ; {
		card, err := dec.Decode()
		if errors.Is(err, io.EOF) {
			return read
		}
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, card)
	}
}

// mustFold checks every line of RFC 2426 section 2.6 by its octets.
func mustFold(t rapid.TB, text string) {
	t.Helper()
	lines := strings.Split(text, "\r\n")
	if strings.ContainsAny(strings.Join(lines, ""), "\r\n") {
		t.Fatalf("a line does not end in CRLF: %q", text)
	}
	for _, line := range lines {
		if len(line) > mostOctets || !utf8.ValidString(line) {
			t.Fatalf("%d octets, or half a character: %q", len(line), line)
		}
	}
}

func phonesOf(phones ...sync.Phone) json.RawMessage { return json.RawMessage(sync.PhonesJSON(phones)) }

// semicolons marks them as the reader leaves them: RFC 2426 has semicolons escaped
// in any text, and this reader takes away all other escapes.
func semicolons(s string) string { return strings.ReplaceAll(s, ";", `\;`) }

func TestVCards(t *testing.T) {
	got := cards(t,
		contactrows.Row{
			Account: "acme", RCID: "1", Type: "User", FirstName: "Zoë", LastName: "Müller; de la Cruz, Jr.", Email: "zoe@example.com",
			ExtensionNumber: "101", Department: `Sales, "North"\South`, JobTitle: "Head of\nSales", Site: "Dallas, TX", UpdatedAt: "2026-11-23T03:00:00Z",
			PhoneNumbers: phonesOf(
				sync.Phone{Number: "+12055550101", Type: "VoiceFax", Usage: "DirectNumber", Primary: true},
				sync.Phone{Number: "+12055550102", Usage: "MobileNumber"},
				sync.Phone{Number: "+12055550103", Type: "FaxOnly"},
				sync.Phone{Number: "+12055550104", Hidden: true}),
		},
		contactrows.Row{Account: "acme", RCID: "7", Type: "Department", Name: "Support Queue", ExtensionNumber: "900", PhoneNumbers: phonesOf()},
	)
	if len(got) != 2 {
		t.Fatalf("%d cards", len(got))
	}
	zoe := got[0]
	for name, want := range map[string]string{
		"VERSION": "3.0", "UID": "ringroster:acme:1", "FN": "Zoë Müller; de la Cruz, Jr.", "EMAIL": "zoe@example.com",
		"TITLE": "Head of\nSales", "NOTE": "Site: Dallas, TX", "CATEGORIES": "User", "REV": "2026-11-23T03:00:00Z",
	} {
		if zoe.Value(name) != semicolons(want) {
			t.Errorf("%s is %q, want %q", name, zoe.Value(name), want)
		}
	}
	if n := got[1].Name(); n == nil || n.FamilyName != "Support Queue" || n.GivenName != "" {
		t.Errorf("what is nobody is called %+v", n)
	}
	type tel struct {
		number string
		types  []string
	}
	var numbers []tel
	for _, f := range zoe["TEL"] {
		numbers = append(numbers, tel{f.Value, f.Params.Types()})
	}
	want := []tel{
		{"+12055550101", []string{"work", "voice", "pref"}},
		{"+12055550102", []string{"cell", "voice"}},
		{"+12055550103", []string{"work", "fax"}},
		{"101", []string{"work", "voice", "x-extension"}},
	}
	if diff := cmp.Diff(want, numbers, cmp.AllowUnexported(tel{})); diff != "" {
		t.Error(diff)
	}
}

// TestVCardsSurviveAnyText: whatever stands in a contact, the cards have lines
// that fit, there is one for each contact, and its name comes back.
func TestVCardsSurviveAnyText(t *testing.T) {
	text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\\,;:\n\r\t\"=éß漢\u200d👩🏽"))))
	rapid.Check(t, func(t *rapid.T) {
		row := contactrows.Row{
			Account: "acme", RCID: "1", FirstName: text.Draw(t, "first"), LastName: text.Draw(t, "last"), Name: text.Draw(t, "name"),
			Department: text.Draw(t, "department"), JobTitle: text.Draw(t, "title"), Site: text.Draw(t, "site"), PhoneNumbers: phonesOf(),
		}
		got := cards(t, row, row)
		if len(got) != 2 {
			t.Fatalf("%d cards of 2", len(got))
		}
		if got[0].Value("TITLE") != semicolons(plainText(row.JobTitle)) {
			t.Fatalf("the title %q comes back as %q", row.JobTitle, got[0].Value("TITLE"))
		}
	})
}

// plainText is a text as a card can hold it: line breaks are \n, tabs are spaces,
// and no other control characters are there.
func plainText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(strings.ToValidUTF8(s, string(utf8.RuneError)))
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, s)
}

func TestVCardsOfNobodyAreEmpty(t *testing.T) {
	if got := cards(t); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestFoldedLinesUnfold by the rule of RFC 2426 alone.
func TestFoldedLinesUnfold(t *testing.T) {
	line := "NOTE:" + strings.Repeat("漢字é", 60)
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	foldLine(w, line)
	_ = w.Flush()
	if got := strings.ReplaceAll(out.String(), "\r\n ", ""); got != line+"\r\n" {
		t.Errorf("got %q", got)
	}
}
