package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/report"
	"cordon/internal/signet"
)

// account signs in as every AWS tool does. caseID marks our own calls.
func (a *app) account(ctx context.Context, caseID string, regions []string) (*awsapi.Account, error) {
	return a.signIn(ctx, awsapi.Options{Profile: a.flags.profile, RoleARN: a.flags.role, MFASerial: a.flags.mfa, AppID: appID(caseID), Regions: regions})
}

// appID marks our own calls.
func appID(caseID string) string {
	if caseID == "" {
		return "cordon"
	}
	return "cordon-" + caseID
}

// withOrg signs in to the organisation's management account too, where a
// profile of it is named.
func (a *app) withOrg(ctx context.Context, s *engine.Session, profile string) (err error) {
	if profile != "" {
		s.Org, err = a.signIn(ctx, awsapi.Options{Profile: profile, AppID: appID(s.Case.ID)})
	}
	return err
}

func (a *app) signIn(ctx context.Context, o awsapi.Options) (*awsapi.Account, error) {
	o.Region, o.EndpointURL, o.Now = a.flags.region, a.flags.endpoint, a.sys.Now
	if a.sys.HTTP != nil {
		o.HTTP = a.sys.HTTP
	}
	if !a.flags.noInput && a.sys.Terminal != nil {
		o.Prompt = a.code
	}
	acct, err := awsapi.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if a.flags.progress != "none" {
		acct.OnThrottle(func(service, region string, wait time.Duration) {
			// Progress may be lost: a full disk shows in what follows it.
			_ = a.out(report.Owner).Handle(report.Progress{Step: "waiting", Slow: service, Region: region, Wait: wait})
		})
	}
	return acct, nil
}

// code asks for an MFA code on the person's terminal, never on standard input.
func (a *app) code(ctx context.Context, device string) (string, error) {
	tty, err := a.sys.Terminal()
	if err != nil {
		return "", err
	}
	fmt.Fprint(tty, a.words.T("prose.mfa", "device", safe(device))+" ")
	answer := make(chan string, 1)
	failed := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(tty).ReadString('\n')
		if err != nil && line == "" {
			failed <- err
			return
		}
		answer <- strings.TrimSpace(line)
	}()
	defer tty.Close()
	select {
	case s := <-answer:
		return s, nil
	case err := <-failed:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (a *app) root() (string, error) { return incident.Root(a.sys.Env) }

// theCase opens the case of --case, or the one in use.
func (a *app) theCase() (*incident.Case, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	name := a.flags.caseID
	if name == "" {
		if name, err = incident.Current(root); err != nil {
			return nil, err
		}
	}
	c, err := incident.Open(root, name)
	if err != nil {
		return nil, err
	}
	if len(c.Exposed()) > 0 {
		a.note("prose.case.exposed", "n", len(c.Exposed()))
	}
	a.due(c)
	return c, nil
}

// key is the person's signing key; one is made the first time.
func (a *app) key() (*signet.Key, error) {
	dir, err := signet.Dir(a.sys.Env)
	if err != nil {
		return nil, err
	}
	k, made, err := signet.LoadOrCreate(dir, a.sys.Who)
	if err == nil && made {
		a.note("prose.key.made", "file", filepath.Join(dir, signet.File))
	}
	return k, err
}

// session is an account and a case that belong together, run by somebody who can
// act: a user whom AWS quarantined is told before anything who else can.
func (a *app) session(ctx context.Context, regions []string) (*engine.Session, error) {
	c, err := a.theCase()
	if err != nil {
		return nil, err
	}
	acct, err := a.account(ctx, c.ID, regions)
	if err != nil {
		return nil, err
	}
	s, err := a.pair(acct, c)
	if err != nil {
		return nil, err
	}
	return s, s.NotQuarantined(ctx)
}

// warned tells a user whom AWS quarantined that looking is all that it can do. What
// it sees is worth having where there is nobody else yet.
func (a *app) warned(ctx context.Context, s *engine.Session) (*engine.Session, error) {
	err := s.NotQuarantined(ctx)
	var refused *engine.Refused
	if errors.As(err, &refused) {
		a.note("refused."+refused.Reason, refused.Args...)
		return s, nil
	}
	return s, err
}

func (a *app) pair(acct *awsapi.Account, c *incident.Case) (*engine.Session, error) {
	if err := c.Fits(acct.Caller.Account, acct.Caller.Partition, acct.Endpoint); err != nil {
		return nil, err
	}
	s := &engine.Session{Account: acct, Case: c, Who: a.sys.Who, Version: a.sys.Version, Now: a.sys.Now, Wait: a.sys.Wait}
	return s, nil
}

// open makes a new case for the account and puts it in use. Whoever opens it
// may approve in it.
func (a *app) open(acct *awsapi.Account, info incident.Info) (*incident.Case, error) {
	info.Account, info.Partition, info.Endpoint = acct.Caller.Account, acct.Caller.Partition, acct.Endpoint
	info.By = acct.Caller.ARN
	return a.create(info)
}

func (a *app) create(info incident.Info) (*incident.Case, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	if err := a.enrol(&info); err != nil {
		return nil, err
	}
	c, err := incident.Create(root, info)
	if err != nil {
		return nil, err
	}
	return c, incident.Use(root, c.ID)
}

// createAt makes a new case in a folder of the person's choice. It is not put
// in use: the folder is named each time.
func (a *app) createAt(dir string, info incident.Info) (*incident.Case, error) {
	if err := a.enrol(&info); err != nil {
		return nil, err
	}
	return incident.CreateAt(dir, info)
}

// enrol makes whoever opens the case the first who may approve in it.
func (a *app) enrol(info *incident.Info) error {
	k, err := a.key()
	if err != nil {
		return err
	}
	me := incident.Approver{Name: a.sys.Who, PublicKey: k.Encoded()}
	info.Approvers = append([]incident.Approver{me}, info.Approvers...)
	info.Opened, info.Tool = a.sys.Now(), a.sys.Version
	return nil
}

// sessionOrNew is session for who only looks; where no case is in use it opens one.
func (a *app) sessionOrNew(ctx context.Context, regions []string, info incident.Info) (*engine.Session, error) {
	c, err := a.theCase()
	if err == nil {
		acct, err := a.account(ctx, c.ID, regions)
		if err != nil {
			return nil, err
		}
		s, err := a.pair(acct, c)
		if err != nil {
			return nil, err
		}
		return a.warned(ctx, s)
	}
	folder := strings.ContainsRune(a.flags.caseID, filepath.Separator)
	if a.flags.caseID != "" && !folder || !errors.Is(err, incident.ErrNoCase) {
		return nil, err
	}
	acct, err := a.account(ctx, "", regions)
	if err != nil {
		return nil, err
	}
	if folder {
		info.Account, info.Partition, info.Endpoint, info.By = acct.Caller.Account, acct.Caller.Partition, acct.Endpoint, acct.Caller.ARN
		c, err = a.createAt(a.flags.caseID, info)
	} else {
		c, err = a.open(acct, info)
	}
	if err != nil {
		return nil, err
	}
	a.note("screen.case.opened", "case", c.ID, "account", c.Account)
	s, err := a.pair(acct, c)
	if err != nil {
		return nil, err
	}
	return a.warned(ctx, s)
}

// moment reads 12h, 90d, 2026-11-20 or RFC 3339. A day is midnight UTC.
func moment(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if d, err := time.ParseDuration(days + "h"); err == nil && d >= 0 {
			return now.Add(-24 * d), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("usage.time", "value", safe(s))
}
