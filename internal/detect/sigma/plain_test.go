package sigma

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The plain evaluator: a rule as decoded YAML, walked straight over a record as
// decoded JSON, sharing nothing with the package but the specification. What
// is compiled has to agree with it.
type plainRule struct {
	selections map[string]any
	order      []string
	conditions []string
}

func readPlain(t testing.TB, text []byte) *plainRule {
	t.Helper()
	var doc struct{ Detection map[string]any }
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	r := &plainRule{selections: doc.Detection}
	for name, v := range doc.Detection {
		if name != "condition" {
			r.order = append(r.order, name)
			continue
		}
		for _, c := range listOf(v) {
			r.conditions = append(r.conditions, c.(string))
		}
	}
	return r
}

func decode(t testing.TB, raw string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func (r *plainRule) hits(record any) bool {
	for _, c := range r.conditions {
		p := plainCondition{r, record, strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(c))}
		if p.or() {
			return true
		}
	}
	return false
}

type plainCondition struct {
	*plainRule
	record any
	words  []string
}

func (p *plainCondition) take() string {
	w := p.words[0]
	p.words = p.words[1:]
	return w
}
func (p *plainCondition) at(w string) bool {
	return len(p.words) > 0 && strings.EqualFold(p.words[0], w)
}

func (p *plainCondition) or() bool {
	v := p.and()
	for p.at("or") {
		p.take()
		w := p.and()
		v = v || w
	}
	return v
}

func (p *plainCondition) and() bool {
	v := p.not()
	for p.at("and") {
		p.take()
		w := p.not()
		v = v && w
	}
	return v
}

func (p *plainCondition) not() bool {
	if p.at("not") {
		p.take()
		return !p.not()
	}
	w := p.take()
	if w == "(" {
		v := p.or()
		p.take()
		return v
	}
	if !p.at("of") {
		return p.selection(p.selections[w])
	}
	p.take()
	pattern := p.take()
	if pattern == "them" {
		pattern = "*"
	}
	met, of := 0, 0
	for _, name := range p.order {
		if ok, _ := regexp.MatchString("^"+strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")+"$", name); ok && !strings.HasPrefix(name, "_") {
			of++
			if p.selection(p.selections[name]) {
				met++
			}
		}
	}
	switch w {
	case "all":
		return met == of
	case "any":
		return met > 0
	}
	n, _ := strconv.Atoi(w)
	return met >= n
}

func (p *plainCondition) selection(v any) bool {
	for _, one := range listOf(v) {
		m, ok := one.(map[string]any)
		if !ok {
			m = map[string]any{"": one}
		}
		met := true
		for key, values := range m {
			met = met && p.item(key, values)
		}
		if met {
			return true
		}
	}
	return false
}

func (p *plainCondition) item(key string, values any) bool {
	mods := strings.Split(key, "|")
	name := mods[0]
	mods = mods[1:]
	has := func(m string) bool { return slices.Contains(mods, m) }
	if name == "" && !has("re") {
		mods = append(slices.Clone(mods), "contains")
	}
	var path []string
	if name != "" {
		path = strings.Split(name, ".")
	}
	present, texts := find(p.record, path)
	met, every := false, true
	for _, v := range listOf(values) {
		one := false
		switch {
		case v == nil:
			one = !present
		case has("exists"):
			one = present == v.(bool)
		case has("fieldref"):
			_, others := find(p.record, strings.Split(v.(string), "."))
			for _, a := range texts {
				one = one || slices.ContainsFunc(others, func(b string) bool { return has("cased") && a == b || !has("cased") && strings.EqualFold(a, b) })
			}
		default:
			one = slices.ContainsFunc(texts, func(s string) bool { return plainTest(mods, v, s) })
		}
		met, every = met || one, every && one
	}
	if has("all") {
		met = every
	}
	return met != has("neq")
}

func plainTest(mods []string, v any, s string) bool {
	has := func(m string) bool { return slices.Contains(mods, m) }
	text, ok := v.(string)
	if !ok {
		raw, _ := json.Marshal(v)
		text = string(raw)
	}
	number := func(f func(a, b float64) bool) bool {
		a, err := strconv.ParseFloat(s, 64)
		b, bad := strconv.ParseFloat(text, 64)
		return err == nil && bad == nil && f(a, b)
	}
	switch {
	case has("re"):
		flags := ""
		for _, f := range []string{"i", "m", "s"} {
			if has(f) {
				flags += f
			}
		}
		if flags != "" {
			text = "(?" + flags + ")" + text
		}
		return expression(text).MatchString(s)
	case has("cidr"):
		a, err := netip.ParseAddr(s)
		return err == nil && netip.MustParsePrefix(text).Contains(a)
	case has("lt"):
		return number(func(a, b float64) bool { return a < b })
	case has("gte"):
		return number(func(a, b float64) bool { return a >= b })
	}
	if _, isText := v.(string); !isText && number(func(a, b float64) bool { return a == b }) {
		return true
	}
	if has("base64") {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	expr := "(?s)"
	if !has("cased") {
		expr = "(?is)"
	}
	if !has("contains") && !has("endswith") {
		expr += "^"
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && strings.ContainsRune(`\*?`, rune(text[i+1])):
			i++
			expr += regexp.QuoteMeta(text[i : i+1])
		case text[i] == '*':
			expr += ".*"
		case text[i] == '?':
			expr += "."
		default:
			expr += regexp.QuoteMeta(text[i : i+1])
		}
	}
	if !has("contains") && !has("startswith") {
		expr += "$"
	}
	return expression(expr).MatchString(s)
}

var expressions = map[string]*regexp.Regexp{}

func expression(text string) *regexp.Regexp {
	if expressions[text] == nil {
		expressions[text] = regexp.MustCompile(text)
	}
	return expressions[text]
}

// find is whether something that is not null is at path, and its texts.
func find(v any, path []string) (present bool, texts []string) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case []any:
		present = len(path) == 0
		for _, it := range v {
			p, more := find(it, path)
			present, texts = present || p, append(texts, more...)
		}
		return present, texts
	case map[string]any:
		if len(path) == 0 {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(v)
			raw := strings.TrimSpace(b.String())
			if !strings.Contains(raw, `\`) {
				return true, []string{raw}
			}
			return true, []string{raw, plainUnescape(raw)}
		}
		if m, ok := v[path[0]]; ok {
			return find(m, path[1:])
		}
		for name, m := range v {
			if strings.EqualFold(name, path[0]) {
				return find(m, path[1:])
			}
		}
		return false, nil
	}
	if len(path) > 0 {
		return false, nil
	}
	switch v := v.(type) {
	case string:
		return true, []string{v}
	case json.Number:
		return true, []string{v.String()}
	}
	return true, []string{strconv.FormatBool(v.(bool))}
}

// plainUnescape undoes the escapes by way of quoting all quotes.
func plainUnescape(raw string) string {
	var out strings.Builder
	for raw != "" {
		i := strings.IndexByte(raw, '\\')
		if i < 0 {
			break
		}
		out.WriteString(raw[:i])
		n := 2
		if raw[i+1] == 'u' {
			n = 6
		}
		var s string
		_ = json.Unmarshal([]byte(`"`+raw[i:i+n]+`"`), &s)
		out.WriteString(s)
		raw = raw[i+n:]
	}
	return out.String() + raw
}

func itoa(n int) string { return strconv.Itoa(n) }
