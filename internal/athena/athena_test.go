package athena

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/trail/question"
)

var (
	queued  = map[string]any{"State": "QUEUED"}
	running = map[string]any{"State": "RUNNING"}
	done    = map[string]any{"State": "SUCCEEDED"}
)

func ask(t *testing.T, name string) question.Query {
	t.Helper()
	a := question.Args{From: time.Date(2026, 10, 13, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC)}
	q, err := question.Table{Dialect: question.Raw, Name: "logs"}.Ask(name, a)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// clock waits for nothing and remembers for how long.
type clock struct{ pauses []time.Duration }

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.pauses = append(c.pauses, d)
	return ctx.Err()
}

func TestRun(t *testing.T) {
	s := &server{
		states: []map[string]any{queued, queued, running, done},
		pages:  [][][]string{{{"hour", "events", "failures"}, {"2026-10-13 05:00:00.000", "12", "3"}}, {{"2026-10-13 06:00:00.000", "1", "0"}}, {}},
	}
	c := &clock{}
	e := Engine{API: s.client(t), Database: "audit", Workgroup: "cordon", Output: "s3://answers-example/", Wait: c.wait}
	a, err := e.Run(t.Context(), ask(t, question.Hours))
	if err != nil {
		t.Fatal(err)
	}
	hours, err := question.HoursOf(a.Rows)
	if err != nil || len(hours) != 2 || hours[0].Events != 12 || hours[0].Failed != 3 || hours[1].Hour.Hour() != 6 {
		t.Errorf("%+v %v", hours, err)
	}
	if a.Scanned != 12345678 || a.Took != 1500*time.Millisecond || a.ID != "q-1" {
		t.Errorf("%+v", a)
	}
	if s.stopped {
		t.Error("a query that had ended was stopped")
	}
	if want := []time.Duration{200 * time.Millisecond, 300 * time.Millisecond, 450 * time.Millisecond}; !slices.Equal(c.pauses, want) {
		t.Errorf("paused %v", c.pauses)
	}
	if s.started["WorkGroup"] != "cordon" || !strings.Contains(s.started["QueryString"].(string), `"timestamp" >= '2026/10/12'`) {
		t.Errorf("started %v", s.started)
	}
}

func TestNullsAreEmpty(t *testing.T) {
	s := &server{states: []map[string]any{done}, pages: [][][]string{{{"hour", "events", "failures"}, {"\x00", "1", "0"}}}}
	e := Engine{API: s.client(t), Wait: (&clock{}).wait}
	a, err := e.Run(t.Context(), ask(t, question.Hours))
	if err != nil || a.Rows.Values[0][0] != "" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestPausesGrowToALimit(t *testing.T) {
	s := &server{states: append(slices.Repeat([]map[string]any{running}, 30), done), pages: [][][]string{{{"hour", "events", "failures"}}}}
	c := &clock{}
	e := Engine{API: s.client(t), Wait: c.wait}
	if _, err := e.Run(t.Context(), ask(t, question.Hours)); err != nil {
		t.Fatal(err)
	}
	if len(c.pauses) != 30 || c.pauses[29] != lastPause || !slices.IsSorted(c.pauses) {
		t.Errorf("paused %v", c.pauses)
	}
}

func TestEveryBadEndHasItsReason(t *testing.T) {
	head := [][][]string{{{"hour", "events", "failures"}}}
	for name, c := range map[string]struct {
		server  *server
		limit   int64
		want    string
		stopped bool
	}{
		"failed":    {server: &server{states: []map[string]any{running, {"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR: line 1:8"}}, pages: head}, want: "query q-1 ended as FAILED: SYNTAX_ERROR: line 1:8"},
		"category":  {server: &server{states: []map[string]any{{"State": "FAILED", "AthenaError": map[string]any{"ErrorMessage": "table not found", "Retryable": true}}}, pages: head}, want: "FAILED: table not found"},
		"cancelled": {server: &server{states: []map[string]any{queued, {"State": "CANCELLED", "StateChangeReason": "by an administrator"}}, pages: head}, want: "CANCELLED: by an administrator"},
		"no reason": {server: &server{states: []map[string]any{{"State": "FAILED"}}, pages: head}, want: "Athena gives no reason"},
		"new state": {server: &server{states: []map[string]any{{"State": "PAUSED"}}, pages: head}, want: "ended as PAUSED"},
		"no start":  {server: &server{states: []map[string]any{done}, pages: head, deny: "StartQueryExecution"}, want: "AccessDenied"},
		"no look":   {server: &server{states: []map[string]any{done}, pages: head, deny: "GetQueryExecution"}, want: "query q-1 was stopped", stopped: true},
		"no answer": {server: &server{states: []map[string]any{done}, pages: head, deny: "GetQueryResults"}, want: "AccessDenied"},
		"columns":   {server: &server{states: []map[string]any{done}, pages: [][][]string{{{"a", "b"}}}}, want: "has columns"},
		"short row": {server: &server{states: []map[string]any{done}, pages: [][][]string{{{"hour", "events", "failures"}, {"x"}}}}, want: "has 1 values and not 3"},
		"no head":   {server: &server{states: []map[string]any{done}, pages: [][][]string{{{"hour", "events", "failures"}, {}}}}, want: "has 0 values"},
		"loop":      {server: &server{states: []map[string]any{done}, pages: head, repeat: true}, want: "the same again"},
		"too large": {server: &server{states: []map[string]any{done}, pages: [][][]string{{{"hour", "events", "failures"}, {"2026-10-13 05:00:00.000", "12", "3"}}}}, limit: 50, want: "more than 50 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			e := Engine{API: c.server.client(t), Wait: (&clock{}).wait, Limit: c.limit}
			a, err := e.Run(t.Context(), ask(t, question.Hours))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), `cannot answer "hours" on Athena: `) {
				t.Errorf("%+v %v", a, err)
			}
			if a.Rows.Values != nil {
				t.Errorf("half an answer: %+v", a)
			}
			if c.server.stopped != c.stopped {
				t.Errorf("stopped: %v", c.server.stopped)
			}
		})
	}
}

