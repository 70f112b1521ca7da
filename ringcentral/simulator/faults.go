package simulator

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"
)

// Fault makes RingCentral misbehave for the requests it matches. Of several that match one request, every
// one acts: delays add up, the first that replaces the answer wins, edits follow one another in their order.
type Fault struct {
	Kind string    `yaml:"kind" json:"kind"`                 // one of the names in the package's documentation
	Op   Operation `yaml:"op,omitempty" json:"op,omitempty"` // empty: any
	// Path is a pattern for the path, or for path?query; * stands for any text, slashes too.
	Path        string  `yaml:"path,omitempty" json:"path,omitempty"`
	Skip        int     `yaml:"skip,omitempty" json:"skip,omitempty"`               // let so many matching requests pass first
	Count       int     `yaml:"count,omitempty" json:"count,omitempty"`             // then hit so many; 0: all
	Probability float64 `yaml:"probability,omitempty" json:"probability,omitempty"` // of each hit; 0: certain
	// Look is which time of asking is hit, counted for each app, path and query since it signed in: 1 is the
	// first look alone, 2 the second; 0: each.
	Look int    `yaml:"look,omitempty" json:"look,omitempty"`
	Seed uint64 `yaml:"seed,omitempty" json:"seed,omitempty"` // of that chance: same seed, same hits

	Status     int      `yaml:"status,omitempty" json:"status,omitempty"`
	Shape      string   `yaml:"shape,omitempty" json:"shape,omitempty"`
	Code       string   `yaml:"code,omitempty" json:"code,omitempty"`
	Message    string   `yaml:"message,omitempty" json:"message,omitempty"`
	RetryAfter int      `yaml:"retry_after,omitempty" json:"retry_after,omitempty"` // seconds; 0: no such header
	Delay      Duration `yaml:"delay,omitempty" json:"delay,omitempty"`
	N          int      `yaml:"n,omitempty" json:"n,omitempty"`
	Share      float64  `yaml:"share,omitempty" json:"share,omitempty"` // of the records, from 0 to 1
	ID         string   `yaml:"id,omitempty" json:"id,omitempty"`
	Location   string   `yaml:"location,omitempty" json:"location,omitempty"`

	seen, hits int
	chance     *rand.Rand
}

// faultKind is what a kind does; needs names the fields it cannot do without.
type faultKind struct {
	needs   []string
	delay   bool
	replace func(*Fault, *request) answer                  // instead of the real answer
	prepare func(*Server, *Fault, *request)                // before it
	edit    func(*Server, *Fault, *request, answer) answer // after a real 200
}

// faultKinds is filled by init, since kinds lead back to the server, which looks here.
var faultKinds map[string]faultKind

func init() {
	faultKinds = map[string]faultKind{
		"status":           {needs: []string{"status"}, replace: statusFault},
		"cut":              {replace: func(*Fault, *request) answer { return answer{cutBefore: true} }},
		"redirect":         {replace: redirectFault},
		"null":             {replace: okBody(jsonType, "null")},
		"empty_object":     {replace: okBody(jsonType, "{}")},
		"empty_body":       {replace: okBody(jsonType, "")},
		"html":             {replace: okBody(htmlType, proxyPage)},
		"endless":          {edit: endlessFault},
		"latency":          {needs: []string{"delay"}, delay: true},
		"slow_body":        {needs: []string{"delay"}, edit: slowBodyFault},
		"cut_json":         {edit: cutJSONFault},
		"short_body":       {edit: shortBodyFault},
		"wrong_types":      {edit: onRecords(wrongTypes)},
		"duplicate":        {edit: onRecords(duplicateFirst)},
		"page_twice":       {edit: otherPageFault(-1)},
		"page_missing":     {edit: otherPageFault(+1)},
		"totals_change":    {edit: totalsFault},
		"per_page_lowered": {needs: []string{"n"}, prepare: lowerPerPage},
		"emptied":          {edit: keepFirst(func(*Fault) int { return 0 })},
		"truncated":        {needs: []string{"n"}, edit: keepFirst(func(f *Fault) int { return f.N })},
		"gone":             {needs: []string{"id"}, edit: goneFault},
		"other_group":      {edit: otherGroupFault},
		"moved_unseen":     {prepare: moveUnseen},
		"moved_twice":      {edit: moveTwice},
		"token_lost":       {prepare: loseToken},
		"lost":             {needs: []string{"share"}, edit: lostFault},
		"unlisted":         {needs: []string{"id"}, edit: unlistedFault},
		"inactive":         {edit: onRecords(inactiveFault)},
		"partial":          {edit: partialFault},
		"latin1":           {edit: latin1Fault},
		"lone_surrogate":   {edit: onRecords(loneSurrogate)},
		"name_twice":       {edit: onRecords(nameTwice)},
		"decomposed":       {edit: decomposed},
		"claimed":          {needs: []string{"n"}, edit: claimedFault},
		"empty_records":    {needs: []string{"n"}, edit: onRecords(emptyRecords)},
	}
}

