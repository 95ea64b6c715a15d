package plan

import (
	"testing"

	"cordon/internal/fact"
)

const (
	claire = "arn:aws:iam::111122223333:user/claire"
	rescue = "arn:aws:iam::111122223333:role/ops/rescue"
	glass  = "arn:aws:iam::111122223333:role/break-glass"
)

func on(kind, id, arn, unique, verb string) Action {
	r := target(kind, id)
	r.ARN, r.UniqueID = arn, unique
	return Act(r, verb, Disruptive)
}

func owned(kind, id, owner, verb string) Action {
	a := on(kind, id, "", "", verb)
	fact.Owner.Set(&a.Target, owner)
	return a
}

func group(name string, members ...string) Action {
	a := on("iam.group", name, "", "", "deny-all")
	fact.Members.Set(&a.Target, members)
	return a
}

func back(kind, id, arn string) Action {
	a := on(kind, id, arn, "", "deny-all")
	a.Undoes = &Undoes{Plan: "p", Action: "a"}
	return a
}

const lonelyOther = "arn:aws:iam::111122223333:user/eve"

func above(principals ...string) Action {
	a := on("organizations.account", "111122223333", "", "", "deny-scp")
	fact.DenyPrincipals.Set(&a.Target, principals)
	return a
}

func TestGuardKeepsTheOwnerIn(t *testing.T) {
	user := Ward{
		Chain:  []Keeper{{ARN: claire, UniqueID: "AIDACLAIRE", KeyID: "AKIACLAIRE1"}},
		Groups: []string{"admins"}, BreakGlass: []string{glass},
		Admins: []string{claire, "arn:aws:iam::111122223333:user/tomas"},
	}
	session := user // the same user through temporary credentials: the key is not known
	session.Chain = []Keeper{{ARN: claire, UniqueID: "AIDACLAIRE"}}
	assumed := Ward{
		Chain: []Keeper{{ARN: rescue, UniqueID: "AROARESCUE"}, {ARN: claire, UniqueID: "AIDACLAIRE", KeyID: "AKIACLAIRE1"}},
	}
	rescued := user
	rescued.BreakGlass = []string{"arn:aws:iam::111122223333:user/rescuer"}
	unsure := user
	unsure.Unsure = true
	lonely := Ward{Chain: []Keeper{{ARN: rescue, UniqueID: "AROARESCUE"}}, Admins: []string{"arn:aws:iam::111122223333:user/tomas"}}

	for name, c := range map[string]struct {
		ward   Ward
		action Action
		reason string // "" is allowed
	}{
		"the caller is the compromised user":                             {user, on("iam.user", "claire", claire, "AIDACLAIRE", "deny-all"), OwnPrincipal},
		"the caller under a target without ARN":                          {user, on("iam.user", "claire", "", "", "deny-all"), OwnPrincipal},
		"the caller inside a targeted group":                             {user, group("admins", "ann"), OwnGroup},
		"the caller among the members":                                   {user, group("new", "ann", "claire"), OwnGroup},
		"the caller behind a role among them":                            {assumed, group("new", "claire"), OwnGroup},
		"a group whose members are not known":                            {user, on("iam.group", "developers", "", "", "deny-all"), OwnGroup},
		"a break-glass user inside a group":                              {rescued, group("new", "rescuer"), IsBreakGlass},
		"a break-glass user given back":                                  {rescued, back("iam.user", "rescuer", "arn:aws:iam::111122223333:user/rescuer"), ""},
		"the owner's own rights given back":                              {user, back("iam.user", "claire", claire), ""},
		"a group with all other administrators":                          {lonely, group("all", "tomas"), LastAdmin},
		"another group":                                                  {user, group("developers", "ann"), ""},
		"the caller through an assumed role":                             {assumed, on("iam.role", "rescue", rescue, "AROARESCUE", "revoke-sessions"), OwnPrincipal},
		"the user behind the assumed role":                               {assumed, on("iam.user", "claire", claire, "AIDACLAIRE", "deny-all"), OwnPrincipal},
		"the key behind the assumed role":                                {assumed, owned("iam.access-key", "AKIACLAIRE1", "claire", "deactivate"), OwnKey},
		"the key in use":                                                 {user, owned("iam.access-key", "AKIACLAIRE1", "claire", "deactivate"), OwnKey},
		"an intruder's second key on the caller":                         {user, owned("iam.access-key", "AKIAINTRUDER", "claire", "deactivate"), ""},
		"any key when the one in use is not known":                       {session, owned("iam.access-key", "AKIACLAIRE1", "claire", "deactivate"), OwnKey},
		"a role of the same name in another path":                        {assumed, on("iam.role", "rescue", "arn:aws:iam::111122223333:role/rescue", "AROAOTHER", "deny-all"), OwnPrincipal},
		"the break-glass role":                                           {user, on("iam.role", "break-glass", glass, "AROAGLASS", "close-trust"), IsBreakGlass},
		"a service-linked role":                                          {user, on("iam.role", "AWSServiceRoleForX", "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", "AROASLR", "deny-all"), ServiceLinked},
		"a role of Identity Center":                                      {user, on("iam.role", "AWSReservedSSO_a", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_a", "AROASSO", "deny-all"), ReservedRole},
		"the last administrator":                                         {lonely, on("iam.user", "tomas", "arn:aws:iam::111122223333:user/tomas", "AIDATOMAS", "deny-all"), LastAdmin},
		"one of two administrators":                                      {user, on("iam.user", "tomas", "arn:aws:iam::111122223333:user/tomas", "AIDATOMAS", "deny-all"), ""},
		"anyone's rights when nobody knows who stands behind the caller": {unsure, on("iam.role", "other", "arn:aws:iam::111122223333:role/other", "AROAOTHER", "revoke-sessions"), UnknownSource},
		"an instance all the same":                                       {unsure, on("ec2.instance", "i-1", "", "", "stop"), ""},
		"an instance":                                                    {user, on("ec2.instance", "i-1", "", "", "stop"), ""},
		"a denial from above of others":                                  {user, above(lonelyOther, "AROAOTHER:x"), ""},
		"a denial from above of the caller":                              {user, above(lonelyOther, claire), OwnPrincipal},
		"of the caller under another path":                               {assumed, above("arn:aws:iam::111122223333:role/rescue"), OwnPrincipal},
		"of a session of the caller's role":                              {assumed, above("AROARESCUE:anybody"), OwnPrincipal},
		"of a federated session of the caller's name":                    {user, above("111122223333:claire"), OwnPrincipal},
		"of a federated session of another name":                         {user, above("111122223333:eve"), ""},
		"of the break-glass role":                                        {user, above(glass), OwnPrincipal},
		"of everybody":                                                   {user, above("arn:aws:iam::111122223333:user/*"), OwnPrincipal},
		"of root, who is the caller":                                     {Ward{Chain: []Keeper{{ARN: "arn:aws:iam::111122223333:root"}}}, above("arn:aws:iam::111122223333:root"), OwnPrincipal},
		"of the last administrator":                                      {lonely, above("arn:aws:iam::111122223333:user/tomas"), LastAdmin},
		"of somebody when nobody knows who stands behind the caller":     {unsure, above(lonelyOther), UnknownSource},
		"of nobody that is told":                                         {user, on("organizations.account", "111122223333", "", "", "deny-scp"), OwnPrincipal},
		"anything when nobody knows who the caller":                      {Ward{}, on("ec2.instance", "i-1", "", "", "stop"), UnknownCaller},
	} {
		t.Run(name, func(t *testing.T) {
			keep, refused := Guard([]Action{c.action}, c.ward)
			switch {
			case c.reason == "" && len(keep) != 1:
				t.Errorf("refused: %s", refused[0].Reason)
			case c.reason != "" && len(refused) != 1:
				t.Error("allowed")
			case c.reason != "" && refused[0].Reason != c.reason:
				t.Errorf("refused as %s, want %s", refused[0].Reason, c.reason)
			}
		})
	}
}

// Two administrators may not be cut by one plan when no third is left.
func TestGuardCountsAdministratorsOverThePlan(t *testing.T) {
	ann, bob := "arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/bob"
	w := Ward{Chain: []Keeper{{ARN: rescue}}, Admins: []string{ann, bob}}
	keep, refused := Guard([]Action{
		on("iam.user", "ann", ann, "A", "deny-all"),
		on("iam.user", "bob", bob, "B", "deny-all"),
	}, w)
	if len(keep) != 1 || len(refused) != 1 || refused[0].Reason != LastAdmin {
		t.Errorf("kept %d, refused %v", len(keep), refused)
	}
}

// A second key beside one's own takes nothing; switching one's own off does.
func TestGuardLetsASecondKeyBeMade(t *testing.T) {
	w := Ward{Chain: []Keeper{{ARN: "arn:aws:iam::111122223333:user/claire", KeyID: "AKIAOWN"}}, BreakGlass: []string{"arn:aws:iam::111122223333:user/claire"}}
	own := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", ID: "AKIAOWN"}}
	fact.Owner.Set(&own, "claire")
	for verb, want := range map[string]int{"add-key": 1, "deactivate": 0, "delete-inactive": 0} {
		if keep, _ := Guard([]Action{Act(own, verb, Reversible)}, w); len(keep) != want {
			t.Errorf("%s: %d kept", verb, len(keep))
		}
	}
}
