package sigma

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Rule is what a rule says of itself, as it says it. Its licence may want
// the author named wherever it is shown.
type Rule struct {
	ID, Name, Title, Author, License string
	Status, Level                    string // in lower case
	Description, Date, Modified      string
	References, FalsePositives       []string
	Fields                           []string // worth showing
	Tags                             []string // as written
	Attack                           []string // ATT&CK techniques among them, as T1078.004

	File        string // where it lies in the file system that was loaded
	Correlation bool   // met by Correlator only
	// Part: it is there for a correlation and does not stand alone.
	Part bool
}

// A Problem is a rule, or a whole file, that is not used, and why.
type Problem struct {
	File, Rule, Reason string // Rule is its title or id, where it could be read
	// Other: nothing is wrong with it, but it is not for CloudTrail.
	Other bool
}

func (p Problem) String() string {
	if p.Rule == "" {
		return p.File + ": " + p.Reason
	}
	return p.File + ": " + p.Rule + ": " + p.Reason
}

// A Set is rules, compiled. It does not change, and is safe for concurrent use.
type Set struct {
	rules        []Rule
	conditions   []*node // nil for correlations
	fields       []field
	leaves       []leaf
	rows         [2][]int32     // leaves decided by origin and by identity
	slots        []int32        // of each leaf in its row
	bound        []undecided    // rules that name calls or errors
	free         [2][]undecided // those that do not: narrowed by origin, by identity
	correlations []correlation
	wants        []wants // by rule: what correlations need to know of a hit
}

// Len is how many rules there are. They are numbered from 0.
func (s *Set) Len() int { return len(s.rules) }

// Info says what rule i says of itself.
func (s *Set) Info(i int32) Rule { return s.rules[i] }

// Limits of one file.
const (
	largest       = 1 << 20
	mostDocuments = 1000
)

// Load reads every .yml and .yaml file, in the order of names. A rule that
// cannot be used, and a file that cannot be read, is a Problem and the others
// are loaded; an error is a folder that could not be listed. placeholders.yml
// at the top has no rules, but values for |expand.
func Load(fsys fs.FS) (*Set, []Problem, error) { return LoadWith(fsys, nil) }

// LoadWith also gives values for placeholders (|expand), by their names
// without percent signs.
func LoadWith(fsys fs.FS, placeholders map[string][]string) (*Set, []Problem, error) {
	l := loader{builder: builder{set: &Set{}, fields: map[string]int32{}, leaves: map[string]int32{}, given: placeholders}, ids: map[string]int32{}, common: map[string][]int32{}, names: map[string][]int32{}}
	var given, rules []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := strings.ToLower(path.Ext(name)); d.IsDir() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		if isPlaceholders(name) {
			given = append(given, name)
		} else {
			rules = append(rules, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cannot list Sigma rules: %w", err)
	}
	for _, l.file = range given {
		if err := l.placeholders(fsys); err != nil {
			l.problem("", err)
		}
	}
	for _, l.file = range rules {
		if err := l.read(fsys); err != nil {
			l.problem("", err)
		}
	}
	l.narrow()
	l.link()
	l.set.seal()
	return l.set, l.problems, nil
}

// seal lays out what matchers begin with, and the rows in which results are
// remembered.
func (s *Set) seal() {
	for i, c := range s.conditions {
		if c == nil {
			continue
		}
		var looks [byRecord + 1]bool
		c.leaves(func(l int32) { looks[s.leaves[l].class] = true })
		rule := undecided{int32(i), c}
		switch {
		case looks[byAPI] || looks[byError] || looks[byMessage]:
			s.bound = append(s.bound, rule)
		case looks[byIdentity] && !looks[byOrigin]:
			s.free[1] = append(s.free[1], rule)
		default:
			s.free[0] = append(s.free[0], rule)
		}
	}
	s.slots = make([]int32, len(s.leaves))
	for i, l := range s.leaves {
		if l.class != byOrigin && l.class != byIdentity {
			continue
		}
		row := &s.rows[l.class-byOrigin]
		s.slots[i] = int32(len(*row))
		*row = append(*row, int32(i))
	}
}

type loader struct {
	builder
	file     string
	problems []Problem
	ids      map[string]int32
	common   map[string][]int32 // by an id that rules have from the same action
	names    map[string][]int32
	inherits bool      // the document at hand has something from an action
	pending  []pending // correlations, until all rules are known
	filters  []filter  // likewise
}

// errOther is why a sound rule is not for us.
var errOther = errors.New("not for AWS CloudTrail")

func (l *loader) problem(rule string, err error) {
	l.problems = append(l.problems, Problem{l.file, rule, err.Error(), errors.Is(err, errOther)})
}

// content is the text of the file at hand.
func (l *loader) content(fsys fs.FS) (string, error) {
	f, err := fsys.Open(l.file)
	if err != nil {
		return "", fmt.Errorf("cannot open: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return "", fmt.Errorf("cannot read: %w", err)
	}
	if len(text) > largest {
		return "", fmt.Errorf("larger than %d bytes", largest)
	}
	return string(text), nil
}

func (l *loader) read(fsys fs.FS) error {
	text, err := l.content(fsys)
	if err != nil {
		return err
	}
	l.budget = budget
	dec := yaml.NewDecoder(strings.NewReader(text))
	some, acts := false, actions{}
	for range mostDocuments + 1 {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF) && !some:
			return errors.New("is empty")
		case errors.Is(err, io.EOF):
			return acts.over()
		case err != nil:
			return fmt.Errorf("is no YAML: %w", err)
		case len(doc.Content) == 0 || doc.Content[0].Tag == "!!null":
			continue // a separator with nothing behind it
		}
		some = true
		if title, err := l.act(&acts, doc.Content[0]); err != nil {
			l.problem(title, err)
			acts.told()
		}
	}
	return fmt.Errorf("more than %d documents", mostDocuments)
}

