package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"ringroster/sync"
)

// ServedError is returned when another service works on the roster.
type ServedError struct{ Holder sync.Holder }

func (e *ServedError) Error() string {
	return "another service works on this roster: " + whoIs(e.Holder) + ". Stop that one first, or give this one a roster of its own (database.path)"
}

// whoIs names a process, as far as it is known.
func whoIs(h sync.Holder) string {
	if h.PID == 0 {
		return "a process that has not said its number yet"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.UTC().Format(time.RFC3339))
}

// BeService says, until release, that a service works on this roster, and which. There
// can be only one: it holds the lock of a file beside the database.
func (s *Store) BeService(ctx context.Context, h sync.Holder) (release func() error, err error) {
	f, err := s.db.file.seize(ctx, serviceSuffix)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		other, _, _ := s.Service() // the name is a courtesy
		return nil, &ServedError{other}
	}
	if err != nil {
		return nil, s.db.explain("be the service of", err)
	}
	text, _ := json.Marshal(serviceText{h.PID, h.Host, h.Since.UTC().Format(time.RFC3339)}) // texts cannot fail
	_ = f.Truncate(0)
	_, _ = f.WriteAt(append(text, '\n'), 0) // a courtesy: a full disk must not keep a service from saying so
	return func() error { return s.db.file.letGo(f) }, nil
}

// serviceText is what stands in the service's file.
type serviceText struct {
	PID   int    `json:"pid"`
	Host  string `json:"host"`
	Since string `json:"since"`
}

// Service says which service works on this roster now; ok is false when none does.
func (s *Store) Service() (h sync.Holder, ok bool, err error) {
	f, ok, err := s.db.file.lookAt(serviceSuffix)
	if err != nil || !ok {
		return h, false, err
	}
	defer func() { _ = f.Close() }()
	var text serviceText
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || json.Unmarshal(data, &text) != nil {
		return h, true, err // it has the lock, and has not said who it is
	}
	since, err := parseStamp(sql.NullString{String: text.Since, Valid: true})
	return sync.Holder{PID: text.PID, Host: text.Host, Since: since}, true, err
}
