package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A keyring is one user's keys in memory: it tells a secret once and keeps IAM's
// limit of two.
type keyring struct {
	accessKeyWriter
	keys []types.AccessKeyMetadata
	used map[string]time.Time
	lost bool // the answer to CreateAccessKey is lost
	now  time.Time
	made int
	// rival is the key that a colleague makes by hand while our call is under way.
	rival string
}

func (k *keyring) ListAccessKeys(context.Context, *iam.ListAccessKeysInput, ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	return &iam.ListAccessKeysOutput{AccessKeyMetadata: slices.Clone(k.keys)}, nil
}

func (k *keyring) GetAccessKeyLastUsed(_ context.Context, in *iam.GetAccessKeyLastUsedInput, _ ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error) {
	out := &iam.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &types.AccessKeyLastUsed{}}
	if at, used := k.used[*in.AccessKeyId]; used {
		out.AccessKeyLastUsed.LastUsedDate = &at
	}
	return out, nil
}

func (k *keyring) CreateAccessKey(_ context.Context, in *iam.CreateAccessKeyInput, _ ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error) {
	if k.rival != "" {
		k.hold(k.rival, types.StatusTypeActive)
	}
	if len(k.keys) > 1 {
		return nil, &types.LimitExceededException{}
	}
	k.made++
	id := k.hold(fmt.Sprint("AKIANEW", k.made), types.StatusTypeActive)
	if k.lost {
		return nil, errors.New("connection reset")
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{AccessKeyId: &id, SecretAccessKey: aws.String("s/" + id), UserName: in.UserName}}, nil
}

func (k *keyring) hold(id string, status types.StatusType) string {
	k.keys = append(k.keys, types.AccessKeyMetadata{AccessKeyId: &id, UserName: aws.String("ann"), Status: status, CreateDate: aws.Time(k.now.Truncate(time.Second))})
	return id
}

func (k *keyring) DeleteAccessKey(_ context.Context, in *iam.DeleteAccessKeyInput, _ ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error) {
	k.keys = slices.DeleteFunc(k.keys, func(m types.AccessKeyMetadata) bool { return *m.AccessKeyId == *in.AccessKeyId })
	return nil, nil
}

func (k *keyring) ids() (all []string) {
	for _, m := range k.keys {
		all = append(all, *m.AccessKeyId)
	}
	return all
}

// A vault is a sink in memory that can be full.
type vault struct {
	has  map[string]string
	full error
}

func (v *vault) Put(_ context.Context, id string, secret []byte) error {
	if v.full == nil {
		v.has[id] = string(secret)
	}
	return v.full
}

func (v *vault) Has(_ context.Context, id string) (bool, error) { return v.has[id] != "", nil }

func ring() (*keyring, *vault, kind.Job) {
	k := &keyring{used: map[string]time.Time{}, now: time.Date(2026, 11, 1, 9, 0, 0, 4e8, time.UTC)}
	k.hold("AKIAOLD", types.StatusTypeActive)
	v := &vault{has: map[string]string{}}
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", ID: "AKIAOLD"}}
	fact.Owner.Set(&r, "ann")
	return k, v, kind.Job{Resource: r, Sink: v, At: k.now, Tries: []kind.Try{{At: k.now}}}
}

