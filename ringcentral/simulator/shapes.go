package simulator

import (
	"cmp"
	"net/http"
	"strconv"
)

// shapes are the error bodies a status fault may have (ringcentral/API.md 1.6, 2.4, 4, 5.3, 5.4).
var shapes = map[string]func(f *Fault, r *request) answer{
	"ringex":       func(f *Fault, _ *request) answer { return exError(f.Status, f.code(), f.text()) },
	"ringex_plain": func(f *Fault, _ *request) answer { return plainError(f.Status, f.code(), f.text()) },
	"gateway": func(f *Fault, _ *request) answer {
		return gatewayError(f.Status, cmp.Or(f.Code, "AGW-"+strconv.Itoa(f.Status)), f.text())
	},
	"oauth":      func(f *Fault, _ *request) answer { return oauthError(f.Status, "invalid_grant", f.code(), f.text()) },
	"oauth_bare": func(f *Fault, _ *request) answer { return oauthError(f.Status, "invalid_grant", "", f.text()) },
	"adg":        func(f *Fault, _ *request) answer { return plainError(f.Status, cmp.Or(f.Code, "ADG-001"), f.text()) },
	"ringcx":     func(f *Fault, r *request) answer { return cxError(r, f.Status) },
	"text":       func(f *Fault, _ *request) answer { return textAnswer(f.Status, f.text()) },
	"html": func(f *Fault, _ *request) answer {
		return answer{status: f.Status, kind: htmlType, body: []byte(proxyPage)}
	},
	"empty": func(f *Fault, _ *request) answer { return answer{status: f.Status} },
}

// proxyPage is what stands between us and RingCentral on a bad day.
const proxyPage = `<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>The proxy could not reach the server</h1></body></html>`

// usualCode is the RingEX code that goes with a status.
func (f *Fault) code() string {
	usual := map[int]string{
		http.StatusBadRequest: "CMN-101", http.StatusUnauthorized: "OAU-213", http.StatusForbidden: "CMN-401",
		http.StatusNotFound: "CMN-102", http.StatusTooManyRequests: "CMN-301", http.StatusServiceUnavailable: "CMN-201",
	}
	return cmp.Or(f.Code, usual[f.Status], "CMN-203")
}

func (f *Fault) text() string {
	usual := map[string]string{
		"CMN-101": "Parameter [page] value is invalid.", "OAU-213": "Token not found", "CMN-301": "Request rate exceeded",
		"CMN-102": "Resource for parameter [accountId] is not found", "CMN-201": "Service Temporary Unavailable",
		"CMN-401": "In order to call this API endpoint, application needs to have [ReadAccounts] permission",
	}
	return cmp.Or(f.Message, usual[f.code()], "Internal error")
}

// statusFault answers with an error; without a shape, as the side asked would.
func statusFault(f *Fault, r *request) answer {
	shape := f.Shape
	if shape == "" {
		shape = usualShape(f, r)
	}
	a := shapes[shape](f, r).trace(r)
	if f.RetryAfter > 0 {
		a = a.with("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return a
}

func usualShape(f *Fault, r *request) string {
	switch {
	case r.ofRingCX() && (f.Status == http.StatusUnauthorized || f.Status == http.StatusTooManyRequests):
		return "text"
	case r.ofRingCX():
		return "ringcx"
	case r.side == auth:
		return "oauth"
	case r.op == OpDirectory && f.Status >= http.StatusInternalServerError:
		return "adg"
	default:
		return "ringex"
	}
}

func redirectFault(f *Fault, r *request) answer {
	to := cmp.Or(f.Location, "https://elsewhere.example.com"+r.URL.Path)
	return answer{status: cmp.Or(f.Status, http.StatusFound)}.with("Location", to)
}

func okBody(kind, body string) func(*Fault, *request) answer {
	return func(_ *Fault, r *request) answer {
		return answer{status: http.StatusOK, kind: kind, body: []byte(body)}.trace(r)
	}
}
