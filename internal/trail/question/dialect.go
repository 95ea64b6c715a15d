package question

import (
	"fmt"
	"strings"
	"time"
)

// A Dialect is where the events lie.
type Dialect string

const (
	// Raw is the table that RawDDL makes over CloudTrail's own files.
	Raw Dialect = "raw"
	// Parquet is the table that ParquetDDL makes over an export.
	Parquet Dialect = "parquet"
)

// A Table is what is asked. Accounts and Regions, where they are given, leave
// the other partitions unread. Regions are folders of CloudTrail's files; over
// Parquet they are a condition like any other.
type Table struct {
	Dialect  Dialect
	Name     string // table, or database.table
	Accounts []string
	Regions  []string
}

// A dialect says what the columns of questions are in a table. Text is never
// null, so that the answers are those of the embedded store.
type dialect struct {
	columns map[string]string
	// partitions are the columns for account, region ("": none) and day, and how
	// a day is written there.
	account, region, day, layout string
	// late is how many days after its time a file with an event may lie, and
	// early how many before.
	late, early int
}

var dialects = map[Dialect]dialect{
	Parquet: {
		columns: map[string]string{
			"time":       "time",
			"event_id":   "event_id",
			"source":     "coalesce(source, '')",
			"name":       "coalesce(name, '')",
			"region":     "coalesce(region, '')",
			"principal":  "coalesce(principal, '')",
			"credential": "coalesce(akid, '')",
			"address":    "coalesce(ip, '')",
			"agent":      "coalesce(ua, '')",
			"error":      "coalesce(err, '')",
			"failed":     "failed",
			"readonly":   "coalesce(ro, false)",
			"response":   "coalesce(resp, '')",
			"issued":     issued("resp"),
			"arn":        issuedTo("resp"),
		},
		account: "acct", day: "dt", layout: "2006-01-02",
	},
	// The file's day is that of its delivery: up to about 15 minutes after the
	// event, and after trouble at AWS later. One day more at each end costs
	// little.
	Raw: {
		columns: map[string]string{
			"time":       "CAST(from_iso8601_timestamp(eventtime) AS timestamp)",
			"event_id":   rawID,
			"source":     "coalesce(eventsource, '')",
			"name":       "coalesce(eventname, '')",
			"region":     "coalesce(awsregion, '')",
			"principal":  "coalesce(nullif(useridentity.sessioncontext.sessionissuer.arn, ''), nullif(useridentity.arn, ''), nullif(useridentity.invokedby, ''), '')",
			"credential": "coalesce(nullif(useridentity.accesskeyid, ''), nullif(useridentity.credentialid, ''), nullif(useridentity.sessioncontext.credentialid, ''), '')",
			"address":    "coalesce(sourceipaddress, '')",
			"agent":      "coalesce(useragent, '')",
			"error":      "coalesce(errorcode, '')",
			"failed":     "(coalesce(errorcode, '') <> '' OR coalesce(errormessage, '') <> '' OR (eventsource = 'signin.amazonaws.com' AND strpos(lower(replace(coalesce(responseelements, ''), ' ', '')), '\"' || lower(eventname) || '\":\"failure\"') > 0))",
			"readonly":   "(lower(coalesce(readonly, '')) = 'true')",
			"response":   "coalesce(responseelements, '')",
			"issued":     issued("responseelements"),
			"arn":        issuedTo("responseelements"),
		},
		account: "account", region: "region", day: `"timestamp"`, layout: "2006/01/02",
		late: 1, early: 1,
	},
}

// rawID is the id that package event gives a record: its own, where that is a
// UUID; what else stands there may stand in many records. A record of version
// 1.0 has none, and package event's hash of it cannot be asked for in SQL.
const rawID = "coalesce(CASE WHEN regexp_like(eventid, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$') THEN eventid " +
	"ELSE nullif(eventid, '') || '@' || eventtime || '/' || eventname END, eventtime || ' ' || eventname)"

// issued is the credential that a response gives out: a session's, or a user's
// new key.
func issued(body string) string {
	return "coalesce(json_extract_scalar(" + body + ", '$.credentials.accessKeyId'), json_extract_scalar(" + body + ", '$.accessKey.accessKeyId'), '')"
}

