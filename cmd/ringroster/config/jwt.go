package config

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// JWTExpiry reads from a JWT credential when it ends. It verifies nothing, since
// only RingCentral can. RingCentral documents no claims (ringcentral/API.md
// 1.2): a credential that cannot be read, or never ends, gives false and is good.
func JWTExpiry(credential Secret) (time.Time, bool) {
	var claims jwt.RegisteredClaims
	_, _, err := jwt.NewParser().ParseUnverified(string(credential), &claims)
	if err != nil || claims.ExpiresAt == nil {
		return time.Time{}, false
	}
	return claims.ExpiresAt.UTC(), true
}
