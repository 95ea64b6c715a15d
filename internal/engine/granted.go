package engine

import (
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
)

// markGrants writes into users, roles and groups which rights the intruder's
// calls gave them, so that exactly those can be taken away.
func markGrants(snap *fact.Snapshot, acts []lineage.Act) {
	at := map[fact.Ref]*fact.Resource{}
	for i := range snap.Resources {
		at[snap.Resources[i].Ref] = &snap.Resources[i]
	}
	for _, a := range acts {
		if a.Confidence == lineage.Low || a.Event.Failed() || a.Event.Service() != "iam" {
			continue
		}
		kind, name, right := granted(a.Event)
		if right == "" {
			continue
		}
		r := at[fact.Ref{Kind: kind, Place: fact.Place{Account: snap.Account, Region: fact.Global}, ID: name}]
		if r == nil {
			continue
		}
		if all := fact.Granted.Or(*r, nil); !slices.Contains(all, right) {
			fact.Granted.Set(r, append(all, right))
		}
	}
}

// granted reads what right a call gave to whom; "" when it gave none.
func granted(e event.Event) (kind fact.Kind, name, right string) {
	one := func(path string) string { return strings.Join(event.Path(e.Request, path), "") }
	call := e.BaseName()
	if call == "AddUserToGroup" {
		return "iam.user", one("userName"), "group:" + one("groupName")
	}
	for of, kind := range map[string]fact.Kind{"User": "iam.user", "Role": "iam.role", "Group": "iam.group"} {
		name := one(strings.ToLower(of) + "Name")
		switch call {
		case "Put" + of + "Policy":
			return kind, name, "inline:" + one("policyName")
		case "Attach" + of + "Policy":
			return kind, name, "attached:" + one("policyArn")
		}
	}
	return "", "", ""
}
