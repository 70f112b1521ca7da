package publish

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/render"
)

// layout is how rows are written.
type layout struct {
	format    string
	delimiter rune
	columns   []column
}

// column takes its value from a field of a row.
type column struct {
	name  string
	field int
	join  string
}

// layoutOf finds the columns of the settings in the fields of a row's type, which the JSON
// names as the view does. The settings were checked to have no others.
func layoutOf(p *config.Publish, row reflect.Type) *layout {
	fields := map[string]int{}
	for i := range row.NumField() {
		name, _, _ := strings.Cut(row.Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	l := &layout{format: p.Format, delimiter: p.Comma()}
	for _, c := range p.Columns {
		l.columns = append(l.columns, column{c.Name, fields[c.From], c.Join})
	}
	return l
}

// writeRows writes rows as they arrive, and tallies them. The first field of a row is its
// number.
func writeRows[T any](l *layout, rows iter.Seq2[T, error], w io.Writer, t *tally) error {
	b := bufio.NewWriterSize(w, 64<<10)
	write, flush := l.writer(b)
	texts := make([]string, len(l.columns))
	for row, err := range rows {
		if err != nil {
			return err
		}
		v := reflect.ValueOf(&row).Elem()
		for i, c := range l.columns {
			if texts[i], err = c.text(v); err != nil {
				return err
			}
		}
		t.row(v.Field(0).Int(), sum(texts))
		if err := write(v, texts); err != nil {
			return err
		}
	}
	t.end()
	if err := flush(); err != nil {
		return err
	}
	return b.Flush()
}

// writer writes rows in the format.
func (l *layout) writer(b *bufio.Writer) (write func(v reflect.Value, texts []string) error, flush func() error) {
	if l.format == config.NDJSON {
		return func(v reflect.Value, texts []string) error { return l.writeObject(b, v, texts) }, func() error { return nil }
	}
	names := make([]string, len(l.columns))
	for i, c := range l.columns {
		names[i] = c.name
	}
	csv := render.NewCSV(b, l.delimiter, names)
	return func(_ reflect.Value, texts []string) error { return csv.Row(texts) }, csv.Flush
}

// writeObject writes a row as one JSON object on a line: numbers, lists and what is missing
// as what they are.
func (l *layout) writeObject(b *bufio.Writer, v reflect.Value, texts []string) error {
	separator := "{"
	for i, c := range l.columns {
		value := v.Field(c.field).Interface()
		if c.join != "" {
			value = texts[i]
		}
		name, err := render.JSON(c.name)
		if err != nil {
			return err
		}
		text, err := render.JSON(value)
		if err != nil {
			return err
		}
		_, _ = b.WriteString(separator + name + ":" + text) // an error stays with the writer
		separator = ","
	}
	_, err := b.WriteString("}\n")
	return err
}

// text is the value of a column as text.
func (c *column) text(row reflect.Value) (string, error) {
	v := row.Field(c.field)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if c.join == "" {
			return v.String(), nil
		}
		var items []string
		if err := json.Unmarshal([]byte(v.String()), &items); err != nil {
			return "", fmt.Errorf("%s of row %d: %w", c.name, row.Field(0).Int(), err)
		}
		return strings.Join(items, c.join), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	default: // JSON
		return string(v.Bytes()), nil
	}
}
