package notify

import (
	"context"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// webhookEnd posts notices to an address.
type webhookEnd struct {
	settings *config.Notify
	style    Style
}

func (w *webhookEnd) send(ctx context.Context, n *sync.Notice, _ string) (answer string, err error) {
	to, err := w.webhook()
	if err != nil {
		return "", err
	}
	body, err := w.body(n)
	if err != nil {
		return "", err
	}
	return to.Post(ctx, &Call{ID: n.ID, Type: "application/json", Body: body})
}

// webhook reads the secrets of the address.
func (w *webhookEnd) webhook() (*Webhook, error) {
	secrets, err := w.settings.Credentials()
	if err != nil {
		return nil, err
	}
	return &Webhook{Address: string(secrets.URL), Key: secrets.Key, CAFile: w.settings.Webhook.CAFile, Version: w.style.Version}, nil
}

// body is a notice in the destination's format.
func (w *webhookEnd) body(n *sync.Notice) ([]byte, error) {
	if w.settings.Webhook.Format == config.Slack {
		return slackBody(Write(n, w.style))
	}
	return jsonBody(n, w.style)
}

func (w *webhookEnd) check(ctx context.Context) (found string, err error) {
	to, err := w.webhook()
	if err != nil {
		return "", err
	}
	return to.Check(ctx)
}
