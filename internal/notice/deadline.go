package notice

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/pattern"
)

// A span is one deadline as a notice tells it: a moment, or so long after it
// was sent.
type span struct {
	at    time.Time
	day   bool // only the day is told
	after time.Duration
}

const month = `(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)`

var months = map[string]time.Month{
	"jan": 1, "feb": 2, "fév": 2, "mar": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6, "juin": 6, "jul": 7, "juil": 7, "aug": 8, "aoû": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12, "déc": 12,
}

var numbers = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen"}

var (
	// "within 5 days", "in the next 24 hours", "dans un délai de 5 jours", "5 天内"
	within = pattern.New(`(?i)(?:\b(?:within|in)(?:\s+the)?(?:\s+next|\s+following)?\s+|\bdans\s+(?:les\s+|un\s+délai\s+de\s+)?|\bsous\s+)(\d{1,3}|` + strings.Join(numbers[1:], "|") + `)(?:\s*\(\d{1,3}\))?\s*(?:(?:business|calendar|working|prochains|prochaines)\s+)?(days?|hours?|jours?|heures?|h)\b`)
	inHan  = pattern.New(`(\d{1,3})\s*(?:个)?\s*(天|日|小时)(?:之)?内`)
	counts = pattern.New(`(?i)\b(\d{1,3}|` + strings.Join(numbers[1:], "|") + `)\s+(days?|hours?)\s+from\s+(?:the\s+date\s+of\s+)?(?:this|now|receipt|receiving)`)

	// "by November 27, 2026 12:00 PM UTC", "avant le 27 novembre 2026", "在 2026 年 11 月 27 日之前"
	before = `(?:\b(?:by|before|no\s+later\s+than|until|on\s+or\s+before|deadline|due(?:\s+date)?|avant(?:\s+le)?|d’ici(?:\s+au)?|au\s+plus\s+tard\s+le|date\s+limite)\s*[:：]?\s*|截止(?:日期)?\s*[:：]?\s*|在\s*|于\s*)(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+|(?:mon|tue|wed|thu|fri|sat|sun),?\s+)?`
	clock  = `(?:[,T]?\s*(?:at\s+|à\s+)?(\d{1,2})[:h](\d{2})(?::\d{2})?\s*(am|pm)?\s*(utc|gmt|z|pst|pdt|est|edt)?)?`
	forms  = []struct {
		re               *pattern.Pattern
		year, month, day int // groups
		american         bool
	}{
		{re: pattern.New(`(?i)` + before + `(` + month + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})` + clock), year: 3, month: 1, day: 2},
		{re: pattern.New(`(?i)` + before + `(\d{1,2})(?:st|nd|rd|th|er)?[\s-]+(` + month + `)\.?,?[\s-]+(\d{4})` + clock), year: 3, month: 2, day: 1},
		{re: pattern.New(`(?i)` + before + `(\d{4})-(\d{2})-(\d{2})` + clock), year: 1, month: 2, day: 3},
		{re: pattern.New(`(?i)` + before + `(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日` + clock), year: 1, month: 2, day: 3},
		{re: pattern.New(`(?i)` + before + `(\d{1,2})/(\d{1,2})/(\d{4})` + clock), year: 3, month: 1, day: 2, american: true},
	}

	// What AWS promises, or looks back on, is no deadline of the owner's.
	promised = pattern.New(`(?i)(\bwe(?:’ll|'ll|\s+will)\b|\bour\s+team\b|\bsupport\s+will\b|\blast\b|\bpast\b|\bprevious\b|\bsince\b|\bago\b|nous\s+vous\s+répondrons|derniers|过去|我们(?:会|将)在)`)
	asked    = pattern.New(`(?i)(respond|reply|\bact\b|contact|secure|complet|action|suspend|restor|follow|deadline|resolv|updat|take|must|need|require|terminat|address|confirm|rotate|delete|due|répond|agir|suspend|mesures|supprim|截止|回复|答复|响应|采取|暂停|完成|处理|联系)`)
)

// spansIn finds the deadlines in sentences. A sentence must ask for something,
// or say what happens otherwise.
func spansIn(text string) (out []span) {
	for _, s := range sentences(text) {
		if !asked.MatchString(s) {
			continue
		}
		for _, re := range []*pattern.Pattern{within, counts, inHan} {
			for _, at := range re.FindAllStringSubmatchIndex(s, 8) {
				n := number(s[at[2]:at[3]])
				if promised.MatchString(s[:at[1]]) || n == 0 {
					continue
				}
				unit := 24 * time.Hour
				if strings.ContainsAny(strings.ToLower(s[at[4]:at[5]])[:1], "h") || s[at[4]:at[5]] == "小时" {
					unit = time.Hour
				}
				out = append(out, span{after: time.Duration(n) * unit})
			}
		}
		for _, f := range forms {
			for _, m := range f.re.FindAllStringSubmatch(s, 8) {
				if d, ok := dated(m, f.year, f.month, f.day, f.american); ok {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// sentences splits at full stops before a space and at empty lines; a mail's
// lines are broken anywhere.
func sentences(text string) []string {
	text = regexpParagraph.ReplaceAllString(strings.ReplaceAll(text, "\r", ""), "\x00")
	text = strings.NewReplacer("\n", " ", "\u00a0", " ", "\u202f", " ").Replace(text)
	for _, stop := range []string{". ", "。", "? ", "! ", "；"} {
		text = strings.ReplaceAll(text, stop, stop+"\x00")
	}
	return strings.FieldsFunc(text, func(c rune) bool { return c == 0 })
}

var regexpParagraph = pattern.New(`\n[ \t>]*\n`)

func number(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return max(0, slices.Index(numbers, strings.ToLower(s)))
}

var zones = map[string]int{"pst": -8, "pdt": -7, "est": -5, "edt": -4}

// dated makes a moment of a date's groups. Of 3/4/2026 both readings are
// possible: the earlier one counts.
func dated(m []string, year, mon, day int, american bool) (span, bool) {
	y, _ := strconv.Atoi(m[year])
	d, _ := strconv.Atoi(m[day])
	which, err := strconv.Atoi(m[mon])
	if err != nil {
		name := []rune(strings.ToLower(m[mon]))
		which = int(months[string(name[:min(4, len(name))])])
		if which == 0 {
			which = int(months[string(name[:min(3, len(name))])])
		}
	}
	if american && (which > 12 || d < which && d <= 12) {
		which, d = d, which
	}
	if which < 1 || which > 12 || d < 1 || d > 31 || y < 2010 || y > 2200 {
		return span{}, false
	}
	s := span{day: true}
	hour, minute, zone := 0, 0, 0
	if m[4] != "" {
		s.day = false
		hour, _ = strconv.Atoi(m[4])
		minute, _ = strconv.Atoi(m[5])
		switch half := strings.ToLower(m[6]); {
		case half == "pm" && hour < 12:
			hour += 12
		case half == "am" && hour == 12:
			hour = 0
		}
		zone = zones[strings.ToLower(m[7])]
		if hour > 23 || minute > 59 {
			return span{}, false
		}
	}
	s.at = time.Date(y, time.Month(which), d, hour-zone, minute, 0, 0, time.UTC)
	if s.day && s.at.Day() != d { // 31 November
		return span{}, false
	}
	return s, true
}

// deadline takes the earliest of what was told: nobody is harmed by an answer
// that comes too soon.
func (r *reader) deadline() {
	n := &r.n
	from, how := n.Sent, BySpan
	switch {
	case !r.Received.IsZero():
		from, how = r.Received, ByReceived
	case from.IsZero():
		from, how = r.Now, ByReceipt
	}
	for _, s := range r.spans {
		at, told := s.at, ByDate
		switch {
		case s.day:
			told = ByDay
		case at.IsZero():
			at, told = from.Add(s.after), how
		}
		if !n.Sent.IsZero() && !at.After(n.Sent.Add(-24*time.Hour)) {
			continue // a date that was past when it was written is no deadline
		}
		if n.Deadline.IsZero() || at.Before(n.Deadline) {
			n.Deadline, n.DeadlineFrom = at.UTC(), told
		}
	}
}
