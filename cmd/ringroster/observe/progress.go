package observe

import (
	"fmt"
	"io"
	"strings"
	"time"

	"ringroster/sync"
)

// Terminal is a sync.Observer that shows, on one line of a terminal, how far the
// reading is; everything else it passes on.
type Terminal struct {
	*Log
	w     io.Writer
	clean func(string) string // foreign text made safe for a terminal
	last  int                 // columns of the line that stands there
}

// NewTerminal shows progress on w and logs with log.
func NewTerminal(w io.Writer, log *Log, clean func(string) string) *Terminal {
	return &Terminal{Log: log, w: w, clean: clean}
}

// Progress redraws the line.
func (t *Terminal) Progress(p sync.Progress) {
	if p.Waiting != "" {
		who := strings.TrimPrefix(p.Account+": ", ": ") // none, of what concerns all
		t.draw(t.clean(fmt.Sprintf("%s%s, trying again in %s", who, p.Waiting, p.Wait.Round(time.Second))))
		return
	}
	line := p.Account + ": " + p.Step
	if p.SubAccount != "" {
		line += " of " + p.SubAccount
	}
	if p.Of > 0 {
		line += fmt.Sprintf(", %d of %d", p.Done, p.Of)
	}
	if p.People > 0 {
		line += fmt.Sprintf(", %d people so far", p.People)
	}
	t.draw(t.clean(line))
}

// Committed clears the line before anything is logged.
func (t *Terminal) Committed(id sync.RunID, r sync.Run, c *sync.Commit) {
	t.draw("")
	t.Log.Committed(id, r, c)
}

// Failed clears the line before the failure is logged.
func (t *Terminal) Failed(id sync.RunID, r sync.Run, account string, err error) {
	t.draw("")
	t.Log.Failed(id, r, account, err)
}

// Done clears the line.
func (t *Terminal) Done() { t.draw("") }

func (t *Terminal) draw(line string) {
	if line == "" && t.last == 0 {
		return
	}
	width := len([]rune(line))
	_, _ = fmt.Fprintf(t.w, "\r%s%s\r%s", line, strings.Repeat(" ", max(t.last-width, 0)), line)
	t.last = width
}
