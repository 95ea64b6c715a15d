package report

import (
	"encoding/json"
	"time"

	"cordon/internal/article"
	"cordon/internal/words"
)

// Dossier heads the report on a case: what the folder holds. Nothing of it is
// read from the account.
type Dossier struct {
	Case      string    `json:"case"`
	Title     string    `json:"title,omitempty"`
	Account   string    `json:"account"`
	Partition string    `json:"partition"`
	Opened    time.Time `json:"opened"`
	At        time.Time `json:"at"`
	Notice    bool      `json:"notice"` // AWS's, in the case
	Deadline  time.Time `json:"deadline,omitzero"`
	Answered  time.Time `json:"answered,omitzero"`
	Looked    time.Time `json:"looked,omitzero"` // the last triage; absent: there was none
	Regions   int       `json:"regions"`
	FirstSeen time.Time `json:"first_seen,omitzero"` // of the intruder
	LastSeen  time.Time `json:"last_seen,omitzero"`
	Evidence  int       `json:"evidence"` // pieces
	Records   int       `json:"journal_records"`
	Head      string    `json:"journal_head,omitempty"` // hash of the journal's last line
	// Unverified are changes that were begun and never seen to hold.
	Unverified int `json:"unverified"`
}

// Type implements Message.
func (Dossier) Type() string { return "report" }

// Changes are those of one sort that were made, read back, and stand.
type Changes struct {
	Sort  string    `json:"sort"` // "letter.done.<Sort>"
	Names []string  `json:"names"`
	Last  time.Time `json:"last"`
}

// Type implements Message.
func (Changes) Type() string { return "changes" }

// ArticleLine is one line of AWS's article, and how far the case has followed it.
type ArticleLine struct{ article.Item }

// Type implements Message.
func (ArticleLine) Type() string { return "article_line" }

// MarshalJSON adds what the line asks for, in English.
func (l ArticleLine) MarshalJSON() ([]byte, error) {
	l.Names = append([]string{}, l.Names...)
	return json.Marshal(struct {
		article.Item
		Asks string `json:"asks"`
	}{l.Item, words.For(words.EN).T("article.line." + l.Line)})
}

// DossierEnd ends the report with what was not checked: the gaps were told
// before it.
type DossierEnd struct {
	Counts  map[article.State]int `json:"counts"` // lines of the article, by state
	Lines   []string              `json:"unchecked_lines"`
	Checks  []string              `json:"checks_without_answer"`
	Gaps    int                   `json:"gaps"`        // listings that did not read
	Blind   []string              `json:"not_checked"` // rows of the catalogue that AWS shows in part only, or not at all
	General bool                  `json:"guidance_only"`
}

// Type implements Message.
func (DossierEnd) Type() string { return "report_end" }

// told collects a report until it ends: it is one document.
type told struct {
	head  *Dossier
	bill  *Bill
	deeds []Changes
	lines []ArticleLine
}

// take keeps what belongs to a report, and says whether m does.
func (d *told) take(m Message) bool {
	switch m := m.(type) {
	case Dossier:
		d.head = &m
	case Bill: // the screen of its own command, where no report was begun
		if d.head == nil {
			return false
		}
		d.bill = &m
	case Changes:
		d.deeds = append(d.deeds, m)
	case ArticleLine:
		d.lines = append(d.lines, m)
	default:
		return false
	}
	return true
}
