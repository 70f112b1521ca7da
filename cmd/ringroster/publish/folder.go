package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"ringroster/cmd/ringroster/config"
)

// end is where files go.
type end interface {
	// put makes a file appear whole, or not at all: when write fails, nothing changes there.
	put(ctx context.Context, name string, write func(io.Writer) error) error
	// check goes as far as it can without delivering anything.
	check(ctx context.Context) (found string, err error)
}

// folder is a folder that files appear in.
type folder struct{ to *config.PublishTo }

// temporary stands in the names of temporary files. One that is older than a lease was left
// by somebody who died.
const temporary = ".ringroster-"

func (f *folder) put(_ context.Context, name string, write func(io.Writer) error) (err error) {
	defer func() { err = f.fault(name, err) }()
	temp, err := f.create(name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if err := write(temp); err != nil {
		return err
	}
	if err := temp.Chmod(f.to.FileMode()); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), filepath.Join(f.to.Dir, name)); err != nil {
		return err
	}
	return errors.Join(f.sync(), f.tidy(name))
}

// fault says what the file system answered without the name of the temporary file, which is
// another one each time.
func (f *folder) fault(name string, err error) error {
	var cause error
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		cause = e.Err
	} else {
		return err
	}
	remedy := ""
	switch {
	case errors.Is(cause, syscall.EROFS): // what the sandbox of the unit makes of it
		remedy = "; under systemd, put ReadWritePaths=" + f.to.Dir + " into a drop-in of the unit (systemctl edit ringroster), then systemctl restart ringroster"
	case errors.Is(cause, fs.ErrPermission):
		remedy = "; let the service's user write there; its unit hides /home and /root"
	}
	return fmt.Errorf("write %s: %w%s", filepath.Join(f.to.Dir, name), cause, remedy)
}

// create makes a temporary file beside the target: a rename within a folder is one step.
func (f *folder) create(name string) (*os.File, error) {
	return os.CreateTemp(f.to.Dir, "."+name+temporary+"*")
}

// sync makes the rename last.
func (f *folder) sync() error {
	dir, err := os.Open(f.to.Dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// tidy removes what is left of deliveries that were killed, and the files of days that are
// not to be kept any more.
func (f *folder) tidy(name string) error {
	entries, err := os.ReadDir(f.to.Dir)
	if err != nil {
		return err
	}
	var dated []string
	var errs []error
	for _, e := range entries {
		if f.isDated(e.Name()) && e.Type().IsRegular() {
			dated = append(dated, e.Name())
		}
		if strings.HasPrefix(e.Name(), "."+name+temporary) {
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > lease {
				errs = append(errs, os.Remove(filepath.Join(f.to.Dir, e.Name())))
			}
		}
	}
	if f.to.Keep > 0 {
		slices.Sort(dated) // the days sort as text
		for _, old := range dated[:max(len(dated)-f.to.Keep, 0)] {
			errs = append(errs, os.Remove(filepath.Join(f.to.Dir, old)))
		}
	}
	return errors.Join(errs...)
}

// isDated says whether a file is this destination's, of some day.
func (f *folder) isDated(name string) bool {
	before, after, ok := strings.Cut(f.to.File, config.DateMark)
	if !ok || len(name) != len(before)+len(time.DateOnly)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return false
	}
	_, err := time.Parse(time.DateOnly, name[len(before):len(name)-len(after)])
	return err == nil
}

// check writes a probe, and takes it away again.
func (f *folder) check(context.Context) (string, error) {
	temp, err := f.create("probe")
	if err == nil {
		_, err = temp.WriteString("probe\n")
		err = errors.Join(err, temp.Close(), os.Remove(temp.Name()))
	}
	if err != nil {
		return "", f.fault(f.to.File, err)
	}
	return filepath.Join(f.to.Dir, f.to.File) + " can be written", nil
}
