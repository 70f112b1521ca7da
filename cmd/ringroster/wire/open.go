package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/database"
	"ringroster/sync"
)

// OpenRead opens the roster of the settings for reading. It never creates one.
func OpenRead(ctx context.Context, s *config.Settings) (*store.Store, error) {
	st, err := store.OpenRead(ctx, s.Database.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noRoster(s)
	}
	return st, err
}

// noRoster is the error of a command that needs a roster where nothing shows that there
// ever was one.
func noRoster(s *config.Settings) error {
	if folder := MissingFolder(s.Database.Path); folder != "" {
		return fmt.Errorf("there is no roster at %s, and no folder %s: %s", s.Database.Path, folder, FolderRemedy)
	}
	return &database.MissingError{Path: s.Database.Path}
}

// OpenWrite opens the roster to change it; isNew begins one where there is none.
func OpenWrite(ctx context.Context, s *config.Settings, isNew bool) (*store.Store, error) {
	return OpenWriteAs(ctx, s, s.HostName(), isNew)
}

// OpenWriteAs is OpenWrite on a host; "": whosever the roster is.
func OpenWriteAs(ctx context.Context, s *config.Settings, host string, isNew bool) (*store.Store, error) {
	st, err := store.Open(ctx, s.Database.Path, store.Options{Mode: s.Database.FileMode(), New: isNew, Host: host})
	if missing, ok := errors.AsType[*database.MissingError](err); ok && missing.Why == "" {
		return nil, noRoster(s)
	}
	return st, err
}

// FolderRemedy is what to do about a roster whose folder is missing.
const FolderRemedy = "check database.path, or make the folder for the user of the service; `ringroster sync --new` makes only the file"

// MissingFolder is the folder of a roster where that does not exist; "": it does.
func MissingFolder(path string) string {
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	return ""
}

// PreviewRoster is the roster to plan against: the database when it is there,
// else an empty roster, so that the first `plan` needs none.
func PreviewRoster(ctx context.Context, path string) (sync.Roster, func(), error) {
	st, err := store.OpenRead(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return emptyRoster{}, func() {}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return st, func() { _ = st.Close() }, nil
}

// emptyRoster is the roster before the first sync. It can only be read.
type emptyRoster struct{ sync.Roster }

func (emptyRoster) State(context.Context, string, time.Time) (sync.State, error) {
	return sync.State{}, nil
}

func (emptyRoster) ContactState(context.Context, string, time.Time) (sync.State, error) {
	return sync.State{}, nil
}

func (emptyRoster) Contacts(context.Context, string) iter.Seq2[*sync.Contact, error] {
	return func(func(*sync.Contact, error) bool) {}
}

func (emptyRoster) Members(context.Context, string, sync.Known) iter.Seq2[*sync.Member, error] {
	return func(func(*sync.Member, error) bool) {}
}
