package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/baseline"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// AccountOptions say what the account's information is held against.
type AccountOptions struct {
	Copy string // the saved copy; "" is the account's own place beside the cases
	Save string // where to save what was read; "" is nowhere, "-" the account's own place
}

// The fields of an account's information, in the order of the article.
const (
	fieldName    = "account-name"
	fieldEmail   = "primary-email"
	fieldContact = "contact"
	fieldRegions = "regions"
)

// accountFields are all, in their order.
func accountFields() []string {
	out := []string{fieldName, fieldEmail, fieldContact}
	for _, sort := range kinds.ContactSorts {
		out = append(out, strings.ToLower(sort))
	}
	return append(out, fieldRegions)
}

// A readField is what was read of a field.
type readField struct {
	parts  map[string]string // nil: not set
	unread *report.Unread
}

// CheckAccount reads what AWS knows of the account's owner, compares it with the
// saved copy, and tells who changed it. differ says whether anything is not as
// it was, or was changed by the intruder; unread, whether anything could not be
// read.
func (s *Session) CheckAccount(ctx context.Context, o AccountOptions) (sum report.AccountChecked, err error) {
	if err := s.fits(); err != nil {
		return sum, err
	}
	free, err := s.lock("account check")
	if err != nil {
		return sum, err
	}
	defer free()
	sum = report.AccountChecked{Account: s.Account.Caller.Account, At: s.Account.Clock().UTC(), Unseen: []string{}, People: []string{}}
	now, err := s.readAccount(ctx, &sum)
	if err != nil {
		return sum, err
	}
	copied, err := s.copyOf(o, &sum)
	if err != nil {
		return sum, err
	}
	changes, err := s.accountChanges(ctx, &sum)
	if err != nil {
		return sum, err
	}
	for _, name := range accountFields() {
		f := compared(name, now[name], copied, changes[name])
		countField(&sum, f)
		if err := s.Out.Handle(f); err != nil {
			return sum, err
		}
	}
	if now[fieldEmail].unread != nil {
		sum.People = append(sum.People, "read-primary-email")
	}
	if o.Save != "" {
		if sum.Saved, err = s.saveAccount(o.Save, now, sum); err != nil {
			return sum, err
		}
	}
	look := accountLook(sum)
	look.By = s.Who
	if err := s.Case.AddLook(look); err != nil {
		return sum, fmt.Errorf("cannot write down that the account was checked: %w", err)
	}
	return sum, s.Out.Handle(sum)
}

func countField(sum *report.AccountChecked, f report.AccountField) {
	switch f.State {
	case "same":
		sum.Same++
	case "changed", "set", "removed":
		sum.Differ++
	case "unread":
		sum.Unread++
	}
	for _, c := range f.Changes {
		sum.Changes++
		if c.By.Lane == lineage.ByIntruder && !c.Refused {
			sum.His++
		}
	}
}

// readAccount reads every field, or says why it could not.
func (s *Session) readAccount(ctx context.Context, sum *report.AccountChecked) (map[string]readField, error) {
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	out := map[string]readField{}
	put := func(name string, parts map[string]string, err error) {
		f := readField{parts: parts}
		if err != nil {
			u := unreadOf(name, "", err)
			if errors.Is(err, kinds.ErrNoEmail) {
				u.Word = "not-told"
			}
			f = readField{unread: &u}
		}
		out[name] = f
	}
	name, state, opened, err := kinds.AccountName(ctx, s.read(at, kinds.AccountNameNeeds))
	sum.State, sum.Opened = state, opened
	put(fieldName, map[string]string{"name": name}, err)
	email, err := s.primaryEmail(ctx)
	put(fieldEmail, map[string]string{"email": email}, err)
	for _, k := range []fact.Kind{"account.contact-information", "account.alternate-contact"} {
		all, err := s.aspectsOf(ctx, k)
		for id, text := range all {
			parts, bad := partsOf(text)
			put(contactField(k, id), parts, bad)
		}
		if err != nil {
			for _, id := range contactsOf(k) {
				put(contactField(k, id), nil, err)
			}
		}
	}
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := regionParts(regions)
	put(fieldRegions, parts, err)
	return out, ctx.Err()
}

// contactsOf are the resources of one of the two kinds, which are in every account.
func contactsOf(k fact.Kind) []string {
	if k == "account.contact-information" {
		return []string{"primary"}
	}
	return kinds.ContactSorts
}

func contactField(k fact.Kind, id string) string {
	if k == "account.contact-information" {
		return fieldContact
	}
	return strings.ToLower(id)
}

