package dbfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// LookAt opens a file beside the database when somebody holds its lock. Looking takes
// the lock for an instant, which Seize allows for.
func (d *File) LookAt(suffix string) (f *os.File, held bool, err error) {
	f, err = openPlain(d.Path+suffix, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		if err = flock(f, syscall.LOCK_SH); errors.Is(err, syscall.EWOULDBLOCK) {
			return f, true, nil
		}
		err = errors.Join(err, f.Close())
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: `ringroster check` says whose it should be", err)
	}
	if err != nil {
		err = fmt.Errorf("ask who holds %s%s: %w", d.Path, suffix, err)
	}
	return nil, false, err
}

// Seize opens a file beside the database and takes its lock, or fails with
// EWOULDBLOCK. A look at the lock takes it for an instant, so one refusal is not yet an
// answer; nor is the lock of a file that was removed in this instant.
func (d *File) Seize(ctx context.Context, suffix string) (*os.File, error) {
	for range 3 {
		f, err := d.openBeside(suffix)
		if err != nil {
			return nil, err
		}
		err = flock(f, syscall.LOCK_EX)
		if err == nil {
			err = d.hold(f)
		}
		if err == nil {
			return f, nil
		}
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		if err := Pause(ctx, LockPause); err != nil {
			return nil, err
		}
	}
	return nil, syscall.EWOULDBLOCK
}

// hold notes the locked file as what must stay in its place, if it is there.
func (d *File) hold(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	id := identityOf(info)
	if !id.at(f.Name()) {
		return syscall.EWOULDBLOCK
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[f.Name()] = id
	return nil
}

// LetGo unlocks by closing.
func (d *File) LetGo(f *os.File) error {
	d.Forget(f.Name())
	return f.Close()
}

// flock tries to lock without waiting; the kernel drops the lock with the file.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// LockPause is between two tries to take a lock.
const LockPause = 20 * time.Millisecond

// Pause waits, unless the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
