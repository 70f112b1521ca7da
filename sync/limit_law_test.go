package sync

import (
	"testing"

	"pgregory.net/rapid"
)

// Law: what a limit does not allow, it does not allow to more, after more, or of fewer (R21).
func TestLawMoreIsNeverAllowedWhereFewerAreNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.IntRange(0, 40)
		limit := Limit{Percent: few.Draw(t, "percent"), Floor: few.Draw(t, "floor")}
		now, earlier, of := few.Draw(t, "now"), few.Draw(t, "earlier"), rapid.IntRange(1, 400).Draw(t, "of")
		for _, w := range windows {
			if limit.exceeded(now, earlier, of, w) == "" {
				continue
			}
			for what, text := range map[string]string{
				"more":       limit.exceeded(now+1, earlier, of, w),
				"after more": limit.exceeded(now, earlier+1, of, w),
				"of fewer":   limit.exceeded(now, earlier, of-1, w),
			} {
				if text == "" {
					t.Errorf("%s: %d and %d of %d are too many for %s, and %s are not", w.name, now, earlier, of, limit, what)
				}
			}
		}
	})
}
