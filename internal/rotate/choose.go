package rotate

import "time"

// Why a key cannot be rotated just so: words of the catalogue, "rotate.<reason>".
const (
	BothInUse = "both-in-use" // the user has two keys, and both are used
	NotGiven  = "not-given"   // the key to give up is not the user's other one
)

// Room says which key of the user goes before a second one can be made beside
// old: none where there is room, the one that was named, or the other one when
// nothing uses it. It never chooses one that was used within 90 days and is on.
func Room(keys []Key, old, named string, now time.Time) (giveUp, reason string) {
	other, second := Seen{Keys: keys}.other(old)
	switch {
	case named != "" && (!second || other.ID != named):
		return "", NotGiven
	case !second:
		return "", ""
	case named != "", !other.Active, other.idle(now):
		return other.ID, ""
	}
	return "", BothInUse
}

// Which chooses the key of a user to replace, and the one that goes: with two
// keys the one in use is replaced. ok is false where both are in use, or the user
// has none that is on.
func Which(keys []Key, now time.Time) (old string, ok bool) {
	var used, on []string
	for _, k := range keys {
		if k.Active {
			on = append(on, k.ID)
			if !k.idle(now) {
				used = append(used, k.ID)
			}
		}
	}
	switch {
	case len(used) == 1:
		return used[0], true
	case len(used) == 0 && len(on) > 0:
		return on[0], true
	}
	return "", false
}

// Unused reports a key that is on and that nothing used for 90 days: it is
// retired, not replaced.
func (k Key) Unused(now time.Time) bool { return k.Active && k.idle(now) }
