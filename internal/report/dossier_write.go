package report

import (
	"fmt"
	"io"
	"strings"

	"cordon/internal/clean"
)

// sheet writes a report for a terminal.
func (t *Text) sheet(s sheet) *page {
	p := t.page()
	wide := 0 // of the marks in all sections: one column
	for _, one := range s.parts {
		for _, e := range one.list {
			if one.deep == 2 {
				wide = max(wide, clean.Width(e.mark))
			}
		}
	}
	for _, one := range s.parts {
		switch one.deep {
		case 2:
			p.blank()
			p.wrap("  ", one.head)
		default:
			p.separate()
			p.head(one.head)
		}
		t.rows(p, one.rows)
		for _, line := range one.draw {
			p.line(line)
		}
		width := 0
		for _, e := range one.list {
			width = max(width, clean.Width(e.mark))
		}
		if one.deep == 2 {
			width = wide
		}
		for _, e := range one.list {
			t.entry(p, e, width)
		}
		for _, text := range one.says {
			p.wrap("   ", text)
		}
	}
	return p
}

func (t *Text) entry(p *page, e entry, width int) {
	indent := "   "
	if width == 0 {
		p.wrap(indent+"- ", e.text)
		return
	}
	lines := clean.Wrap(e.text, max(p.Width-len(indent)-width-2, 16))
	for i, line := range lines {
		mark := clean.Pad("", width)
		if i == 0 {
			mark = p.paint(e.colour, clean.Pad(e.mark, width))
		}
		p.line(indent + mark + "  " + line)
	}
	under := indent + strings.Repeat(" ", width+2)
	for _, more := range e.more {
		p.wrap(under, more)
	}
	if e.command != "" { // to be copied: never broken into lines
		p.line(under + p.paint(bold, e.command))
	}
}

// Markdown writes a report as a document. It takes what engine.Report tells.
type Markdown struct {
	Style
	out   io.Writer
	told  told
	finds []Finding
	gaps  []Gap
}

// NewMarkdown returns a handler that writes to out.
func NewMarkdown(out io.Writer, s Style) *Markdown { return &Markdown{Style: s, out: out} }

// Handle implements Handler.
func (m *Markdown) Handle(msg Message) error {
	if m.told.take(msg) {
		return nil
	}
	switch msg := msg.(type) {
	case Finding:
		m.finds = append(m.finds, msg)
	case Gap:
		m.gaps = append(m.gaps, msg)
	case DossierEnd:
		_, err := io.WriteString(m.out, markdown(m.dossier(m.told, m.finds, m.gaps, msg)))
		return err
	}
	return nil
}

// End implements Handler.
func (*Markdown) End() error { return nil }

func markdown(s sheet) string {
	var b strings.Builder
	for i, one := range s.parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", one.deep+1), escaped(one.head))
		for _, r := range one.rows {
			fmt.Fprintf(&b, "- **%s:** %s\n", escaped(r[0]), escaped(r[1]))
		}
		if len(one.draw) > 0 {
			b.WriteString("```text\n" + strings.Join(one.draw, "\n") + "\n```\n\n")
		}
		for _, e := range one.list {
			b.WriteString("- ")
			if e.mark != "" {
				fmt.Fprintf(&b, "**%s** ", escaped(e.mark))
			}
			b.WriteString(escaped(e.text) + "\n")
			for _, more := range e.more {
				b.WriteString("  - " + escaped(more) + "\n")
			}
			if e.command != "" {
				b.WriteString("  - `" + e.command + "`\n")
			}
		}
		if len(one.says) > 0 && len(one.rows)+len(one.list) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.Join(escapedAll(one.says), "\n\n"))
		if len(one.says) > 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// signs are what Markdown or a page that it becomes would act on. A name in the
// account may be anything. What stands between backquotes in our own sentences
// is a command, and stays one: names have none, for those are escaped before.
var signs = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`, "!", `\!`, "$", `\$`, "@", "&#64;", "://", ":&#47;/")

func escaped(s string) string {
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 { // a backquote that nothing closes is a name's
		return signs.Replace(strings.ReplaceAll(s, "`", "'"))
	}
	for i := 0; i < len(parts); i += 2 {
		parts[i] = signs.Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

func escapedAll(all []string) (out []string) {
	for _, s := range all {
		out = append(out, escaped(s))
	}
	return out
}