var technique = regexp.MustCompile(`^attack\.t(\d{4}(\.\d{3})?)$`)

// document is one rule, or correlation. title is what it calls itself, as far
// as that could be read.
func (l *loader) document(n *yaml.Node) (title string, err error) {
	members, err := l.entries(n)
	if err != nil {
		return "", err
	}
	r := Rule{File: l.file}
	one := map[string]*string{
		"id": &r.ID, "name": &r.Name, "title": &r.Title, "author": &r.Author, "license": &r.License, "status": &r.Status,
		"level": &r.Level, "description": &r.Description, "date": &r.Date, "modified": &r.Modified,
	}
	many := map[string]*[]string{"references": &r.References, "reference": &r.References, "falsepositives": &r.FalsePositives, "fields": &r.Fields, "tags": &r.Tags}
	body := map[string]*yaml.Node{}
	for _, m := range members {
		key := m.key
		var err error
		if p := one[key]; p != nil {
			var parts []string
			parts, err = l.texts(m.value)
			*p = strings.Join(parts, ", ")
		} else if p := many[key]; p != nil {
			*p, err = l.texts(m.value)
		} else {
			body[key] = m.value
		}
		if err != nil {
			return r.called(), fmt.Errorf("%s: %w", key, err)
		}
	}
	r.Level, r.Status = strings.ToLower(r.Level), strings.ToLower(r.Status)
	for _, t := range r.Tags {
		if m := technique.FindStringSubmatch(strings.ToLower(t)); m != nil {
			r.Attack = append(r.Attack, "T"+m[1])
		}
	}
	return r.called(), l.body(r, body)
}

func (r *Rule) called() string {
	if r.Title != "" {
		return r.Title
	}
	return r.ID
}

func (l *loader) body(r Rule, body map[string]*yaml.Node) error {
	switch {
	case body["action"] != nil:
		return errors.New("action: has to stand in the document itself")
	case r.Title == "" && r.ID == "":
		return errors.New("neither title nor id")
	case body["correlation"] != nil:
		return l.correlation(r, body["correlation"])
	case body["detection"] == nil && body["filter"] == nil:
		return errors.New("no detection")
	}
	if err := l.logsource(body["logsource"], body["filter"] != nil); err != nil {
		return err
	}
	if body["filter"] != nil {
		return l.filter(r, body["filter"])
	}
	return l.detection(r, body["detection"])
}

// logsource is an error for what is not about CloudTrail. A wide one may leave
// open of which service it is.
func (l *loader) logsource(n *yaml.Node, wide bool) error {
	if n == nil {
		return errors.New("no logsource")
	}
	members, err := l.entries(n)
	if err != nil {
		return fmt.Errorf("logsource: %w", err)
	}
	says := map[string]string{}
	for _, m := range members {
		if m.key == "product" || m.key == "service" || m.key == "category" {
			if says[m.key], err = l.text(m.value); err != nil {
				return fmt.Errorf("logsource: %w", err)
			}
		}
	}
	aws := strings.EqualFold(says["product"], "aws")
	open := wide && aws && says["service"] == ""
	if !aws && says["product"] != "" || !strings.EqualFold(says["service"], "cloudtrail") && !open || says["category"] != "" {
		return fmt.Errorf("%w (logsource %.40q %.40q %.40q)", errOther, says["product"], says["service"], says["category"])
	}
	return nil
}
