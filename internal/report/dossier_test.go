package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordon/internal/article"
	"cordon/internal/bill"
	"cordon/internal/catalogue"
	"cordon/internal/clean"
	"cordon/internal/words"
)

// tellReport is a whole report with hostile names in it.
func tellReport(t *testing.T, h Handler) {
	t.Helper()
	tell(t, h, Dossier{
		Case: "C-20261121-A", Title: hostile[0], Account: "111122223333", Partition: "aws", Opened: night, At: night.Add(time.Hour), Notice: true,
		Deadline: night.AddDate(0, 0, 5), Looked: night, Regions: 17, FirstSeen: night.Add(-4 * time.Hour), LastSeen: night, Evidence: 136, Records: 43,
		Head: strings.Repeat("ab", 32), Unverified: 1,
	})
	for _, g := range gaps() {
		tell(t, h, g)
	}
	for _, f := range findings() {
		tell(t, h, f)
	}
	tell(t, h, Changes{Sort: "keys-off", Names: append([]string{"AKIAIOSFODNN7EXAMPLE"}, hostile...), Last: night}, Changes{Sort: "kept", Names: []string{"i-1"}, Last: night})
	b := billSample()
	b.At, b.Compared.Currency, b.Compared.Findings = night, "USD", b.Compared.Findings[3:5]
	tell(t, h, b)
	end := DossierEnd{Counts: map[article.State]int{}, Gaps: 4, Checks: []string{"stopped-trail"}, Blind: catalogue.Blind(), General: true}
	for i, l := range article.Lines() {
		x := article.Item{Line: l.ID, Section: l.Section, State: article.States()[i%4], Why: "still-on", N: 2, Names: []string{"AKIAIOSFODNN7EXAMPLE"}, At: night.Add(time.Duration(i%3) * time.Minute)}
		if i == 0 {
			x.Names = hostile
		}
		switch x.State {
		case article.Open:
			x.Who, x.Due, x.Do = article.Responder, night.AddDate(0, 0, 5), l.Commands[0]
			if i%8 == 0 {
				x.Who, x.Due = article.RootUser, time.Time{}
			}
		case article.Unchecked:
			x.Why, x.Do = "gaps", l.Commands[0]
			end.Lines = append(end.Lines, l.ID)
		}
		end.Counts[x.State]++
		tell(t, h, ArticleLine{x})
	}
	tell(t, h, end)
}

func init() { screens["report"] = tellReport }

// An empty case has a report too: it says that nobody has looked.
func TestEmptyReport(t *testing.T) {
	for _, lang := range words.Langs() {
		var text, doc bytes.Buffer
		style := Style{Words: words.For(lang), Width: 76, Now: func() time.Time { return night }}
		for b, h := range map[*bytes.Buffer]Handler{&text: NewText(&text, style), &doc: NewMarkdown(&doc, style)} {
			tell(t, h, Dossier{Case: "C-1", Account: "111122223333", Partition: "aws", Opened: night, At: night})
			end := DossierEnd{Counts: map[article.State]int{}}
			for _, x := range article.Checklist(article.Record{}) {
				end.Counts[x.State]++
				tell(t, h, ArticleLine{x})
			}
			tell(t, h, end)
			if err := h.End(); err != nil {
				t.Fatal(err)
			}
			if never := words.For(lang).T("screen.report.found.never"); strings.Count(b.String(), never) < 2 || strings.ContainsAny(b.String(), "‹›") {
				t.Errorf("%s: %s", lang, b)
			}
			for line := range strings.Lines(b.String()) {
				if word := words.English(typed.ReplaceAllString(line, "§")); word != "" && lang != words.EN {
					t.Errorf("%s: %q in: %s", lang, word, line)
				}
			}
		}
		keeps(t, text.String(), 76, false)
	}
}

// markup is what Markdown, or a page that is made of it, acts on.
var markup = regexp.MustCompile(`(?m)(^|[^\\])[*_\[\]<>|#~!$]|://`)

// A name in the account is a name in the document: no link, no heading, no code.
func TestMarkdownIsQuiet(t *testing.T) {
	for _, name := range []string{"[x](http://evil.example)", "<script>alert(1)</script>", "`cordon undo --all`", "# heading", "*bold* _it_", "a|b", "![i](x)", "$x$ ~~y~~", "@all"} {
		var b bytes.Buffer
		h := NewMarkdown(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
		tell(t, h, Dossier{Case: "C-1", Title: name, Looked: night}, Changes{Sort: "other", Names: []string{name}, Last: night},
			Bill{Compared: &bill.Comparison{Findings: []bill.Finding{{Kind: bill.NewService, Service: name}}}},
			ArticleLine{article.Item{Line: "foreign", Section: "resources", State: article.Open, Why: "his", Names: []string{name}, Who: article.Responder, Do: "apply"}},
			DossierEnd{Counts: map[article.State]int{article.Open: 1}})
		for line := range strings.Lines(b.String()) {
			if !strings.Contains(line, clean.Text(name)) && !strings.Contains(line, "alert") && !strings.Contains(line, "evil") && !strings.Contains(line, "undo") {
				continue
			}
			said := regexp.MustCompile(`^ *- (\*\*[^*]+\*\* )?`).ReplaceAllString(line, " ")
			said = regexp.MustCompile(`&(lt|gt|amp|#47|#64);`).ReplaceAllString(said, "") // characters, as a reader sees them
			if hit := markup.FindString(said); hit != "" || strings.Contains(said, "`") {
				t.Errorf("%q: %q acts in %q", name, hit, line)
			}
		}
	}
	if markup.FindString(" <b>") == "" || markup.FindString(` \<`) != "" {
		t.Error("the test is blind")
	}
}

// Both forms say the same sentences.
func TestFormsAgree(t *testing.T) {
	var text, doc bytes.Buffer
	style := Style{Words: words.For(words.EN), Width: 400, Now: func() time.Time { return night }}
	plain := NewText(&text, style)
	tellReport(t, plain)
	tellReport(t, NewMarkdown(&doc, style))
	for _, l := range article.Lines() {
		asks := words.For(words.EN).T("article.line." + l.ID)
		if !strings.Contains(text.String(), asks) || !strings.Contains(doc.String(), escaped(asks)) {
			t.Errorf("%s is not in both", l.ID)
		}
	}
	for _, want := range []string{words.For(words.EN).T("prose.report.guidance"), fmt.Sprint("cordon ", article.Lines()[0].Commands[0])} {
		if !strings.Contains(text.String(), want) || !strings.Contains(doc.String(), want) {
			t.Errorf("%q is not in both", want)
		}
	}
}
