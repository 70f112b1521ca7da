// Package sqlrows reads rows one by one, and has values as the rows of a roster have
// them: times, lists and attributions. It also writes the SQL of lists of columns. It
// opens nothing and knows no table.
package sqlrows

import (
	"context"
	"database/sql"
	"iter"
)

// Reader is what both a pool and a transaction can do.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Stream yields the rows of a query one by one. An error is yielded once, as
// the last element.
func Stream[T any](ctx context.Context, db Reader, scan func(*T, *sql.Rows) error, query string, args ...any) iter.Seq2[T, error] {
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

// Collect gathers a stream that is known to be short.
func Collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	all := []T{}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// Each does something with every row of a stream.
func Each[T any](rows iter.Seq2[T, error], do func(T)) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		do(row)
	}
	return nil
}

// Changed is how many rows a statement changed.
func Changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
