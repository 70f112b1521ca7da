package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// paging is which page of what size is wanted.
type paging struct{ page, perPage int }

// page reads page and perPage; what is no positive number is CMN-101, what is above most becomes most.
func (r *request) page(usual, most int) (paging, *answer) {
	page, ok := positive(r.query.Get("page"), 1)
	if !ok {
		return paging{}, new(invalid("page"))
	}
	perPage, ok := positive(r.query.Get("perPage"), usual)
	if !ok {
		return paging{}, new(invalid("perPage"))
	}
	return paging{page, min(perPage, most)}, nil
}

// positive reads a number from 1 up; usual when there is none.
func positive(text string, usual int) (int, bool) {
	if text == "" {
		return usual, true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil && n > 0
}

// invalid is CMN-101 (ringcentral/API.md 2.1).
func invalid(parameter string) answer {
	return exError(http.StatusBadRequest, "CMN-101", "Parameter ["+parameter+"] value is invalid.", parameter)
}

// pagingWire is the schema EnumeratedPagingModel. Beyond the end only page and perPage are sent (ringcentral/API.md 2.1).
type pagingWire struct {
	Page          int  `json:"page"`
	PerPage       int  `json:"perPage"`
	PageStart     *int `json:"pageStart,omitempty"`
	PageEnd       *int `json:"pageEnd,omitempty"`
	TotalPages    *int `json:"totalPages,omitempty"`
	TotalElements *int `json:"totalElements,omitempty"`
}

type linkWire struct {
	URI string `json:"uri"`
}

type navigationWire struct {
	FirstPage    *linkWire `json:"firstPage,omitempty"`
	PreviousPage *linkWire `json:"previousPage,omitempty"`
	NextPage     *linkWire `json:"nextPage,omitempty"`
	LastPage     *linkWire `json:"lastPage,omitempty"`
}

// describe tells where a page lies among n records.
func (p paging) describe(n int) pagingWire {
	w := pagingWire{Page: p.page, PerPage: p.perPage}
	start := (p.page - 1) * p.perPage
	if start >= n && p.page > 1 {
		return w
	}
	w.TotalPages, w.TotalElements = new((n+p.perPage-1)/p.perPage), new(n)
	if n > 0 {
		w.PageStart, w.PageEnd = new(start), new(min(start+p.perPage, n)-1)
	}
	return w
}

// navigate links to other pages with the query of this one; there is no next page after the last.
func (p paging) navigate(n int, uri string, query url.Values) navigationWire {
	last := max(1, (n+p.perPage-1)/p.perPage)
	link := func(page int) *linkWire {
		q := maps.Clone(query)
		q.Set("page", strconv.Itoa(page))
		q.Set("perPage", strconv.Itoa(p.perPage))
		return &linkWire{uri + "?" + q.Encode()}
	}
	w := navigationWire{FirstPage: link(1), LastPage: link(last)}
	if p.page > 1 {
		w.PreviousPage = link(min(p.page-1, last))
	}
	if p.page < last {
		w.NextPage = link(p.page + 1)
	}
	return w
}

// cut takes the page out of all records; beyond the end it is empty.
func (p paging) cut(records []json.RawMessage) []json.RawMessage {
	start := min((p.page-1)*p.perPage, len(records))
	return records[start:min(start+p.perPage, len(records))]
}

// answer is a page with navigation.
func (p paging) answer(records []json.RawMessage, uri string, query url.Values) answer {
	n := len(records)
	body := p.body(`"uri":`+string(encode(uri))+`,`, records)
	body = append(append(body, `,"navigation":`...), encode(p.navigate(n, uri, query))...)
	return answer{status: http.StatusOK, kind: jsonType, body: append(body, '}')}
}

// bare is a page without navigation, as the directory sends it.
func (p paging) bare(records []json.RawMessage) answer {
	return answer{status: http.StatusOK, kind: jsonType, body: append(p.body("", records), '}')}
}

// body is a page but for its last brace, with room for more: pages are long, and copied once only.
func (p paging) body(first string, records []json.RawMessage) []byte {
	here := p.cut(records)
	body := append(make([]byte, 0, size(here)+2048), `{`+first+`"records":`...)
	body = appendArray(body, here)
	return append(append(body, `,"paging":`...), encode(p.describe(len(records)))...)
}
