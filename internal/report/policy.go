package report

// Policy is the IAM policies for a part of the work: whole, and as policies that
// IAM takes.
type Policy struct {
	Name     string `json:"name"`
	Document any    `json:"document"`
	Policies any    `json:"policies"` // list of {name, size, document}
	// Inexact names the verbs of a plan of which all that they declare is in it.
	Inexact []string `json:"inexact,omitempty"`
}

// Type implements Message.
func (Policy) Type() string { return "policy" }

// PolicyCheck says what of a set of policies the caller has.
type PolicyCheck struct {
	Name    string   `json:"name"`
	Caller  string   `json:"caller"`
	Actions int      `json:"actions"`
	Allowed int      `json:"allowed"`
	Missing []string `json:"missing"`
	// Unknown is why IAM did not say, in its words; then Allowed and Missing are
	// empty. Permission would have let it.
	Unknown    string `json:"unknown,omitempty"`
	Permission string `json:"permission,omitempty"`
}

// Type implements Message.
func (PolicyCheck) Type() string { return "policy_check" }

// policyCheck is the screen of policy --check.
func (t *Text) policyCheck(p *page, m PolicyCheck) {
	w := t.Words
	p.wrap(" ", w.T("screen.policy.caller", "caller", safe(m.Caller), "name", safe(m.Name)))
	switch {
	case m.Unknown != "" && m.Permission != "":
		p.wrap(" ", p.paint(yellow, w.T("prose.policy.unasked", "permission", safe(m.Permission))))
	case m.Unknown != "":
		p.wrap(" ", p.paint(yellow, w.T("prose.policy.unknown")))
	case len(m.Missing) == 0:
		p.wrap(" ", p.paint(green, w.T("screen.policy.all", "n", m.Actions)))
		p.wrap(" ", w.T("prose.policy.beyond"))
	default:
		p.wrap(" ", p.paint(red, w.T("screen.policy.missing", "n", len(m.Missing), "of", m.Actions)))
		for _, a := range m.Missing {
			p.line("   " + safe(a))
		}
		p.wrap(" ", w.T("prose.policy.beyond"))
	}
}
