package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/render"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// savedPlan is the file of `plan --out`: what `plan --output json` prints, and a
// digest of it, so that an edited file is told from a reviewed one.
type savedPlan struct {
	Version  int             `json:"version"`
	Digest   string          `json:"digest"`
	Accounts json.RawMessage `json:"accounts"`
}

// savePlan writes a plan to be applied later. A file that is there is replaced
// only once the new one is whole.
func savePlan(path string, results []reconcile.Result) error {
	for i := range results {
		if err := results[i].Err; err != nil {
			return fmt.Errorf("no plan was saved: account %s failed", results[i].Account)
		}
	}
	if err := mayReplacePlan(path); err != nil {
		return err
	}
	plans := make([]*sync.Plan, len(results))
	for i := range results {
		plans[i] = results[i].Plan.Unattributed()
	}
	accounts, err := render.ExactJSON(plans)
	if err != nil {
		return err
	}
	text, err := render.ExactJSON(savedPlan{Version: 1, Digest: digest([]byte(accounts)), Accounts: json.RawMessage(accounts)})
	if err != nil {
		return err
	}
	err = replaceFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text+"\n")
		return err
	})
	if err != nil {
		return fmt.Errorf("save the plan as %s: %w", path, err)
	}
	return nil
}

// mayReplacePlan refuses a file that is there and is no saved plan.
func mayReplacePlan(path string) error {
	text, err := config.ReadText(path, mostInput)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var saved savedPlan
	if err != nil || (json.Unmarshal(text, &saved) != nil || saved.Digest == "") {
		return usagef("%s is there and is no saved plan: give another name, or remove it first", path)
	}
	return nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// loadPlan reads a saved plan: the changes of each account, in the order saved.
func loadPlan(path string) (accounts []string, reviewed map[string]plan.Reviewed, err error) {
	text, err := readInput(path, "a plan that `ringroster plan --out FILE` saved")
	if err != nil {
		return nil, nil, err
	}
	var saved savedPlan
	if err := json.Unmarshal(text, &saved); err != nil || saved.Version != 1 {
		return nil, nil, usagef("%s is no plan that `ringroster plan --out` saved", path)
	}
	if digest(bytes.TrimSpace(saved.Accounts)) != saved.Digest {
		return nil, nil, usagef("%s was changed after it was saved: plan again, and review that", path)
	}
	var plans []struct {
		Account string        `json:"account"`
		Changes plan.Reviewed `json:"changes"`
	}
	if err := json.Unmarshal(saved.Accounts, &plans); err != nil {
		return nil, nil, usagef("%s is no plan that `ringroster plan --out` saved: %w", path, err)
	}
	reviewed = map[string]plan.Reviewed{}
	for _, p := range plans {
		if _, twice := reviewed[p.Account]; twice || p.Account == "" || p.Changes == nil {
			plans = nil // nothing of it is to be believed: no list would mean everything
			break
		}
		accounts = append(accounts, p.Account)
		reviewed[p.Account] = p.Changes
	}
	if len(plans) == 0 {
		return nil, nil, usagef("%s is no plan that `ringroster plan --out` saved", path)
	}
	return accounts, reviewed, nil
}
