package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// layersAspect is the list of the layer versions that a function runs with, in
// their order: JSON, or "" for none.
const layersAspect = "layers"

// A layer of the intruder's runs before the function's own code, with its
// rights. A published version keeps the layers that it was published with.
var restoreFunctionLayers = restore(functionVerb{
	Name: "restore-layers", Class: kind.Disruptive, Of: layersAspect,
	Needs:  []string{"lambda:UpdateFunctionConfiguration", "=lambda:GetLayerVersion"},
	Mends:  []string{"UpdateFunctionConfiguration", "CreateFunction", "PublishLayerVersion", "PublishVersion"},
	Recall: recallLayers,
}, func(ctx context.Context, api functionReader, r fact.Resource) (string, error) {
	out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.ID})
	if err != nil {
		return "", gone(err)
	}
	if out.Configuration == nil {
		return "", fmt.Errorf("cannot read the layers of %s: Lambda told no configuration", r.ID)
	}
	return writeLayers(layersOf(*out.Configuration)), nil
}, func(ctx context.Context, api functionWriter, j kind.Job, value string) error {
	layers := []string{} // not nil: an empty list takes all away
	if value != "" {
		if err := json.Unmarshal([]byte(value), &layers); err != nil {
			return fmt.Errorf("cannot read the layers to put back: %w", err)
		}
	}
	_, err := api.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &j.ID, Layers: layers})
	return err
})

func writeLayers(arns []string) string {
	if len(arns) == 0 {
		return ""
	}
	b, _ := json.Marshal(arns) // strings
	return string(b)
}

// asPublished stands before the number of a version whose layers are meant.
const asPublished = "version "

// recallLayers reads what a function's maker or configuration said. A change
// that names no layers leaves them as they were, and tells nothing; a function
// that was made without any had none; a version that was published then has
// them still.
func recallLayers(call string, request, response json.RawMessage) (string, bool) {
	var q struct {
		Layers *[]string `json:"layers"`
	}
	var a struct {
		Version string `json:"version"`
	}
	switch {
	case json.Unmarshal(request, &q) != nil:
		return "", false
	case q.Layers != nil && (call == "UpdateFunctionConfiguration" || call == "CreateFunction"):
		return writeLayers(*q.Layers), true
	case call == "CreateFunction":
		return "", true
	case call == "PublishVersion" && json.Unmarshal(response, &a) == nil && a.Version != "":
		return asPublished + a.Version, true
	}
	return "", false
}

// onlyPublished reads the layers that a version was published with, and forgets
// the code that no version has: it is known by its hash alone, and from that
// nobody can put it back.
func onlyPublished(r fact.Resource, before map[string]string) {
	if version, meant := strings.CutPrefix(before[layersAspect], asPublished); meant {
		delete(before, layersAspect)
		if layers, stands := fact.VersionLayers.Or(r, nil)[version]; stands {
			before[layersAspect] = writeLayers(layers)
		}
	}
	hash, known := before[codeAspect]
	if known && !slices.Contains(slices.Collect(maps.Values(fact.VersionCodes.Or(r, nil))), hash) {
		delete(before, codeAspect)
	}
}
