package sync

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestR33ComparingText(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{
		{"case", "Ada LOVELACE", "ada lovelace"},
		{"a typographic apostrophe", "O\u2019Hara", "O'Hara"},
		{"a left quotation mark", "O\u2018Hara", "O'Hara"},
		{"an acute accent by itself", "O\u00b4Hara", "O'Hara"},
		{"an acute accent by itself at the end", "Ada\u00b4", "Ada'"},
		{"a grave accent by itself", "O`Hara", "O'Hara"},
		{"a full-width apostrophe", "O\uff07Hara", "O'Hara"},
		{"a modifier letter", "O\u02bcHara", "O'Hara"},
		{"an apostrophe in one letter", "\u0149", "'n"},
		{"a no-break hyphen", "Smith\u2011Jones", "Smith-Jones"},
		{"an en dash", "Smith\u2013Jones", "Smith-Jones"},
		{"a minus", "Smith\u2212Jones", "Smith-Jones"},
		{"a full-width hyphen", "Smith\uff0dJones", "Smith-Jones"},
		{"combining marks", "Ada Be\u0301ranger", "Ada B\u00e9ranger"},
		{"combining marks in another order", "a\u0323\u0307", "a\u0307\u0323"},
		{"combining marks in capitals", "GESCHA\u0308FTSFU\u0308HRUNG", "Gesch\u00e4ftsf\u00fchrung"},
		{"an invisible character before a combining mark", "e\u200d\u0301", "\u00e9"},
		{"two spaces", "Ada  Lovelace", "Ada Lovelace"},
		{"outer space", "\tAda Lovelace\n", "Ada Lovelace"},
		{"a no-break space", "Ada\u00a0Lovelace", "Ada Lovelace"},
		{"an ideographic space among others", "Ada \u3000\u2003Lovelace", "Ada Lovelace"},
		{"a zero-width space", "Ada\u200b Lovelace", "Ada Lovelace"},
		{"a zero-width space at the end", "Ada \u200b", "Ada"},
		{"a soft hyphen", "Love\u00adlace", "Lovelace"},
		{"a byte order mark", "\ufeffAda", "Ada"},
		{"bidi marks", "\u202aAda\u202c\u200e", "Ada"},
		{"a variation selector", "Ada \u2764\ufe0f", "Ada \u2764"},
		{"a control character", "A\x00da\x7f", "Ada"},
		{"Greek capitals", "ΓΙΏΡΓΟΣ ΠΑΠΠΆΣ", "Γιώργος Παππάς"},
		{"a final sigma", "Παππάς", "παππάσ"},
		{"sharp s", "Stra\u00dfe", "STRASSE"},
		{"a capital sharp s", "STRA\u1e9eE", "strasse"},
		{"a ligature", "\ufb01nance", "Finance"},
		{"full-width letters", "\uff21\uff44\uff41", "Ada"},
		{"half-width kana", "\uff76\uff9e", "\u30ac"},
		{"Cyrillic", "ЁЖ", "ёж"},
		{"Cherokee", "\u13a0\u13f0", "\uab70\u13f8"},
		{"nothing but what cannot be seen", " \u200b\t", ""},
	} {
		if !SameText(c.a, c.b) || FoldText(c.a) != FoldText(c.b) {
			t.Errorf("%s: %q folds to %q, %q to %q", c.name, c.a, FoldText(c.a), c.b, FoldText(c.b))
		}
	}
	for _, c := range []struct{ name, a, b string }{
		{"dotless i", "Isik", "I\u015f\u0131k"},
		{"dotless i alone", "\u0131", "i"},
		{"dotless i, in capitals", "\u0131", "I"},
		{"an accent", "Beranger", "B\u00e9ranger"},
		{"an umlaut", "Muller", "M\u00fcller"},
		{"a space", "Ada Lovelace", "AdaLovelace"},
		{"an apostrophe", "OHara", "O'Hara"},
		{"a dash", "Smith Jones", "Smith-Jones"},
		{"a letter of another script", "\u0410da", "Ada"},
		{"a long vowel in kana is no dash", "\u30ab\u30fc", "\u30ab-"},
	} {
		if SameText(c.a, c.b) || FoldText(c.a) == FoldText(c.b) {
			t.Errorf("%s: %q and %q both fold to %q", c.name, c.a, c.b, FoldText(c.a))
		}
	}
}