// Whatever becomes of a try, the user has the old key and at most one more, and
// the sink has the secret of that one.
func TestIAMSecondKey(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*keyring, *vault, *kind.Job)
		want   string // the keys after
		fails  string
	}{
		"made": {func(*keyring, *vault, *kind.Job) {}, "AKIAOLD AKIANEW1", ""},
		"made and stored before": {func(k *keyring, v *vault, _ *kind.Job) {
			v.has[k.hold("AKIAKEPT", types.StatusTypeActive)] = "s"
		}, "AKIAOLD AKIAKEPT", ""},
		"made, not stored, two days ago": {func(k *keyring, _ *vault, j *kind.Job) {
			k.hold("AKIALEFT", types.StatusTypeActive)
			j.Tries = []kind.Try{{At: k.now}, {At: k.now.Add(48 * time.Hour)}}
		}, "AKIAOLD AKIANEW1", ""},
		"made by a later try": {func(k *keyring, _ *vault, j *kind.Job) {
			at := k.now
			k.now = at.Add(48 * time.Hour)
			k.hold("AKIALEFT", types.StatusTypeActive)
			j.Tries = []kind.Try{{At: at}, {At: k.now}, {At: k.now.Add(time.Hour)}}
		}, "AKIAOLD AKIANEW1", ""},
		"somebody's, made long after our try": {func(k *keyring, _ *vault, j *kind.Job) {
			at := k.now
			k.now = at.Add(time.Hour)
			k.hold("AKIAHIS", types.StatusTypeActive)
			j.Tries = []kind.Try{{At: at}, {At: at.Add(48 * time.Hour)}}
		}, "AKIAOLD AKIAHIS", "did not make"},
		"somebody's, this is the first try": {func(k *keyring, _ *vault, _ *kind.Job) { k.hold("AKIAHIS", types.StatusTypeActive) }, "AKIAOLD AKIAHIS", "did not make"},
		"a colleague's, made when our try had failed": {func(k *keyring, _ *vault, j *kind.Job) {
			at := k.now
			k.now = at.Add(time.Minute)
			k.hold("AKIAHIS", types.StatusTypeActive)
			j.Tries = []kind.Try{{At: at, End: at.Add(2 * time.Second)}, {At: at.Add(time.Hour)}}
		}, "AKIAOLD AKIAHIS", "did not make"},
		"made by a try that failed": {func(k *keyring, _ *vault, j *kind.Job) {
			at := k.now
			k.now = at.Add(time.Second)
			k.hold("AKIALEFT", types.StatusTypeActive)
			j.Tries = []kind.Try{{At: at, End: at.Add(2 * time.Second)}, {At: at.Add(time.Hour)}}
		}, "AKIAOLD AKIANEW1", ""},
		"a colleague's, made at this moment": {func(k *keyring, _ *vault, _ *kind.Job) { k.rival = "AKIAHIS" }, "AKIAOLD AKIAHIS", "LimitExceeded"},
		"made at our try and used": {func(k *keyring, _ *vault, j *kind.Job) {
			k.used[k.hold("AKIAUSED", types.StatusTypeActive)] = k.now
			j.Tries = []kind.Try{{At: k.now}, {At: k.now.Add(time.Hour)}}
		}, "AKIAOLD AKIAUSED", "it was used"},
		"the answer is lost": {func(k *keyring, _ *vault, _ *kind.Job) { k.lost = true }, "AKIAOLD", "connection reset"},
		"the sink is full":   {func(_ *keyring, v *vault, _ *kind.Job) { v.full = errors.New("no space") }, "AKIAOLD", "no space"},
		"no sink":            {func(_ *keyring, _ *vault, j *kind.Job) { j.Sink = nil }, "AKIAOLD", "no place"},
	} {
		k, v, j := ring()
		c.before(k, v, &j)
		err := addAccessKey.Do(t.Context(), k, j, nil)
		if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, want %q", name, err, c.fails)
		}
		if err != nil && strings.Contains(err.Error(), "s/AKIA") {
			t.Errorf("%s: the error holds a secret: %v", name, err)
		}
		if got := strings.Join(k.ids(), " "); got != c.want {
			t.Errorf("%s: keys %s, want %s", name, got, c.want)
		}
		if done, err := addAccessKey.Done(t.Context(), k, j); done != (c.fails == "") || err != nil {
			t.Errorf("%s: done %v, %v", name, done, err)
		}
	}
}

// Undoing takes away a key that nobody uses, and no other.
func TestIAMSecondKeyUndone(t *testing.T) {
	k, _, j := ring()
	if err := addAccessKey.Do(t.Context(), k, j, nil); err != nil {
		t.Fatal(err)
	}
	k.used["AKIANEW1"] = k.now
	if err := addAccessKey.Undo(t.Context(), k, j, []byte(`{"keys":["AKIAOLD"]}`)); err == nil || len(k.keys) != 2 {
		t.Errorf("a key in use: %v, %v", err, k.ids())
	}
	delete(k.used, "AKIANEW1")
	if err := addAccessKey.Undo(t.Context(), k, j, []byte(`{"keys":["AKIAOLD"]}`)); err != nil || len(k.keys) != 1 {
		t.Errorf("%v, %v", err, k.ids())
	}
}

// A key that is on, or was on when planned, is never deleted.
func TestIAMOnlyInactiveKeysGo(t *testing.T) {
	for _, c := range []struct {
		is    types.StatusType
		prior string
		goes  bool
	}{
		{types.StatusTypeInactive, `{"status":"Inactive"}`, true}, {types.StatusTypeExpired, `{"status":"Expired"}`, true},
		{types.StatusTypeActive, `{"status":"Inactive"}`, false}, {types.StatusTypeActive, `{"status":"Active"}`, false},
		{types.StatusTypeInactive, `{"status":"Active"}`, false},
	} {
		k, _, j := ring()
		k.keys[0].Status = c.is
		if err := dropInactiveKey.Do(t.Context(), k, j, []byte(c.prior)); (err == nil) != c.goes || (len(k.keys) == 0) != c.goes {
			t.Errorf("%s, planned %s: %v, %v", c.is, c.prior, err, k.ids())
		}
	}
}

func TestIAMPasswordsAreOfEverySort(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		p, err := randomPassword(24)
		if err != nil || len(p) != 24 || !ofEverySort(p) || seen[p] || strings.ContainsAny(p[:1], "=+-@") {
			t.Fatalf("%d characters, %v", len(p), err)
		}
		seen[p] = true
	}
}
