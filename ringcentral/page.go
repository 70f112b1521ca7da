package ringcentral

import (
	"context"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"
)

const (
	// perPage is the most a sibling list declares; the reply says what was
	// granted (API.md 2.2).
	perPage = 1000
	// mostPages is more than any account has, and ends a walk in circles.
	mostPages = 10_000
	// rereads is how often a list that moved is read again (R1).
	rereads = 2
)

// page is one page of a RingEX list (EnumeratedPagingModel and
// PageNavigationModel, API.md 2.1).
type page[T any] struct {
	records []T
	faults  map[int]string
	number  int    // 0: not told
	size    int    // as granted
	pages   int    // 0: not told
	total   int    // -1: not told
	walks   bool   // the reply has navigation
	next    string // address of the next page; "": none
}

type pageHeader struct {
	Paging *struct {
		Page          int  `json:"page"`
		PerPage       int  `json:"perPage"`
		TotalPages    int  `json:"totalPages"`
		TotalElements *int `json:"totalElements"`
	} `json:"paging"`
	Navigation *struct {
		NextPage *struct {
			URI string `json:"uri"`
		} `json:"nextPage"`
	} `json:"navigation"`
}

type pageBody[L any] struct {
	Records    L `json:"records"`
	pageHeader `json:",inline"`
}

// decodePage reads a page; one faulty record does not spoil it (R19).
func decodePage[T any](body []byte) (*page[T], error) { return decodePageInto[T](body, nil) }

// decodePageInto is decodePage, with room for the records.
func decodePageInto[T any](body []byte, room []T) (*page[T], error) {
	if err := wants('{', body); err != nil {
		return nil, err
	}
	b := pageBody[rows[T]]{Records: rows[T]{list: room}}
	if json.Unmarshal(body, &b) == nil {
		return newPage(&b.pageHeader, &b.Records, nil)
	}
	var faulty pageBody[faultyRows[T]]
	if err := decodeFaulty(body, &faulty, &faulty.Records); err != nil {
		return nil, err
	}
	return newPage(&faulty.pageHeader, &faulty.Records.rows, faulty.Records.faults)
}

func newPage[T any](h *pageHeader, records *rows[T], faults map[int]string) (*page[T], error) {
	if !records.read {
		return nil, nonsense("the answer holds no records")
	}
	p := &page[T]{records: records.list, faults: faults}
	h.describe(&p.number, &p.size, &p.pages, &p.total)
	if nav := h.Navigation; nav != nil {
		p.walks = true
		if nav.NextPage != nil {
			p.next = nav.NextPage.URI
		}
	}
	return p, nil
}

func (h *pageHeader) describe(number, size, pages, total *int) {
	*total = -1
	if h.Paging == nil {
		return
	}
	*number, *size, *pages = h.Paging.Page, h.Paging.PerPage, h.Paging.TotalPages
	if h.Paging.TotalElements != nil {
		*total = *h.Paging.TotalElements
	}
}

// last is the number of the last page, as far as the first one tells it.
func (p *page[T]) last() int {
	if p.total < 0 || p.size <= 0 {
		return p.pages
	}
	return max(p.pages, (p.total+p.size-1)/p.size)
}

// readPages reads a whole list: the first page, and then the others side by
// side when it tells how many there are, else one after the other.
func readPages[T any](ctx context.Context, what string, fetch func(ctx context.Context, number, size int) (*page[T], error)) ([]*page[T], error) {
	return readPagesOf(ctx, what, perPage, mostInFlight, fetch)
}

// readPagesOf is readPages for pages of another size, so many at once at most.
func readPagesOf[T any](ctx context.Context, what string, size, atOnce int, fetch func(ctx context.Context, number, size int) (*page[T], error)) ([]*page[T], error) {
	head, err := fetch(ctx, 1, size)
	if err != nil {
		return nil, err
	}
	last := head.last()
	if last > mostPages {
		return nil, moved(what, "the first page claims %d pages", last)
	}
	pages := []*page[T]{head}
	if head.total < 0 {
		return readOn(ctx, what, pages, fetch)
	}
	pages = append(pages, make([]*page[T], max(last-1, 0))...)
	g, ctx := newTasks(ctx)
	g.SetLimit(atOnce)
	for i := 1; i < last; i++ {
		g.Go(func() (err error) {
			pages[i], err = fetch(ctx, i+1, head.granted())
			return err
		})
	}
	return pages, g.Wait()
}

func (p *page[T]) granted() int {
	if p.size > 0 {
		return p.size
	}
	return perPage
}

// readOn reads a list that claims no total: to the page whose navigation knows
// no next one, or, without navigation, to the first empty one.
func readOn[T any](ctx context.Context, what string, pages []*page[T], fetch func(ctx context.Context, number, size int) (*page[T], error)) ([]*page[T], error) {
	for p := pages[0]; len(p.records) > 0 && (p.next != "" || !p.walks); {
		if len(pages) == mostPages {
			return nil, moved(what, "it does not end after %d pages", mostPages)
		}
		var err error
		if p, err = fetch(ctx, len(pages)+1, pages[0].granted()); err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// provePages shows that pages make up one whole list: each is the one asked
// for, all claim one total, and that many records with distinct ids are there
// (R1). A record without an id counts, and equals no other.
func provePages[T any](what string, pages []*page[T], idOf func(*T) string) error {
	total, count := pages[0].total, 0
	for _, p := range pages {
		count += len(p.records)
	}
	seen := make(map[string]bool, count)
	for i, p := range pages {
		if err := p.proveCounts(what, i+1, pages[0]); err != nil {
			return err
		}
		for j := range p.records {
			key := idOf(&p.records[j])
			if key != "" && seen[key] {
				return moved(what, "id %s came twice", clean(key))
			}
			seen[key] = true
		}
	}
	if total >= 0 && count != total {
		return moved(what, "%d records came of %d", count, total)
	}
	return proveEnd(what, pages)
}

// proveCounts shows that a page is the one asked for, and counts as the first does.
func (p *page[T]) proveCounts(what string, number int, first *page[T]) error {
	switch {
	case p.number != 0 && p.number != number:
		return moved(what, "page %d came instead of page %d", p.number, number)
	case p.total != first.total:
		return moved(what, "the total changed from %d to %d", first.total, p.total)
	case p.pages != first.pages:
		return moved(what, "the number of pages changed from %d to %d", first.pages, p.pages)
	}
	return nil
}

// proveEnd shows that the last page is the end: as many pages came as are claimed,
// and it names no next one. An empty page that only showed the end counts as none,
// and so may the only page of an empty list.
func proveEnd[T any](what string, pages []*page[T]) error {
	last, came := pages[len(pages)-1], len(pages)
	if last.next != "" {
		return moved(what, "the last of %d pages names a next one", came)
	}
	claimed := pages[0].pages
	if claimed != 0 && claimed != came && (len(last.records) > 0 || claimed != came-1) {
		return moved(what, "%d pages came of %d", came, claimed)
	}
	return nil
}

// proved reads until what was read proves whole, twice again at most (R1).
func proved[T any](ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	for again := 0; ; again++ {
		value, err := read(ctx)
		if err == nil || !isMoved(err) || again == rereads {
			return value, err
		}
	}
}

func pageQuery(number, size int) string {
	return "?" + url.Values{"page": {strconv.Itoa(number)}, "perPage": {strconv.Itoa(size)}}.Encode()
}
