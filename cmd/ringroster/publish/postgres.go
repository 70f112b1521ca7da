package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringroster/cmd/ringroster/config"
)

// database is the PostgreSQL database that a mirror is in.
type database struct{ settings *config.Publish }

func (d *database) schema() string { return d.settings.To.Postgres.Schema }

// session does something while connected. When ctx ends, so does the connection.
func (d *database) session(ctx context.Context, do func(*pgx.Conn) error) error {
	settings, err := d.address()
	if err != nil {
		return err
	}
	connecting, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, settings)
	if err == nil {
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		err = do(conn)
	}
	return d.fault(ctx, settings, err)
}

// transaction does something in one transaction, which is committed when do says so.
func (d *database) transaction(ctx context.Context, level pgx.TxIsoLevel, do func(pgx.Tx) (commit bool, err error)) error {
	return d.session(ctx, func(conn *pgx.Conn) error {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: level})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after Commit it does nothing
		commit, err := do(tx)
		if err != nil || !commit {
			return err
		}
		return tx.Commit(ctx)
	})
}

// address reads where the database is. Beyond this machine the connection is encrypted, and
// the server has to show a certificate for its name.
func (d *database) address() (*pgx.ConnConfig, error) {
	secrets, err := d.settings.Credentials()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(string(secrets.URL))
	if err != nil {
		return nil, errors.New("the address of the database is none") // what it holds is not said
	}
	query := u.Query()
	if _, set := query["sslmode"]; !set && !config.Loopback(u.Hostname()) && !strings.HasPrefix(query.Get("host"), "/") {
		query.Set("sslmode", "verify-full")
		u.RawQuery = query.Encode()
	}
	settings, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("the address of the database cannot be used: look at its port, its sslmode, and the files that it names")
	}
	settings.RuntimeParams["application_name"] = "ringroster"
	hosts := []*pgconn.FallbackConfig{{Host: settings.Host, TLSConfig: settings.TLSConfig}}
	for _, h := range append(hosts, settings.Fallbacks...) {
		if !isLocal(h.Host) && !isVerified(h.TLSConfig) {
			return nil, fmt.Errorf("%s: the address asks for less than a server that shows who it is: leave sslmode out, or write sslmode=verify-full, with sslrootcert=FILE where the certificate is of an authority of your own", h.Host)
		}
	}
	return settings, nil
}

func isLocal(host string) bool { return strings.HasPrefix(host, "/") || config.Loopback(host) }

func isVerified(c *tls.Config) bool { return c != nil && !c.InsecureSkipVerify && c.ServerName != "" }

// fault says where something failed, and what to do where that is known.
func (d *database) fault(ctx context.Context, settings *pgx.ConnConfig, err error) error {
	if err == nil || errors.Is(err, errWithheld) {
		return err
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	remedy := ""
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		remedy = remedies[e.Code]
	}
	err = fmt.Errorf("PostgreSQL at %s: %w%s", settings.Host, err, strings.ReplaceAll(remedy, "SCHEMA", d.schema()))
	if password := settings.Password; password != "" && strings.Contains(err.Error(), password) {
		return errors.New(strings.ReplaceAll(err.Error(), password, "…"))
	}
	return err
}

// remedies are for errors of PostgreSQL's, by their code.
var remedies = map[string]string{
	"42501": "; let the user own the schema SCHEMA, or create it: GRANT CREATE ON DATABASE … TO …, and GRANT TEMPORARY likewise",
	"42P07": "; schema SCHEMA has something of another's: give the mirror a schema of its own, in to.postgres.schema",
	"53100": "; the disk there is full",
	"55P03": "; something there holds a lock on the tables: another statement, or a backup",
}
