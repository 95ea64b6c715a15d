package clean

import "strings"

// CSV is Text for one spreadsheet cell: a cell that a spreadsheet would run as
// a formula gets a leading apostrophe. Quoting is left to encoding/csv.
func CSV(s string) string {
	s = TextCap(s, 0)
	if formula(s) {
		return "'" + s
	}
	return s
}

// formula looks past leading spaces and quotes, since spreadsheets do too, and
// knows the full-width signs that some of them accept.
func formula(s string) bool {
	rest := strings.TrimLeft(s, " \u00a0\u3000'\"")
	if rest == "" {
		return false
	}
	for _, sign := range []string{"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠", "‹U+0009›", "‹U+000D›", "‹U+000A›"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}
	return false
}

var markdown = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_{}[]()#+-.!|~" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	// Entities, because a backslash does not stop raw HTML, Slack links or an
	// address that is made a link by itself. "@" would notify somebody.
	pairs = append(pairs, "<", "&lt;", ">", "&gt;", "&", "&amp;", ":", "&#58;", "@", "&#64;", "=", "&#61;")
	return strings.NewReplacer(pairs...)
}()

// Markdown is Text for a Markdown or Slack document: nothing in it is markup,
// a link, a mention or HTML.
func Markdown(s string) string { return markdown.Replace(Text(s)) }

var html = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "`", "&#96;", "=", "&#61;")

// HTML is Text for element content or a quoted attribute. It does not make a
// URL, a script or a style safe: nothing of AWS's may stand there.
func HTML(s string) string { return html.Replace(Text(s)) }