func TestR33ComparingEmails(t *testing.T) {
	for _, same := range [][2]string{
		{" Ada@Example.COM", "ada@example.com"},
		{"ada@example.com\u200b", "ada@example.com"},
		{"\ufeffada@example.com", "ada@example.com"},
		{"\uff41da\uff20example.com", "ada@example.com"},
		{"jose\u0301@example.com", "JOS\u00c9@example.com"},
		{"ada\u00ad.l@example.com", "ada.l@example.com"},
	} {
		if FoldEmail(same[0]) != FoldEmail(same[1]) {
			t.Errorf("%q folds to %q, %q to %q", same[0], FoldEmail(same[0]), same[1], FoldEmail(same[1]))
		}
	}
	for _, apart := range [][2]string{
		{"o\u2019hara@example.com", "o'hara@example.com"},
		{"o`hara@example.com", "o'hara@example.com"},
		{"a\u2013b@example.com", "a-b@example.com"},
		{"\u0131da@example.com", "ida@example.com"},
	} {
		if FoldEmail(apart[0]) == FoldEmail(apart[1]) {
			t.Errorf("%q and %q both fold to %q", apart[0], apart[1], FoldEmail(apart[0]))
		}
	}
}

// Whatever is folded folds to itself: what was stored folded stays comparable.
func TestR33FoldingTwiceIsFoldingOnce(t *testing.T) {
	for r := range unicode.MaxRune {
		if unicode.In(r, unicode.Unified_Ideograph, unicode.Hangul) || !unicode.In(r, unicode.Cc, unicode.Cf, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			continue
		}
		mustSettle(t, string(r)+"'"+string(r)+"\u0308 a"+string(r)+"\u0301"+string(r))
		if t.Failed() {
			return
		}
	}
}

func FuzzR33FoldingTwiceIsFoldingOnce(f *testing.F) {
	for _, text := range []string{"Ada", "O\u2019Hara  ", "\u1fb3\u0345\u0301", "\u0130\u0307", "a\u00b4\u0301", "\xff\u200b\xff", "\u1100\u3164\u1161", "``", "\u1fcd\u1fee"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { mustSettle(t, text) })
}

func mustSettle(t *testing.T, text string) {
	t.Helper()
	for name, folds := range map[string]func(string) string{"FoldText": FoldText, "FoldEmail": FoldEmail} {
		once := folds(text)
		if twice := folds(once); twice != once {
			t.Errorf("%s: %+q folds to %+q, and that to %+q", name, text, once, twice)
		}
		if !utf8.ValidString(once) || strings.TrimSpace(once) != once {
			t.Errorf("%s: %+q folds to %+q", name, text, once)
		}
		if utf8.ValidString(text) && folds(norm.NFD.String(text)) != once {
			t.Errorf("%s: %+q folds to %+q, taken apart to %+q", name, text, once, folds(norm.NFD.String(text)))
		}
	}
	if SameText(text, "O'Hara") != (FoldText(text) == FoldText("O'Hara")) {
		t.Errorf("SameText and FoldText disagree about %+q", text)
	}
}

// Nearly all texts are plain: everybody's e-mail and name is folded several times in a
// run, and must cost no memory.
func TestR33PlainTextIsNotCopied(t *testing.T) {
	plain := "ada.lovelace@example.com"
	if n := testing.AllocsPerRun(100, func() { FoldText(plain); FoldEmail(plain); SameText("SUPERVISOR", "agent") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{"plain": "ada.lovelace@example.com", "capitals": "Ada Lovelace", "foreign": "Ada O\u2019Hara"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				FoldText(text)
			}
		})
	}
}

func TestR33Filters(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"Gescha\u0308ftsfu\u0308hrung", "Gesch\u00e4ftsf\u00fchrung", true},
		{"Gesch\u00e4fts*", "GESCHA\u0308FTSFU\u0308HRUNG", true},
		{"Gesch?ftsf?hrung", "Gescha\u0308ftsfu\u0308hrung", true},
		{"Stra?e", "Stra\u00dfe", true},
		{"STRASSE", "Stra\u00dfe", true},
		{"Stra*e", "Stra\u00dfe", true},
		{"O'*", "O\u2019Hara", true},
		{"Sales - *", "Sales \u2013 North", true},
		{" Sales  North ", "Sales\u00a0North", true},
		{"*Σ", "Παππάς", true},
		{"?", "\u4e2d", true},
		{"??", "\u4e2d", false},
		{"*??cd", "\u4e2dcd", false},
		{"*?cd", "\u4e2dcd", true},
		{"*\u00e9", "Cafe\u0301", true},
		{"Caf?", "Cafe\u0301", true},
		{"Cafe*", "Caf\u00e9", false},
		{"*", "", true},
		{"?", "", false},
		{"a*b*c", "a--b--b--c", true},
		{"a*b*c", "a--b--b--", false},
	} {
		if Glob(c.pattern, c.value) != c.want {
			t.Errorf("Glob(%+q, %+q) is %t", c.pattern, c.value, !c.want)
		}
	}
}