func issuedTo(body string) string {
	return "coalesce(json_extract_scalar(" + body + ", '$.assumedRoleUser.arn'), json_extract_scalar(" + body + ", '$.federatedUser.arn'), json_extract_scalar(" + body + ", '$.accessKey.userName'), '')"
}

func (d dialect) column(name string) string {
	c, known := d.columns[name]
	if !known {
		panic("question: no column " + name) // questions are literals; a test prints all of them
	}
	return c
}

// days are the first and the last day whose partitions are read.
func (d dialect) days(a Args) (from, to time.Time) {
	if !a.From.IsZero() {
		from = midnight(a.From).AddDate(0, 0, -d.early)
	}
	if !a.To.IsZero() {
		to = midnight(a.To.Add(-time.Nanosecond)).AddDate(0, 0, d.late)
	}
	return from, to
}

// conditions are those on partitions, then on time, then the question's own.
func (d dialect) conditions(t Table, q question, a Args) (out []string, err error) {
	in := func(column string, values []string) error {
		if len(values) == 0 {
			return nil
		}
		list, err := Quote(values...)
		out = append(out, column+" IN ("+list+")")
		return err
	}
	if err := in(d.account, t.Accounts); err != nil {
		return nil, err
	}
	region := d.region
	if region == "" {
		region = d.column("region")
	}
	if err := in(region, t.Regions); err != nil {
		return nil, err
	}
	from, to := d.days(a)
	if !from.IsZero() {
		out = append(out, d.day+" >= '"+from.Format(d.layout)+"'")
	}
	if !to.IsZero() {
		out = append(out, d.day+" <= '"+to.Format(d.layout)+"'")
	}
	if !a.From.IsZero() {
		out = append(out, d.column("time")+" >= "+instant(a.From))
	}
	if !a.To.IsZero() {
		out = append(out, d.column("time")+" < "+instant(a.To))
	}
	if q.where != "" {
		own, err := fill(q.where, d, a)
		if err != nil {
			return nil, err
		}
		out = append(out, own)
	}
	return out, nil
}

// fill puts columns for {name}, and quoted values for :value, :named (a pattern of
// the value) and :since.
func fill(text string, d dialect, a Args) (string, error) {
	value, err := Quote(a.Value)
	if err != nil {
		return "", err
	}
	pairs := []string{":value", value, ":since", instant(a.Since)}
	if strings.Contains(text, ":named") {
		pattern, err := named(a.Value)
		if err != nil {
			return "", err
		}
		if pattern, err = Quote(pattern); err != nil {
			return "", err
		}
		pairs = append(pairs, ":named", pattern)
	}
	for name, column := range d.columns {
		pairs = append(pairs, "{"+name+"}", column)
	}
	return strings.NewReplacer(pairs...).Replace(text), nil // what was put in is not looked at again
}

// Quote writes values as SQL strings, with commas between them. A control
// character, which no name in AWS has, is an error; so is what is not UTF-8.
func Quote(values ...string) (string, error) {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		if strings.ToValidUTF8(v, "") != v {
			return "", fmt.Errorf("%q is not UTF-8", v)
		}
		if at := strings.IndexFunc(v, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' }); at >= 0 {
			return "", fmt.Errorf("%q has a control character", v)
		}
		b.WriteString("'" + strings.ReplaceAll(v, "'", "''") + "'")
	}
	return b.String(), nil
}

// identifier quotes the name of a table. Only plain names are taken.
func identifier(name string) (string, error) {
	parts := strings.Split(name, ".")
	if len(parts) > 3 {
		return "", fmt.Errorf("%q is no name of a table", name)
	}
	for i, p := range parts {
		if !plain(p) {
			return "", fmt.Errorf("%q is no name of a table", name)
		}
		parts[i] = `"` + p + `"`
	}
	return strings.Join(parts, "."), nil
}

func plain(s string) bool {
	return s != "" && len(s) <= 128 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func instant(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.000") + "'"
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
