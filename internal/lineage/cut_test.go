package lineage

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// randomGraph has at most eleven nodes that can be cut, so that all sets of
// them can be tried.
func randomGraph(r *rand.Rand, costs int) Graph {
	g := Graph{Start: "n00"}
	n := 3 + r.IntN(11)
	for i := range n {
		node := Node{ID: fmt.Sprintf("n%02d", i), Cost: 1 + r.IntN(costs)}
		if r.IntN(4) == 0 {
			node.Cost = 0
		}
		node.Target = i > 0 && r.IntN(4) == 0
		g.Nodes = append(g.Nodes, node)
	}
	g.Nodes[0].Cost = 0
	dense := 1 + r.IntN(3)
	for range n * dense {
		g.Links = append(g.Links, Link{From: g.Nodes[r.IntN(n)].ID, To: g.Nodes[r.IntN(n)].ID})
	}
	return g
}

// severed says which targets can still be reached when some nodes are cut.
func severed(g Graph, cut map[string]bool) (reached []string) {
	seen := map[string]bool{g.Start: true}
	for grown := true; grown; {
		grown = false
		for _, l := range g.Links {
			if seen[l.From] && !seen[l.To] && !cut[l.To] {
				seen[l.To], grown = true, true
			}
		}
	}
	for _, n := range g.Nodes {
		if n.Target && seen[n.ID] && n.ID != g.Start {
			reached = append(reached, n.ID)
		}
	}
	return reached
}

// bruteForce tries every set of nodes for the cheapest that severs everything
// but what uncuttable nodes alone lead to.
func bruteForce(g Graph) (cost int, open []string) {
	var free []Node
	all := map[string]bool{}
	for _, n := range g.Nodes {
		if n.Cost > 0 && n.ID != g.Start {
			free = append(free, n)
			all[n.ID] = true
		}
	}
	open, cost = severed(g, all), -1
	for set := range 1 << len(free) {
		cut, sum := map[string]bool{}, 0
		for rest := uint(set); rest != 0; rest &= rest - 1 {
			n := free[bits.TrailingZeros(rest)]
			cut[n.ID] = true
			sum += n.Cost
		}
		if (cost < 0 || sum < cost) && len(severed(g, cut)) == len(open) {
			cost = sum
		}
	}
	return cost, open
}

