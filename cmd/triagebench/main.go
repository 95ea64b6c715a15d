//go:build unix

// Command triagebench measures what a look at a whole account costs: calls, and
// seconds where every call takes the time of a network. The account is the lab's
// calm one; its answers are recorded once and then given from memory by a server
// in a process of its own, so that the lab's speed does not decide. For make
// bench-triage; no part of the product.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/report"
)

// listed are kinds that aws-nuke and cloud-nuke list both, the commonest first:
// the figures of theirs that we know are for about thirty.
var listed = []fact.Kind{
	"iam.user", "iam.role", "iam.group", "iam.policy",
	"ec2.instance", "ec2.image", "ec2.volume", "ec2.snapshot", "ec2.key-pair", "ec2.security-group", "ec2.vpc", "ec2.nat-gateway", "ec2.elastic-ip",
	"ec2.launch-template", "autoscaling.group", "elbv2.load-balancer", "eks.cluster", "ecs.cluster", "ecs.service", "ecr.repository", "lambda.function",
	"rds.instance", "rds.cluster", "dynamodb.table", "sqs.queue", "sns.topic", "s3.bucket", "kms.key", "secretsmanager.secret", "cloudtrail.trail",

	"rds.snapshot", "ec2.network-interface", "autoscaling.launch-configuration", "elb.load-balancer",
	"logs.log-group", "cloudwatch.alarm", "guardduty.detector", "config.recorder", "sagemaker.notebook", "opensearch.domain",
}

type settings struct {
	delay  time.Duration
	rounds int
	first  int
	all    bool
}

