package report

import "time"

// LeakedKey is an access key of the account that a scan found in a repository or
// a file.
type LeakedKey struct {
	Key    string      `json:"key"`
	Owner  string      `json:"owner,omitempty"`
	Status string      `json:"status"` // Active, Inactive; "": the account has no such key, or was not asked
	Secret bool        `json:"secret"` // its secret stands there as well
	Count  int         `json:"count"`  // of places
	Places []LeakPlace `json:"places"` // the first few, the oldest first
}

// LeakPlace is one place of it.
type LeakPlace struct {
	Source string    `json:"source"`
	Where  string    `json:"where"`
	Path   string    `json:"path,omitempty"`
	Line   int       `json:"line,omitempty"`
	Commit string    `json:"commit,omitempty"`
	Author string    `json:"author,omitempty"`
	Date   time.Time `json:"date,omitzero"`
	InHead bool      `json:"in_head"`
}

// Type implements Message.
func (LeakedKey) Type() string { return "leaked_key" }

// leaked says where keys of the account stand for others to read.
func (t *Text) leaked(p *page) {
	w := t.Words
	for _, l := range t.leaks {
		key, colour := "screen.leak.unknown", yellow
		switch l.Status {
		case "Active":
			key, colour = "screen.leak.active", red
		case "Inactive":
			key = "screen.leak.inactive"
		}
		p.line(" " + p.paint(colour, w.T(key, "key", safe(l.Key))))
		for i, at := range l.Places {
			if i == 3 {
				p.wrap("     ", w.T("screen.leak.more", "n", l.Count-i))
				break
			}
			p.wrap("   ", t.leakPlace(at))
		}
		if l.Owner != "" {
			p.wrap("   ", w.T("screen.leak.owner", "user", safe(l.Owner)))
		}
		if l.Secret {
			p.wrap("   ", w.T("screen.leak.secret"))
		}
		if l.Status == "Active" {
			p.line("   cordon rotate key " + safe(l.Key))
		}
	}
	t.leaks = nil
}

func (t *Text) leakPlace(at LeakPlace) string {
	w := t.Words
	what := safe(at.Path)
	if what == "" {
		what = t.first(safe(at.Where), "scan.where."+at.Where)
	}
	if at.Commit == "" {
		return w.T("prose.leak.file", "path", what, "source", safe(at.Source))
	}
	head := w.T("scan.head.no")
	if at.InHead {
		head = w.T("scan.head.yes")
	}
	return w.T("prose.leak.commit", "commit", safe(at.Commit[:min(len(at.Commit), 12)]), "path", what, "when", stampOr(at.Date), "author", safe(at.Author), "source", safe(at.Source), "head", head)
}
