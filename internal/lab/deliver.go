package lab

import "context"

// A Delivery is what one trail put into its bucket.
type Delivery struct {
	Bucket  string `json:"bucket"`
	Files   int    `json:"files"`
	Events  int    `json:"events"`
	Digests int    `json:"digests"` // only where the trail has log file validation
	Error   string `json:"error"`   // why there is not more; what is due stays due
}

// Deliver has the trails put what they recorded and have not delivered into
// their buckets, as log files and digest files; by the trails' ARNs. Calls that
// were made while a trail did not log, or that its selectors left out at that
// time, are in none of its files.
func (l *Lab) Deliver(ctx context.Context) (map[string]Delivery, error) {
	var done struct {
		Trails map[string]Delivery `json:"trails"`
	}
	return done.Trails, l.call(ctx, "POST", "/deliver", nil, &done)
}
