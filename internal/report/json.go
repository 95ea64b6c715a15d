package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes one document when it ends: {"v":1,"records":[…]}. Each record
// has its type first. A command that fails ends it too, with an error record.
type JSON struct {
	out     io.Writer
	records []json.RawMessage
	ended   bool
}

// NewJSON returns a handler that writes to out.
func NewJSON(out io.Writer) *JSON { return &JSON{out: out} }

// Handle implements Handler. Progress is no data.
func (j *JSON) Handle(m Message) error {
	if _, progress := m.(Progress); progress {
		return nil
	}
	head, err := json.Marshal(m.Type())
	if err != nil {
		return err
	}
	record, err := splice(fmt.Appendf(nil, `{"type":%s`, head), m)
	if err != nil {
		return err
	}
	j.records = append(j.records, record)
	return nil
}

// End implements Handler. A second End writes nothing.
func (j *JSON) End() error {
	if j.ended {
		return nil
	}
	j.ended = true
	var b bytes.Buffer
	b.WriteString(`{"v":1,"records":[`)
	for i, r := range j.records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n")
		b.Write(r)
	}
	b.WriteString("\n]}\n")
	_, err := j.out.Write(b.Bytes())
	return err
}

// splice puts the fields of m after the open object in head. HTML characters
// stand as they are: <, > and & are common in what AWS says.
func splice(head []byte, m Message) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(whole(m)); err != nil {
		return nil, fmt.Errorf("cannot encode a %s record: %w", m.Type(), err)
	}
	body := bytes.TrimSpace(b.Bytes())
	if len(body) < 2 || body[0] != '{' {
		return nil, fmt.Errorf("cannot encode a %s record: it is no object", m.Type())
	}
	if body = body[1:]; body[0] != '}' {
		head = append(head, ',')
	}
	return append(head, visible(body)...), nil
}

// visible escapes, inside strings, what a terminal or an editor would act on
// and not show: C1 controls, bidi and other format characters. They occur in
// names that anybody could choose. Outside strings JSON has none of them.
func visible(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for _, r := range string(body) {
		if r > unicode.MaxASCII && (unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029') || r == 0x7f {
			for _, u := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// whole writes an empty list as [], which a nil slice would not.
func whole(m Message) Message {
	switch m := m.(type) {
	case Case:
		m.Regions, m.Closed = append([]string{}, m.Regions...), append([]string{}, m.Closed...)
		return m
	case Plan:
		m.Protects = append([]string{}, m.Protects...)
		m.Unkept = append([]string{}, m.Unkept...)
		return m
	case Action:
		m.Because, m.After = append([]string{}, m.Because...), append([]string{}, m.After...)
		return m
	case Summary:
		m.NotChecked = append([]string{}, m.NotChecked...)
		return m
	case Check:
		m.Args = append([]any{}, m.Args...)
		return m
	case Changes:
		m.Names = append([]string{}, m.Names...)
		return m
	case DossierEnd:
		m.Lines, m.Checks, m.Blind = append([]string{}, m.Lines...), append([]string{}, m.Checks...), append([]string{}, m.Blind...)
		return m
	}
	return wholeInquiry(m)
}
