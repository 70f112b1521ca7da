package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the engine of the shell
)

// ownShell says that there is no sqlite3 on this machine but sqliteShell.
var ownShell bool

// sqliteShell is what the scripts need of the sqlite3 shell, so that they run where it
// is not installed: a database, and statements or .read FILE. It prints rows as that
// shell does, with | between the columns.
func sqliteShell() {
	if err := runStatements(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func runStatements(file, statements string, out io.Writer) error {
	if script, ok := strings.CutPrefix(statements, ".read "); ok {
		text, err := os.ReadFile(script)
		if err != nil {
			return err
		}
		statements = string(text)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(context.Background(), statements)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = cell.String
		}
		if _, err := fmt.Fprintln(out, strings.Join(line, "|")); err != nil {
			return err
		}
	}
	return rows.Err()
}
