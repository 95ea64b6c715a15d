package engine

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/permit"
	"cordon/internal/report"
	"cordon/internal/rotate"
)

var rotateNeeds = permit.KeyReads

// A wanted key is one to be replaced, with all keys of its user.
type wantedKey struct {
	user   string
	key    rotate.Key
	keys   []rotate.Key
	giveUp string
	theirs bool // the key to give up is the intruder's
	retire bool // nobody uses the key
}

// wantedKeys finds the keys that were asked for.
func (s *Session) wantedKeys(ctx context.Context, t Triage, o RotateOptions) ([]wantedKey, error) {
	switch {
	case o.Key != "":
		owner, err := s.ownerOfKey(ctx, t, o.Key)
		if err != nil {
			return nil, err
		}
		w, err := s.wantedOf(ctx, t, owner, o.Key, o)
		return []wantedKey{w}, err
	case o.User != "":
		w, err := s.wantedOf(ctx, t, o.User, "", o)
		return []wantedKey{w}, err
	}
	var all []wantedKey
	for u := range t.Snapshot.Of("iam.user") {
		keys, err := s.keysOf(ctx, u.ID)
		if awsapi.Classify(err) == awsapi.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if theirs(u) {
			continue // the whole user is the intruder's: it is not rotated but removed
		}
		keys = s.ownersOf(t, keys)
		old, ok := rotate.Which(keys, s.Account.Clock())
		switch {
		case ok:
			w, err := s.wantedOf(ctx, t, u.ID, old, o)
			if err != nil {
				return nil, err
			}
			w.retire = w.key.Unused(s.Account.Clock())
			all = append(all, w)
		case slices.ContainsFunc(keys, func(k rotate.Key) bool { return k.Active }):
			stuck := report.Rotation{User: u.ID, Keys: keys, Next: rotate.Next{Step: rotate.Stuck, Why: rotate.BothInUse}, Uses: []report.KeyUse{}, Unseen: []string{}}
			if err := s.Out.Handle(stuck); err != nil {
				return nil, err
			}
		}
	}
	if len(all) == 0 {
		return nil, refuse("no-keys", nil)
	}
	return all, nil
}

func idsOf(keys []rotate.Key) string {
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return strings.Join(ids, ", ")
}

// wantedOf chooses a user's key to replace, and the one that makes room for its
// successor.
func (s *Session) wantedOf(ctx context.Context, t Triage, user, old string, o RotateOptions) (w wantedKey, err error) {
	keys, err := s.keysOf(ctx, user)
	if awsapi.Classify(err) == awsapi.NotFound {
		return w, refuse("no-such-user", err, "user", user)
	}
	if err != nil {
		return w, err
	}
	now := s.Account.Clock()
	if old == "" {
		found := false
		if old, found = rotate.Which(s.ownersOf(t, keys), now); !found {
			if !slices.ContainsFunc(keys, func(k rotate.Key) bool { return k.Active }) {
				return w, refuse("no-keys", nil)
			}
			return w, refuse("rotate.both-in-use", nil, "user", user, "list", idsOf(keys))
		}
	}
	i := slices.IndexFunc(keys, func(k rotate.Key) bool { return k.ID == old })
	if i < 0 {
		return w, refuse("rotate-no-such-key", nil, "key", old)
	}
	w = wantedKey{user: user, key: keys[i], keys: keys}
	if o.Retire {
		return w, nil
	}
	reason, giveUp := "", o.GiveUp
	for _, k := range keys {
		if k.ID != old && len(s.ownersOf(t, []rotate.Key{k})) == 0 {
			giveUp, w.theirs = k.ID, true
		}
	}
	if w.giveUp, reason = rotate.Room(keys, old, giveUp, now); reason != "" {
		return w, refuse("rotate."+reason, nil, "user", user, "list", idsOf(keys))
	}
	return w, nil
}

// ownersOf leaves out the keys that the intruder made.
func (s *Session) ownersOf(t Triage, keys []rotate.Key) (own []rotate.Key) {
	for _, k := range keys {
		if r, listed := t.Snapshot.Find(s.keyRef(k.ID)); !listed || !theirs(r) {
			own = append(own, k)
		}
	}
	return own
}

