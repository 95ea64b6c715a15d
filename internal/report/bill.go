package report

import (
	"time"

	"cordon/internal/bill"
	"cordon/internal/charges"
)

// BillAsk says what reading the bill costs, before anything is asked.
type BillAsk struct {
	Requests   int      `json:"requests"` // that are needed at least
	Most       int      `json:"most_requests"`
	PerRequest float64  `json:"usd_per_request"`
	USD        float64  `json:"usd"`
	MostUSD    float64  `json:"most_usd"`
	From       bill.Day `json:"from"`
	To         bill.Day `json:"to"`
}

// Type implements Message.
func (BillAsk) Type() string { return "bill_ask" }

// Bill is what the account costs, held against its own past, and what else AWS
// says about money.
type Bill struct {
	Source string    `json:"source"` // cost-explorer, file, none
	Files  []string  `json:"files,omitempty"`
	At     time.Time `json:"at"`
	// NoData says that Cost Explorer has no figures: nothing was compared.
	NoData bool `json:"no_data"`
	// Paid is how many requests were sent that cost money, and PaidUSD what they cost.
	Paid      int                    `json:"paid_requests"`
	PaidUSD   float64                `json:"paid_usd"`
	Compared  *bill.Comparison       `json:"comparison,omitempty"`
	Anomalies []charges.Anomaly      `json:"anomalies"`
	Budgets   []charges.Budget       `json:"budgets"`
	Actions   []charges.BudgetAction `json:"budget_actions"`
	FreeTier  []charges.FreeUse      `json:"free_tier"`
	Bought    []Bought               `json:"purchases"` // by the event history
	Unread    []Unread               `json:"unread"`    // nothing is known of these
	Began     time.Time              `json:"incident_began,omitzero"`
	Saved     string                 `json:"saved,omitempty"` // the file in the case
}

// Type implements Message.
func (Bill) Type() string { return "bill" }

// Bought is one call that buys what nobody can give back.
type Bought struct {
	At      time.Time `json:"at"`
	Call    string    `json:"call"`
	Region  string    `json:"region"`
	What    string    `json:"what,omitempty"`
	Refused bool      `json:"refused"` // AWS refused the call: nothing was bought
	By      Caller    `json:"by"`
}

// A Caller is who made a call, and whose lane it is in.
type Caller struct {
	ARN        string `json:"arn"`
	Credential string `json:"credential,omitempty"`
	Address    string `json:"address,omitempty"`
	Lane       string `json:"lane"` // intruder, owner, responder, aws, unknown
	EventID    string `json:"event_id"`
}

// Unread is a part of an answer that could not be read. What is not read is
// neither unchanged nor absent.
type Unread struct {
	What       string `json:"what"`
	Where      string `json:"where,omitempty"`
	Why        string `json:"why"`
	Permission string `json:"permission,omitempty"`
	Word       string `json:"word,omitempty"` // not-told: AWS tells it to nobody here
}