// aspectsOf lists what is set of one kind now, by id.
func (s *Session) aspectsOf(ctx context.Context, name fact.Kind) (map[string]string, error) {
	all, err := s.listAll(kind.WithShared(ctx), name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range all {
		out[r.ID] = fact.Aspects.Or(r, nil)["contact"]
	}
	return out, nil
}

func partsOf(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var parts map[string]string
	err := json.Unmarshal([]byte(text), &parts)
	return parts, err
}

// regionParts are the regions that the account opted into: those are what
// somebody chose. A list that AWS did not give is none.
func regionParts(all []awsapi.Region) (map[string]string, error) {
	parts := map[string]string{}
	for _, r := range all {
		switch r.Status {
		case awsapi.OptedIn, awsapi.Enabling, awsapi.Disabling:
			parts[r.Name] = string(r.Status)
		case awsapi.Unknown:
			return nil, fmt.Errorf("cannot tell which regions are enabled: %s", r.Why)
		}
	}
	return parts, nil
}

// primaryEmail asks where AWS has a call: the management account for a member's,
// and the organisation for the management account's own.
func (s *Session) primaryEmail(ctx context.Context) (string, error) {
	id := s.Account.Caller.Account
	if s.Org != nil && s.Org.Caller.Account != id {
		return kinds.MemberEmail(ctx, s.Org.Read(fact.Global, kinds.MemberEmailNeeds), id)
	}
	return kinds.ManagementEmail(ctx, s.Account.Read(fact.Global, kinds.ManagementNeeds), id)
}

// compared holds a field against the copy.
func compared(name string, now readField, copied *baseline.Profile, changes []report.AccountChange) report.AccountField {
	f := report.AccountField{Name: name, Set: now.parts != nil, Parts: []report.AccountPart{}, Unread: now.unread, Changes: append([]report.AccountChange{}, changes...)}
	var was map[string]string
	known := false
	if copied != nil {
		was, known = copied.Fields[name]
	}
	switch {
	case now.unread != nil:
		f.State = "unread"
	case !known:
		f.State = "uncompared"
	case maps.Equal(was, now.parts):
		f.State = "same"
	case len(was) == 0:
		f.State = "set"
	case len(now.parts) == 0:
		f.State = "removed"
	default:
		f.State = "changed"
	}
	keys := map[string]bool{}
	for k := range was {
		keys[k] = true
	}
	for k := range now.parts {
		keys[k] = true
	}
	if now.unread != nil {
		return f // what the copy has says nothing of what is there now
	}
	for _, k := range sortedParts(keys) {
		p := report.AccountPart{Name: k, Value: now.parts[k], Was: was[k]}
		p.Differs = known && p.Value != p.Was
		if !p.Differs {
			p.Was = ""
		}
		f.Parts = append(f.Parts, p)
	}
	return f
}

// partOrder is how an address is read.
var partOrder = []string{"name", "company", "title", "line_1", "line_2", "line_3", "postcode", "city", "district", "state", "country", "email", "phone", "website"}

func sortedParts(names map[string]bool) []string { return slices.SortedFunc(maps.Keys(names), byPart) }

func byPart(a, b string) int {
	if i, j := slices.Index(partOrder, a), slices.Index(partOrder, b); i != j {
		return i - j
	}
	return strings.Compare(a, b)
}

func (s *Session) profilePath() string {
	return baseline.ProfilePath(filepath.Dir(s.Case.Dir), s.Case.Account)
}

// copyOf reads the copy to compare with. Without one in its own place there is
// nothing to compare with; one that was named must be there.
func (s *Session) copyOf(o AccountOptions, sum *report.AccountChecked) (*baseline.Profile, error) {
	path := o.Copy
	if path == "" {
		path = s.profilePath()
	}
	p, err := baseline.LoadProfile(path)
	if errors.Is(err, baseline.ErrNone) && o.Copy == "" {
		return nil, nil
	}
	if err != nil {
		return nil, refuse("no-account-copy", err, "file", path)
	}
	if p.Account != s.Account.Caller.Account {
		return nil, refuse("baseline-account", fmt.Errorf("cannot compare: the copy is of account %s", p.Account), "want", p.Account, "have", s.Account.Caller.Account)
	}
	sum.Copy, sum.CopyAt = path, p.At
	began, err := s.began()
	sum.Late = !began.IsZero() && !p.At.Before(began)
	return &p, err
}

func (s *Session) saveAccount(path string, now map[string]readField, sum report.AccountChecked) (string, error) {
	if path == "-" {
		path = s.profilePath()
	}
	p := baseline.Profile{V: 1, At: sum.At.Truncate(time.Second), By: s.Account.Caller.ARN, Tool: s.Version, Account: sum.Account, Fields: map[string]map[string]string{}}
	for name, f := range now {
		if f.unread == nil {
			p.Fields[name] = f.parts
			if f.parts == nil {
				p.Fields[name] = map[string]string{}
			}
		}
	}
	return path, baseline.SaveProfile(path, p)
}
