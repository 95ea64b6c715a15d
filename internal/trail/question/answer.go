package question

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/trail"
)

// Rows are an answer as an engine gave it: text by column, "" where it is null.
type Rows struct {
	Columns []string
	Values  [][]string
}

// Credential is one line of Issued: a credential that a call gave out.
type Credential struct {
	Time   time.Time `json:"time"`
	ID     string    `json:"event_id"`
	Name   string    `json:"name"`
	Issued string    `json:"issued"` // its access key id
	ARN    string    `json:"arn"`    // of whom it stands for; of a user's new key the user's name
}

// Calls reads the answer to Timeline, ByPrincipal and ByAddress.
func Calls(r Rows) ([]trail.Call, error) {
	return each(r, callColumns, func(c *cursor) trail.Call {
		return trail.Call{
			Time: c.time(), ID: c.text(), Source: c.text(), Name: c.text(), Region: c.text(),
			Principal: c.text(), Address: c.text(), Agent: c.text(), Error: c.text(),
		}
	})
}

// UsesOf reads the answer to Uses, Callers and Impact.
func UsesOf(r Rows) ([]trail.Use, error) {
	return each(r, useColumns, func(c *cursor) trail.Use {
		return trail.Use{
			Principal: c.text(), Source: c.text(), Name: c.text(), Region: c.text(),
			Count: c.count(), Failed: c.count(), First: c.time(), Last: c.time(),
		}
	})
}

// CreatorsOf reads the answer to Creators.
func CreatorsOf(r Rows) ([]trail.Creator, error) {
	return each(r, Columns(Creators), func(c *cursor) trail.Creator {
		return trail.Creator{
			Time: c.time(), ID: c.text(), Source: c.text(), Name: c.text(),
			Principal: c.text(), Credential: c.text(), Address: c.text(),
		}
	})
}

// NewsOf reads the answer to News.
func NewsOf(r Rows) ([]trail.First, error) {
	return each(r, Columns(News), func(c *cursor) trail.First {
		return trail.First{Principal: c.text(), What: c.text(), Value: c.text(), First: c.time()}
	})
}

// HoursOf reads the answer to Hours.
func HoursOf(r Rows) ([]trail.Hour, error) {
	return each(r, Columns(Hours), func(c *cursor) trail.Hour {
		return trail.Hour{Hour: c.time(), Events: c.count(), Failed: c.count()}
	})
}

// Credentials reads the answer to Issued.
func Credentials(r Rows) ([]Credential, error) {
	return each(r, Columns(Issued), func(c *cursor) Credential {
		return Credential{Time: c.time(), ID: c.text(), Name: c.text(), Issued: c.text(), ARN: c.text()}
	})
}

// Columns are those of the answer to a question.
func Columns(name string) []string {
	for _, q := range questions {
		if q.name == name {
			return q.out
		}
	}
	return nil
}

// each reads every row or none: an answer with a line left out would be another
// answer.
func each[T any](r Rows, want []string, read func(*cursor) T) ([]T, error) {
	if !slices.Equal(r.Columns, want) {
		return nil, fmt.Errorf("cannot read the answer: its columns are %s and not %s", strings.Join(r.Columns, ", "), strings.Join(want, ", "))
	}
	var out []T
	for i, values := range r.Values {
		if len(values) != len(want) {
			return nil, fmt.Errorf("cannot read the answer: row %d has %d values and not %d", i+1, len(values), len(want))
		}
		c := &cursor{values: values}
		v := read(c)
		if c.err != nil {
			return nil, fmt.Errorf("cannot read the answer: row %d, %s: %w", i+1, want[c.wrong], c.err)
		}
		out = append(out, v)
	}
	return out, nil
}

// A cursor goes through the values of one row and keeps the first error.
type cursor struct {
	values []string
	at     int
	wrong  int
	err    error
}

func (c *cursor) text() string {
	c.at++
	return c.values[c.at-1]
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err, c.wrong = err, c.at-1
	}
}

func (c *cursor) count() uint64 {
	n, err := strconv.ParseUint(c.text(), 10, 64)
	if err != nil {
		c.fail(err)
	}
	return n
}

func (c *cursor) time() time.Time {
	t, err := Time(c.text())
	if err != nil {
		c.fail(err)
	}
	return t
}

// Time reads Athena's and Trino's timestamps, with or without UTC behind them.
func Time(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", time.RFC3339Nano} {
		if t, err := time.Parse(layout, strings.TrimSuffix(s, " UTC")); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time", s)
}