func TestFailedIsAType(t *testing.T) {
	s := &server{states: []map[string]any{{"State": "FAILED", "StateChangeReason": "no", "AthenaError": map[string]any{"Retryable": true}}}, pages: [][][]string{nil}}
	e := Engine{API: s.client(t), Wait: (&clock{}).wait}
	_, err := e.Run(t.Context(), ask(t, question.Hours))
	var failed *Failed
	if !errors.As(err, &failed) || !failed.Retryable || failed.Scanned != 12345678 {
		t.Errorf("%#v", err)
	}
}

func TestWhenTheCallerGoesTheQueryIsStopped(t *testing.T) {
	for _, deny := range []string{"", "StopQueryExecution"} {
		s := &server{states: []map[string]any{running}, pages: [][][]string{nil}, deny: deny}
		ctx, cancel := context.WithCancel(t.Context())
		looks := 0
		e := Engine{API: s.client(t), Wait: func(ctx context.Context, _ time.Duration) error {
			if looks++; looks == 3 {
				cancel()
			}
			return ctx.Err()
		}}
		_, err := e.Run(ctx, ask(t, question.Hours))
		cancel()
		if !errors.Is(err, context.Canceled) || s.stopped != (deny == "") {
			t.Errorf("stopped %v: %v", s.stopped, err)
		}
		if goesOn := strings.Contains(err.Error(), "goes on, and is charged"); goesOn != (deny != "") {
			t.Errorf("does not say how it ended: %v", err)
		}
	}
}

// The timer that stands in where there is no clock gives way to the context.
func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var e Engine
	if err := e.wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := e.wait(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

func TestEstimated(t *testing.T) {
	q := ask(t, question.Hours)
	day := func(d int) time.Time { return time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC) }
	price := Price{PerTB: 5, Currency: "USD", AsOf: day(1)}
	sizes := []Size{
		{"111122223333", "eu-west-1", day(11), 1 << 50},
		{"111122223333", "eu-west-1", day(12), 400_000_000_000},
		{"111122223333", "us-east-1", day(13), 500_000_000_000},
		{"111122223333", "us-east-1", day(14), 99_999_999_999},
		{"111122223333", "us-east-1", day(15), 1 << 50},
	}
	e := Estimated(q, sizes, price)
	if e.Bytes != 999_999_999_999 || e.Partitions != 3 || e.Cost != 5 || !e.Known || e.AtMost {
		t.Errorf("%+v", e)
	}
	if e := Estimated(q, nil, price); e.Known || e.Cost != 0 {
		t.Errorf("a figure from nothing: %+v", e)
	}
	if e := Estimated(q, []Size{}, price); !e.Known || e.Cost != 0.00005 {
		t.Errorf("every query costs something: %+v", e)
	}
}