// checkCut says what is wrong with an answer.
func checkCut(g Graph, cuts []Cutting, open [][]string) error {
	cost, shut := bruteForce(g)
	cut, sum := map[string]bool{}, 0
	for _, c := range cuts {
		if c.Node.Cost <= 0 {
			return fmt.Errorf("%s cannot be cut", c.Node.ID)
		}
		cut[c.Node.ID] = true
		sum += c.Node.Cost
	}
	var ends []string
	for _, path := range open {
		ends = append(ends, path[len(path)-1])
	}
	slices.Sort(ends)
	if !slices.Equal(ends, shut) {
		return fmt.Errorf("open %v, want %v", ends, shut)
	}
	if left := severed(g, cut); !slices.Equal(left, shut) {
		return fmt.Errorf("%v are still reached with %v cut, want %v", left, cut, shut)
	}
	if sum != cost {
		return fmt.Errorf("%v costs %d, and %d is enough", cut, sum, cost)
	}
	for _, c := range cuts {
		if len(c.Paths) == 0 {
			return fmt.Errorf("%s closes nothing", c.Node.ID)
		}
		for _, path := range c.Paths {
			if err := checkPath(g, path, c.Node.ID, cut); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPath: it begins with the intruder, follows links, and this node alone
// of those that are cut closes it.
func checkPath(g Graph, path []string, over string, cut map[string]bool) error {
	if path[0] != g.Start {
		return fmt.Errorf("%v does not begin with the intruder", path)
	}
	closed := 0
	for i, id := range path {
		if cut[id] {
			closed++
		}
		if i > 0 && !slices.ContainsFunc(g.Links, func(l Link) bool { return l.From == path[i-1] && l.To == id }) {
			return fmt.Errorf("%v: no link to %s", path, id)
		}
	}
	if closed != 1 || !slices.Contains(path, over) {
		return fmt.Errorf("%v is closed by %d nodes, %s should be the one", path, closed, over)
	}
	return nil
}

func TestCutIsMinimal(t *testing.T) {
	some, most := 0, 0
	for seed := range uint64(1000) {
		g := randomGraph(rand.New(rand.NewPCG(seed, 7)), 1+int(seed%3))
		cuts, open := Cut(g)
		if err := checkCut(g, cuts, open); err != nil {
			t.Fatalf("graph %d: %v\n%+v", seed, err, g)
		}
		if len(cuts) > 0 {
			some++
		}
		most = max(most, len(cuts))
		again, _ := Cut(shuffled(g, seed))
		if fmt.Sprint(again) != fmt.Sprint(cuts) {
			t.Fatalf("graph %d: another order, another answer:\n%v\n%v", seed, cuts, again)
		}
	}
	t.Logf("1000 graphs, %d with something to cut, at most %d nodes", some, most)
	if some < 300 || most < 4 {
		t.Error("the graphs are too easy to prove anything")
	}
}

func shuffled(g Graph, seed uint64) Graph {
	r := rand.New(rand.NewPCG(seed, 9))
	g.Nodes, g.Links = slices.Clone(g.Nodes), slices.Clone(g.Links)
	r.Shuffle(len(g.Nodes), func(i, j int) { g.Nodes[i], g.Nodes[j] = g.Nodes[j], g.Nodes[i] })
	r.Shuffle(len(g.Links), func(i, j int) { g.Links[i], g.Links[j] = g.Links[j], g.Links[i] })
	return g
}

// TestCheckCutFails: the checker sees a cut that is too big, too small, or
// closes nothing.
func TestCheckCutFails(t *testing.T) {
	g := Graph{Start: "a", Nodes: []Node{{ID: "a"}, {ID: "b", Cost: 1}, {ID: "c", Cost: 1}, {ID: "d", Cost: 1}, {ID: "t", Target: true}},
		Links: []Link{{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "b", To: "d"}, {From: "c", To: "t"}, {From: "d", To: "t"}}}
	good, open := Cut(g)
	if err := checkCut(g, good, open); err != nil || len(good) != 1 || good[0].Node.ID != "b" {
		t.Fatalf("%v %v", good, err)
	}
	for name, bad := range map[string][]Cutting{
		"none":      nil,
		"two":       {{g.Nodes[2], [][]string{{"a", "b", "c", "t"}}}, {g.Nodes[3], [][]string{{"a", "b", "d", "t"}}}},
		"no path":   {{Node: good[0].Node}},
		"a jump":    {{good[0].Node, [][]string{{"a", "c", "t"}}}},
		"the start": {{g.Nodes[0], good[0].Paths}},
	} {
		if checkCut(g, bad, nil) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if cuts, open := Cut(Graph{}); cuts != nil || open != nil {
		t.Errorf("nothing: %v %v", cuts, open)
	}
}

// drawn is a closure's graph at a time, in short lines.
func drawn(t *testing.T, c *Closure, at time.Time) (g Graph, cut, open string) {
	t.Helper()
	g = c.Graph(at, nil)
	cuts, ways := Cut(g)
	var names, paths []string
	for _, x := range cuts {
		names = append(names, x.Node.Kind+" "+x.Node.Name)
	}
	for _, way := range ways {
		paths = append(paths, short(strings.Join(way, " > ")))
	}
	slices.Sort(names)
	return g, strings.Join(names, ", "), strings.Join(paths, "; ")
}

// TestGraph: what has to be cut of intrusions of our own.
func TestGraph(t *testing.T) {
	soon := began.Add(3 * time.Hour)
	fedToken := story{at: 1, who: "user ann AKIA1", call: "sts:GetFederationToken", id: "fed", r: `{"credentials":{"accessKeyId":"ASIAF"},"federatedUser":{"arn":"arn:aws:sts::` + own + `:federated-user/f"}}`}
	for name, c := range map[string]struct {
		seed      Suspect
		at        time.Time
		calls     []story
		cut, open string
	}{
		"one key": {Suspect{Credential: "AKIA1"}, soon, []story{{who: "user ann AKIA1", call: "s3:ListBuckets"}}, "credential AKIA1", ""},
		"a federation token outlives its key": {Suspect{Credential: "AKIA1"}, soon, []story{fedToken,
			{at: 5, who: "user ann AKIA1", call: "iam:DeleteAccessKey", q: `{"accessKeyId":"AKIA1"}`}}, "credential AKIA1, sessions ann", ""},
		"but not for ever": {Suspect{Credential: "AKIA1"}, began.Add(40 * time.Hour), []story{fedToken}, "credential AKIA1", ""},
		"a user that he made, with two keys": {Suspect{Credential: "AKIA1"}, soon, []story{
			newUser(1, "user ann AKIA1", "eve"), newKey(2, "user ann AKIA1", "eve", "AKIA2"), newKey(3, "user eve AKIA2", "eve", "AKIA3"),
		}, "credential AKIA1, principal eve", ""},
		"two roles that let each other in": {Suspect{Credential: "AKIA1"}, soon, []story{
			assume(1, "user ann AKIA1", "a", "ASIA2"), assume(2, "role a/s ASIA2", "b", "ASIA3"), assume(3, "role b/s ASIA3", "a", "ASIA4"),
		}, "credential AKIA1, sessions a, sessions b", ""},
		"a trust that he opened": {Suspect{Credential: "AKIA1"}, soon, []story{
			{at: 5, who: "user ann AKIA1", call: "iam:UpdateAssumeRolePolicy", id: "open", q: `{"roleName":"r"}`}, assume(6, "account "+other, "r", "ASIANEW"),
		}, "credential AKIA1, sessions r, trust r", ""},
		"root": {Suspect{Principal: global(rootUser, own, "root")}, soon, []story{
			{who: "root -", call: "iam:ListUsers"}, assume(3, "root -", "r", "ASIA3"),
		}, "sessions r, trust r", "intruder > principal:111122223333/global/iam.root/root"},
		"an instance with a role": {Suspect{Credential: "AKIA1"}, soon, []story{
			{at: 1, who: "user ann AKIA1", call: "ec2:RunInstances", id: "run", q: `{"iamInstanceProfile":{"name":"admin"}}`, r: `{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]}}`},
		}, "credential AKIA1, resource i-0123456789abcdef0", ""},
	} {
		closure := New([]Suspect{c.seed}, began)
		for _, s := range c.calls {
			closure.Add(Query{}, []event.Event{s.parse(t)})
		}
		g, cut, open := drawn(t, closure, c.at)
		if cut != c.cut || open != c.open {
			t.Errorf("%s:\ncut  %s\nwant %s\nopen %q, want %q\n%+v", name, cut, c.cut, open, c.open, g.Links)
		}
	}
}
