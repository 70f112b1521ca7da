package config

import "strings"

// SFTP is a file on an SFTP server. The key is had from Credentials.
type SFTP struct {
	Host           string `mapstructure:"host"`
	Port           int    `mapstructure:"port"` // not set: 22
	User           string `mapstructure:"user"`
	Key            Secret `mapstructure:"key"` // a private key, without a passphrase
	KeyFile        string `mapstructure:"key_file"`
	KnownHostsFile string `mapstructure:"known_hosts_file"`
	Path           string `mapstructure:"path"` // {date} as in file
}

func (s *SFTP) validate(r *report, key string) {
	mustBeSet(r, key+".host", s.Host)
	if strings.ContainsAny(s.Host, "/@ ") || strings.Contains(s.Host, ":") && !strings.Contains(s.Host, "::") {
		r.add(key+".host", "must be the name or address of a server, without port and user")
	}
	if s.Port < 1 || s.Port > 65535 {
		r.add(key+".port", "must be from 1 to 65535")
	}
	mustBeSet(r, key+".user", s.User)
	mustBeSet(r, key+".known_hosts_file", s.KnownHostsFile)
	mustBeSet(r, key+".path", s.Path)
	if strings.HasSuffix(s.Path, "/") {
		r.add(key+".path", "must be the path of a file")
	}
	validateMarks(r, key+".path", s.Path)
}
