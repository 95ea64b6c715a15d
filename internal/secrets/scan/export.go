package scan

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/clean"
	"cordon/internal/secrets/leak"
)

// Formats are those that a result can be exported to.
func Formats() []string { return []string{"sarif", "json", "jsonl", "csv"} }

// Export writes a result in one of the formats. It is English in every language.
func (r Result) Export(format, version string, w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	var err error
	switch format {
	case "sarif":
		enc.SetIndent("", " ")
		err = enc.Encode(r.sarif(version))
	case "json":
		enc.SetIndent("", " ")
		err = enc.Encode(map[string]any{"v": 1, "findings": whole(r.Findings), "gaps": whole(r.Gaps)})
	case "jsonl":
		for _, f := range r.Findings {
			if err = enc.Encode(struct {
				Type string `json:"type"`
				Finding
			}{"scan_finding", f}); err != nil {
				break
			}
		}
		for _, g := range r.Gaps {
			if err = enc.Encode(struct {
				Type string `json:"type"`
				Gap
			}{"scan_gap", g}); err != nil {
				break
			}
		}
	case "csv":
		err = r.csv(&b)
	default:
		err = fmt.Errorf("%q is none of %s", format, strings.Join(Formats(), ", "))
	}
	if err == nil {
		_, err = w.Write(b.Bytes())
	}
	if err != nil {
		return fmt.Errorf("cannot export the findings: %w", err)
	}
	return nil
}

func whole[T any](list []T) []T { return append([]T{}, list...) }

// csv writes one row for each place.
func (r Result) csv(b *bytes.Buffer) error {
	w := csv.NewWriter(b)
	rows := [][]string{{
		"number", "rule", "name", "class", "confidence", "id", "last4", "fingerprint", "account", "canary", "allowed", "pair", "verified",
		"source", "where", "path", "line", "column", "through", "object", "commit", "author", "email", "date", "in_head", "reach", "refs",
	}}
	for _, f := range r.Findings {
		for _, p := range f.Places {
			date := ""
			if !p.Date.IsZero() {
				date = p.Date.Format(time.RFC3339)
			}
			rows = append(rows, []string{
				strconv.Itoa(f.Number), f.Rule, f.Name, string(f.Class), string(f.Confidence), f.ID, f.Last4, f.Fingerprint, f.Account, f.Canary, f.Allowed, f.Pair, f.Verified,
				p.Source, p.Where, p.Path, strconv.Itoa(p.Line), strconv.Itoa(p.Column), strings.Join(p.Through, " > "), p.Object, p.Commit, p.Author, p.Email, date,
				strconv.FormatBool(p.InHead), p.Reach, strings.Join(p.Refs, " "),
			})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
	}
	return w.WriteAll(rows)
}

// cell keeps a spreadsheet from taking a name for a formula, and a terminal from
// obeying it.
func cell(s string) string {
	s = clean.TextCap(s, 0)
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// The levels of SARIF, and the scores that GitHub sorts by.
var levels = map[leak.Confidence]string{leak.High: "error", leak.Medium: "warning", leak.Low: "note"}
var scores = map[leak.Class]string{leak.Secret: "9.5", leak.KeyID: "7.5", leak.Identifier: "2.0", leak.Account: "2.0"}

// What GitHub takes: more is cut off there without a word.
const (
	mostResults   = 25_000
	mostLocations = 1_000
)

// doc is a part of a document.
type doc = map[string]any

// sarif is the result as SARIF 2.1.0.
func (r Result) sarif(version string) doc {
	var rules []doc
	used := map[string]bool{}
	var results []doc
	for _, f := range r.Findings[:min(len(r.Findings), mostResults)] {
		used[f.Rule] = true
		results = append(results, f.sarif())
	}
	for _, rule := range leak.All() {
		if used[rule.ID] {
			rules = append(rules, doc{
				"id": rule.ID, "name": rule.ID, "shortDescription": doc{"text": rule.Name}, "fullDescription": doc{"text": rule.Name + " in the repository"},
				"help":       doc{"text": "Deactivate it first, then take it out.", "markdown": "Deactivate it first; rewriting history does not make it secret again."},
				"properties": doc{"security-severity": scores[rule.Class], "tags": []string{"security", "secret", rule.Vendor}},
			})
		}
	}
	var notes []doc
	for _, g := range r.Gaps {
		notes = append(notes, doc{"level": "warning", "message": doc{"text": clean.TextCap("not read: "+strings.TrimSpace(g.Source+" "+g.Where)+": "+g.Why, 400)}})
	}
	run := doc{
		"tool":    doc{"driver": doc{"name": "cordon", "version": version, "rules": whole(rules)}},
		"results": whole(results),
		"invocations": []doc{{
			"executionSuccessful": len(r.Gaps) == 0, "toolExecutionNotifications": whole(notes),
		}},
	}
	return doc{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []doc{run}}
}

func (f Finding) sarif() doc {
	var locations []doc
	for _, p := range f.Places[:min(len(f.Places), mostLocations)] {
		physical := doc{"artifactLocation": doc{"uri": uri(p)}}
		if p.Line > 0 && p.Path != "" && len(p.Through) == 0 {
			physical["region"] = doc{"startLine": p.Line, "startColumn": p.Column}
		}
		logical := p.Where
		if p.Commit != "" {
			logical += " " + p.Commit
		}
		locations = append(locations, doc{"physicalLocation": physical, "logicalLocations": []doc{{"fullyQualifiedName": logical}}})
	}
	text := f.Name
	if f.ID != "" {
		text += " " + f.ID
	} else {
		text += " ending in " + f.Last4
	}
	out := doc{
		"ruleId": f.Rule, "level": levels[f.Confidence], "message": doc{"text": clean.TextCap(text, 400)}, "locations": locations,
		"partialFingerprints": doc{"cordonSecret/v1": f.Fingerprint},
	}
	if f.Allowed != "" {
		kind := "external"
		if f.Allowed == "comment" {
			kind = "inSource"
		}
		out["suppressions"] = []doc{{"kind": kind, "justification": f.Allowed}}
	}
	return out
}

// uri is the path as an address relative to the repository. What stands in no
// file has the object's name.
func uri(p Place) string {
	path := p.Path
	if path == "" {
		path = slices.MaxFunc([]string{p.Commit, p.Object, p.Where}, func(a, b string) int { return len(a) - len(b) })
	}
	var b strings.Builder
	for _, c := range []byte(path) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/._-~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
