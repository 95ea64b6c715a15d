package sigma

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	oddTexts  = []string{"", "a", "A", "ab", "a*b", `a\b`, `a\*b`, "aXb", "é", "É", "x\ny", `say "hi"`, "5", "5.0", "-1", "true", "10.0.0.1", "10.9.9.9", "::1", "null", "a b c", "<&>", "b"}
	oddValues = []string{"", "a", "B", "a*", "*b", "a?b", `a\*b`, `a\\*`, `a\\b`, "?", "*", "??", "é", "x*y", `"hi"`, "5", "true", "*a*b*", "a b", "<&>"}
	oddNames  = []string{"p", "q", "r", "Long-Name", "s"}
	oddFields = []string{"eventName", "eventSource", "errorCode", "errorMessage", "awsRegion", "userAgent", "sourceIPAddress", "userIdentity", "userIdentity.p", "userIdentity.q.r", "userIdentity.type",
		"readOnly", "requestParameters", "requestParameters.p", "requestParameters.P", "requestParameters.q.p", "requestParameters.r.s", "requestParameters.LONG-NAME", "responseElements.p", "requestParameters.q.q.q", "custom.p", "custom", "eventname"}
)

func oddJSON(r *rand.Rand, depth int) any {
	k := r.IntN(12)
	if depth == 0 && k < 6 {
		k += 6
	}
	switch {
	case k < 4:
		m := map[string]any{}
		for range r.IntN(4) {
			m[pick(r, oddNames)] = oddJSON(r, depth-1)
		}
		return m
	case k < 6:
		l := []any{}
		for range r.IntN(3) {
			l = append(l, oddJSON(r, depth-1))
		}
		return l
	case k == 6:
		return nil
	case k == 7:
		return r.IntN(8)
	case k == 8:
		return r.IntN(2) == 0
	}
	return pick(r, oddTexts)
}

