package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/sync/edit"
)

func takeoverCommand(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "takeover", Short: "Make the roster this host's", Args: cobra.NoArgs,
		Long: `The roster belongs to the host that began it: ` + "`host`" + ` in the settings, else one named
after /etc/machine-id. On another host, to which it was replicated or restored, nothing
writes it before this command. See first that nothing runs on the old host any more,
and that nothing there will start by itself. As after a restore, the roster's epoch
rises, which events carry; deliveries of files wait for ` + "`publish approve`" + `; requests that
waited have failed, notices that waited are not sent; numbers of runs leap to a full
ten thousand.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.takeover(c.Context(), yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.addWait(c)
	return c
}

func (a *app) takeover(ctx context.Context, yes bool) (err error) {
	s, err := a.settings()
	if err != nil {
		return err
	}
	here := s.HostName()
	if here == "" {
		return usagef("this host has no name, so that no roster can be its own: give `host` in %s", s.File)
	}
	st, err := wire.OpenWriteAs(ctx, s, "", false)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	home, err := st.Home(ctx)
	if err != nil {
		return err
	}
	if home.Host == here {
		return &edit.NothingToDoError{What: fmt.Sprintf("the roster belongs to %s, which is this host, already", here)}
	}
	if err := a.ask(ctx, yes, fmt.Sprintf("Does nothing run on %s any more, and shall the roster %s be that of %s?", oldHost(home), clean(st.Path()), clean(here)), "nothing was changed"); err != nil {
		return err
	}
	release, err := a.writer(s, st, nil).Lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	home, err = st.TakeOver(ctx, here)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "The roster belongs to %s from now on: epoch %d. `ringroster plan` shows what the next sync would change.\n", clean(here), home.Epoch)
	return err
}

func oldHost(h store.Home) string {
	if h.Host == "" {
		return "any other host"
	}
	return clean(h.Host)
}

// belongs fills in whose the roster is, and where we are.
func (d *statusDocument) belongs(ctx context.Context, s *config.Settings, st *store.Store) error {
	home, err := st.Home(ctx)
	d.Host, d.Epoch, d.here = home.Host, home.Epoch, s.HostName()
	return err
}

// home says whose the roster is.
func (d *statusDocument) home() string {
	switch {
	case d.Host == "":
		return "The roster belongs to no host yet."
	case d.here == "" || d.here == d.Host:
		return fmt.Sprintf("The roster belongs to the host %s, epoch %d.", d.Host, d.Epoch)
	}
	return fmt.Sprintf("The roster belongs to the host %s, epoch %d, and this is %s: nothing writes it here before ringroster takeover.", d.Host, d.Epoch, d.here)
}

// home checks whose the roster is.
func (f *findings) home(ctx context.Context, st *store.Store, here string) {
	home, err := st.Home(ctx)
	switch {
	case err != nil:
		f.failErr("", "host", err)
	case here == "":
		f.ok("", "host", "this host has no name, and is taken for the roster's")
	case home.Host == "":
		f.ok("", "host", "the roster is nobody's yet: the next run makes it that of %s, this host", here)
	case home.Host == here:
		f.ok("", "host", "the roster belongs to %s, this host; epoch %d", here, home.Epoch)
	default:
		f.fail("", "host", fmt.Sprintf("the roster belongs to %s (epoch %d), and this is %s: nothing writes it here", home.Host, home.Epoch, here),
			"once nothing runs there any more: ringroster takeover")
	}
}

// tellHome says of what was restored that it belongs to another host.
func (a *app) tellHome(ctx context.Context, s *config.Settings) error {
	st, err := wire.OpenRead(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	home, err := st.Home(ctx)
	if here := s.HostName(); err == nil && home.Host != "" && here != "" && home.Host != here {
		_, err = fmt.Fprintf(a.stdout, "It belongs to the host %s, and this is %s: `ringroster takeover` comes next, once nothing runs there any more.\n", clean(home.Host), clean(here))
	}
	return err
}
