package observe

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"
	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"Ada Lovelace": "Ada Lovelace", "José": "José", "": "",
		"Ada\u0085Lovelace": `Ada\u0085Lovelace`, "\u009b31mAda": `\u009b31mAda`, "a\tb\nc\x7f": `a\u0009b\u000ac\u007f`,
		"\u202eecalevoL": `\u202eecalevoL`, "\u2066Ada\u2069": `\u2066Ada\u2069`, "\u200fAda": `\u200fAda`,
		"Ada\u200bL": `Ada\u200bL`, "Ada\u200dL": `Ada\u200dL`, "Ada\u200cL": `Ada\u200cL`, "Ada\u2060": `Ada\u2060`, "\ufeffAda": `\ufeffAda`,
		"Ada\u3164": `Ada\u3164`, "Ada\u034f": `Ada\u034f`, "Ada\U000e0041": `Ada\ue0041`, "Ada\u00ad": `Ada\u00ad`, "\xff": `\ufffd`,
		"ශ්\u200dරී": "ශ්\u200dරී", "علی\u200cرضا": "علی\u200cرضا", "👩\u200d💻": "👩\u200d💻", "علی \u200cرضا": `علی \u200cرضا`,
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// What is escaped in JSON is the same document, and holds nothing steers.
func TestEscapeJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom(nil, unicode.C, unicode.Other_Default_Ignorable_Code_Point))).Draw(t, "text")
		text, err := json.Marshal(map[string]string{was: was})
		if err != nil {
			t.Fatal(err)
		}
		escaped := EscapeJSON(text)
		if bytes.ContainsFunc(escaped, steers) {
			t.Fatalf("%q is seen differently", escaped)
		}
		var before, after map[string]string
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(escaped, &after); err != nil {
			t.Fatalf("%q: %v", escaped, err)
		}
		for key, value := range before {
			if after[key] != value || !utf8.ValidString(value) {
				t.Fatalf("%q became %q", before, after)
			}
		}
	})
}

// TestLogsShowWhatIsNotSeen, in each format.
func TestLogsShowWhatIsNotSeen(t *testing.T) {
	const name = "Ada\u0085\u202e\u200bL"
	for _, format := range []Format{JSON, Console} {
		var out bytes.Buffer
		log := NewLogger(&out, format, zap.InfoLevel)
		log.Info("member_updated", zap.String("name", name))
		log.Info("account_synced")
		if got := out.String(); !strings.Contains(got, `Ada\u0085\u202e\u200bL`) || strings.ContainsFunc(strings.Trim(got, "\n"), func(r rune) bool { return r != '\n' && steers(r) }) {
			t.Errorf("%s: %q", format, got)
		}
	}
	var out bytes.Buffer
	journalLogger("/none/socket", &out).Info("member_updated", zap.String("name", name))
	if got := out.String(); !strings.Contains(got, `Ada\u0085\u202e\u200bL`) {
		t.Errorf("journal: %q", got)
	}
}
