package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const slotLength = 5 * time.Minute

// begin is when the corpus starts: a Thursday.
var begin = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// A file is one delivery.
type file struct {
	account string
	region  int
	at      time.Time // the slot
	n       int       // its own events
	before  int       // the delivery before it to the same place, or -1
	attack  [][]byte  // in place of events of its own
}

// A place is one account in one region.
type place struct {
	account, region int
	weight          float64
	actors          []*actor
	cumulative      []float64
}

// places are all accounts and regions, with who works there.
func places(every []*actor) (all []place) {
	for ai, account := range accounts {
		for region := range regions {
			p := place{account: ai, region: region, weight: account.weight / math.Pow(float64(region)+1, 1.7)}
			sum := 0.0
			for _, a := range every {
				if a.account != account.id {
					continue
				}
				for i, r := range a.regions {
					if r == region {
						w := a.weight / float64(len(a.regions))
						if i == 0 && a.kind != "AWSService" {
							w *= 2
						}
						sum += w
						p.actors = append(p.actors, a)
						p.cumulative = append(p.cumulative, sum)
						break
					}
				}
			}
			all = append(all, p)
		}
	}
	return all
}

func days(events int) int { return max(2, (events+37_500)/75_000) }

// clock is the share of the work that was done before each slot: more in office
// hours, less at the weekend.
func clock(days int) []float64 {
	shares := make([]float64, 0, days*288+1)
	sum := 0.0
	for i := range days * 288 {
		shares = append(shares, sum)
		t := begin.Add(time.Duration(i) * slotLength)
		h := float64(t.Hour()) + float64(t.Minute())/60
		w := 0.35 + math.Exp(-(h-14)*(h-14)/18)
		if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
			w *= 0.5
		}
		sum += w
	}
	for i := range shares {
		shares[i] /= sum
	}
	return append(shares, 1)
}

// slotAt is the slot in which that share of the work is reached.
func slotAt(shares []float64, x float64) time.Time {
	low, high := 0, len(shares)-2
	for low < high {
		if mid := (low + high + 1) / 2; shares[mid] <= x {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return begin.Add(time.Duration(low) * slotLength)
}

// plan spreads events over files, exactly as many as asked for of either.
func plan(events, count int, seed uint64, all []place) (files []file, err error) {
	if count < len(all) || events < count {
		return nil, fmt.Errorf("cannot plan a corpus of %d events in %d files: at least one event a file, and %d files", events, count, len(all))
	}
	r := rand.New(rand.NewPCG(seed, hash("plan")))
	shares := clock(days(events))
	weights := make([]float64, len(all))
	for i, p := range all {
		weights[i] = math.Pow(p.weight, 0.75)
	}
	var perEvent []float64
	for i, n := range spread(count, weights) {
		p := all[i]
		for k := range n {
			f := file{account: accounts[p.account].id, region: p.region, at: slotAt(shares, (float64(k)+0.5)/float64(n)), before: len(files) - 1}
			if k == 0 {
				f.before = -1
			}
			files = append(files, f)
			perEvent = append(perEvent, p.weight/float64(n)*math.Exp(0.9*r.NormFloat64()))
		}
	}
	for i, n := range spread(events, perEvent) {
		files[i].n = n
	}
	return files, nil
}

// spread divides total by weights, at least one each.
func spread(total int, weights []float64) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out := make([]int, len(weights))
	given, at := 0, 0.0
	for i, w := range weights {
		at += w
		upTo := int(math.Round(at / sum * float64(total-len(weights))))
		out[i] = 1 + upTo - given
		given = upTo
	}
	return out
}

// name is where a delivery lies.
func (f *file) name(seed uint64, index int) string {
	id := digits(nil, rand.New(rand.NewPCG(seed, mix(hash("name"), uint64(index)))), base64[:62], 16)
	at := f.at.Add(slotLength)
	return fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", f.account, regions[f.region], at.Format("2006/01/02"), f.account, regions[f.region], at.Format("20060102T1504Z"), id)
}
