package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"cordon/internal/evidence"
	"cordon/internal/incident"
	"cordon/internal/notice"
)

// A Noticed is a notice that a case has.
type Noticed struct {
	notice.Notice
	Case     string `json:"case"`
	Evidence string `json:"evidence,omitempty"`
	Fresh    bool   `json:"fresh"` // the case did not have it
	// Taken says that the case takes its keys and deadline from it. What has signs
	// that AWS's own notices do not have is kept, and not taken.
	Taken bool `json:"taken"`
}

// ReadNotice reads a notice for a face. received is when it came, if the reader
// says so.
func ReadNotice(raw []byte, received, now time.Time) (notice.Notice, error) {
	n, err := notice.Parse(raw, notice.Options{Now: now, Received: received})
	if err != nil {
		return n, refuse("no-notice", err)
	}
	return n, nil
}

// KeepNotice puts a notice into the case, its text into the evidence. trust says
// that the owner holds it to be AWS's in spite of its signs.
func KeepNotice(ctx context.Context, c *incident.Case, n notice.Notice, raw []byte, trust bool, who string, now time.Time) (Noticed, error) {
	out := Noticed{Notice: n, Case: c.ID, Taken: trust || len(n.Signs) == 0}
	if n.Account != "" && n.Account != c.Account {
		return out, refuse("notice-account", nil, "have", c.Account, "want", n.Account, "case", c.ID)
	}
	sum := sha256.Sum256(raw)
	r := incident.Received{
		SHA256: hex.EncodeToString(sum[:]), By: who, At: now, Kind: n.Kind, Source: n.Source, Subject: n.Subject, Sent: n.Sent,
		Keys: n.Keys, Users: n.Users, Locations: n.Locations, AWSCase: n.AWSCase, Deadline: n.Deadline, Doubtful: !out.Taken,
	}
	had, err := c.Notices()
	if err != nil {
		return out, fmt.Errorf("cannot read the case's notices: %w", err)
	}
	for _, h := range had {
		if h.SHA256 == r.SHA256 {
			r.Evidence = h.Evidence
		}
	}
	if r.Evidence == "" {
		opts := evidence.Options{Who: who, Now: func() time.Time { return now }}
		if c.Recipient != "" {
			opts.Recipients = []string{c.Recipient}
		}
		store, err := evidence.Open(c.Evidence(), opts)
		if err != nil {
			return out, fmt.Errorf("cannot open the evidence: %w", err)
		}
		id, err := store.Put(ctx, evidence.Item{Name: "notice", Kind: "notice", Source: "owner", MediaType: "text/plain", Taken: now}, raw)
		if err != nil {
			return out, fmt.Errorf("cannot keep the notice: %w", err)
		}
		r.Evidence = string(id)
	}
	out.Evidence = r.Evidence
	if out.Fresh, err = c.AddNotice(r); err != nil {
		return out, fmt.Errorf("cannot keep the notice: %w", err)
	}
	return out, nil
}
