package kinds

import (
	"encoding/json"
	"fmt"
	"strings"
)

// recordedMember reads a member of a request as CloudTrail writes those of EC2:
// of its newer calls under the name of the request, each value in "content" or
// plain; of the older ones in lower case, lists in sets of items.
func recordedMember(request json.RawMessage, call, member string) (all []string) {
	for _, v := range recordedValues(request, call, member) {
		all = append(all, recordedLeaves(v)...)
	}
	return all
}

// recordedHas says whether a request has a member.
func recordedHas(request json.RawMessage, call, member string) bool {
	return len(recordedValues(request, call, member)) > 0
}

func recordedValues(request json.RawMessage, call, member string) (all []any) {
	var members map[string]any
	if json.Unmarshal(request, &members) != nil {
		return nil
	}
	small := strings.ToLower(member[:1]) + member[1:]
	names := []string{member, small, small + "s", small + "Set", small + "sSet"}
	wrapped, _ := members[call+"Request"].(map[string]any)
	for _, of := range []map[string]any{wrapped, members} {
		for _, name := range names {
			if v, ok := of[name]; ok {
				return []any{v}
			}
		}
	}
	return nil
}

func recordedLeaves(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case float64, bool:
		return []string{fmt.Sprint(v)}
	case []any:
		for _, one := range v {
			all = append(all, recordedLeaves(one)...)
		}
	case map[string]any:
		if content, ok := v["content"]; ok {
			return recordedLeaves(content)
		}
		if items, ok := v["items"]; ok {
			return recordedLeaves(items)
		}
		if len(v) == 1 {
			for _, only := range v {
				return recordedLeaves(only)
			}
		}
	}
	return all
}
