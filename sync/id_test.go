package sync

import (
	"errors"
	"strings"
	"testing"
)

// TestR33IDs: decimal digits, and nothing that a spreadsheet made of them.
func TestR33IDs(t *testing.T) {
	for _, id := range []string{"1", "400100001234", "9007199254740993", "9223372036854775807", "0123"} {
		if got, err := ParseID(" " + id + "\t"); got != id || err != nil {
			t.Errorf("%s: got %q, %v", id, got, err)
		}
	}
	for id, hint := range map[string]string{
		"4.001E+11": "rounded", "4,001E+11": "rounded", "4e11": "rounded",
		"400100001234.0": "write 400100001234;", "400100001234.00": "write 400100001234;",
		"'400100001234": "write 400100001234, without the apostrophe", "’400100001234": "without the apostrophe",
		"400,100,001,234": "without separators", "400.100.001.234": "without separators", "400 100 001 234": "without separators",
		"400\u00a0100\u00a0001\u00a0234": "without separators", "400'100'001'234": "without separators", "400_100": "without separators",
		"": "", "+1": "", "-1": "", "0x1F": "", "1.5": "", "four": "", "４００１": "", "Infinity": "", "nan": "",
	} {
		got, err := ParseID(id)
		bad, ok := errors.AsType[*IDError](err)
		if !ok || got != "" || !strings.Contains(bad.Hint, hint) || hint == "" && bad.Hint != "" {
			t.Errorf("%q: got %q, %v; want a hint with %q", id, got, err, hint)
		}
	}
}
