package config

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestJWTExpiry(t *testing.T) {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	credential := func(claims string) Secret {
		return Secret(part(`{"alg":"ES256","kid":"k"}`) + "." + part(claims) + "." + part("signature"))
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name       string
		credential Secret
		want       time.Time
	}{
		{"with an end", credential(`{"exp":1893553445,"sub":"7"}`), at},
		{"already over", credential(`{"exp":1}`), time.Unix(1, 0).UTC()},
		{"without an end", credential(`{"sub":"7"}`), time.Time{}},
		{"an end that is no number", credential(`{"exp":"soon"}`), time.Time{}},
		{"not JSON inside", credential(`?`), time.Time{}},
		{"opaque", "U0pDMTFQMDFQQVMwMHxBQUJ", time.Time{}},
		{"three opaque parts", "a.b.c", time.Time{}},
		{"empty", "", time.Time{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := JWTExpiry(test.credential)
			if !got.Equal(test.want) || ok == test.want.IsZero() {
				t.Errorf("got %v %v", got, ok)
			}
		})
	}
}
