package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"ringroster/sync"
)

// OnDriver runs fn with the driver's own connection. Neither a panic nor an error of
// fn passes through Raw, which may close the connection for it, and for that would
// wait until the transaction on it ends: for ever.
func OnDriver(conn *sql.Conn, fn func(driver.ConnPrepareContext) error) error {
	var err error
	rawErr := conn.Raw(func(driverConn any) error {
		err = sync.Contain(func() error { return fn(driverConn.(driver.ConnPrepareContext)) })
		return nil
	})
	return errors.Join(err, rawErr)
}

// Statement is a prepared statement of the driver's own, for many rows. A hundred thousand rows
// make half of the garbage that they make through database/sql, which copies the
// arguments of each.
type Statement struct {
	stmt driver.Stmt
	args []driver.NamedValue // reused
}

// Prepare makes a statement, which has to be closed.
func Prepare(ctx context.Context, conn driver.ConnPrepareContext, text string) (*Statement, error) {
	stmt, err := conn.PrepareContext(ctx, text)
	return &Statement{stmt: stmt}, err
}

// set converts arguments as database/sql does.
func (s *Statement) set(args []any) error {
	s.args = s.args[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return err
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return nil
}

// Exec runs it with arguments that it converts as database/sql does.
func (s *Statement) Exec(ctx context.Context, args []any) (driver.Result, error) {
	if err := s.set(args); err != nil {
		return nil, err
	}
	return s.stmt.(driver.StmtExecContext).ExecContext(ctx, s.args)
}

// ExecTexts is Exec for a number and texts. What the call before had, too, as names of
// places and settings, is not made anew.
func (s *Statement) ExecTexts(ctx context.Context, number int64, texts []string) error {
	if s.args == nil {
		s.args = make([]driver.NamedValue, 1+len(texts))
		for i := range s.args {
			s.args[i].Ordinal = i + 1
		}
	}
	s.args[0].Value = number
	for i, text := range texts {
		if before, ok := s.args[i+1].Value.(string); !ok || before != text {
			s.args[i+1].Value = text
		}
	}
	_, err := s.stmt.(driver.StmtExecContext).ExecContext(ctx, s.args)
	return err
}

// Number gives the one that a query answers.
func (s *Statement) Number(ctx context.Context, args []any) (int64, error) {
	if err := s.set(args); err != nil {
		return 0, err
	}
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, s.args)
	if err != nil {
		return 0, err
	}
	answer := make([]driver.Value, 1)
	err = errors.Join(rows.Next(answer), rows.Close())
	number, _ := answer[0].(int64)
	return number, err
}

// CloseAll closes statements.
func CloseAll(statements []*Statement) error {
	var errs []error
	for _, s := range statements {
		errs = append(errs, s.stmt.Close())
	}
	return errors.Join(errs...)
}
