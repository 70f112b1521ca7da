package wire

import (
	"fmt"
	"strings"

	"ringroster/ringcentral/simulator"
)

// SimulatorSettings are settings under which ringroster finds the simulator.
func SimulatorSettings(w *simulator.World, address string) string {
	var text strings.Builder
	text.WriteString("database: {path: roster.db}\naccounts:\n")
	for i, account := range w.Accounts {
		name := "demo"
		if i > 0 {
			name = fmt.Sprintf("demo%d", i+1)
		}
		fmt.Fprintf(&text, `  - name: %s
    base_url: http://%s/
    ringcx_url: http://%s/
    main_account_id: %q
    client_id: %q
    client_secret: %q
    jwt: %q
    default_activity_id: "Site 1 - Dallas, TX"
`, name, address, address, account.MainAccountID, account.ClientID, account.ClientSecret, account.JWT)
	}
	return text.String()
}
