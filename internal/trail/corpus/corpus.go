// Package corpus makes log trees to measure with: as many events as asked for,
// from templates of our own, laid out as CloudTrail delivers them to S3. The
// same parameters give the same bytes. For benchmarks and tests only.
package corpus

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// version changes when the same parameters give other bytes.
const version = 1

// A Spec says what corpus is wanted.
type Spec struct {
	Events int    `json:"events"` // different ones; a few in a thousand are delivered twice
	Files  int    `json:"files"`
	Seed   uint64 `json:"seed"`
}

// Usual is the corpus that the project's figures are about.
var Usual = Spec{Events: 1_500_000, Files: 40_000, Seed: 1}

// Scaled is the usual corpus of another size: the same files, for longer.
func Scaled(events int) Spec {
	return Spec{events, max(120, int(int64(events)*int64(Usual.Files)/int64(Usual.Events))), Usual.Seed}
}

// A Corpus is what was made.
type Corpus struct {
	Version int   `json:"version"`
	Spec    Spec  `json:"spec"`
	Days    int   `json:"days"`
	Records int   `json:"records"` // with those delivered twice
	JSON    int64 `json:"json"`    // bytes before packing
	Packed  int64 `json:"packed"`
	Truth   Truth `json:"truth"`
}

// marker describes the corpus beside it, and is written last.
const marker = "corpus.json"

// Make makes the corpus in dir, on that many cores, or finds it there.
func Make(dir string, spec Spec, workers int) (Corpus, error) {
	c := Corpus{Version: version, Spec: spec, Days: days(spec.Events)}
	if found, err := read(dir); err == nil && found.Version == version && found.Spec == spec {
		return found, nil
	} else if err == nil {
		// Only what this package wrote is removed.
		err = errors.Join(os.Remove(filepath.Join(dir, marker)), os.RemoveAll(filepath.Join(dir, "AWSLogs")))
		if err != nil {
			return c, fmt.Errorf("cannot replace the corpus: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return c, fmt.Errorf("cannot make a corpus: %w", err)
	}
	g, err := newGenerator(dir, spec)
	if err != nil {
		return c, err
	}
	if err := g.run(max(1, workers)); err != nil {
		return c, fmt.Errorf("cannot make a corpus: %w", err)
	}
	c.Records, c.JSON, c.Packed, c.Truth = int(g.records.Load()), g.plain.Load(), g.packed.Load(), g.truth
	raw, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, marker), raw, 0o644)
	}
	if err != nil {
		return c, fmt.Errorf("cannot make a corpus: %w", err)
	}
	return c, nil
}

func read(dir string) (c Corpus, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, marker))
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		return c, fmt.Errorf("cannot read the corpus: %w", err)
	}
	return c, nil
}

type generator struct {
	dir    string
	seed   uint64
	calls  []compiled
	places map[string]*place // by account and region
	files  []file
	truth  Truth

	next            atomic.Int64
	records         atomic.Int64
	plain, packed   atomic.Int64
	firstErr        error
	firstErrorGuard sync.Once
}

func newGenerator(dir string, spec Spec) (*generator, error) {
	g := &generator{dir: dir, seed: spec.Seed, calls: compileAll(calls), places: map[string]*place{}}
	every := everybody(spec.Seed)
	owner := every[slices.IndexFunc(every, func(a *actor) bool { return a.kind == "IAMUser" })]
	owner.weight = 0.08 // a key that is seldom used
	raided, truth, err := attack(owner, spec.Seed, days(spec.Events))
	if err != nil {
		return nil, err
	}
	g.truth = truth
	all := places(every)
	for i := range all {
		g.places[key(accounts[all[i].account].id, all[i].region)] = &all[i]
	}
	if g.files, err = plan(spec.Events-truth.Events, spec.Files-len(raided), spec.Seed, all); err != nil {
		return nil, err
	}
	g.files = append(g.files, raided...)
	return g, nil
}

func key(account string, region int) string { return account + regions[region] }

func (g *generator) run(workers int) error {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			if err := g.work(); err != nil {
				g.firstErrorGuard.Do(func() { g.firstErr = err })
			}
		})
	}
	all.Wait()
	return g.firstErr
}

func (g *generator) work() error {
	packer, _ := gzip.NewWriterLevel(nil, gzip.DefaultCompression)
	var plain []byte
	var packed packedFile
	made := ""
	for {
		i := int(g.next.Add(1)) - 1
		if i >= len(g.files) {
			return nil
		}
		n := 0
		plain, n = g.document(plain[:0], i)
		packed.b = packed.b[:0]
		packer.Reset(&packed)
		if _, err := packer.Write(plain); err != nil {
			return err
		}
		if err := packer.Close(); err != nil {
			return err
		}
		path := filepath.Join(g.dir, filepath.FromSlash(g.files[i].name(g.seed, i)))
		if dir := filepath.Dir(path); dir != made {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			made = dir
		}
		if err := os.WriteFile(path, packed.b, 0o644); err != nil {
			return err
		}
		g.records.Add(int64(n))
		g.plain.Add(int64(len(plain)))
		g.packed.Add(int64(len(packed.b)))
	}
}

type packedFile struct{ b []byte }

func (p *packedFile) Write(b []byte) (int, error) {
	p.b = append(p.b, b...)
	return len(b), nil
}

// document is the text of a file, and how many records are in it.
func (g *generator) document(b []byte, i int) ([]byte, int) {
	f := &g.files[i]
	b = append(b, `{"Records":[`...)
	for _, raw := range f.attack {
		b = append(append(b, raw...), ',')
	}
	n := len(f.attack)
	for k := range f.n {
		b = append(g.event(b, i, k), ',')
		n++
		if again := mix(g.seed, hash("again"), uint64(i), uint64(k)); f.before >= 0 && again%1000 < 3 {
			b = append(g.event(b, f.before, int(again>>10%uint64(g.files[f.before].n))), ',')
			n++
		}
	}
	b[len(b)-1] = ']'
	return append(b, '}'), n
}

// event appends event k of file i, which depends on nothing else.
func (g *generator) event(b []byte, i, k int) []byte {
	f := &g.files[i]
	p := g.places[key(f.account, f.region)]
	// Calls come in runs: a few by the same actor.
	a := p.actors[pick(rand.New(rand.NewPCG(mix(g.seed, uint64(i), uint64(k/6)), 1)), p.cumulative)]
	r := rand.New(rand.NewPCG(mix(g.seed, uint64(i), uint64(k)), 2))
	at := f.at.Add(slotLength * time.Duration(2*k+1) / time.Duration(2*f.n)).Truncate(time.Second)
	c := &g.calls[a.calls[pick(r, a.cumulative)]]
	address := a.addresses[0]
	if r.IntN(5) == 0 {
		address = a.addresses[r.IntN(len(a.addresses))]
	}
	agent := a.agents[r.IntN(len(a.agents))]
	return record(b, &occasion{r, at, a, regions[f.region]}, c, address, agent, failures(r, a, c))
}
