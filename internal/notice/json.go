package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// advised are the columns of Trusted Advisor's check of exposed keys, in the
// order of its report (AWS Support user guide, check 12Fnkpl8Y5).
var advised = []string{"Access Key ID", "User Name (IAM or Root)", "Fraud Type", "Case ID", "Time Updated", "Location", "Deadline", "Usage (USD per Day)"}

// json reads one or more documents: an event as EventBridge delivers it, what
// `aws health` and `aws support` print, or one of them inside an SNS message.
func (r *reader) json(raw []byte, depth int) error {
	if depth > maxDepth {
		return errors.New("its documents lie too deep in each other")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	for range maxList {
		var doc any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it begins as JSON and is none: %w", err)
		}
		r.walk(doc, depth)
	}
	return nil
}

// walk reads a value by the names of its members, wherever they stand: AWS has
// put them at different depths over the years.
func (r *reader) walk(v any, depth int) {
	if depth > 4*maxDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v[:min(len(v), maxList)] {
			r.walk(one, depth+1)
		}
	case map[string]any:
		if item, ok := v["check-item-detail"].(map[string]any); ok {
			r.advice(func(name string) string { return str(item[name]) })
		}
		if cells, ok := v["metadata"].([]any); ok && (len(cells) == len(advised) || len(cells) == len(advised)+1) {
			r.advice(func(name string) string { return str(cells[slices.Index(advised, name)]) })
		}
		for _, name := range sortedNames(v) {
			r.member(name, v[name], depth)
		}
	}
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func str(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

func (r *reader) member(name string, v any, depth int) {
	s := str(v)
	switch name {
	case "eventTypeCode":
		if r.n.Code == "" || strings.HasPrefix(s, "AWS_RISK_") {
			r.n.Code, r.n.Source = s, Health
		}
	case "affectedAccount", "awsAccountId":
		if r.n.Account = ""; s != "" { // the account of an organization's view is another
			r.account(s)
		}
	case "account":
		r.account(s)
	case "entityValue":
		r.entity(s)
	case "time", "startTime", "lastUpdatedTime":
		if t, ok := when(s); ok && (r.n.Sent.IsZero() || name == "startTime") {
			r.n.Sent = t
		}
	case "latestDescription", "description":
		r.body = append(r.body, s)
	case "Subject":
		r.n.Subject = s
	case "Message":
		if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
			if r.json([]byte(s), depth+1) == nil {
				return
			}
		}
		r.pasted(s)
	case "resources":
		for _, one := range list(v) {
			r.n.Resources = append(r.n.Resources, str(one))
		}
	}
	switch v.(type) {
	case map[string]any, []any:
		r.walk(v, depth+1)
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l[:min(len(l), maxList)]
}

// entity is what Health says is concerned: a key's id, a user, or an ARN.
func (r *reader) entity(s string) {
	switch {
	case keyID.MatchString(s):
		r.n.Keys = append(r.n.Keys, keyID.FindString(s))
	case userARN.MatchString(s):
		m := userARN.FindStringSubmatch(s)
		r.n.Users = append(r.n.Users, m[2][strings.LastIndexByte(m[2], '/')+1:])
		r.account(m[1])
	case strings.HasPrefix(s, "arn:"), instance.MatchString(s):
		r.n.Resources = append(r.n.Resources, s)
	case len(s) == 12 && strings.Trim(s, "0123456789") == "":
		r.account(s)
	default:
		r.user(s)
	}
}

// advice reads one row of Trusted Advisor's check.
func (r *reader) advice(get func(string) string) {
	n := &r.n
	if !keyID.MatchString(get("Access Key ID")) {
		return
	}
	n.Source = Advisor
	n.Keys = append(n.Keys, get("Access Key ID"))
	r.user(get("User Name (IAM or Root)"))
	if n.Code == "" {
		switch fraud := strings.ToLower(get("Fraud Type")); {
		case strings.Contains(fraud, "compromised"):
			n.Code = "COMPROMISED"
		case strings.Contains(fraud, "exposed"):
			n.Code = "EXPOSED"
		}
	}
	if where := get("Location"); where != "" {
		n.Locations = append(n.Locations, where)
	}
	if id := get("Case ID"); id != "" {
		n.AWSCase = id
	}
	if t, ok := when(get("Time Updated")); ok && n.Sent.IsZero() {
		n.Sent = t
	}
	if t, ok := when(get("Deadline")); ok {
		r.spans = append(r.spans, span{at: t})
	}
}

// when reads the dates of AWS's events: milliseconds or seconds since 1970, ISO,
// or as in a mail's head.
func when(s string) (time.Time, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case f > 1e11 && f < 1e14:
			return time.UnixMilli(int64(f)).UTC(), true
		case f > 1e8 && f < 1e11:
			return time.Unix(int64(f), 0).UTC(), true
		}
		return time.Time{}, false
	}
	if s == "" {
		return time.Time{}, false
	}
	return moment(s)
}
