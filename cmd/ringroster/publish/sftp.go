package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"ringroster/cmd/ringroster/config"
)

// connectPatience bounds how long a server may take to answer and to let us in.
const connectPatience = 30 * time.Second

// server is an SFTP server that a file appears on.
type server struct {
	settings          *config.Publish
	removed, remarked atomic.Bool // it had to remove a file for another; that was said
}

// inTwoSteps is what there is to say of a server that lacks the rename onto a file.
const inTwoSteps = "it cannot rename a file onto another: for a moment there is none while one is replaced"

// remark says once, after it happened, that files are not replaced in one step.
func (s *server) remark() string {
	if !s.removed.Load() || s.remarked.Swap(true) {
		return ""
	}
	return s.address() + ": " + inTwoSteps
}

func (s *server) to() *config.SFTP { return s.settings.To.SFTP }

func (s *server) address() string { return net.JoinHostPort(s.to().Host, strconv.Itoa(s.to().Port)) }

// put writes the file here first, where it is in nobody's way while the roster is read, then
// there, under a temporary name.
func (s *server) put(ctx context.Context, name string, write func(io.Writer) error) (err error) {
	spool, err := os.CreateTemp("", "ringroster-")
	if err != nil {
		return fmt.Errorf("write a file to upload: %w", err)
	}
	defer func() { _ = spool.Close() }()
	if err := os.Remove(spool.Name()); err != nil { // whatever happens, nothing of it stays
		return err
	}
	if err := write(spool); err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	return s.session(ctx, func(c *sftp.Client) error { return s.upload(c, spool, size, name) })
}

// session does something while signed in. When ctx ends, so does the connection.
func (s *server) session(ctx context.Context, do func(*sftp.Client) error) (err error) {
	defer func() { err = s.fault(ctx, err) }()
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	client, err := sftp.NewClient(conn)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return do(client)
}

// fault says where something failed, and that it took too long when it did.
func (s *server) fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%s: %w", s.address(), err)
}

func (s *server) dial(ctx context.Context) (*ssh.Client, error) {
	secrets, err := s.settings.Credentials()
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey([]byte(secrets.Private))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, errors.New("the private key has a passphrase, which nobody is there to type: make one without")
	}
	if err != nil {
		return nil, errors.New("what was given as private key is none: it is the file that ssh-keygen makes, not the one with .pub at its end")
	}
	known, err := knownhosts.New(s.to().KnownHostsFile)
	if err != nil {
		return nil, fmt.Errorf("read the known hosts: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	signedIn, channels, requests, err := ssh.NewClientConn(conn, s.address(), &ssh.ClientConfig{
		User: s.to().User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: knownHost(known), HostKeyAlgorithms: algorithms(known, s.address(), conn.RemoteAddr()),
	})
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return ssh.NewClient(signedIn, channels, requests), nil
}

// knownHost lets nobody pass whose key is not written down.
func knownHost(known ssh.HostKeyCallback) ssh.HostKeyCallback {
	return func(host string, remote net.Addr, key ssh.PublicKey) error {
		err := known(host, remote, key)
		unknown, ok := errors.AsType[*knownhosts.KeyError](err)
		switch {
		case !ok:
			return err
		case len(unknown.Want) == 0:
			return fmt.Errorf("its host key %s is not in known_hosts_file: ask whoever runs it whether that is its key, then add what ssh-keyscan prints", ssh.FingerprintSHA256(key))
		}
		return fmt.Errorf("its host key %s is not the one in known_hosts_file: somebody may stand in between; ask whoever runs it whether it has a new one", ssh.FingerprintSHA256(key))
	}
}

// algorithms are those of the keys that are known of a host: it must not show another one,
// of a kind that nobody wrote down. nil: none is known.
func algorithms(known ssh.HostKeyCallback, address string, remote net.Addr) (all []string) {
	unknown, ok := errors.AsType[*knownhosts.KeyError](known(address, remote, noKey{}))
	if !ok {
		return nil
	}
	for _, k := range unknown.Want {
		kind := k.Key.Type()
		if kind == ssh.KeyAlgoRSA { // signed with a better hash
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		}
		if !slices.Contains(all, kind) && kind != ssh.KeyAlgoRSA {
			all = append(all, kind)
		}
	}
	return all
}

// noKey is a key that nobody has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("it is no key") }

// upload writes a file beside its target, and renames it when all of it is there.
func (s *server) upload(c *sftp.Client, from io.Reader, size int64, target string) (err error) {
	temp := path.Join(path.Dir(target), "."+path.Base(target)+temporary+"part")
	f, err := c.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("write %s: %w", temp, err)
	}
	_, err = f.ReadFrom(from)
	if _, can := c.HasExtension("fsync@openssh.com"); can && err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = arrived(c, temp, size)
	}
	if err == nil {
		err = s.replace(c, temp, target)
	}
	if err != nil {
		_ = c.Remove(temp)
		return fmt.Errorf("write %s: %w", target, err)
	}
	return nil
}

// arrived makes sure that all of it is there.
func arrived(c *sftp.Client, file string, size int64) error {
	info, err := c.Stat(file)
	if err == nil && info.Size() != size {
		err = fmt.Errorf("%d of %d bytes arrived", info.Size(), size)
	}
	return err
}

// replace renames a file onto another. Where the server cannot do that in one step, the other
// is removed first: then there is none for a moment.
func (s *server) replace(c *sftp.Client, from, to string) error {
	if _, can := c.HasExtension("posix-rename@openssh.com"); can {
		return c.PosixRename(from, to)
	}
	err := c.Rename(from, to)
	if err == nil {
		return nil
	}
	if _, missing := c.Stat(to); missing != nil {
		return err // nothing was in the way
	}
	if err := c.Remove(to); err != nil {
		return err
	}
	s.removed.Store(true)
	return c.Rename(from, to)
}

// check signs in and looks at the folder.
func (s *server) check(ctx context.Context) (found string, err error) {
	dir := path.Dir(s.to().Path)
	err = s.session(ctx, func(c *sftp.Client) error {
		info, err := c.Stat(dir)
		if err == nil && !info.IsDir() {
			err = errors.New("is no folder")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if _, can := c.HasExtension("posix-rename@openssh.com"); !can {
			found = "; " + inTwoSteps
		}
		return nil
	})
	return fmt.Sprintf("%s lets us in, and has the folder%s", s.address(), found), err
}
