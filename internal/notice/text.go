package notice

import (
	"net/url"
	"strings"

	"cordon/internal/pattern"
)

var (
	keyID     = pattern.New(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`)
	userARN   = pattern.New(`\barn:aws[a-z-]*:iam::(\d{12}):(user/[\w+=,.@/-]+|root)`)
	anyARN    = pattern.New(`\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:[\w+=,.@:/*-]+`)
	instance  = pattern.New(`\bi-[0-9a-f]{8,17}\b`)
	accountID = pattern.New(`(?i)(?:\baccount(?:\s*(?:id|number|n°|#))?|账户|账号|\bcompte(?:\s+aws)?)[\s:：(#=]{0,6}(\d{12}|\d{4}[- ]\d{4}[- ]\d{4})\b`)
	labelled  = pattern.New(`(?im)^[\s>*•-]*(?:aws\s+)?(?:iam\s+)?(?:user\s*name|user|username|nom d’utilisateur|utilisateur(?: iam)?|用户名|iam 用户)(?:\s*\((?:IAM or Root)\))?\s*[:：|\t]\s*["“'«]?\s*([\w+=,.@-]{1,64})`)
	belonging = pattern.New(`(?i)\b(?:belong(?:s|ing)\s+to|associated\s+with|owned\s+by|corresponding|for)\s+(?:the\s+|your\s+)?(?:aws\s+)?(?:iam\s+)?user(?:\s*name)?(?:d)?\s*[:：]?\s*["“'«(]?\s*([\w+=,.@-]{1,64})`)
	named     = pattern.New(`(?i)\biam\s+user(?:\s*name)?s?\s*(?:\(s\))?\s*[:：]?\s*["“'«(]\s*([\w+=,.@-]{1,64})`)
	anywhere  = pattern.New(`(?:用户名|IAM 用户|nom d’utilisateur)\s*[:：]\s*["“«]?\s*([\w+=,.@-]{1,64})`)
	located   = pattern.New(`(?i)(located|available|found|exposed|location|web ?site|published|posted|public|公开|位于|泄露|trouvée|publiée|accessible)`)
	placed    = pattern.New(`(?im)^[\s>*•-]*(?:location|web ?site|url|emplacement|位置)\s*[:：|\t]\s*(\S+)`)
	supports  = pattern.New(`(?i)\bcase(?:\s*(?:id|number|#))?\s*[:：#]?\s*(\d{9,16}|case-[\w-]{10,80})\b`)
)

// notUsers are words that stand where a name would.
var notUsers = map[string]bool{
	"name": true, "names": true, "id": true, "ids": true, "and": true, "or": true, "s": true, "in": true, "is": true, "has": true, "with": true,
	"was": true, "who": true, "that": true, "which": true, "the": true, "your": true, "you": true, "access": true, "key": true, "a": true,
	"to": true, "account": true, "may": true, "from": true, "policies": true, "policy": true, "guide": true, "n/a": true, "credentials": true,
}

// text takes what sentences say: keys, users, places, accounts, deadlines.
func (r *reader) text(s string) {
	n := &r.n
	n.Keys = append(n.Keys, keyID.FindAllString(s, maxList)...)
	for _, m := range userARN.FindAllStringSubmatch(s, maxList) {
		n.Users = append(n.Users, m[2][strings.LastIndexByte(m[2], '/')+1:])
		r.account(m[1])
	}
	for _, form := range []*pattern.Pattern{labelled, belonging, named, anywhere} {
		for _, m := range form.FindAllStringSubmatch(s, maxList) {
			r.user(m[1])
		}
	}
	for _, m := range accountID.FindAllStringSubmatch(s, maxList) {
		r.account(m[1])
	}
	for _, m := range anyARN.FindAllStringSubmatch(s, maxList) {
		r.account(m[1])
		if !userARN.MatchString(m[0]) {
			n.Resources = append(n.Resources, strings.TrimRight(m[0], ".,;"))
		}
	}
	n.Resources = append(n.Resources, instance.FindAllString(s, maxList)...)
	for _, at := range address.FindAllStringIndex(s, maxList) {
		r.place(strings.TrimRight(s[at[0]:at[1]], ".,;:!?"), s[max(0, at[0]-90):at[0]])
	}
	for _, m := range placed.FindAllStringSubmatch(s, maxList) {
		if v := strings.TrimRight(m[1], ".,;"); strings.ContainsAny(v, "/.") && !strings.Contains(v, "://") {
			n.Locations = append(n.Locations, v)
		}
	}
	if m := supports.FindStringSubmatch(s); m != nil && n.AWSCase == "" {
		n.AWSCase = m[1]
	}
	r.spans = append(r.spans, spansIn(s)...)
}

func (r *reader) user(name string) {
	name = strings.TrimRight(name, ".,")
	if name != "" && !notUsers[strings.ToLower(name)] && !keyID.MatchString(name) {
		r.n.Users = append(r.n.Users, name)
	}
}

func (r *reader) account(id string) {
	id = strings.NewReplacer("-", "", " ", "").Replace(id)
	if len(id) == 12 && r.n.Account == "" {
		r.n.Account = id
	}
}

// place takes an address as the place of the find when it is where keys are
// found, or when the words before it say so and it is not AWS's own.
func (r *reader) place(s, before string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || under(u.Hostname(), sites) {
		return
	}
	if i := strings.LastIndexAny(before, ".;。"); i >= 0 {
		before = before[i:]
	}
	if under(u.Hostname(), homes) || located.MatchString(before) && !inviting.MatchString(before) {
		r.n.Locations = append(r.n.Locations, s)
	}
}

// inviting are the words before a link that one is to follow.
var inviting = pattern.New(`(?i)\b(visit|click|sign in|log ?in|go to|open|verify|confirm|restore|secure|update|here)\b`)
