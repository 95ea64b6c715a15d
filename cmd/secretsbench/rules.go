package main

import (
	"bytes"
	"regexp"

	"cordon/internal/secrets/runs"
)

// The five patterns that git-secrets registers for AWS, each found by the run of
// bytes that it cannot be without.
var (
	keyID   = longest(`(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}`)
	secrets = longest(`ABSK[A-Za-z0-9+/]{109,}=*|bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t|("|')?(AWS|aws|Aws)?_?(SECRET|secret|Secret)?_?(ACCESS|access|Access)?_?(KEY|key|Key)("|')?\s*(:|=>|=)\s*("|')?[A-Za-z0-9/\\+=]{40}("|')?`)
	account = longest(`("|')?(AWS|aws|Aws)?_?(ACCOUNT|account|Account)_?(ID|id|Id)?("|')?\s*(:|=>|=)\s*("|')?[0-9]{4}\-?[0-9]{4}\-?[0-9]{4}("|')?`)

	upper  = runs.Of("A-Z0-9")
	value  = runs.Of(`A-Za-z0-9/\+=-`)
	digits = runs.Of("0-9-")
)

func longest(p string) *regexp.Regexp {
	r := regexp.MustCompile(p)
	r.Longest()
	return r
}

type matcher struct{}

func (matcher) Whole([]byte) bool { return false }
func (matcher) Blob([]byte) bool  { return false }

func (m matcher) Name(name []byte) bool {
	_, end := upper.Next(name, 0, 20)
	return end >= 0 && keyID.Match(name)
}

// Lines looks for the runs, and shows the line around one to the pattern only
// where what must stand beside it does.
func (matcher) Lines(text []byte, hits []int) []int {
	each(text, upper, 20, func(a, z int) bool { return bytes.IndexByte(text[a:z-19], 'A') >= 0 }, keyID, &hits)
	each(text, value, 40, func(a, z int) bool {
		if z-a >= 113 && bytes.Contains(text[a:z], []byte("ABSK")) || z-a >= 44 && bytes.Contains(text[a:z], []byte("bedrock-api-key-")) {
			return true
		}
		return assigned(text[runs.Before(text, a, len(text)) : z-39])
	}, secrets, &hits)
	each(text, digits, 12, func(a, z int) bool {
		from, _ := runs.Line(text, a)
		before := text[from:a]
		return bytes.Contains(before, []byte("account")) || bytes.Contains(before, []byte("ACCOUNT")) || bytes.Contains(before, []byte("Account"))
	}, account, &hits)
	return hits
}

// assigned says whether a name that ends in "key" and a sign that gives it a value
// stand in what is left of a long value.
func assigned(before []byte) bool {
	for k := 0; ; {
		at := bytes.IndexAny(before[k:], "yY")
		if at < 0 {
			return false
		}
		k += at + 1
		if k < 3 || !bytes.EqualFold(before[k-3:k], []byte("key")) {
			continue
		}
		rest := bytes.TrimLeft(bytes.TrimLeft(before[k:], `"'`), " \t\v\f\r")
		if len(rest) > 0 && (rest[0] == ':' || rest[0] == '=') {
			return true
		}
	}
}

func each(text []byte, class *runs.Set, n int, likely func(a, z int) bool, rule *regexp.Regexp, hits *[]int) {
	for from := 0; ; {
		a, z := class.Next(text, from, n)
		if a < 0 {
			return
		}
		from = z
		if !likely(a, z) {
			continue
		}
		start, end := runs.Line(text, a)
		if at := rule.FindIndex(text[start:end]); at != nil {
			*hits = append(*hits, start+at[0])
			from = end
		}
	}
}
