package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
)

// ask asks a yes-or-no question on the terminal; anything but yes is no.
func (a *app) ask(ctx context.Context, yes bool, question, otherwise string) error {
	if yes {
		return nil
	}
	f, ok := a.stdin.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return fmt.Errorf("%s: there is no terminal to ask on; give --yes if you are sure", otherwise)
	}
	_, _ = fmt.Fprintf(a.errors, "%s [y/N] ", question)
	if confirmed(ctx, a.stdin) {
		return nil
	}
	return &exitError{code: exitFailed, err: fmt.Errorf("not confirmed: %s", otherwise)}
}

// confirmed waits for an answer, or for Ctrl-C: a terminal would wait for ever.
func confirmed(ctx context.Context, from io.Reader) bool {
	answered := make(chan bool, 1)
	go func() {
		answer, err := bufio.NewReader(from).ReadString('\n')
		answered <- err == nil && slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer)))
	}()
	select {
	case yes := <-answered:
		return yes && ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
