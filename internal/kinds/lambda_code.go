package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// codeAspect is the SHA-256 of the code that a function runs, as Lambda writes it.
const codeAspect = "code"

// inlineCode is what Lambda takes by UpdateFunctionCode itself, packed.
const inlineCode = 50 << 20

// keptCode is written on the version that keeps what stood in a function before
// its code was put back: from it, and only from it, undoing can put that back.
const keptCode = "cordon: as it stood before its code was put back"

// Lambda keeps no older code but in published versions, and the record of a
// call has no code in it, only its hash. So what was is put back from the
// version that has the hash; where none has it, a person deploys it again.
var restoreFunctionCode = putBackCode(restore(functionVerb{
	Name: "restore-code", Class: kind.Disruptive, Of: codeAspect, Tidies: true, Takes: codeTakes,
	Needs:  []string{"lambda:UpdateFunctionCode", "lambda:PublishVersion", "lambda:DeleteFunction"},
	Mends:  []string{"UpdateFunctionCode", "PublishVersion"},
	Recall: recallCode,
}, runningCode, func(ctx context.Context, api functionWriter, j kind.Job, hash string) error {
	return setCode(ctx, api, j.ID, hash)
}))

// codeTakes is how long Lambda may work on a change of code.
const codeTakes = 10 * time.Minute

// putBackCode has undoing clear away the version that doing kept. While Lambda works
// on a change there is no state to be put back, and none to compare with the plan's.
func putBackCode(v functionVerb) functionVerb {
	v.Prior = func(ctx context.Context, api functionReader, r fact.Resource) (json.RawMessage, error) {
		hash, err := runningCode(ctx, api, r)
		if err == nil && hash == "" {
			err = fmt.Errorf("cannot read the code of %s: Lambda is still working on a change of it", r.ID)
		}
		return prior(hash, err)
	}
	putBack := v.Undo
	v.Undo = func(ctx context.Context, api functionWriter, j kind.Job, prior json.RawMessage) error {
		if err := putBack(ctx, api, j, prior); err != nil {
			return err
		}
		return dropKeptCode(ctx, api, j.ID)
	}
	return v
}

// runningCode is the hash of the code as it can be changed. While Lambda still
// works on a change the function is as good as not changed.
func runningCode(ctx context.Context, api functionReader, r fact.Resource) (string, error) {
	out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.ID})
	if err != nil {
		return "", gone(err)
	}
	if out.Configuration == nil || aws.ToString(out.Configuration.CodeSha256) == "" {
		return "", fmt.Errorf("cannot read the code of %s: Lambda told no hash of it", r.ID)
	}
	if out.Configuration.LastUpdateStatus == types.LastUpdateStatusInProgress {
		return "", nil
	}
	return *out.Configuration.CodeSha256, nil
}

// setCode has the function run the code with this hash, out of the published
// version that has it. What runs now is published first where no version has it.
func setCode(ctx context.Context, api functionWriter, name, hash string) error {
	versions, err := versionCodes(ctx, api, name)
	if err != nil {
		return err
	}
	now := ""
	from := ""
	kept := false
	for _, v := range versions {
		if aws.ToString(v.Version) == latest {
			now = aws.ToString(v.CodeSha256)
		}
	}
	for _, v := range versions {
		if aws.ToString(v.Version) == latest {
			continue
		}
		kept = kept || aws.ToString(v.CodeSha256) == now
		if aws.ToString(v.CodeSha256) == hash {
			from = aws.ToString(v.Version)
		}
	}
	switch {
	case now == hash:
		return nil
	case from == "":
		return fmt.Errorf("cannot put back the code of %s: no published version has it; deploy it again from its source", name)
	case !kept:
		_, err := api.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &name, CodeSha256: &now, Description: aws.String(keptCode)})
		if err != nil {
			return err
		}
	}
	return deploy(ctx, api, name, from)
}

// latest is what Lambda calls the version that can be changed.
const latest = "$LATEST"

// deploy copies the code of a version to where it can be changed.
func deploy(ctx context.Context, api functionWriter, name, version string) error {
	out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name, Qualifier: &version})
	if err != nil {
		return err
	}
	in := &lambda.UpdateFunctionCodeInput{FunctionName: &name}
	switch {
	case out.Code == nil:
		return fmt.Errorf("cannot put back the code of %s: Lambda named no code of version %s", name, version)
	case aws.ToString(out.Code.ResolvedImageUri) != "":
		in.ImageUri = out.Code.ResolvedImageUri
	default:
		if in.ZipFile, err = api.GetArchive(ctx, aws.ToString(out.Code.Location)); err != nil {
			return err
		}
		if len(in.ZipFile) > inlineCode {
			return fmt.Errorf("cannot put back the code of %s: version %s has %d MB and Lambda takes 50 by a call; deploy it again through S3", name, version, len(in.ZipFile)>>20)
		}
	}
	_, err = api.UpdateFunctionCode(ctx, in)
	return err
}

func dropKeptCode(ctx context.Context, api functionWriter, name string) error {
	versions, err := versionCodes(ctx, api, name)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if aws.ToString(v.Version) == latest || aws.ToString(v.Description) != keptCode {
			continue
		}
		if _, err := api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name, Qualifier: v.Version}); err != nil {
			return err
		}
	}
	return nil
}

func versionCodes(ctx context.Context, api functionVersionLister, name string) (all []types.FunctionConfiguration, err error) {
	for page, err := range pages(ctx, lambda.NewListVersionsByFunctionPaginator(api, &lambda.ListVersionsByFunctionInput{FunctionName: &name})) {
		if err != nil {
			return nil, err
		}
		all = append(all, page.Versions...)
	}
	return all, nil
}

// recallCode reads the hash that Lambda answered with.
func recallCode(_ string, _, response json.RawMessage) (string, bool) {
	var a struct {
		CodeSha256 string `json:"codeSha256"`
	}
	return a.CodeSha256, json.Unmarshal(response, &a) == nil && a.CodeSha256 != ""
}
