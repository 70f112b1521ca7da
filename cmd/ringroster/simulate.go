package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
)

// simulation is what `simulate` is asked.
type simulation struct {
	people   int
	seed     uint64
	world    string
	listen   string
	control  string
	settings string
	limits   bool
}

func simulateCommand(a *app) *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use: "simulate", Short: "Serve a simulated RingCentral on this machine", Args: cobra.NoArgs,
		Long: `Behaves like RingCentral (RingEX and RingCX) over an invented company, so that
settings and operations can be rehearsed without an account. It checks what it is
sent as RingCentral would. Ctrl-C ends it.

People join, leave and change while it runs, and RingCentral fails, as the control API is
asked to: curl http://127.0.0.1:8766/ says how.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.simulate(c.Context(), s) },
	}
	c.Flags().IntVar(&s.people, "people", 60, "how many people to invent")
	c.Flags().Uint64Var(&s.seed, "seed", 1, "which people to invent: the same seed gives the same ones")
	c.Flags().StringVar(&s.world, "world", "", "serve the company of this YAML or JSON file instead")
	c.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8765", "address to serve on; loopback only")
	c.Flags().StringVar(&s.control, "control", "127.0.0.1:8766", "address of the control API; loopback only; none: no control API")
	c.Flags().StringVar(&s.settings, "write-settings", "", "write a settings file that fits; never overwrites")
	c.Flags().BoolVar(&s.limits, "limits", false, "limit the rate of calls as RingCentral does")
	c.MarkFlagsMutuallyExclusive("people", "world")
	c.MarkFlagsMutuallyExclusive("seed", "world")
	return c
}

func (a *app) simulate(ctx context.Context, s simulation) error {
	world, err := s.makeWorld()
	if err != nil {
		return err
	}
	if s.settings != "" {
		if err := mayWriteNew(s.settings); err != nil {
			return err
		}
	}
	server := simulator.New(world, simulator.Options{})
	address, errs, err := serve(ctx, "--listen", s.listen, server)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.stdout, "A simulated RingCentral with %d extensions is at http://%s/\n", countExtensions(world), address)
	var controlErrs <-chan error
	if s.control != "none" {
		var control net.Addr
		if control, controlErrs, err = serve(ctx, "--control", s.control, server.Control()); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "It is changed while it runs: curl http://%s/ says how\n", control)
	}
	text := wire.SimulatorSettings(world, address.String())
	if s.settings != "" {
		if err := writeNew(s.settings, text); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "Settings that fit are in %s; in another terminal: ringroster --config %[1]s sync --new\n", clean(s.settings))
	} else {
		_, _ = fmt.Fprintf(a.stdout, "Settings that fit (--write-settings FILE writes them):\n\n%s\n", text)
	}
	select {
	case err = <-errs:
	case err = <-controlErrs:
	case <-ctx.Done():
		_, _ = fmt.Fprintln(a.stdout, "Stopped.")
		return nil
	}
	return err
}

func (s *simulation) makeWorld() (*simulator.World, error) {
	if s.people < 2 || s.people > 1_000_000 {
		return nil, usagef("--people %d: give a number from 2 to 1000000", s.people)
	}
	world := simulator.Generate(s.people, s.seed)
	world.Accounts[0].Scopes = []string{"ReadAccounts", "ReadAuditTrail"} // whoever rehearses may ask who did it
	if s.world != "" {
		text, err := readInput(s.world, "a company to serve, as YAML or JSON")
		if err != nil {
			return nil, err
		}
		if world, err = simulator.Parse(text); err != nil {
			return nil, usagef("%s is no company to serve: %w", s.world, err)
		}
	}
	if s.limits && world.Limits == nil {
		world.Limits = &simulator.Limits{}
	}
	return world, nil
}

// serve listens on a loopback address, which a flag names, until ctx is done.
func serve(ctx context.Context, flag, listen string, handler http.Handler) (net.Addr, <-chan error, error) {
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, nil, usagef("%s %s: the simulator listens on loopback only, such as 127.0.0.1:8765", flag, listen)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, nil, fmt.Errorf("another program serves at %s already: give another address with %s, such as 127.0.0.1:0 for any free port", listen, flag)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", flag, listen, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	errs := make(chan error, 1)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			errs <- err
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return l.Addr(), errs, nil
}

func countExtensions(w *simulator.World) (n int) {
	for _, account := range w.Accounts {
		n += len(account.Extensions)
	}
	return n
}

// mayWriteNew says early that writeNew would fail, and what to do.
func mayWriteNew(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return usagef("--write-settings: %s is there already, and nothing is overwritten: give another name, or remove it first", path)
	}
	if folder := wire.MissingFolder(path); folder != "" {
		return usagef("--write-settings: there is no folder %s: make it first, or give another name", folder)
	}
	return nil
}

// writeNew writes a file that holds secrets and must not be there yet.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
