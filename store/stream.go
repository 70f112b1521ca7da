package store

import (
	"context"
	"database/sql"
	"iter"
)

// reader is what both a pool and a transaction can do.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// stream yields the rows of a query one by one. An error is yielded once, as
// the last element.
func stream[T any](ctx context.Context, db reader, scan func(*T, *sql.Rows) error, query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
		for rows.Next() {
			var row T
			if err := scan(&row, rows); err != nil {
				yield(none, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, err)
		}
	}
}

// collect gathers a stream that is known to be short.
func collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	all := []T{}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// told gives the errors of a stream that leaves the package their explanation.
func told[T any](rows iter.Seq2[T, error], path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			if !yield(row, explain("read", path, err)) {
				return
			}
		}
	}
}

// each does something with every row of a stream.
func each[T any](rows iter.Seq2[T, error], do func(T)) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		do(row)
	}
	return nil
}
