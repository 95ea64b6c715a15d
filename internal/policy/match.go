package policy

import "strings"

// like matches AWS's wildcards: * for any run, ? for one character.
func like(pattern, s string) bool {
	star, back := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			back++
			p, i = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// appliesTo says whether the statement speaks of this action on this
// resource. Conditions are not looked at.
func (s Statement) appliesTo(action string, resources []string) bool {
	switch {
	case len(s.Actions) > 0:
		if !anyLike(s.Actions, action) {
			return false
		}
	case len(s.NotActions) > 0:
		if anyLike(s.NotActions, action) {
			return false
		}
	default:
		return false
	}
	switch {
	case len(s.Resources) > 0:
		return reaches(s.Resources, resources)
	case len(s.NotResources) > 0:
		return !reaches(s.NotResources, resources)
	}
	return false
}

// anyLike compares action names, which AWS does in any case.
func anyLike(patterns []string, action string) bool {
	for _, p := range patterns {
		if like(strings.ToLower(p), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

func reaches(patterns, resources []string) bool {
	for _, p := range patterns {
		p = withoutVariables(p)
		for _, r := range resources {
			if like(p, r) {
				return true
			}
		}
	}
	return false
}

// stranger is the name of a resource that no policy can know: only what is
// written for every resource reaches it. Oneself is what ${aws:username} and
// the like stand for.
const (
	stranger = "cordon-any-8c1f"
	oneself  = "cordon-self-8c1f"
)

// withoutVariables lets every policy variable stand for oneself.
func withoutVariables(pattern string) string {
	for {
		from := strings.Index(pattern, "${")
		if from < 0 {
			return pattern
		}
		length := strings.IndexByte(pattern[from:], '}')
		if length < 0 {
			return pattern
		}
		name := pattern[from+2 : from+length]
		value := oneself
		if len(name) == 1 && strings.ContainsAny(name, "*?$") {
			value = name // AWS's way to write these three literally
		}
		pattern = pattern[:from] + value + pattern[from+length+1:]
	}
}
