package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// controlIndex is what GET / of Control answers.
const controlIndex = `What can be asked of this simulator, with curl for instance:

GET, PUT           /world      the whole company; PUT takes JSON or YAML
GET, PATCH         /behaviour  limits, lifetimes, latency, variations, faults;
                               what is not given stays
GET, POST, DELETE  /faults     list them, add one, remove all
GET, DELETE        /counters   requests by operation; DELETE sets them to 0
POST               /people/join, leave, rename, email, move, supervise,
                   disable, suspend, retype

The body of a POST to /people is JSON: email (of whom it is about), first_name,
last_name, new_email, sub_account, group, supervisor, reason, comment. by is the
e-mail of who does it, as the audit logs will say; account, a main account id,
chooses among several companies.

    curl -d '{"email": "ann@example.com"}' http://ADDRESS/people/leave
`

// Control is the handler by which an operator steers a running simulator, for a loopback
// address of its own. Its GET / says what it takes. An error is 400 with {"error": …}.
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, controlIndex) })
	for pattern, act := range map[string]func([]byte) (any, error){
		"GET /world":       func([]byte) (any, error) { return s.show(func(w *World) any { return w }) },
		"PUT /world":       s.putWorld,
		"GET /behaviour":   func([]byte) (any, error) { return s.show(func(w *World) any { return w.Behaviour }) },
		"PATCH /behaviour": s.patchBehaviour,
		"GET /faults":      func([]byte) (any, error) { return s.show(func(w *World) any { return w.Faults }) },
		"POST /faults":     s.addFault,
		"DELETE /faults":   s.clearFaults,
		"GET /counters":    s.counters,
		"DELETE /counters": func([]byte) (any, error) { s.ResetCounters(); return s.counters(nil) },
	} {
		mux.HandleFunc(pattern, control(func(_ *http.Request, body []byte) (any, error) { return act(body) }))
	}
	mux.HandleFunc("POST /people/{act}", control(func(r *http.Request, body []byte) (any, error) {
		return s.editPeople(r.PathValue("act"), body)
	}))
	return mux
}

// control reads a body, acts, and answers in JSON.
func control(act func(*http.Request, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<30))
		var result any
		if err == nil {
			result, err = act(r, body)
		}
		a := answer{}
		if err != nil {
			a = jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()})
		} else {
			a = jsonAnswer(http.StatusOK, result)
		}
		a.body = append(a.body, '\n')
		a.send(w, r)
	}
}

// show encodes part of the world while it stands still.
func (s *Server) show(part func(*World) any) (any, error) {
	s.worldMu.RLock()
	defer s.worldMu.RUnlock()
	return encode(part(s.world)), nil
}

func (s *Server) putWorld(body []byte) (any, error) {
	w, err := Parse(body)
	if err != nil {
		return nil, err
	}
	s.Change(func(old *World) { *old = *w })
	return map[string]int{"accounts": len(w.Accounts)}, nil
}

func (s *Server) patchBehaviour(body []byte) (result any, err error) {
	s.Change(func(w *World) {
		next := w.Behaviour
		if w.Limits != nil {
			next.Limits = new(*w.Limits)
		}
		next.Faults = nil // decoding into the old ones would change them
		if err = strict(body, &next); err != nil {
			return
		}
		var given map[string]json.RawMessage
		if _ = json.Unmarshal(body, &given); given["faults"] == nil {
			next.Faults = w.Faults
		}
		if err = next.validate(); err == nil {
			w.Behaviour = next
		}
		result = encode(w.Behaviour)
	})
	return result, err
}

func (s *Server) addFault(body []byte) (any, error) {
	f := &Fault{}
	if err := strict(body, f); err != nil {
		return nil, err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	s.Change(func(w *World) { w.Faults = append(w.Faults, f) })
	return s.show(func(w *World) any { return w.Faults })
}

func (s *Server) clearFaults([]byte) (any, error) {
	s.Change(func(w *World) { w.Faults = nil })
	return s.show(func(w *World) any { return w.Faults })
}

type countersWire struct {
	Calls           map[Operation]int `json:"calls"`
	TooManyRequests int               `json:"too_many_requests"`
	FaultHits       map[string]int    `json:"fault_hits"`
}

func (s *Server) counters([]byte) (any, error) {
	return countersWire{s.Calls(), s.TooManyRequests(), s.FaultHits()}, nil
}

// peopleEdit is the body of every /people request.
type peopleEdit struct {
	Account string `json:"account"` // main account id; empty: the first
	Newcomer
	NewEmail   string `json:"new_email"`
	Supervisor string `json:"supervisor"` // an email; empty: nobody
	Reason     string `json:"reason"`     // of disable
	Comment    string `json:"comment"`    // likewise
	By         string `json:"by"`         // an email; empty: the world's editor
}

func (s *Server) editPeople(act string, body []byte) (any, error) {
	var e peopleEdit
	if err := strict(body, &e); err != nil {
		return nil, err
	}
	records, err := 1, error(nil)
	s.Change(func(w *World) {
		i := slices.IndexFunc(w.Accounts, func(a *Account) bool { return e.Account == "" || a.MainAccountID == e.Account })
		if i < 0 {
			err = fmt.Errorf("no account has the main account id %q", e.Account)
			return
		}
		a := w.Accounts[i]
		editor := a.Editor
		a.Editor = cmp.Or(e.By, editor)
		records, err = a.apply(act, e)
		a.Editor = editor
	})
	return map[string]int{"records": records}, err
}

func (a *Account) apply(act string, e peopleEdit) (records int, err error) {
	switch act {
	case "join":
		return 1, a.Join(e.Newcomer)
	case "move":
		return 1, a.Move(e.Email, e.SubAccount, e.Group)
	case "leave":
		records = a.Leave(e.Email)
	case "rename":
		records = a.Rename(e.Email, e.FirstName, e.LastName)
	case "email":
		records = a.ChangeEmail(e.Email, e.NewEmail)
	case "supervise":
		records = a.Supervise(e.Email, e.Supervisor)
	case "disable":
		records = a.Disable(e.Email, e.Reason, e.Comment)
	case "suspend":
		records = a.Suspend(e.Email)
	case "retype":
		records = a.Retype(e.Email, e.AgentType)
	default:
		return 0, fmt.Errorf("%q is not one of join, leave, rename, email, move, supervise, disable, suspend, retype", act)
	}
	if records == 0 {
		err = fmt.Errorf("nobody has the email %q", e.Email)
	}
	return records, err
}

// strict decodes one JSON value and nothing else.
func strict(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("reading the body: more than one JSON value")
	}
	return nil
}
