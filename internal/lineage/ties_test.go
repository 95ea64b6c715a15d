package lineage

import "testing"

// Two origins of an instance's session that begin in one second: it is always
// the same one that is held to have come second.
func TestOriginsOfOneSecondHaveAnOrder(t *testing.T) {
	const who = "role web/i-0123456789abcdef0 ASIA7"
	events := tell(t,
		story{at: 1, who: who, call: "s3:ListBuckets", id: "!4!a", from: "192.0.2.1"}.with(boto),
		story{at: 1, who: who, call: "s3:ListBuckets", id: "!4!b", from: "203.0.113.9"}.with(sdk),
		story{at: 2, who: who, call: "iam:ListUsers", id: "!4!c", from: "192.0.2.1"}.with(boto),
	)
	for i := range events {
		events[i].Time = began
	}
	events[2].Time = began.Add(1)
	for range 100 {
		b := newBook(readings(events), seen(events))
		for _, s := range b.subjects {
			for _, tr := range s.traces {
				if signed := tr.signs[OffInstance] != nil; signed != (tr.origin.address == "203.0.113.9") {
					t.Fatalf("%s is signed: %v", tr.origin.address, signed)
				}
			}
		}
	}
}
