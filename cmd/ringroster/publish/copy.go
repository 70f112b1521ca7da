package publish

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"iter"
	stdsync "sync"

	"github.com/jackc/pgx/v5"

	"ringroster/store/deliver"
)

// copyRows copies rows into a table, as text.
func copyRows(ctx context.Context, tx pgx.Tx, table string, t *deliver.MirrorTable, rows iter.Seq2[[]sql.RawBytes, error]) (int64, error) {
	r := &copyText{table: t}
	var stop func()
	r.next, stop = iter.Pull2(rows)
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, r, `COPY `+table+` (`+columnNames(t, "")+`) FROM STDIN`)
	if cause := r.end(stop); cause != nil { // of what the copying says
		err = cause
	}
	return tag.RowsAffected(), err
}

// copyText is rows as COPY takes them.
type copyText struct {
	table *deliver.MirrorTable
	next  func() ([]sql.RawBytes, error, bool)
	text  bytes.Buffer
	err   error

	mu    stdsync.Mutex // CopyFrom reads in a goroutine, which may outlive it where the connection breaks
	ended bool
}

// end ends the rows, and gives the error of reading them.
func (r *copyText) end(stop func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	stop()
	return r.err
}

func (r *copyText) Read(into []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return 0, io.ErrClosedPipe
	}
	for r.text.Len() < len(into) {
		row, err, more := r.next()
		if err != nil {
			r.err = err
			return 0, err
		}
		if !more {
			break
		}
		for i, cell := range row {
			if i > 0 {
				r.text.WriteByte('\t')
			}
			r.cell(cell, r.table.Columns[i].Type == "jsonb")
		}
		r.text.WriteByte('\n')
	}
	if r.text.Len() == 0 {
		return 0, io.EOF
	}
	return r.text.Read(into)
}

// special are the bytes that COPY takes for something else.
const special = "\x00\\\n\r\t"

// unheld is what stands for a character that PostgreSQL cannot hold: NUL.
const unheld = "\uFFFD"

func (r *copyText) cell(text []byte, isJSON bool) {
	if text == nil {
		r.text.WriteString(`\N`)
		return
	}
	if isJSON && bytes.Contains(text, []byte(`\u0000`)) {
		text = withoutNUL(text)
	}
	if !bytes.ContainsAny(text, special) {
		r.text.Write(text)
		return
	}
	for _, c := range text {
		switch c {
		case 0:
			r.text.WriteString(unheld)
		case '\\':
			r.text.WriteString(`\\`)
		case '\n':
			r.text.WriteString(`\n`)
		case '\r':
			r.text.WriteString(`\r`)
		case '\t':
			r.text.WriteString(`\t`)
		default:
			r.text.WriteByte(c)
		}
	}
}

// withoutNUL replaces the escapes of NUL in JSON, and leaves a backslash alone that is one.
func withoutNUL(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		if bytes.HasPrefix(text[i:], []byte(`\u0000`)) {
			out, i = append(out, unheld...), i+5
			continue
		}
		out, i = append(out, text[i], text[i+1]), i+1
	}
	return out
}
