package leak

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"regexp"
	"slices"
)

// How far apart a key id and its secret may stand, in lines, and in bytes where
// a line is long: when a word names the secret, and when none does.
const (
	namedLines = 200
	bareLines  = 50
	farBytes   = 16 << 10
)

// strong words leave little doubt; weak ones need the form of an assignment.
var (
	strong = regexp.MustCompile(`(?i)secret|aws.{0,24}key`)
	weak   = regexp.MustCompile(`(?i)(?:key|aws|credential|passw(?:or)?d)\w*["'\x60\])]?\s*(?:=>|:=|[:=,>|])\s*["'\x60]?$`)
	// exact is AWS's own name, right before its value.
	exact  = regexp.MustCompile(`(?i)secret[_-]?access[_-]?key["'\x60\])]?\s*(?:=>|:=|[:=])\s*["'\x60]?$`)
	mail   = regexp.MustCompile(`(?i)smtp|\bses\b|_ses_|email.{0,10}passw`)
	hashed = regexp.MustCompile(`(?i)(?:sha-?\d+|integrity|checksum|digest|commit|revision|etag|nonce)\W{0,4}$`)
)

// bare judges what is only as long as a secret: 40 characters, or 44 of SES.
func (t *text) bare(at, kind int) {
	n := map[int]int{bareSecret: 40, bareMail: 44}[kind]
	value, head := t.body[at:at+n], before(t.body, at)
	if kind == bareMail {
		if named(head) && mail.Match(head) && entropy(value) >= 4.2 && !placeholder(value) {
			t.add(table().byID[ruleMail], at, string(value))
		}
		return
	}
	sure := named(head) && strong.Match(head)
	small := 6
	if sure {
		small = 8
	}
	sound := random(value, small) || sure && exact.Match(head) && drawn(value, small, small)
	if !sound || hashed.Match(head) {
		return
	}
	weaker := !sure && (named(head) && weak.Match(head) || blank(head) && t.announced(at))
	if !sure && !weaker {
		t.doubt = append(t.doubt, at)
		return
	}
	f := t.note(table().byID[RuleSecret], at, string(value))
	if weaker {
		f.Confidence = Medium
	}
	t.found = append(t.found, f)
}

// announced says whether the line above at names a secret.
func (t *text) announced(at int) bool {
	line, _ := t.place(at)
	return strong.Match(t.above(line))
}

// credible are the bare secrets that have a key id near them.
func (t *text) credible() (out []Found) {
	var ids []int
	for _, f := range t.found {
		if f.Rule == RuleKey || f.Rule == RuleTemporary {
			ids = append(ids, f.offset)
		}
	}
	slices.Sort(ids)
	for _, at := range t.doubt {
		i, _ := slices.BinarySearch(ids, at-farBytes)
		if i < len(ids) && ids[i] <= at+farBytes {
			f := t.note(table().byID[RuleSecret], at, string(t.body[at:at+40]))
			f.Confidence = Low
			out = append(out, f)
		}
	}
	return out
}

// above is the end of the line before line n: where a name stands alone, its
// value may follow below.
func (t *text) above(n int) []byte {
	if n < 2 {
		return nil
	}
	line := bytes.TrimRight(t.line(n-1), " \t\r\n")
	if block := bytes.TrimRight(line, "-+123456789"); bytes.HasSuffix(block, []byte(">")) || bytes.HasSuffix(block, []byte("|")) {
		line = block // YAML says so how the last newlines and blanks count
	}
	if !bytes.HasSuffix(line, []byte(":")) && !bytes.HasSuffix(line, []byte("=")) && !bytes.HasSuffix(line, []byte(">")) && !bytes.HasSuffix(line, []byte("|")) {
		return nil
	}
	return line[max(0, len(line)-nearWords):]
}

// random says whether 40 characters look as AWS makes them: no hash, no path, no words together,
// no placeholder.
func random(b []byte, words int) bool { return drawn(b, words, 5) }

