package source

import (
	"strings"
	"time"
)

// A place is what a path says of the file or folder there:
// …/AWSLogs/[o-…/]<account>/CloudTrail/<region>/YYYY/MM/DD/
// <account>_CloudTrail_<region>_YYYYMMDDTHHMMZ_<unique>.json.gz
type place struct {
	account, kind, region string
	year, month, day      int
	at                    time.Time // of delivery, by the file's name, or the folder's day
}

// The kinds of files that CloudTrail delivers, by their folder.
const (
	logs     = "CloudTrail"
	digests  = "CloudTrail-Digest"
	insights = "CloudTrail-Insight"
	// lake is where results of Lake's queries come to lie:
	// …/AWSLogs/<account>/CloudTrail-Lake/Query/YYYY/MM/DD/<query>/result_1.csv.gz.
	// The account is whose query it was and the day is when it was asked: neither
	// says anything of the events.
	lake = "CloudTrail-Lake"
)

// lakeSign is the file beside such results that has their hashes.
const lakeSign = "result_sign.json"

// below is the place of a folder in this one.
func (p place) below(name string) place {
	switch {
	case p.kind == lake:
	case p.kind == "" && p.account != "" && name == lake:
		p = place{kind: lake}
	case p.kind == "" && isAccount(name):
		p.account = name
	case p.kind == "" && p.account != "" && isKind(name):
		p.kind = name
	case p.kind == "":
		p.account = "" // of another service, or a name that happens to be a number
	case p.region == "":
		p.region = name
	case p.year == 0:
		p.year = number(name, 4)
	case p.month == 0:
		p.month = number(name, 2)
	case p.day == 0:
		p.day = number(name, 2)
	}
	return p
}

// file is the place of a file in this folder. Its name knows better.
func (p place) file(name string) place {
	account, rest, _ := strings.Cut(name, "_")
	kind, rest, _ := strings.Cut(rest, "_")
	region, rest, named := strings.Cut(rest, "_")
	if !named || !isAccount(account) || !isKind(kind) {
		p.at, _ = p.span()
		return p
	}
	p.account, p.kind, p.region = account, kind, region
	for more := true; more; {
		var part string
		part, rest, more = strings.Cut(rest, "_")
		stamp, _, _ := strings.Cut(part, ".")
		if t, ok := stampTime(stamp); ok {
			p.at = t
			return p
		}
	}
	p.at, _ = p.span()
	return p
}

// stampTime reads YYYYMMDDTHHMMZ, or with seconds.
func stampTime(s string) (time.Time, bool) {
	long := len(s) == len("20060102T150405Z")
	if !long && len(s) != len("20060102T1504Z") || s[8] != 'T' || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	for _, digits := range [...]string{s[:8], s[9 : len(s)-1]} {
		for i := range len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return time.Time{}, false
			}
		}
	}
	year, month, day := number(s[:4], 4), number(s[4:6], 2), number(s[6:8], 2)
	hour, minute, second := number(s[9:11], 2), number(s[11:13], 2), 0
	if long {
		second = number(s[13:15], 2)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, t.Month() == time.Month(month) && t.Day() == day && hour < 24 && minute < 60 && second < 60
}

// placeOf is the place of a file by its whole path, with slashes.
func placeOf(path string) place {
	var p place
	for {
		name, rest, more := strings.Cut(path, "/")
		if !more {
			return p.file(name)
		}
		p, path = p.below(name), rest
	}
}

// span is the time in which the files of a place were delivered; zero: unknown.
func (p place) span() (first, last time.Time) {
	switch {
	case !p.at.IsZero():
		return p.at, p.at.Add(time.Minute)
	case p.year == 0:
		return first, last
	case p.month == 0:
		first = time.Date(p.year, 1, 1, 0, 0, 0, 0, time.UTC)
		return first, first.AddDate(1, 0, 0)
	case p.day == 0:
		first = time.Date(p.year, time.Month(p.month), 1, 0, 0, 0, 0, time.UTC)
		return first, first.AddDate(0, 1, 0)
	}
	first = time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, 0, 1)
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func isKind(s string) bool { return s == logs || strings.HasPrefix(s, logs+"-") }

// number reads that many digits; 0: something else.
func number(s string, digits int) (n int) {
	if len(s) != digits {
		return 0
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}
