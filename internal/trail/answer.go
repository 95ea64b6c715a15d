package trail

import "time"

// The answers to the five standing questions. The same questions are asked as
// SQL (package question), and both ways must give the same rows: so principal,
// everywhere, is the ARN of the session's issuer, else the identity's ARN, else
// the service that invoked the call, else empty.

// A Call is one line of a credential's timeline, in the order of time and id.
type Call struct {
	Time      time.Time `json:"time"`
	ID        string    `json:"event_id"`
	Source    string    `json:"source"`
	Name      string    `json:"name"`
	Region    string    `json:"region"`
	Principal string    `json:"principal"`
	Address   string    `json:"address"`
	Agent     string    `json:"agent"`
	Error     string    `json:"error"`
}

// A Use is how often, first and last a principal called one API in one region;
// in the order of principal, source, name, region.
type Use struct {
	Principal string    `json:"principal"`
	Source    string    `json:"source"`
	Name      string    `json:"name"`
	Region    string    `json:"region"`
	Count     uint64    `json:"count"`
	Failed    uint64    `json:"failed"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// A Creator is a call that changed something, did not fail, and whose response
// names the resource; in the order of time and id.
type Creator struct {
	Time       time.Time `json:"time"`
	ID         string    `json:"event_id"`
	Source     string    `json:"source"`
	Name       string    `json:"name"`
	Principal  string    `json:"principal"`
	Credential string    `json:"credential"`
	Address    string    `json:"address"`
}

// A First is a region or service that a principal had never called before Since
// of the question; in the order of principal, what, value.
type First struct {
	Principal string    `json:"principal"`
	What      string    `json:"what"` // "region", "service"
	Value     string    `json:"value"`
	First     time.Time `json:"first"`
}

// An Hour counts events and failures; in the order of time, hours without any
// left out.
type Hour struct {
	Hour   time.Time `json:"hour"`
	Events uint64    `json:"events"`
	Failed uint64    `json:"failed"`
}
