package kinds

import (
	"context"
	"strings"
	"time"

	"cordon/internal/fact"
)

// holdsItsRole keeps the role in fact.Role until the resource is gone: AWS
// takes the resource down with it.
func holdsItsRole(r fact.Resource) []fact.Ref {
	arn := fact.Role.Or(r, "")
	if arn == "" || !strings.Contains(arn, ":role/") && strings.HasPrefix(arn, "arn:") {
		return nil
	}
	if strings.HasPrefix(arn, "arn:") && arnAccount(arn) != r.Account {
		return nil
	}
	return []fact.Ref{{Kind: "iam.role", Place: fact.Place{Account: r.Account, Region: fact.Global}, ID: arn[strings.LastIndexByte(arn, '/')+1:]}}
}

// A maker identifies a resource for ever: what Prior of its removal shows.
type maker struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created,omitzero"`
}

// made is the maker of a resource, to the second: some services round it now
// and then.
func made(id string, created *time.Time) maker {
	m := maker{ID: id}
	if created != nil {
		m.Created = created.UTC().Truncate(time.Second)
	}
	return m
}

// putEach keeps several answers: a name, then its value, and so on.
func putEach(put func(string, []byte) error, blobs ...any) error {
	for i := 0; i+1 < len(blobs); i += 2 {
		if err := putJSON(put, blobs[i].(string), blobs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// awaited asks again until ready, and gives up with the context.
func awaited(ctx context.Context, every time.Duration, ready func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// setStackTags notes the tags, and the stack that AWS's own tag names.
func setStackTags(r *fact.Resource, tags map[string]string) {
	if tags == nil {
		tags = map[string]string{}
	}
	fact.Tags.Set(r, tags)
	partOf(r, "cloudformation.stack", tags["aws:cloudformation:stack-name"])
}

// withoutUser takes what may be a password out of a repository's address.
func withoutUser(location string) string {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok {
		return location
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return strings.TrimSuffix(scheme+"://"+host+"/"+path, "/")
}
