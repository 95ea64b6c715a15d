package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Fault is a rule by which calls go wrong. Match holds regular expressions,
// matched in full, by "service", "op", "region", "access_key_id" and
// "user_agent". With After the call is carried out before its answer is
// spoiled.
type Fault struct {
	Match    map[string]string `json:"match,omitempty"`
	Skip     int               `json:"skip,omitempty"`
	Times    int               `json:"times,omitempty"` // 0: without end
	Prob     float64           `json:"prob,omitempty"`  // 0: always
	DelayMS  int               `json:"delay_ms,omitempty"`
	Throttle bool              `json:"throttle,omitempty"`
	Drop     bool              `json:"drop,omitempty"`
	Code     string            `json:"code,omitempty"`
	Status   int               `json:"status,omitempty"`
	Message  string            `json:"message,omitempty"`
	After    bool              `json:"after,omitempty"`
}

// Event is one call that the lab answered: a CloudTrail record and what only
// the lab knows of it.
type Event struct {
	Time         time.Time       `json:"eventTime"`
	Source       string          `json:"eventSource"`
	Name         string          `json:"eventName"`
	Region       string          `json:"awsRegion"`
	ErrorCode    string          `json:"errorCode"`
	ErrorMessage string          `json:"errorMessage"`
	ReadOnly     bool            `json:"readOnly"`
	RequestID    string          `json:"requestID"`
	Identity     json.RawMessage `json:"userIdentity"`
	Parameters   json.RawMessage `json:"requestParameters"`
	Response     json.RawMessage `json:"responseElements"`
	Lab          EventNote       `json:"_lab"`
	// Raw is the whole record, "_lab" included.
	Raw json.RawMessage `json:"-"`
}

// EventNote is what the lab knows of a call beyond CloudTrail.
type EventNote struct {
	Seq         int    `json:"seq"`
	Service     string `json:"service"`
	Op          string `json:"op"`
	AccessKeyID string `json:"access_key_id"`
	UserAgent   string `json:"user_agent"`
	Status      int    `json:"status"` // 0: the connection was dropped
	Host        string `json:"host"`
	Faulted     bool   `json:"faulted"`
	CarriedOut  bool   `json:"carried_out"`
}

// Reset empties the account, the trail, the faults and the settings.
func (l *Lab) Reset(ctx context.Context) error {
	return l.call(ctx, "POST", "/reset", nil, nil)
}

// Seed runs a scenario, whose story ends at now, and returns its ground truth.
func (l *Lab) Seed(ctx context.Context, scenario string, now time.Time) (json.RawMessage, error) {
	in := map[string]any{"scenario": scenario}
	if !now.IsZero() {
		in["now"] = now.UTC().Format(time.RFC3339)
	}
	var truth json.RawMessage
	return truth, l.call(ctx, "POST", "/seed", in, &truth)
}

// Truth returns what the last scenario said is true.
func (l *Lab) Truth(ctx context.Context) (json.RawMessage, error) {
	var truth json.RawMessage
	return truth, l.call(ctx, "GET", "/truth", nil, &truth)
}

// Events returns what was called, in order of arrival; with mutating only
// calls that are not reads.
func (l *Lab) Events(ctx context.Context, mutating bool) ([]Event, error) {
	path := "/events"
	if mutating {
		path += "?mutating=1"
	}
	var raw []json.RawMessage
	if err := l.call(ctx, "GET", path, nil, &raw); err != nil {
		return nil, err
	}
	events := make([]Event, len(raw))
	for i, r := range raw {
		if err := json.Unmarshal(r, &events[i]); err != nil {
			return nil, fmt.Errorf("cannot read an event of the lab: %w", err)
		}
		events[i].Raw = r
	}
	return events, nil
}

// Record writes down an event of what the lab itself does not do, such as a
// session that a service of AWS's begins.
func (l *Lab) Record(ctx context.Context, event json.RawMessage) error {
	return l.call(ctx, "POST", "/events", event, nil)
}

// Missing returns the calls that the lab could not answer, as "service:Op",
// with how often each was made.
func (l *Lab) Missing(ctx context.Context) (map[string]int, error) {
	var missing map[string]int
	return missing, l.call(ctx, "GET", "/missing", nil, &missing)
}

// AddFault adds a rule.
func (l *Lab) AddFault(ctx context.Context, f Fault) error {
	return l.call(ctx, "POST", "/faults", f, nil)
}

// ClearFaults removes all rules.
func (l *Lab) ClearFaults(ctx context.Context) error {
	return l.call(ctx, "DELETE", "/faults", nil, nil)
}

// Settings changes the given settings and returns all of them. With nil it
// only returns them.
func (l *Lab) Settings(ctx context.Context, change map[string]any) (map[string]any, error) {
	var all map[string]any
	if change == nil {
		return all, l.call(ctx, "GET", "/settings", nil, &all)
	}
	return all, l.call(ctx, "POST", "/settings", change, &all)
}

// Dump returns what the account holds, by service and then by resource, as a
// picture independent of the API. Without services it returns all it can.
func (l *Lab) Dump(ctx context.Context, services ...string) (map[string]map[string]json.RawMessage, error) {
	path := "/dump"
	if len(services) > 0 {
		path += "?service=" + url.QueryEscape(strings.Join(services, ","))
	}
	var all map[string]map[string]json.RawMessage
	return all, l.call(ctx, "GET", path, nil, &all)
}

// Health is what a lab says of itself.
type Health struct {
	PID     int    `json:"pid"`
	Port    int    `json:"port"`
	Version string `json:"version"`
	Account string `json:"account"`
	Events  int    `json:"events"`
}

// Health asks the lab whether it is up.
func (l *Lab) Health(ctx context.Context) (Health, error) {
	var h Health
	return h, l.call(ctx, "GET", "/health", nil, &h)
}

// call makes one control request.
func (l *Lab) call(ctx context.Context, method, path string, in, out any) error {
	what := method + " /_lab" + path
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("cannot ask the lab for %s: %w", what, err)
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, l.url+"/_lab"+path, body)
	if err != nil {
		return fmt.Errorf("cannot ask the lab for %s: %w", what, err)
	}
	r.Header.Set("X-Lab-Token", l.token)
	answer, err := l.client().Do(r)
	if err != nil {
		return fmt.Errorf("cannot ask the lab for %s: %w", what, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("cannot read the lab's answer to %s: %w", what, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot have the lab do %s: %s", what, reason(answer.Status, raw))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("cannot read the lab's answer to %s: %w", what, err)
	}
	return nil
}

// reason is the lab's own sentence about what went wrong, or the status.
func reason(status string, raw []byte) string {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(raw, &said) == nil && said.Error != "" {
		return said.Error
	}
	if text := strings.TrimSpace(string(raw)); text != "" && len(text) < 300 {
		return status + ": " + text
	}
	return status
}
