package trail

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

func TestImportKeepsEverything(t *testing.T) {
	records := world(3000, 1)
	m := spread(records, 100)
	s, r := imported(t, t.TempDir(), m, Options{Workers: 2})
	if r.Events != 3000 || r.New != 30 || r.Duplicates != 0 || len(r.Damaged) != 0 || r.ByShape["log"] != 30 {
		t.Fatalf("receipt %+v", r)
	}
	var want []string
	for _, raw := range records {
		want = append(want, light(t, raw))
	}
	if got := everything(t, s); !slices.Equal(got, want) {
		t.Fatalf("events differ: %s", firstDifference(got, want))
	}
	rows, _ := s.Rows(Filter{})
	i := 0
	for e, err := range s.Events(context.Background(), rows, m) {
		if err != nil {
			t.Fatal(err)
		}
		want, err := event.Parse([]byte(records[i]))
		if err != nil || !reflect.DeepEqual(e, want) {
			t.Fatalf("event %d is %+v, want %+v", i, e, want)
		}
		i++
	}
	if i != len(records) {
		t.Fatalf("%d events read again", i)
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%d:\n%s\n%s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d and %d", len(a), len(b))
}

// TestOpenAgain: what the disk holds is what memory held.
func TestOpenAgain(t *testing.T) {
	dir := t.TempDir()
	s, _ := imported(t, dir, spread(world(500, 2), 50), Options{})
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if a, b := everything(t, s), everything(t, again); !slices.Equal(a, b) {
		t.Fatal(firstDifference(a, b))
	}
	if s.Len() != 500 || again.Len() != 500 {
		t.Fatalf("%d and %d events", s.Len(), again.Len())
	}
}

func TestMissingStoreIsEmpty(t *testing.T) {
	s, err := Open(t.TempDir() + "/not/there")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Rows(Filter{})
	if err != nil || len(rows)+len(s.Uses())+len(s.Hours())+len(s.News(time.Time{})) != 0 {
		t.Fatal(rows, err)
	}
	if _, err := s.Light(Row{}); err == nil {
		t.Fatal("a row of an empty store")
	}
}

// answers are all that the store says, as text.
func answers(t testing.TB, s *Store, from Files) string {
	t.Helper()
	creators, err := s.Creators(context.Background(), "new250", from)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "timeline %+v\nuses %+v\ncreators %+v\nnews %+v\nhours %+v\nprincipals %+v\ncredentials %+v\n",
		s.Timeline("AKIAEXAMPLE000000003", time.Time{}, time.Time{}), s.Uses(), creators, s.News(day.Add(time.Hour)), s.Hours(), s.Principals(), s.Credentials())
	return b.String()
}

