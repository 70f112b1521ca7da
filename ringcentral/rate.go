package ringcentral

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rate is what X-Rate-Limit-* tell, as far as they make sense.
type rate struct {
	group     string
	limit     int           // 0: not told
	remaining int           // -1: not told
	window    time.Duration // 0: not told
}

func readRate(h http.Header) rate {
	told := rate{remaining: -1}
	if name := strings.ToLower(strings.TrimSpace(h.Get("X-Rate-Limit-Group"))); len(name) <= 40 && !ringCXGroup(name) {
		told.group = name
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Limit"); ok && n <= mostLimit {
		told.limit = n
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Remaining"); ok {
		told.remaining = n
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Window"); ok && n <= 3600 {
		told.window = time.Duration(n) * time.Second
	}
	return told
}

func headerNumber(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	return n, err == nil && n >= 0
}

// retryAfter is how long a refusal asks to wait: seconds or a date (RFC 9110);
// otherwise, when it names neither in a way that makes sense.
func retryAfter(h http.Header, now time.Time, otherwise time.Duration) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(min(n, 10*365*24*3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return otherwise
}
