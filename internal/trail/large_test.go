package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
)

// TestLargeFiles: what is too large for memory is streamed, stored or inflated,
// and read again in the same way.
func TestLargeFiles(t *testing.T) {
	padding := `{"note":"` + strings.Repeat("a b c ", 200_000) + `"}`
	var records []string
	for n := range 60 {
		records = append(records, call{n: n, request: padding}.record())
	}
	log := logFile(records...)
	if len(log) <= wholePlain {
		t.Fatalf("%d bytes are not large", len(log))
	}
	for name, file := range map[string][]byte{"inflated": gz(log), "stored": log[:wholeStored+1000]} {
		m := memory{"f": file}
		s, r := imported(t, t.TempDir(), m, Options{})
		whole := len(records)
		if name == "stored" {
			whole = strings.Count(string(file), `"eventCategory":"Management"}`)
		}
		if r.Events != whole || name == "inflated" && (len(r.Damaged) > 0 || r.Plain != int64(len(log))) || name == "stored" && len(r.Damaged) != 1 {
			t.Errorf("%s: %d events of %d, %d bytes, damage %+v", name, r.Events, whole, r.Plain, r.Damaged)
		}
		rows, _ := s.Rows(Filter{})
		n := 0
		for e, err := range s.Events(context.Background(), rows, m) {
			if err != nil {
				t.Fatal(name, err)
			}
			if e.ID != id(n) || len(e.Request) != len(padding) {
				t.Fatalf("%s: event %d is %s with %d bytes", name, n, e.ID, len(e.Request))
			}
			n++
		}
		if p, err := s.Verify(t.Context(), m); err != nil || len(p) > 0 || n != whole {
			t.Error(name, n, p, err)
		}
	}
}

// TestAhead: files that are loaded before they are asked for lead to the same.
func TestAhead(t *testing.T) {
	records := world(600, 2)
	m := spread(records, 10)
	files := m.files()
	delete(m, files[7].Name)
	s, _ := imported(t, t.TempDir(), memory{}, Options{})
	r, err := s.Import(t.Context(), files, m, Options{Workers: 2, Ahead: 8})
	if err != nil || r.Events != 590 || len(r.Damaged) != 1 || s.Len() != 590 {
		t.Fatalf("%+v %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Import(ctx, files, m, Options{Ahead: 8}); err == nil {
		t.Error("an import that was stopped has no error")
	}
}

// codeChecker is a Matcher that checks its codes: equal ones go with equal values.
type codeChecker struct {
	t    *testing.T
	said map[string]string
}

func (c *codeChecker) Match(v *event.View, k Codes) []int32 {
	for code, value := range map[string]string{
		fmt.Sprint("api", k.API): string(v.Source) + string(v.Name), fmt.Sprint("err", k.Error): string(v.ErrorCode),
		fmt.Sprint("origin", k.Origin): fmt.Sprintf("%s %s %s", v.Region, v.Address, v.Agent), fmt.Sprint("who", k.Identity): string(v.Identity),
	} {
		if was, ok := c.said[code]; ok && was != value {
			c.t.Errorf("%s is %s and %s", code, was, value)
		}
		c.said[code] = value
	}
	if string(v.Name) == "CreateUser" {
		return []int32{3, 700}
	}
	return nil
}

func TestMatchers(t *testing.T) {
	m := spread(world(500, 2), 20)
	dir := t.TempDir()
	s, _ := imported(t, dir, m, Options{Workers: 2, rows: 90, Rules: "some rules", Match: func() Matcher { return &codeChecker{t, map[string]string{}} }})
	want, _ := s.Rows(Filter{Calls: []string{"iam:CreateUser"}})
	hits, missing := s.Hits("some rules")
	var got []Row
	for r, rule := range hits {
		if rule == 3 {
			got = append(got, r)
		} else if rule != 700 {
			t.Errorf("rule %d", rule)
		}
	}
	s.state().sortRows(got)
	if missing != 0 || len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d hits, want %d; %d events missing", len(got), len(want), missing)
	}
	if hits, missing := s.Hits("other rules"); missing != 500 {
		t.Error("rules that were never asked have nothing missing", missing)
	} else {
		for range hits {
			t.Error("a hit of rules that were never asked")
		}
	}
}

// TestEach gives every event of a time once.
func TestEach(t *testing.T) {
	records := world(300, 2)
	m := spread(records, 7)
	s, _ := imported(t, t.TempDir(), m, Options{Workers: 2, rows: 50})
	var got []string
	for r, err := range s.Each(t.Context(), m, day, day.AddDate(1, 0, 0)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(r.Raw))
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(records))
	if !slices.Equal(got, want) {
		t.Error(firstDifference(got, want))
	}
	n := 0
	for range s.Each(t.Context(), m, day, day.Add(100)) {
		if n++; n > 0 {
			break
		}
	}
	if n != 1 {
		t.Errorf("%d records of the first second", n)
	}
}

// TestFewIDsInMemory: with hardly any memory for ids, duplicates are still
// found, since they are read from the segments again.
func TestFewIDsInMemory(t *testing.T) {
	records := world(4000, 2) // eight hours
	twice := append(slices.Clone(records), records...)
	m := spread(twice, 50)
	s, r := imported(t, t.TempDir(), m, Options{Workers: 2, rows: 200, ids: 4096})
	if r.Events != 4000 || r.Duplicates != 4000 || s.Len() != 4000 {
		t.Errorf("%d events, %d duplicates", r.Events, r.Duplicates)
	}
}
