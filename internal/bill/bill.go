// Package bill compares what an account costs with what it cost before: services,
// regions and usage types that are new, and what jumped. It is pure; where the
// figures come from is package charges' business.
package bill

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Day is a day of the bill, which AWS cuts at midnight UTC.
type Day int

// DayOf is the day that a time lies in.
func DayOf(t time.Time) Day {
	s := t.Unix()
	if s < 0 {
		return 0
	}
	return Day(s / 86400)
}

// ParseDay reads 2026-11-21, and what may follow it, such as a time.
func ParseDay(s string) (Day, error) {
	if len(s) < len(time.DateOnly) {
		return 0, fmt.Errorf("%.40q is no date", s)
	}
	t, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)])
	if err != nil || t.Year() < 2006 {
		return 0, fmt.Errorf("%.40q is no date", s)
	}
	return DayOf(t), nil
}

// Time is the midnight at which the day begins.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// MarshalJSON writes the date.
func (d Day) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads it again.
func (d *Day) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*d, err = ParseDay(s)
	}
	return err
}

// A Line is what was charged on one day. What does not apply is "".
type Line struct {
	Day     Day
	Service string
	Region  string
	Usage   string  // the usage type, such as "APS3-BoxUsage:p3.8xlarge"
	Charge  string  // the type of charge, which files tell: "Usage", "SavingsPlanUpfrontFee"
	Cost    float64 // in the ledger's currency, before credits
}

// A Ledger is what is known of the bill, by day.
type Ledger struct {
	From, To Day // To is the first day that is not in it
	// Known are the days of which there are figures; nil: all of them.
	Known    map[Day]bool
	Currency string
	// Places are the charges by service and region, Usages those by service and
	// usage type: the same money twice. A line without cost says that the thing
	// was used, as within the free tier.
	Places []Line
	Usages []Line
	// Blind names what the figures do not tell apart: "service", "region", "usage".
	Blind []string
	// Estimated is the first day that AWS may still change; 0: none.
	Estimated Day
}

// What is smaller than this is not told one by one, in the bill's currency.
const (
	least     = 1.0 // that a new service or region cost
	leastJump = 5.0 // that a jump, or a new usage type, cost beyond the usual
)

// minPast is how many days must be known before anything is held against them.
const minPast = 14

// The kinds of finding, in the order in which they are told.
const (
	NewService = "new-service"
	NewRegion  = "new-region"
	NewHere    = "new-here" // a known service in a known region, for the first time together
	Jump       = "jump"     // of a service in a region
	NewUsage   = "new-usage"
	UsageJump  = "usage-jump"
	RestJump   = "rest-jump" // all that no other finding names, together
)

// A Finding is one thing on the bill that the account's past does not explain.
type Finding struct {
	Kind    string  `json:"kind"`
	Service string  `json:"service,omitempty"`
	Region  string  `json:"region,omitempty"`
	Usage   string  `json:"usage_type,omitempty"`
	First   Day     `json:"first"`
	Last    Day     `json:"last"`
	Days    int     `json:"days"`  // on which it was out of the ordinary
	Cost    float64 `json:"cost"`  // of the whole period that is looked at
	Usual   float64 `json:"usual"` // a day, before: the median
	Peak    float64 `json:"peak"`  // of the dearest day
	PeakDay Day     `json:"peak_day"`
	Excess  float64 `json:"excess"` // beyond the usual, on those days
	// Parts are what it is made of from its first day on, the dearest first: the regions of a service, the
	// services of a region, the usage types of a jump.
	Parts  []Part    `json:"parts"`
	Series []float64 `json:"series"` // a day each, from the comparison's From on
}

// A Part is one share of a finding.
type Part struct {
	Name string  `json:"name"`
	Cost float64 `json:"cost"`
}

// Why no comparison can be made.
const (
	Empty     = "empty"      // there are no charges at all
	ShortPast = "short-past" // too few days before the period to tell what is usual
	NoPeriod  = "no-period"  // the figures end before the period begins
)

// A Comparison is a period of the bill held against the days before it.
type Comparison struct {
	From     Day       `json:"from"`
	To       Day       `json:"to"` // the first day that is not in it
	Since    Day       `json:"since"`
	Currency string    `json:"currency"`
	Totals   []float64 `json:"totals"`  // a day each
	Missing  []Day     `json:"missing"` // days without figures
	Past     int       `json:"past_days"`
	Total    float64   `json:"total"`     // of the period
	PerDay   float64   `json:"per_day"`   // of the period, in the mean
	Usual    float64   `json:"usual_day"` // before it: the median
	Findings []Finding `json:"findings"`
	// Small is how many new things cost too little to be told one by one, and
	// SmallCost what they cost together.
	Small     int        `json:"small"`
	SmallCost float64    `json:"small_cost"`
	Purchases []Purchase `json:"purchases"`
	Blind     []string   `json:"blind"`
	Unjudged  string     `json:"unjudged,omitempty"` // why nothing is held against the past
	Estimated Day        `json:"estimated_from,omitempty"`
}
