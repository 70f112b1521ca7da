// Package storetest makes new rosters for tests. It does not know the store, so that the
// store's own tests can use it too.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	stdsync "sync"
)

// Copies returns what puts a new roster at a path: a copy of one that open makes with
// options. All migrations take a tenth of a second of a processor, and some tests want
// hundreds of rosters. Nothing but the id that all copies share tells one from a roster
// that was begun at its place, which it takes with its first run.
func Copies[Store io.Closer, Options any](open func(context.Context, string, Options) (Store, error), options Options) func(path string) error {
	blank := stdsync.OnceValues(func() (data []byte, err error) {
		dir, err := os.MkdirTemp("", "roster")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		path := filepath.Join(dir, "roster.db")
		s, err := open(context.Background(), path, options)
		if err != nil {
			return nil, err
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
		if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
			return nil, fmt.Errorf("%d bytes of the new roster are in its WAL", info.Size())
		}
		return os.ReadFile(path)
	})
	return func(path string) error {
		data, err := blank()
		if err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	}
}
