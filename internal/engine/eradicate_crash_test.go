package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"cordon/internal/engine"
)

// strikeEnv, for a child, is the changing call around which it dies: "<number>
// <whether after the answer has come>".
const strikeEnv = "CORDON_TEST_STRIKE"

// struck makes a session die at the call that the environment names.
func struck(s *engine.Session) error {
	var at int32
	var after bool
	if os.Getenv(strikeEnv) == "" {
		return nil
	}
	if _, err := fmt.Sscan(os.Getenv(strikeEnv), &at, &after); err != nil {
		return err
	}
	var n atomic.Int32
	around := middleware.DeserializeMiddlewareFunc("strike", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		now := n.Add(1) == at
		if now && !after {
			die()
		}
		out, meta, err := next.HandleDeserialize(ctx, in)
		if now {
			die()
		}
		return out, meta, err
	})
	write := s.Write
	s.Write = func(region string, needs []string) aws.Config {
		cfg := write(region, needs)
		cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error { return stack.Deserialize.Add(around, middleware.After) })
		return cfg
	}
	return nil
}

func die() {
	me, _ := os.FindProcess(os.Getpid()) // never fails
	_ = me.Kill()
	select {} // until the signal arrives
}

// copied is a snapshot that cordon made, in a picture.
var copied = regexp.MustCompile(`^(ec2/[^/]+/snapshot/)(snap-[0-9a-f]+) description$`)

// settled is a picture whose copies are named for what they are copies of: a
// second copy of one disk is another thing.
func settled(p picture) picture {
	var names []string
	many := map[string]int{}
	for path, v := range p {
		if m := copied.FindStringSubmatch(path); m != nil && strings.Contains(v, "cordon C-") {
			of := strings.Trim(p[m[1]+m[2]+" volume"], `"`)
			many[of]++
			names = append(names, m[2], "copy-"+strconv.Itoa(many[of])+"-of-"+of)
		}
	}
	ours, out := strings.NewReplacer(names...), picture{}
	for path, v := range alike(p) {
		out[ours.Replace(path)] = ours.Replace(v)
	}
	return out
}

// TestEradicationKilled kills an eradication at random lines of its journal and
// around random calls, up to three times, and resumes it.
func TestEradicationKilled(t *testing.T) {
	w := morning(t)
	p := w.eradicate()
	w.approve(p)
	start, dir, began := picturedFrom(t, w.Lab), t.TempDir(), time.Now()
	clean := w.copyOf(t, filepath.Join(dir, "clean"))
	had := len(clean.journal(t))
	writesBefore, _ := clean.twice(t)
	sum, _ := clean.child(t, p.Digest(), 0, false)
	if sum.Verified+sum.People != len(p.Actions) {
		t.Fatalf("the run that nobody killed: %+v", sum)
	}
	want := settled(picturedFrom(t, clean.Lab))
	if len(want.differs(settled(start))) == 0 {
		t.Fatal("the plan changed nothing: this shows nothing")
	}
	lines := len(clean.journal(t)) - had
	writes, _ := clean.twice(t)
	writes -= writesBefore
	seeds := uint64(20)
	if soak() {
		seeds = 200
	}
	var deaths atomic.Int32
	var group sync.WaitGroup
	slots := make(chan struct{}, 6)
	for seed := uint64(1); seed <= seeds; seed++ {
		slots <- struct{}{}
		c := w.copyOf(t, filepath.Join(dir, strconv.FormatUint(seed, 10)))
		group.Go(func() {
			defer func() { _ = c.Stop(); <-slots }()
			r, told := rand.New(rand.NewPCG(seed, 4)), fmt.Sprintf("seed %d", seed)
			for range 1 + r.IntN(3) {
				line, torn, strike := 0, false, ""
				if r.IntN(3) == 0 {
					line, torn = 1+r.IntN(lines), r.IntN(2) == 0
					told += fmt.Sprintf(", line %d (torn: %v)", line, torn)
				} else {
					strike = fmt.Sprint(1+r.IntN(writes), r.IntN(2) == 0)
					told += ", call " + strike
				}
				if _, dead := c.child(t, p.Digest(), line, torn, strikeEnv+"="+strike); !dead {
					break // nothing was left for it to die of
				}
				deaths.Add(1)
			}
			sum, _ := c.child(t, p.Digest(), 0, false)
			if sum.Verified+sum.People != len(p.Actions) {
				t.Errorf("%s, resumed: %+v", told, sum)
			}
			if diff := want.differs(settled(picturedFrom(t, c.Lab))); len(diff) > 0 {
				t.Errorf("%s, resumed: it ended otherwise:\n%s", told, strings.Join(diff, "\n"))
			}
			_ = c.journal(t) // the chain holds
		})
	}
	group.Wait()
	if deaths.Load() < int32(seeds) {
		t.Errorf("only %d deaths in %d runs", deaths.Load(), seeds)
	}
	t.Logf("%d actions, %d lines, %d calls; %d seeds, %d deaths, %s", len(p.Actions), lines, writes, seeds, deaths.Load(), time.Since(began).Round(time.Second))
}
