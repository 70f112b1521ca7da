package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
)

// machineID is where Linux keeps an id of each machine, made when it was installed.
const machineID = "/etc/machine-id"

// HostName is the name of this host, to whom the roster may belong: `host`, else one made
// of the machine's id; "" where there is neither, as in a container.
func (s *Settings) HostName() string {
	if s.Host != "" {
		return s.Host
	}
	id, err := ReadFile(machineID, maxFile)
	if err != nil {
		return ""
	}
	return nameOfMachine(string(id))
}

// nameOfMachine makes a name of the content of /etc/machine-id, which is to stay on its
// machine: the roster is copied to other places.
func nameOfMachine(id string) string {
	id = strings.TrimSpace(id)
	if id == "" || id == "uninitialized" { // systemd's word, during the first boot
		return ""
	}
	mac := hmac.New(sha256.New, []byte(id))
	_, _ = mac.Write([]byte("ringroster"))
	return fmt.Sprintf("machine-%x", mac.Sum(nil)[:8])
}