// FaultKinds lists the names a Fault may have, sorted.
func FaultKinds() []string { return slices.Sorted(maps.Keys(faultKinds)) }

func (f *Fault) validate() error {
	kind, ok := faultKinds[f.Kind]
	if !ok {
		return fmt.Errorf("kind %q is not one of %s", f.Kind, strings.Join(FaultKinds(), ", "))
	}
	var all []error
	given := map[string]bool{"status": f.Status != 0, "delay": f.Delay > 0, "n": f.N > 0, "id": f.ID != "", "share": f.Share > 0}
	for _, need := range kind.needs {
		if !given[need] {
			all = append(all, fmt.Errorf("kind %s needs %s", f.Kind, need))
		}
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		all = append(all, fmt.Errorf("status %d: give 200 to 599", f.Status))
	}
	if f.Op != "" && !slices.Contains(operations(), f.Op) {
		all = append(all, fmt.Errorf("op %q is not one of %v", f.Op, operations()))
	}
	if f.Shape != "" && shapes[f.Shape] == nil {
		all = append(all, fmt.Errorf("shape %q is not one of %s", f.Shape, strings.Join(slices.Sorted(maps.Keys(shapes)), ", ")))
	}
	if _, err := path.Match(f.pattern(), ""); err != nil {
		all = append(all, fmt.Errorf("path %q: %w", f.Path, err))
	}
	if min(f.Probability, f.Share) < 0 || max(f.Probability, f.Share) > 1 {
		all = append(all, errors.New("probability and share: give 0 to 1"))
	}
	if min(f.Look, f.Skip, f.Count, f.N, f.RetryAfter) < 0 || f.Delay < 0 {
		all = append(all, errors.New("look, skip, count, n, retry_after and delay must not be negative"))
	}
	return errors.Join(all...)
}

func operations() []Operation {
	var list []Operation
	for _, r := range routes() {
		list = append(list, r.op)
	}
	return append(list, OpUnknown)
}

// noSlash hides slashes from path.Match, whose * would stop at them.
func noSlash(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

func (f *Fault) pattern() string { return noSlash(f.Path) }

func (f *Fault) matches(r *request) bool {
	if f.Op != "" && f.Op != r.op {
		return false
	}
	if f.Path == "" {
		return true
	}
	bare, _ := path.Match(f.pattern(), noSlash(r.URL.Path))
	full, _ := path.Match(f.pattern(), noSlash(r.URL.Path+"?"+r.URL.RawQuery))
	return bare || full
}

// strikes counts a matching request and decides whether this one is hit.
func (f *Fault) strikes() bool {
	f.seen++
	if f.seen <= f.Skip || f.Count > 0 && f.hits >= f.Count {
		return false
	}
	if f.Probability > 0 {
		if f.chance == nil {
			f.chance = rand.New(rand.NewPCG(f.Seed, 1)) //nolint:gosec // chance that can be repeated, no secret
		}
		if f.chance.Float64() >= f.Probability {
			return false
		}
	}
	f.hits++
	return true
}

// hit gives the faults that act on a request, and how long it is to be delayed.
func (s *Server) hit(r *request) (faults []*Fault, delay time.Duration) {
	s.worldMu.RLock()
	defer s.worldMu.RUnlock()
	delay = time.Duration(s.world.Latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	look := s.look(r)
	for _, f := range s.world.Faults {
		if f.matches(r) && (f.Look == 0 || f.Look == look) && f.strikes() {
			faults = append(faults, f)
			s.faultHits[f.Kind]++
			if faultKinds[f.Kind].delay {
				delay += time.Duration(f.Delay)
			}
		}
	}
	return faults, delay
}

// FaultHits tells how often faults of each kind acted.
func (s *Server) FaultHits() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.faultHits)
}