// drawn is random with a measure of its own for what may be a path: that has three
// slashes and a run of small letters, as has one secret in 200 with a run of 5.
func drawn(b []byte, words, path int) bool {
	if entropy(b) < 4.1 || placeholder(b) {
		return false
	}
	slashes, small, longest, digits := bytes.Count(b, []byte("/")), 0, 0, 0
	for _, c := range b {
		if c >= '0' && c <= '9' {
			digits++
		}
		if small++; c < 'a' || c > 'z' {
			small = 0
		}
		longest = max(longest, small)
	}
	// Words that were written together have long runs of small letters and hardly
	// a digit; so has one in 200 secrets with a run of 6, and one in 1,000 of 8.
	return (slashes < 3 || longest < path) && (digits > 2 || longest < words)
}

// codedSecret judges 54 or 55 characters of base 64: what Kubernetes makes of a
// secret access key.
func (t *text) codedSecret(at int) {
	head := before(t.body, at)
	if !named(head) || !strong.Match(head) && !weak.Match(head) {
		return
	}
	end := at
	for end < len(t.body) && class[t.body[end]]&secret != 0 {
		end++
	}
	raw, err := base64.RawStdEncoding.DecodeString(string(t.body[at:end]))
	if err != nil {
		return
	}
	value := bytes.TrimSpace(raw)
	if len(value) != 40 || !varied(value) || !random(value, 8) {
		return
	}
	for _, c := range value {
		if class[c]&secret == 0 {
			return
		}
	}
	f := t.note(table().byID[RuleSecret], at, string(value))
	f.Through = append(slices.Clone(t.through), "base64")
	t.found = append(t.found, f)
}

// pair brings key ids and secrets together, the nearest first. A bare secret
// without an id near it is no finding.
func (t *text) pair() {
	type couple struct{ id, secret, far int }
	var ids, secrets []int
	known := map[string]bool{}
	for _, f := range t.found {
		if f.Rule == RuleSecret {
			known[f.Fingerprint] = true
		}
	}
	kept := len(t.found)
	for _, f := range t.maybe {
		if !known[f.Fingerprint] {
			t.found = append(t.found, f)
		}
	}
	for i, f := range t.found {
		switch f.Rule {
		case RuleKey, RuleTemporary:
			ids = append(ids, i)
		case RuleSecret:
			secrets = append(secrets, i)
		}
	}
	var all []couple
	for _, s := range secrets {
		most := namedLines
		if s >= kept {
			most = bareLines
		}
		for _, i := range t.near(ids, t.found[s].offset) {
			a, b := t.found[i], t.found[s]
			lines, bytes := distance(a.Line, b.Line), distance(a.offset, b.offset)
			if lines <= most && bytes <= farBytes {
				all = append(all, couple{i, s, bytes})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b couple) int { return cmp.Compare(a.far, b.far) })
	for _, c := range all {
		id, secret := &t.found[c.id], &t.found[c.secret]
		if id.Pair != "" || secret.Pair != "" {
			continue
		}
		id.Pair, secret.Pair = secret.Fingerprint, id.Fingerprint
		id.Distance = distance(id.Line, secret.Line)
		secret.Distance = id.Distance
		if secret.Confidence = High; c.secret >= kept && id.Distance > 5 {
			secret.Confidence = Medium
		}
	}
	out := t.found[:kept]
	for _, f := range t.found[kept:] {
		if f.Pair != "" {
			out = append(out, f)
		}
	}
	t.found = out
}

// near are the ids next to an offset: a text with thousands of both is no reason
// to compare all with all.
func (t *text) near(ids []int, at int) []int {
	const most = 32
	if len(ids) <= most {
		return ids
	}
	i, _ := slices.BinarySearchFunc(ids, at, func(id, at int) int { return cmp.Compare(t.found[id].offset, at) })
	return ids[max(0, i-most/2):min(len(ids), i+most/2)]
}

func distance(a, b int) int { return max(a-b, b-a) }
