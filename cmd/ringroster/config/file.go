package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Open opens a regular file of at most so many bytes for reading. A pipe would
// wait for somebody to write into it, and a device may never end: both are refused
// at once, without waiting.
func Open(file string, most int64) (*os.File, fs.FileInfo, error) {
	if err := Readable(file, most); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, cause(err)
	}
	info, err := f.Stat() // of what was opened: another file may have taken its place
	if err = errors.Join(err, refused(info, most)); err != nil {
		return nil, nil, errors.Join(cause(err), f.Close())
	}
	return f, info, nil
}

// Readable says why Open would refuse a file, without opening it.
func Readable(file string, most int64) error {
	info, err := os.Stat(file)
	return cause(errors.Join(err, refused(info, most)))
}

// refused says why a file is not read, by what is known of it; nil info: nothing.
func refused(info fs.FileInfo, most int64) error {
	switch {
	case info == nil:
		return nil
	case info.IsDir():
		return errors.New("it is a directory, not a regular file")
	case !info.Mode().IsRegular():
		return errors.New("it is a pipe or a device, not a regular file")
	case info.Size() > most:
		return fmt.Errorf("it is larger than %d MiB", most>>20)
	}
	return nil
}

// ReadFile gives the bytes of a file that Open accepts. Its errors are without the
// path, which stands before them.
func ReadFile(file string, most int64) ([]byte, error) {
	data, _, err := readFile(file, most)
	return data, err
}

// readFile is ReadFile with the mode of the file.
func readFile(file string, most int64) ([]byte, fs.FileMode, error) {
	f, info, err := Open(file, most)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most { // it grew, or lives in /proc, where files have no size
		err = fmt.Errorf("it is larger than %d MiB", most>>20)
	}
	return data, info.Mode(), cause(err)
}

// ReadText is ReadFile for text that people prepare with other programs: without a
// byte order mark, and refused unless it is UTF-8, with what to do.
func ReadText(file string, most int64) ([]byte, error) {
	data, err := ReadFile(file, most)
	if err != nil {
		return nil, err
	}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return nil, errors.New("it is UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)")
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("it holds zero bytes: it is UTF-16 or no text; save it as UTF-8 (in Excel: CSV UTF-8)")
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, fmt.Errorf("line %d is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)", 1+bytes.Count(data[:i], []byte("\n")))
		}
		i += size
	}
	return data, nil
}
