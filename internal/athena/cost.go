package athena

import (
	"time"

	"cordon/internal/trail/question"
)

// A Price is what Athena takes for reading. AWS changes it and it differs by
// region, so it comes from outside, with its day.
type Price struct {
	PerTB    float64   `json:"per_tb"`
	Currency string    `json:"currency"`
	AsOf     time.Time `json:"as_of"`
}

// least is what every query is charged for at least.
const least = 10_000_000

// Of is the price of reading so many bytes. Bytes count by the megabyte, upwards.
func (p Price) Of(bytes int64) float64 {
	const mega, tera = 1_000_000, 1_000_000_000_000
	charged := max(least, (bytes+mega-1)/mega*mega)
	return float64(charged) / tera * p.PerTB
}

// A Size is how many bytes lie in one partition, by a listing of the bucket.
// Region is "" over an export.
type Size struct {
	Account, Region string
	Day             time.Time
	Bytes           int64
}

// An Estimate is what a query will read and cost.
type Estimate struct {
	Bytes      int64   `json:"bytes"`
	Partitions int     `json:"partitions"`
	Cost       float64 `json:"cost"`
	// Known is false where the sizes of partitions were not: then there is no
	// figure. AtMost: only some columns are read, so it will be less.
	Known  bool  `json:"known"`
	AtMost bool  `json:"at_most"`
	Price  Price `json:"price"`
}

// Estimated adds up the partitions that a query reads. CloudTrail's own files
// are read whole, whatever columns are asked for; of Parquet only the columns.
// sizes is nil where nobody listed the bucket.
func Estimated(q question.Query, sizes []Size, p Price) Estimate {
	e := Estimate{Known: sizes != nil, AtMost: q.Dialect == question.Parquet, Price: p}
	if !e.Known {
		return e
	}
	for _, s := range sizes {
		if q.Reads(s.Account, s.Region, s.Day) {
			e.Bytes += s.Bytes
			e.Partitions++
		}
	}
	e.Cost = p.Of(e.Bytes)
	return e
}
