package guard

import (
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// Law: what a limit does not allow, it does not allow to more, after more, or of fewer (R21).
func TestLawMoreIsNeverAllowedWhereFewerAreNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.IntRange(0, 40)
		limit := sync.Limit{Percent: few.Draw(t, "percent"), Floor: few.Draw(t, "floor")}
		now, earlier, of := few.Draw(t, "now"), few.Draw(t, "earlier"), rapid.IntRange(1, 400).Draw(t, "of")
		for _, w := range Windows {
			if Exceeded(limit, now, earlier, of, w) == "" {
				continue
			}
			for what, text := range map[string]string{
				"more":       Exceeded(limit, now+1, earlier, of, w),
				"after more": Exceeded(limit, now, earlier+1, of, w),
				"of fewer":   Exceeded(limit, now, earlier, of-1, w),
			} {
				if text == "" {
					t.Errorf("%s: %d and %d of %d are too many for %s, and %s are not", w.name, now, earlier, of, limit, what)
				}
			}
		}
	})
}
