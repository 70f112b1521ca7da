package observe

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// writes remembers each write. It can fail.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

// Lines about members wait for the summary, and are written before it with one write;
// any other line is written at once.
func TestLinesAboutMembersAreWrittenTogether(t *testing.T) {
	var w writes
	log := NewLogger(&w, JSON, zap.InfoLevel)
	log.Info("member_updated")
	log.With(zap.Int("run_id", 1)).Info("contact_added")
	if len(w.all) != 0 {
		t.Errorf("written at once: %q", w.all)
	}
	log.Info("account_synced")
	log.Info("run_finished")
	if len(w.all) != 2 || strings.Count(w.all[0], "\n") != 3 || !strings.Contains(w.all[1], "run_finished") {
		t.Errorf("written: %q", w.all)
	}
}

// However many there are, they do not pile up in memory; none is lost or doubled.
func TestManyLinesAreWrittenBeforeTheSummary(t *testing.T) {
	var w writes
	log := NewLogger(&w, JSON, zap.InfoLevel)
	const lines = 5000
	for i := range lines {
		log.Info("member_onboarded", zap.Int("member_id", i))
	}
	written := len(w.all)
	log.Info("account_synced")
	for _, block := range w.all {
		if len(block) > burstSize || !strings.HasSuffix(block, "\n") {
			t.Errorf("%d bytes are written at once: …%q", len(block), block[max(0, len(block)-20):])
		}
	}
	text := strings.Join(w.all, "")
	if written < 2 || strings.Count(text, "\n") != lines+1 || strings.Count(text, `"member_id":4999}`) != 1 {
		t.Errorf("%d writes before the summary, %d lines", written, strings.Count(text, "\n"))
	}
}

// A full disk costs the lines of its time, and no others.
func TestALogGoesOnAfterAnError(t *testing.T) {
	w := writes{err: errors.New("full")}
	log := NewLogger(&w, JSON, zap.InfoLevel).WithOptions(zap.ErrorOutput(zap.CombineWriteSyncers()))
	log.Info("conflict")
	w.err = nil
	log.Info("run_finished")
	if len(w.all) != 2 || strings.Contains(w.all[1], "conflict") {
		t.Errorf("written: %q", w.all)
	}
}
