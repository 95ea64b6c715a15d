package lineage

import (
	"fmt"
	"testing"
	"time"

	"cordon/internal/event"
)

// many is n events of a busy account; hostile gives each its own address,
// session and agent.
func many(n int, hostile bool) (events []event.Event, signs []Sign) {
	request := []byte(`{"bucketName":"b","key":"k"}`)
	for i := range n {
		e := event.Event{
			ID: fmt.Sprint("e", i), Time: began.Add(time.Duration(i) * time.Second), Name: "GetObject", Source: "s3.amazonaws.com", Region: "us-east-1", Account: own,
			Principal:  event.Principal{Type: "IAMUser", User: fmt.Sprint("u", i%50), ARN: fmt.Sprintf("arn:aws:iam::%s:user/u%d", own, i%50), Account: own},
			Credential: fmt.Sprint("AKIAEXAMPLE", i%50), Address: fmt.Sprintf("198.51.100.%d", i%7), Agent: boto, Request: request,
		}
		if hostile {
			e.Principal.User, e.Credential = "u0", "AKIAEXAMPLE0"
			e.Address, e.Agent = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), fmt.Sprintf("tool%d/1.%d", i%5000, i)
		}
		events = append(events, e)
		if hostile || i%1000 == 0 {
			signs = append(signs, Sign{EventID: e.ID, What: fmt.Sprint("sign", i%20), Weight: 0.7})
		}
	}
	return events, signs
}

func BenchmarkFind(b *testing.B) {
	for _, hostile := range []bool{false, true} {
		for _, n := range []int{20000, 200000} {
			b.Run(fmt.Sprintf("hostile=%v/%d", hostile, n), func(b *testing.B) {
				events, signs := many(n, hostile)
				for b.Loop() {
					Find(events, signs, Options{})
				}
			})
		}
	}
}

func BenchmarkLane(b *testing.B) {
	for _, hostile := range []bool{false, true} {
		b.Run(fmt.Sprintf("hostile=%v", hostile), func(b *testing.B) {
			events, signs := many(100000, hostile)
			for b.Loop() {
				c := New([]Suspect{{Credential: "AKIAEXAMPLE0"}}, began.Add(10*time.Hour))
				c.Know(Known{Signs: signs})
				c.Add(Query{}, events)
				for _, e := range events {
					c.Lane(e)
				}
			}
		})
	}
}
