package leak

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// AccountOf reads the account out of an access key id, without asking anybody:
// the 16 characters after the prefix are base 32, and 40 bits of them, from the
// second on, are its number. Ids from before about 2019 (AKIAI…, AKIAJ…) do not
// hold it, and the form is no promise of AWS's: what is no account gives "".
func AccountOf(id string) string {
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") && !strings.HasPrefix(id, "ASIA") || id[4] == 'I' || id[4] == 'J' {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || len(raw) < 6 {
		return ""
	}
	var n uint64
	for _, b := range raw[:6] {
		n = n<<8 | uint64(b)
	}
	n = n & 0x7fffffffff80 >> 7
	if n == 0 || n > 999_999_999_999 {
		return ""
	}
	return fmt.Sprintf("%012d", n)
}

// The accounts whose keys are traps: whoever uses one tells its owner so. They
// are known publicly. Others exist that nobody knows.
var (
	canaryTokens = []string{
		"052310077262", "171436882533", "266735846894", "528757803018", "534261010715", "538784191382", "595918472158", "717712589309",
		"729780141977", "730335385048", "819147034852", "893192397702", "992382622183",
	}
	otherTraps = []string{
		"044858866125", "251535659677", "344043088457", "351906852752", "390477818340", "426127672474", "427150556519", "439872796651",
		"445142720921", "465867158099", "637958123769", "693412236332", "732624840810", "735421457923", "959235150393", "982842642351",
	}
)

// CanaryOf says whose trap the keys of an account are, or "".
func CanaryOf(account string) string {
	switch {
	case slices.Contains(canaryTokens, account):
		return "canarytokens.org"
	case slices.Contains(otherTraps, account):
		return "canary"
	}
	return ""
}

// documentation are the accounts of AWS's own manuals.
var documentation = []string{"123456789012", "111122223333", "444455556666", "777788889999", "012345678901", "000000000000", "999999999999", "111111111111"}

// accountForms are forms within one line: of each line by itself accountLine says
// whether it may hold one.
var accountForms = regexp.MustCompile(`(?i)(?:account[_\- ]?(?:id|no|number)?["'\x60]?[\t\r ]*(?:=>|[:=,>])[\t\r ]*["'\x60]?|arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:)(\d{4}-?\d{4}-?\d{4})(?:\D|$)`)

// accounts finds account ids, where identifiers were asked for.
func (t *text) accounts() {
	r := table().byID[ruleAccount]
	for _, m := range accountForms.FindAllSubmatchIndex(t.body, -1) {
		id := strings.ReplaceAll(string(t.body[m[2]:m[3]]), "-", "")
		if !slices.Contains(documentation, id) {
			t.add(r, m[2], id)
		}
	}
}

// accountLine says whether a line may hold an account id.
func accountLine(text []byte, hits []int) []int {
	const least = 12
	for i := least - 1; i < len(text); {
		if c := text[i]; (c < '0' || c > '9') && c != '-' {
			i += least
			continue
		}
		s, e := i, i+1
		for s > 0 && (text[s-1] >= '0' && text[s-1] <= '9' || text[s-1] == '-') {
			s--
		}
		for e < len(text) && (text[e] >= '0' && text[e] <= '9' || text[e] == '-') {
			e++
		}
		if beginsAccount(text[s:e]) {
			head := bytes.ToLower(before(text, s))
			if bytes.Contains(head, []byte("account")) || bytes.Contains(head, []byte("arn:aws")) {
				hits = append(hits, s)
			}
		}
		i = e + least
	}
	return hits
}

// beginsAccount says whether a run of digits and hyphens begins as accountForms
// want an account id, and does not go on with a digit.
func beginsAccount(run []byte) bool {
	at := 0
	for group := range 3 {
		if group > 0 && at < len(run) && run[at] == '-' {
			at++
		}
		for range 4 {
			if at == len(run) || run[at] == '-' {
				return false
			}
			at++
		}
	}
	return at == len(run) || run[at] == '-'
}
