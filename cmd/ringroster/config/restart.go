package config

import "fmt"

// KeepForRestart puts back into s what a running service cannot change, as old
// has it, and returns the keys that differ and wait for a restart: the database,
// host, http, log.format and the credentials of accounts that were there before. An
// app's id and secret belong together.
func (s *Settings) KeepForRestart(old *Settings) []string {
	var keys []string
	keys = keep(keys, "database.path", &s.Database.Path, old.Database.Path)
	keys = keep(keys, "database.mode", &s.Database.Mode, old.Database.Mode)
	keys = keep(keys, "host", &s.Host, old.Host)
	keys = keep(keys, "http.listen", &s.HTTP.Listen, old.HTTP.Listen)
	keys = keep(keys, "log.format", &s.Log.Format, old.Log.Format)
	for i := range s.Accounts {
		a := &s.Accounts[i]
		for j := range old.Accounts {
			if before := &old.Accounts[j]; before.Name == a.Name {
				keys = a.keepCredentials(keys, fmt.Sprintf("accounts[%d].", i), before)
			}
		}
	}
	return keys
}

func (a *Account) keepCredentials(keys []string, at string, old *Account) []string {
	keys = keep(keys, at+"client_id", &a.ClientID, old.ClientID)
	keys = keep(keys, at+"client_secret", &a.ClientSecret, old.ClientSecret)
	keys = keep(keys, at+"client_secret_file", &a.ClientSecretFile, old.ClientSecretFile)
	keys = keep(keys, at+"jwt", &a.JWT, old.JWT)
	return keep(keys, at+"jwt_file", &a.JWTFile, old.JWTFile)
}

func keep[T comparable](keys []string, key string, now *T, old T) []string {
	if *now == old {
		return keys
	}
	*now = old
	return append(keys, key)
}