func main() {
	var s settings
	var tapeFile string
	flag.DurationVar(&s.delay, "delay", 50*time.Millisecond, "what every call takes")
	flag.IntVar(&s.rounds, "rounds", 3, "the median counts")
	flag.IntVar(&s.first, "kinds", 30, "how many of the kinds that both peers list")
	flag.BoolVar(&s.all, "all", false, "every kind there is, not only those that both peers list")
	flag.StringVar(&tapeFile, "serve", "", "(of a child: the recorded answers)")
	flag.Parse()
	var err error
	if tapeFile != "" {
		err = serve(tapeFile, s.delay)
	} else {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "triagebench:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "triagebench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	which := chosen(s)
	rec := &tape{Answers: map[string]answer{}}
	if err := record(ctx, dir, which, rec); err != nil {
		return fmt.Errorf("cannot record the account: %w", err)
	}
	file := filepath.Join(dir, "tape")
	if err := rec.save(file); err != nil {
		return err
	}
	url, stop, err := child(file, s.delay)
	if err != nil {
		return err
	}
	defer stop()
	return measure(ctx, s, dir, which, url)
}

func chosen(s settings) (out []kind.Kind) {
	some := listed[:min(max(s.first, 1), len(listed))]
	for _, k := range kinds.All() {
		if s.all || slices.Contains(some, k.Name()) {
			out = append(out, k)
		}
	}
	return out
}

// record looks at the calm account in the lab once.
func record(ctx context.Context, dir string, which []kind.Kind, rec *tape) error {
	l, err := lab.Start(ctx, lab.Options{Account: "111122223333"})
	if err != nil {
		return err
	}
	defer func() { _ = l.Stop() }()
	truth, err := seed(ctx, l)
	if err != nil {
		return err
	}
	if err := sign(dir, truth); err != nil {
		return err
	}
	_, err = look(ctx, dir, which, recorder{rec, lab.Transport(l.URL())})
	return err
}

// child starts the replaying server.
func child(file string, delay time.Duration) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	c := exec.Command(self, "-serve", file, "-delay", delay.String())
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = func() { _ = in.Close(); _ = c.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("cannot start the replaying server: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// A look is what one triage came to.
type looked struct {
	engine.Triage
	wall, cpu time.Duration
	calls     int
}

// look makes one triage as a new process would: nothing is remembered.
func look(ctx context.Context, dir string, which []kind.Kind, through http.RoundTripper) (looked, error) {
	before, begun := cpu(), time.Now()
	account, err := awsapi.Open(ctx, awsapi.Options{AppID: "cordon-bench", HTTP: &http.Client{Transport: through}})
	if err != nil {
		return looked{}, err
	}
	c, err := incident.Create(dir, incident.Info{Account: account.Caller.Account, Partition: "aws", Opened: time.Now(), By: "bench", Tool: "bench"})
	if err != nil {
		return looked{}, err
	}
	s := &engine.Session{Account: account, Case: c, Kinds: which, Out: silent{}, Who: "bench", Version: "bench"}
	t, err := s.Triage(ctx, engine.TriageOptions{Since: time.Now().Add(-24 * time.Hour), SinceFrom: "flag"})
	if err != nil {
		return looked{}, err
	}
	got := looked{Triage: t, wall: time.Since(begun), cpu: cpu() - before}
	for _, n := range account.Calls() {
		got.calls += n
	}
	for _, r := range t.Snapshot.Readings {
		if r.State == fact.Failed {
			return got, fmt.Errorf("cannot list %s in %s: %s", r.Kind, r.Region, r.Why)
		}
	}
	return got, nil
}

type silent struct{}

func (silent) Handle(report.Message) error { return nil }
func (silent) End() error                  { return nil }

func measure(ctx context.Context, s settings, dir string, which []kind.Kind, url string) error {
	var all []looked
	for range s.rounds {
		got, err := look(ctx, dir, which, lab.Transport(url))
		if err != nil {
			return err
		}
		fmt.Printf("%6.2f s   %5.2f s of CPU   %d calls, %d resources\n", got.wall.Seconds(), got.cpu.Seconds(), got.calls, len(got.Snapshot.Resources))
		all = append(all, got)
	}
	slices.SortFunc(all, func(a, b looked) int { return int(a.wall - b.wall) })
	m := all[len(all)/2]
	chain, worst, err := longest(ctx, which, m, url, s.delay)
	if err != nil {
		return err
	}
	fmt.Printf("%d kinds; the longest listing is %s, %d calls one after another\n", len(which), worst, chain-opening)
	regions := len(m.Header.Regions)
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	fmt.Printf("bench-triage: regions=%d calls=%d wall_s=%.2f ideal_s=%.2f cpu_s=%.2f peak_mb=%d\n",
		regions, m.calls, m.wall.Seconds(), (time.Duration(chain) * s.delay).Seconds(), m.cpu.Seconds(), usage.Maxrss/1024)
	return nil
}

// opening is how many calls come one after another before the first listing: who
// the caller is, and which regions there are.
const opening = 2

// longest is the longest run of calls that wait for each other: the ideal is that
// and nothing more. Each kind is listed alone in the region that has most of it.
func longest(ctx context.Context, which []kind.Kind, m looked, url string, delay time.Duration) (chain int, worst fact.Kind, err error) {
	account, err := awsapi.Open(ctx, awsapi.Options{AppID: "cordon-bench", HTTP: &http.Client{Transport: lab.Transport(url)}})
	if err != nil {
		return 0, "", err
	}
	for _, k := range which {
		at, most := fact.Place{}, -1
		for _, r := range m.Snapshot.Readings {
			if r.Kind == k.Name() && r.State == fact.Read && r.Count > most {
				at, most = r.Place, r.Count
			}
		}
		if most < 0 {
			continue
		}
		begun := time.Now()
		if err := k.List(kind.WithShared(ctx), account.Read(at.Region, k.Needs()), at, func(fact.Resource) {}); err != nil {
			return 0, "", fmt.Errorf("cannot list %s: %w", k.Name(), err)
		}
		if n := int(time.Since(begun) / delay); n > chain {
			chain, worst = n, k.Name()
		}
	}
	return chain + opening, worst, nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var errNoCaller = errors.New("the scenario names no caller")