// ownerOfKey finds whose a key is. Root's are in no listing, and no other
// principal can change them.
func (s *Session) ownerOfKey(ctx context.Context, t Triage, key string) (string, error) {
	ref := s.keyRef(key)
	if r, listed := t.Snapshot.Find(ref); listed {
		if owner := fact.Owner.Or(r, ""); owner != "" {
			return owner, nil
		}
	}
	out, err := iam.NewFromConfig(s.Account.Read(fact.Global, rotateNeeds)).GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &key})
	if err == nil && aws.ToString(out.UserName) != "" && !strings.HasPrefix(aws.ToString(out.UserName), "<") {
		return *out.UserName, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", refuse("rotate-no-such-key", err, "key", key)
}

// keysOf reads a user's keys as they are now.
func (s *Session) keysOf(ctx context.Context, user string) (all []rotate.Key, err error) {
	api := iam.NewFromConfig(s.Account.Read(fact.Global, rotateNeeds))
	pages := iam.NewListAccessKeysPaginator(api, &iam.ListAccessKeysInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot read the access keys of %s: %w", user, err)
		}
		for _, m := range page.AccessKeyMetadata {
			k := rotate.Key{ID: aws.ToString(m.AccessKeyId), Active: m.Status == "Active", Created: aws.ToTime(m.CreateDate).UTC()}
			out, err := api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: m.AccessKeyId})
			if err != nil {
				return nil, fmt.Errorf("cannot read when the access key %s was last used: %w", k.ID, err)
			}
			if used := out.AccessKeyLastUsed; used != nil && used.LastUsedDate != nil {
				k.Used, k.Where = used.LastUsedDate.UTC(), strings.TrimSpace(aws.ToString(used.ServiceName)+" "+aws.ToString(used.Region))
			}
			all = append(all, k)
		}
	}
	if len(all) == 2 && all[1].ID < all[0].ID { // a user has two at most
		all[0], all[1] = all[1], all[0]
	}
	return all, nil
}

// begin makes a rotation of one key. Nothing is done to the account yet.
func (s *Session) begin(ctx context.Context, t Triage, o RotateOptions, w wantedKey, id string) (rotate.Rotation, error) {
	r := rotate.Rotation{
		V: 1, ID: id, User: w.user, Old: w.key.ID, GiveUp: w.giveUp, Theirs: w.theirs, Retire: o.Retire || w.retire, Unsure: o.Unsure,
		Quiet: rotate.Span(o.Quiet), Begun: s.Account.Clock().Truncate(time.Second),
	}
	if o.Quiet == 0 {
		r.Quiet = rotate.Span(rotate.DefaultQuiet)
	}
	marks, _, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return r, err
	}
	r.Exposed = exposed(t, s.Case, marks, s.keyRef(r.Old), r.User)
	if r.Retire {
		return r, nil
	}
	if o.To == "" {
		return r, refuse("rotate-no-sink", nil)
	}
	sink, err := rotate.ParseSink(o.To, w.user, w.key.ID)
	if err != nil {
		return r, refuse("rotate-sink", err, "sink", o.To)
	}
	if o.All && sink.Kind != rotate.SinkFile && !strings.Contains(o.To, "{user}") && !strings.Contains(o.To, "{key}") {
		return r, refuse("rotate-sink-shared", nil, "sink", o.To, "form", "{user}")
	}
	if sink.Kind != rotate.SinkFile && sink.Region == "" {
		sink.Region = s.Account.Home
	}
	r.Sink = sink.String()
	return r, s.sinkFits(ctx, t, sink, o)
}

// sinkFits refuses a sink that exists and is not ours, and one that the intruder
// can read.
func (s *Session) sinkFits(ctx context.Context, t Triage, sink rotate.Sink, o RotateOptions) error {
	if sink.Kind == rotate.SinkFile {
		if _, err := os.Lstat(sink.Name); err == nil {
			return refuse("rotate-file-there", nil, "file", sink.Name)
		}
		return nil
	}
	return s.sinkHides(ctx, t, sink, o.Unsure)
}

// sinkHides refuses a sink that the intruder can read, by what the last triage knows
// of him.
func (s *Session) sinkHides(ctx context.Context, t Triage, sink rotate.Sink, unsure bool) error {
	how, who, err := s.sinkReaders(ctx, t, sink)
	switch {
	case err != nil:
		return err
	case how == "could-read":
		return refuse("rotate-sink-readable", nil, "sink", sink.String(), "list", strings.Join(who, ", "))
	case how == "not-known" && !unsure:
		return refuse("rotate-sink-unknown", nil, "sink", sink.String())
	}
	return nil
}