// TestOrderDoesNotMatter: the same events in other files, in another order,
// some of them twice, by one worker or three, in one import or four.
func TestOrderDoesNotMatter(t *testing.T) {
	records := world(2000, 3)
	s, _ := imported(t, t.TempDir(), spread(records, 100), Options{Workers: 1})
	want, all := answers(t, s, spread(records, 100)), everything(t, s)

	shuffled := append(slices.Clone(records), records[:300]...)
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	m := spread(shuffled, 37)
	files := m.files()
	other, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	dups := 0
	for part := range slices.Chunk(files, len(files)/4+1) {
		r, err := other.Import(context.Background(), part, m, Options{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		dups += r.Duplicates
	}
	if dups != 300 {
		t.Errorf("%d duplicates, want 300", dups)
	}
	if got := everything(t, other); !slices.Equal(got, all) {
		t.Fatal(firstDifference(got, all))
	}
	if got := answers(t, other, m); got != want {
		t.Errorf("answers differ:\n%s\nwant\n%s", got, want)
	}
}

func TestNothingNew(t *testing.T) {
	m := spread(world(300, 4), 30)
	dir := t.TempDir()
	s, _ := imported(t, dir, m, Options{})
	r, err := s.Import(context.Background(), m.files(), m, Options{})
	if err != nil || r.New != 0 || r.Skipped != 10 || r.Events != 0 {
		t.Fatalf("%+v %v", r, err)
	}
}

// TestChangedFile: a file that grew is read anew, and only what is new in it counts.
func TestChangedFile(t *testing.T) {
	records := world(40, 5)
	m := memory{"a.json": logFile(records[:20]...)}
	dir := t.TempDir()
	s, _ := imported(t, dir, m, Options{})
	rows, _ := s.Rows(Filter{})
	m["a.json"] = logFile(append([]string{records[30]}, records[:20]...)...) // what was there now lies elsewhere
	r, err := s.Import(context.Background(), m.files(), m, Options{})
	if err != nil || r.New != 1 || r.Events != 1 || r.Duplicates != 20 {
		t.Fatalf("%+v %v", r, err)
	}
	for _, row := range rows {
		if _, err := s.Event(context.Background(), row, m); err != nil {
			t.Error(err)
		}
	}
	delete(m, "a.json")
	if _, err := s.Event(context.Background(), rows[0], m); err == nil || !strings.Contains(err.Error(), "again: ") {
		t.Errorf("event of a file that is gone: %v", err)
	}
	m["a.json"] = logFile(records[39])
	if _, err := s.Event(context.Background(), rows[0], m); !errors.Is(err, errChanged) {
		t.Errorf("event of a file that has it no more: %v", err)
	}
}

func TestFilters(t *testing.T) {
	calls := []call{
		{n: 1, user: "ada", key: "AKIAEXAMPLEADA000001"},
		{n: 2, user: "bob", key: "AKIAEXAMPLEBOB000001", source: "lambda.amazonaws.com", name: "CreateFunction20150331v2", err: "AccessDenied"},
		{n: 3, user: "bob", key: "AKIAEXAMPLEBOB000001", source: "iam.amazonaws.com", name: "CreateUser", region: "us-east-1", request: `{"userName":"carol"}`},
		{n: 4, user: "ada", key: "AKIAEXAMPLEADA000001", readOnly: true, address: "075.050.255.67", agent: "Boto3/1.9"},
	}
	var records []string
	for _, c := range calls {
		records = append(records, c.record())
	}
	s, _ := imported(t, t.TempDir(), memory{"a": logFile(records...)}, Options{})
	yes, no := true, false
	for name, c := range map[string]struct {
		f    Filter
		want []int
	}{
		"all":         {Filter{}, []int{1, 2, 3, 4}},
		"credential":  {Filter{Credentials: []string{"AKIAEXAMPLEADA000001"}}, []int{1, 4}},
		"unknown":     {Filter{Credentials: []string{"AKIAEXAMPLENOBODY001"}}, nil},
		"principal":   {Filter{Principals: []string{"arn:aws:iam::111122223333:user/bob"}}, []int{2, 3}},
		"user":        {Filter{Users: []string{"bob", "ada"}, Writes: true}, []int{1, 2, 3}},
		"address":     {Filter{Addresses: []string{"075.050.255.67"}}, []int{4}},
		"agent":       {Filter{Agents: []string{"Boto3/1.9"}, Regions: []string{"eu-west-1"}}, []int{4}},
		"region":      {Filter{Regions: []string{"us-east-1"}}, []int{3}},
		"account":     {Filter{Accounts: []string{"111122223333"}}, []int{1, 2, 3, 4}},
		"no account":  {Filter{Accounts: []string{"999999999999"}}, nil},
		"call":        {Filter{Calls: []string{"lambda:CreateFunction"}}, []int{2}},
		"versioned":   {Filter{Calls: []string{"lambda:CreateFunction20150331v2"}}, []int{2}},
		"any service": {Filter{Calls: []string{"*:CreateUser"}}, []int{3}},
		"failed":      {Filter{Failed: &yes}, []int{2}},
		"worked":      {Filter{Failed: &no, Writes: true}, []int{1, 3}},
		"token":       {Filter{Token: "carol"}, []int{3}},
		"id":          {Filter{IDs: []string{id(3), id(1)}}, []int{1, 3}},
		"time":        {Filter{From: day.Add(2 * time.Minute), To: day.Add(4 * time.Minute)}, []int{2, 3}},
		"within":      {Filter{From: day.Add(2*time.Minute + time.Millisecond)}, []int{3, 4}},
		"no time":     {Filter{From: day, To: day}, nil},
	} {
		rows, err := s.Rows(c.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			e, _ := s.Light(r)
			got = append(got, e.ID)
		}
		var want []string
		for _, n := range c.want {
			want = append(want, id(n))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestBusy(t *testing.T) {
	dir := t.TempDir()
	s, _ := imported(t, dir, spread(world(10, 1), 10), Options{})
	unlock, err := s.lock()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Import(context.Background(), nil, memory{}, Options{}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second import: %v", err)
	}
	unlock()
	if _, err := other.Import(context.Background(), nil, memory{}, Options{}); err != nil {
		t.Error(err)
	}
}

func TestCreatorsAndHistory(t *testing.T) {
	var records []string
	for _, c := range []call{
		{n: 1, source: "ec2.amazonaws.com", name: "RunInstances", at: day, response: `{"instancesSet":{"items":[{"instanceId":"i-0abc"}]}}`},
		{n: 2, source: "ec2.amazonaws.com", name: "RunInstances", at: day.Add(time.Hour), err: "AccessDenied", response: `{"x":"i-0abc"}`},
		{n: 3, source: "ec2.amazonaws.com", name: "DescribeInstances", readOnly: true, at: day, response: `{"x":"i-0abc"}`},
		{n: 4, source: "ec2.amazonaws.com", name: "StopInstances", at: day, request: `{"x":"i-0abc"}`, response: `{"x":"i-0abcd"}`},
		{n: 5, source: "iam.amazonaws.com", name: "CreateRole", region: "us-east-1", at: day.Add(10 * 24 * time.Hour), response: `{"role":{"arn":"arn:aws:iam::111122223333:role/path/deploy"}}`},
	} {
		records = append(records, c.record())
	}
	m := memory{"a": logFile(records...)}
	s, _ := imported(t, t.TempDir(), m, Options{})
	for resource, want := range map[string]string{"i-0abc": id(1), "deploy": id(5), "arn:aws:iam::111122223333:role/path/deploy": id(5)} {
		got, err := s.Creators(context.Background(), resource, m)
		if err != nil || len(got) != 1 || got[0].ID != want {
			t.Errorf("creators of %s: %+v %v", resource, got, err)
		}
	}
	const ada = "arn:aws:iam::111122223333:user/ada"
	if at, known := s.First(ada, DidCall, "iam:CreateRole"); !known || !at.Equal(day.Add(10*24*time.Hour)) {
		t.Error(at, known)
	}
	if at, known := s.First(ada, DidService, "ec2"); known || !at.Equal(day) {
		t.Errorf("what the trail begins with is known as first: %v", at)
	}
	if _, known := s.First(ada, DidRegion, "mars-1"); known {
		t.Error("a region he never was in")
	}
	news := s.News(day.Add(time.Hour))
	want := []First{{ada, "region", "us-east-1", day.Add(10 * 24 * time.Hour)}, {ada, "service", "iam.amazonaws.com", day.Add(10 * 24 * time.Hour)}}
	if !reflect.DeepEqual(news, want) {
		t.Errorf("news %+v", news)
	}
}