func oddRecord(r *rand.Rand) string {
	m := map[string]any{"eventName": pick(r, oddTexts), "eventSource": pick(r, []string{"a", "b"}), "userAgent": pick(r, oddTexts), "awsRegion": pick(r, []string{"a", "b"}),
		"requestParameters": oddJSON(r, 3), "responseElements": oddJSON(r, 2), "custom": oddJSON(r, 2), "readOnly": r.IntN(2) == 0}
	if identity, ok := oddJSON(r, 3).(map[string]any); ok {
		identity["type"] = pick(r, oddTexts)
		m["userIdentity"] = identity
	}
	for _, name := range []string{"errorCode", "errorMessage", "sourceIPAddress"} {
		switch r.IntN(3) {
		case 0:
			m[name] = pick(r, oddTexts)
		case 1:
			m[name] = nil
		}
	}
	if s, ok := m["requestParameters"].(string); ok && r.IntN(2) == 0 {
		m["requestParameters"] = "no object: " + s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // as the plain evaluator writes objects
	if err := enc.Encode(m); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func oddItem(r *rand.Rand) (string, any) {
	key := pick(r, oddFields)
	mods := pick(r, []string{"", "", "", "", "|contains", "|startswith", "|endswith", "|contains|all", "|cased", "|contains|cased", "|neq", "|re", "|re|i", "|re|s", "|exists", "|cidr", "|lt", "|gte", "|fieldref", "|fieldref|neq", "|base64", "|all", "|contains|neq"})
	one := func() any {
		switch {
		case strings.HasPrefix(mods, "|re"):
			return pick(r, []string{"a", "^a", "b$", "a.b", "(?:x|é)", "^$", "[0-9]+", "A", "\\d"})
		case mods == "|exists":
			return r.IntN(2) == 0
		case mods == "|cidr":
			return pick(r, []string{"10.0.0.0/16", "10.0.0.0/8", "::/64", "0.0.0.0/0"})
		case mods == "|lt" || mods == "|gte":
			return r.IntN(8) - 1
		case strings.HasPrefix(mods, "|fieldref"):
			return pick(r, oddFields)
		case mods == "" || mods == "|neq" || mods == "|all" || mods == "|cased":
			switch r.IntN(8) {
			case 0:
				return nil
			case 1:
				return r.IntN(8)
			case 2:
				return r.IntN(2) == 0
			}
		case mods == "|base64":
			return pick(r, []string{"a", "secret"})
		}
		return pick(r, oddValues)
	}
	if n := r.IntN(7); n > 0 && mods != "|exists" || strings.Contains(mods, "all") {
		list := []any{one()}
		for range n - 1 {
			list = append(list, one())
		}
		return key + mods, list
	}
	return key + mods, one()
}

func oddCondition(r *rand.Rand, depth int) string {
	switch k := r.IntN(10); {
	case depth > 0 && k < 2:
		return oddCondition(r, depth-1) + " and " + oddCondition(r, depth-1)
	case depth > 0 && k < 4:
		return oddCondition(r, depth-1) + " or " + oddCondition(r, depth-1)
	case depth > 0 && k < 6:
		return "not " + oddCondition(r, depth-1)
	case depth > 0 && k < 7:
		return "(" + oddCondition(r, depth-1) + ")"
	case k == 7:
		return pick(r, []string{"1 of s*", "all of s*", "2 of s*", "any of f*", "1 of them", "all of them", "2 of them", "3 of them", "not 1 of f*"})
	}
	return pick(r, []string{"s1", "s2", "s3", "f1"})
}

func oddRule(r *rand.Rand) string {
	detection := map[string]any{}
	for _, name := range []string{"s1", "s2", "s3", "f1"} {
		var maps []any
		for range 1 + r.IntN(2) {
			m := map[string]any{}
			for range 1 + r.IntN(3) {
				k, v := oddItem(r)
				m[k] = v
			}
			maps = append(maps, m)
		}
		detection[name] = maps[0]
		if len(maps) > 1 {
			detection[name] = maps
		}
		if r.IntN(12) == 0 {
			detection[name] = []any{pick(r, oddValues), pick(r, oddValues)}
		}
	}
	detection["condition"] = oddCondition(r, 3)
	if r.IntN(5) == 0 {
		detection["condition"] = []any{oddCondition(r, 1), oddCondition(r, 1)}
	}
	text, err := yaml.Marshal(map[string]any{"title": "odd", "logsource": map[string]any{"product": "aws", "service": "cloudtrail"}, "detection": detection})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestCompiledIsPlain: on random rules and records, the compiled set, with all
// that it remembers between records, says what the plain evaluator says.
func TestCompiledIsPlain(t *testing.T) {
	rounds := 15
	if os.Getenv("CORDON_SOAK") != "" {
		rounds = 300
	}
	met, asked := 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 11))
		files := folder{}
		var plain []*plainRule
		var texts []string
		for i := range 25 {
			text := oddRule(r)
			files[fmt.Sprintf("%03d.yml", i)] = text
			texts, plain = append(texts, text), append(plain, readPlain(t, []byte(text)))
		}
		s, problems, err := Load(files)
		if err != nil || len(problems) > 0 {
			t.Fatalf("seed %d: %v %v", seed, err, problems)
		}
		m, c := s.matcher([]int{2, cacheSize}[seed%2]), coder{} // of two places, almost everything is forgotten
		var records []string
		for range 40 {
			records = append(records, oddRecord(r))
		}
		for range 120 { // each more than once, so that memory is used
			raw := records[r.IntN(len(records))]
			v := viewOf(t, raw)
			got := map[int32]bool{}
			for _, i := range m.Match(v, c.codes(v)) {
				got[i] = true
			}
			record := decode(t, raw)
			for i, p := range plain {
				asked++
				want := p.hits(record)
				if want {
					met++
				}
				if got[int32(i)] != want {
					t.Fatalf("seed %d: compiled %v, plainly %v\n%s\n%s", seed, got[int32(i)], want, texts[i], raw)
				}
			}
		}
	}
	if met < asked/10 || met > asked*9/10 {
		t.Errorf("%d of %d hit: the rules tell nothing", met, asked)
	}
}
