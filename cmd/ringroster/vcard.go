package main

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"ringroster/store/contactrows"
	"ringroster/sync"
)

// writeVCards writes contacts as vCard 3.0 (RFC 2426), the version that phones,
// mail programs and consoles read alike. It streams.
func writeVCards(w io.Writer, rows rowsOf[contactrows.Row]) error {
	out := bufio.NewWriter(w)
	for row, err := range rows {
		if err != nil {
			return err
		}
		writeVCard(out, &row)
	}
	return out.Flush()
}

// writeVCard writes one contact. Its UID stays, so that a second import replaces
// the first. Numbers that are not for colleagues are left out.
func writeVCard(w *bufio.Writer, c *contactrows.Row) {
	line := func(name string, parts ...string) {
		if strings.Join(parts, "") != "" {
			foldLine(w, name+":"+vcardValue(parts...))
		}
	}
	family, given := c.LastName, c.FirstName
	if family+given == "" {
		family = c.Label() // what is nobody has one name, and every card must have one
	}
	line("BEGIN", "VCARD")
	line("VERSION", "3.0")
	line("UID", "ringroster:"+c.Account+":"+c.RCID)
	line("FN", c.Label())
	line("N", family, given, "", "", "")
	if c.Department != "" {
		line("ORG", "", c.Department)
	}
	line("TITLE", c.JobTitle)
	line("EMAIL;TYPE=INTERNET", c.Email)
	for _, phone := range sync.ParsePhones(string(c.PhoneNumbers)) {
		if !phone.Hidden {
			line("TEL;TYPE="+telephoneType(&phone), phone.Number)
		}
	}
	line("TEL;TYPE=WORK,VOICE,X-EXTENSION", c.ExtensionNumber)
	if c.Site != "" {
		line("NOTE", "Site: "+c.Site)
	}
	line("CATEGORIES", c.Type)
	line("REV", c.UpdatedAt)
	line("END", "VCARD")
}

// telephoneType says in vCard's words what a number is for.
func telephoneType(p *sync.Phone) string {
	kind := "WORK,VOICE"
	switch {
	case p.Usage == "MobileNumber":
		kind = "CELL,VOICE"
	case strings.HasPrefix(p.Type, "Fax"):
		kind = "WORK,FAX"
	}
	if p.Primary {
		kind += ",PREF"
	}
	return kind
}

var vcardEscapes = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, "\t", " ")

// vcardValue is a value with its parts between semicolons. Characters that would
// break lines apart are escaped, other control characters left out.
func vcardValue(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, vcardEscapes.Replace(strings.ToValidUTF8(part, string(utf8.RuneError))))
	}
	return strings.Join(escaped, ";")
}

// mostOctets is the longest line of a card, its end not counted.
const mostOctets = 75

// foldLine writes a line, with CRLF, in pieces that are not too long: a piece
// ends between characters, and the next begins with a space.
func foldLine(w *bufio.Writer, line string) {
	most := mostOctets
	for len(line) > most {
		at := most
		for !utf8.RuneStart(line[at]) {
			at--
		}
		_, _ = w.WriteString(line[:at] + "\r\n ") // an error stays with the writer
		line, most = line[at:], mostOctets-1
	}
	_, _ = w.WriteString(line + "\r\n")
}
