package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cordon/internal/words"
)

// manPaths are the folders in which man looks for a language's pages.
var manPaths = map[words.Lang]string{words.EN: "man/man1/", words.ZH: "man/zh_CN/man1/", words.FR: "man/fr/man1/"}

// Manual makes a man page of every command in every language, from the command
// tree and the catalogue, and a completion for every shell. The keys are paths.
func Manual(version string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, lang := range words.Langs() {
		a := &app{sys: System{Version: version, Env: func(string) string { return "" }}, words: words.For(lang)}
		root := newRoot(a)
		a.pages(root, root, func(name string, page []byte) { files[manPaths[lang]+name+".1"] = page })
		if lang != words.EN {
			continue
		}
		for _, shell := range shells {
			var b bytes.Buffer
			if err := complete(root, shell, &b); err != nil {
				return nil, fmt.Errorf("cannot write the completion for %s: %w", shell, err)
			}
			files["completions/cordon."+shell] = b.Bytes()
		}
	}
	return files, nil
}

func (a *app) pages(root, c *cobra.Command, put func(string, []byte)) {
	if c.Hidden {
		return
	}
	put(strings.ReplaceAll(c.CommandPath(), " ", "-"), a.manPage(root, c))
	for _, sub := range c.Commands() {
		a.pages(root, sub, put)
	}
}

// manPage is one page. It has no date: the same version gives the same bytes.
func (a *app) manPage(root, c *cobra.Command) []byte {
	w, key := a.words, c.Annotations["key"]
	p := &troff{}
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	p.request("TH", strings.ToUpper(name), "1", "", "cordon "+a.sys.Version, "")
	p.request("SH", w.T("man.name"))
	p.text(name + " - " + c.Short)
	p.request("SH", w.T("man.synopsis"))
	p.text(c.UseLine())
	if long := "help.cmd." + key + ".long"; w.Has(long) {
		p.request("SH", w.T("man.description"))
		p.text(w.T(long))
	}
	var subs [][2]string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, [2]string{strings.ReplaceAll(sub.CommandPath(), " ", "-") + "(1)", sub.Short})
		}
	}
	p.rows(w.T("man.commands"), subs)
	var own, global [][2]string
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { own = append(own, a.flagRow(key, f)) })
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { global = append(global, a.flagRow("root", f)) })
	p.rows(w.T("man.options"), own)
	p.rows(w.T("man.globals"), global)
	if c == root {
		for _, topic := range []string{"exit-codes", "environment"} {
			p.request("SH", w.T("man."+topic))
			p.topic(w.T("help.topic." + topic))
		}
	} else {
		p.request("SH", w.T("man.see"))
		p.text(strings.ReplaceAll(c.Parent().CommandPath(), " ", "-") + "(1)")
	}
	return p.b.Bytes()
}

// troff writes the language of man pages.
type troff struct{ b bytes.Buffer }

// request writes a line that begins with a dot, its arguments in quotes.
func (p *troff) request(name string, args ...string) {
	p.b.WriteString("." + name)
	for _, arg := range args {
		p.b.WriteString(` "` + strings.ReplaceAll(escaped(arg), `"`, `\(dq`) + `"`)
	}
	p.b.WriteByte('\n')
}

// text writes paragraphs: nothing in them is a request.
func (p *troff) text(s string) {
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			p.b.WriteString(".br\n")
		}
		p.b.WriteString(line0(escaped(line)) + "\n")
	}
}

// topic writes a page of "cordon help", whose rows begin with two spaces.
func (p *troff) topic(s string) {
	for _, line := range strings.Split(s, "\n") {
		left, right, two := strings.Cut(strings.TrimPrefix(line, "  "), "  ")
		if strings.HasPrefix(line, "  ") && two {
			p.row([2]string{left, strings.TrimSpace(right)})
			continue
		}
		p.request("PP")
		p.text(line)
	}
}

func (p *troff) rows(title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	p.request("SH", title)
	for _, r := range rows {
		p.row(r)
	}
}

func (p *troff) row(r [2]string) {
	p.request("TP")
	p.text(r[0])
	p.text(r[1])
}

// escaped keeps troff from reading a text as its own: a minus is one, and no
// hyphen at which a line may break.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(s)
}

// line0 keeps a dot or an apostrophe at the beginning of a line from being a
// request.
func line0(s string) string {
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		return `\&` + s
	}
	return s
}
