package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/rotate"
)

// switchedOff says when cordon last switched each key off, by the journal.
func (s *Session) switchedOff(ctx context.Context) (func(string) time.Time, error) {
	_, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return nil, err
	}
	at := map[string]time.Time{}
	for _, rec := range past {
		if rec.Verb != "deactivate" || len(rec.Target) == 0 {
			continue
		}
		target, err := decode[fact.Resource](rec.Target)
		switch {
		case err != nil:
			return nil, fmt.Errorf("cannot read the journal: the target of line %d: %w", rec.Seq+1, err)
		case rec.Step == journal.Undone:
			delete(at, target.ID)
		case rec.Of == "" && (rec.Step == journal.Done || rec.Step == journal.Again):
			at[target.ID] = rec.Ordered
		}
	}
	return func(key string) time.Time { return at[key] }, nil
}

func loadRotations(c *incident.Case) (all []rotate.Rotation, next string, err error) {
	files, next, err := c.LoadRotations()
	if err != nil {
		return nil, "", err
	}
	for _, b := range files {
		r, err := decode[rotate.Rotation](b)
		if err != nil || r.V != 1 {
			return nil, "", fmt.Errorf("cannot read the rotations: version %d: %w", r.V, errors.Join(err, errors.New("this cordon knows 1")))
		}
		all = append(all, r)
	}
	return all, next, nil
}

func saveRotation(c *incident.Case, r rotate.Rotation) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = c.SaveRotation(r.ID, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("cannot save the rotation %s: %w", r.ID, err)
	}
	return nil
}

// pickRotations are those that were named by id, key or user, or all that have
// not ended.
func pickRotations(all []rotate.Rotation, names []string) (out []rotate.Rotation, err error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(r rotate.Rotation) bool { return named1(r, []string{name}) }) {
			return nil, refuse("no-such-rotation", nil, "name", name)
		}
	}
	for _, r := range all {
		if len(names) > 0 && named1(r, names) || len(names) == 0 && r.Ended.IsZero() {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, refuse("no-rotation", nil)
	}
	return out, nil
}

func named1(r rotate.Rotation, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return strings.EqualFold(n, r.ID) || n == r.Old || n == r.User || n != "" && n == r.New
	})
}

func numberOf(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "R")) // ours: LoadRotations made it
	return n
}
