package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// Past is what one run decided about one account from, as Keep kept it.
type Past struct {
	Run      sync.RunID
	Version  string // of the program that made the run
	Now      time.Time
	Policy   sync.Policy
	State    sync.State
	Snapshot *sync.Snapshot

	lines *pastLines
	first *pastLine // the line after the snapshot
	read  bool      // the members have been read
	err   error     // why they ended early

	olderSeals bool // they say nothing of extensions
}

// Plan decides again what the run decided, by the same function. It can be
// called once, before the next Past is asked for: the members are read as they
// are needed. only and trace are those of Input.
func (p *Past) Plan(only string, trace *plan.Trace) (*sync.Plan, error) {
	in := p.input(only, trace)
	recall, err := plan.Recaller(in, p.olderSeals)
	if err != nil {
		return nil, err
	}
	var members []*sync.Member // a plan may meet them twice
	for m := range p.everybody(recall) {
		members = append(members, m)
	}
	if p.err != nil {
		return nil, p.err
	}
	in.Members = func(sync.Known) iter.Seq[*sync.Member] { return slices.Values(members) }
	return plan.Make(in)
}

func (p *Past) input(only string, trace *plan.Trace) plan.Input {
	return plan.Input{Snapshot: p.Snapshot, State: p.State, Policy: p.Policy, Now: p.Now, Only: only, Trace: trace}
}

// everybody yields the members once, and whether they were known by their seals:
// then as the planner knows them from the snapshot. Nobody's planner passes over
// them all.
func (p *Past) everybody(recall func(sync.Sealed) *sync.Member) iter.Seq2[*sync.Member, bool] {
	return func(yield func(*sync.Member, bool) bool) {
		if p.read {
			return
		}
		p.read = true
		seals := sha256.New()
		line := p.first
		for ; p.err == nil && !line.End; line, p.err = p.lines.next() {
			if recall == nil {
				continue
			}
			for i := range line.Members {
				if !yield(line.Members[i].member(p.Snapshot.Account), false) {
					return
				}
			}
			for _, s := range line.Sealed {
				m := recall(sync.Sealed{ID: s.ID, Text: noDigest + s.Seal})
				if m == nil {
					p.err = p.otherwise()
					return
				}
				fingerprint.Sum(m, seals)
				if !yield(m, true) {
					return
				}
			}
		}
		if p.err == nil && recall != nil && line.Seals != "" && line.Seals != hex.EncodeToString(seals.Sum(nil)) {
			p.err = p.otherwise()
		}
	}
}

// noDigest stands where the digest of a seal was.
var noDigest = strings.Repeat("-", fingerprint.DigestLength)

// otherwise says that members cannot be worked out from the snapshot as they were
// when it was kept.
func (p *Past) otherwise() error {
	return fmt.Errorf("ringroster %s kept it, and read RingCentral's records otherwise than this version does: use that one for run %d", p.Version, p.Run)
}

// ReadPasts yields what the runs kept whose data follow each other in r: usually
// one for each account of a run. After an error it yields nothing more. Data of
// anything else, and of a program with another format, is an error.
func ReadPasts(r io.Reader) iter.Seq2[*Past, error] {
	return func(yield func(*Past, error) bool) {
		lines, err := newPastLines(r)
		for n := 0; err == nil; n++ {
			var past *Past
			past, err = lines.past()
			if err == io.EOF { //nolint:errorlint // as past returns it
				if n > 0 {
					return
				}
				err = errors.New("it is empty")
			}
			if err != nil {
				break
			}
			if !yield(past, nil) {
				return
			}
			past.everybody(nil)(func(*sync.Member, bool) bool { return true }) // to its end, if nobody did
			err = past.err
		}
		yield(nil, err)
	}
}

// pastLines reads line by line. It refuses keys it does not know: another
// version wrote them, and meant something by them.
type pastLines struct {
	dec   *json.Decoder
	ahead *pastLine // read already: whatever follows a list that it does not edit
}

var errCutOff = errors.New("it is cut off")

func newPastLines(r io.Reader) (*pastLines, error) {
	plain, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("it is not compressed as a snapshot is: %v", err) //nolint:errorlint // io.EOF is the end of good data only
	}
	dec := json.NewDecoder(plain)
	dec.DisallowUnknownFields()
	return &pastLines{dec: dec}, nil
}

// next is the next line of an account that has not ended, a list as its edit leaves
// it. It is never nil.
func (l *pastLines) next() (*pastLine, error) {
	line := l.ahead
	l.ahead = nil
	if line == nil {
		var err error
		if line, err = l.read(); err != nil {
			return line, err
		}
	}
	switch {
	case line.Edit != nil:
		return line, errors.New("it changes a list that is not there")
	case !line.isList():
		return line, nil
	}
	following, err := l.read()
	if err != nil || following.Edit == nil {
		l.ahead = following
		return line, err
	}
	return line, line.change(following.Edit)
}

func (l *pastLines) read() (*pastLine, error) {
	line := &pastLine{}
	err := l.dec.Decode(line)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	return line, err
}

// past reads as far as the members. Where nobody follows it returns io.EOF.
func (l *pastLines) past() (*Past, error) {
	var raw json.RawMessage
	if err := l.dec.Decode(&raw); errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errCutOff
	} else if err != nil {
		return nil, err
	}
	head, err := parsePastHead(raw)
	if err != nil {
		return nil, err
	}
	p := &Past{
		Run: head.Run, Version: head.Version, Now: head.Now, Policy: head.Policy, State: head.State,
		Snapshot: &head.Snapshot, lines: l, olderSeals: head.Format <= withoutExtensions,
	}
	for {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		if line.End || line.Members != nil || line.Sealed != nil {
			if head.Format <= withoutSupervisors {
				dropSupervisors(p.Snapshot)
			}
			p.first = line
			return p, nil
		}
		if err := add(p.Snapshot, line); err != nil {
			return nil, err
		}
	}
}

func parsePastHead(raw json.RawMessage) (*pastHead, error) {
	var seen struct {
		Head struct {
			Format  int    `json:"ringroster_snapshot"`
			Version string `json:"version"`
		} `json:"head"`
	}
	if err := json.Unmarshal(raw, &seen); err != nil || seen.Head.Format == 0 {
		return nil, errors.New("it does not begin as a snapshot does")
	}
	if seen.Head.Format < withoutSupervisors || seen.Head.Format > pastFormat {
		return nil, fmt.Errorf("ringroster %s wrote it, in another format than this version reads", seen.Head.Version)
	}
	var line pastLine
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(&line)
	return line.Head, err
}

// dropSupervisors takes out of the records what the planner of an old run did not compare.
func dropSupervisors(s *sync.Snapshot) {
	for r := range s.Agents {
		r.Supervisors = ""
	}
}

// add puts the records of one line where they were.
func add(s *sync.Snapshot, line *pastLine) error {
	s.Admins = append(s.Admins, line.Admins...)
	s.Extensions = append(s.Extensions, line.Extensions...)
	if line.SubAccount != nil {
		s.SubAccounts = append(s.SubAccounts, *line.SubAccount)
	}
	if line.Group != nil {
		if len(s.SubAccounts) == 0 {
			return fmt.Errorf("agent group %s stands in no sub-account", line.Group.ID)
		}
		last := &s.SubAccounts[len(s.SubAccounts)-1]
		last.Groups = append(last.Groups, *line.Group)
	}
	return nil
}
