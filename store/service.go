package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"syscall"
	"time"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// BeService says, until release, that a service works on this roster, and which. There
// can be only one: it holds the lock of a file beside the database.
func (s *Store) BeService(ctx context.Context, h sync.Holder) (release func() error, err error) {
	f, err := s.db.File.Seize(ctx, dbfile.ServiceSuffix)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		other, _, _ := s.Service() // the name is a courtesy
		return nil, &database.ServedError{Holder: other}
	}
	if err != nil {
		return nil, s.db.Explain("be the service of", err)
	}
	text, _ := json.Marshal(serviceText{h.PID, h.Host, h.Since.UTC().Format(time.RFC3339)}) // texts cannot fail
	_ = f.Truncate(0)
	_, _ = f.WriteAt(append(text, '\n'), 0) // a courtesy: a full disk must not keep a service from saying so
	return func() error { return s.db.File.LetGo(f) }, nil
}

// serviceText is what stands in the service's file.
type serviceText struct {
	PID   int    `json:"pid"`
	Host  string `json:"host"`
	Since string `json:"since"`
}

// Service says which service works on this roster now; ok is false when none does.
func (s *Store) Service() (h sync.Holder, ok bool, err error) {
	f, ok, err := s.db.File.LookAt(dbfile.ServiceSuffix)
	if err != nil || !ok {
		return h, false, err
	}
	defer func() { _ = f.Close() }()
	var text serviceText
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || json.Unmarshal(data, &text) != nil {
		return h, true, err // it has the lock, and has not said who it is
	}
	since, err := sqlrows.ParseStamp(sql.NullString{String: text.Since, Valid: true})
	return sync.Holder{PID: text.PID, Host: text.Host, Since: since}, true, err
}
