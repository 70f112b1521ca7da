package sqlrows

import (
	"strings"

	"ringroster/sync"
)

// Placeholders are so many question marks, between commas.
func Placeholders(n int) string { return strings.TrimPrefix(strings.Repeat(`, ?`, n), `, `) }

// Anys are texts as arguments.
func Anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

// List joins what each of some columns comes to with commas.
func List(columns []string, each func(string) string) string {
	texts := make([]string, len(columns))
	for i, column := range columns {
		texts[i] = each(column)
	}
	return strings.Join(texts, ", ")
}

// Itself is a column by its name, for List.
func Itself(column string) string { return column }

// Assigned is a column in an UPDATE that is given its value.
func Assigned(column string) string { return column + ` = ?` }

// Value is where an INSERT is given the value of a column.
func Value(string) string { return `?` }

// Pair is a column's name and value, for json_object.
func Pair(row string) func(string) string {
	return func(column string) string { return `'` + column + `', ` + row + column }
}

// ColumnNames are the columns of synced fields.
func ColumnNames(fields ...sync.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.String()
	}
	return names
}

// FieldsWithout are all synced fields but some.
func FieldsWithout(fields ...sync.Field) (others []sync.Field) {
	without := sync.FieldSet(0).With(fields...)
	for _, f := range sync.Fields() {
		if !without.Has(f) {
			others = append(others, f)
		}
	}
	return others
}

// FieldColumns are the columns of the synced fields.
var FieldColumns = ColumnNames(sync.Fields()...)
