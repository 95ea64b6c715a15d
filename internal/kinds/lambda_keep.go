package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

func keepFunction(ctx context.Context, api functionReader, r fact.Resource, put func(string, []byte) error) error {
	out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "function.json", out); err != nil {
		return err
	}
	policies, err := functionPolicies(ctx, api, r.ID, fact.Published.Or(r, nil))
	if err != nil {
		return fmt.Errorf("cannot read the policies of %s: %w", r.ID, err)
	}
	if err := putJSON(put, "policies.json", policies); err != nil {
		return err
	}
	if err := keepNames(ctx, api, r.ID, put); err != nil {
		return err
	}
	return keepVersions(ctx, api, r.ID, out, put)
}

// keepNames keeps the aliases and the URLs of a function, by which others call it.
func keepNames(ctx context.Context, api functionReader, name string, put func(string, []byte) error) error {
	aliases, err := whole(ctx, lambda.NewListAliasesPaginator(api, &lambda.ListAliasesInput{FunctionName: &name}),
		func(page *lambda.ListAliasesOutput) []types.AliasConfiguration { return page.Aliases })
	if err != nil {
		return fmt.Errorf("cannot read the aliases of %s: %w", name, gone(err))
	}
	urls, err := whole(ctx, lambda.NewListFunctionUrlConfigsPaginator(api, &lambda.ListFunctionUrlConfigsInput{FunctionName: &name}),
		func(page *lambda.ListFunctionUrlConfigsOutput) []types.FunctionUrlConfig {
			return page.FunctionUrlConfigs
		})
	if err != nil && !errors.Is(gone(err), kind.ErrGone) { // there are regions without function URLs
		return fmt.Errorf("cannot read the URLs of %s: %w", name, err)
	}
	return errors.Join(putJSON(put, "aliases.json", aliases), putJSON(put, "urls.json", urls))
}

// codesKept is how many different codes of one function are kept: each may have 50
// MB and more. A function with more of them is not deleted.
const codesKept = 50

// keepVersions keeps the code that runs and that of every published version, each
// once: they are all deleted with the function.
func keepVersions(ctx context.Context, api functionReader, name string, runs *lambda.GetFunctionOutput, put func(string, []byte) error) error {
	versions, err := versionCodes(ctx, api, name)
	if err != nil {
		return fmt.Errorf("cannot read the versions of %s: %w", name, gone(err))
	}
	if err := putJSON(put, "versions.json", versions); err != nil {
		return err
	}
	if err := keepCode(ctx, api, "code", runs, put); err != nil {
		return err
	}
	seen := map[string]bool{}
	if runs.Configuration != nil {
		seen[aws.ToString(runs.Configuration.CodeSha256)] = true
	}
	var others []string
	for _, v := range versions {
		hash := aws.ToString(v.CodeSha256)
		if aws.ToString(v.Version) != latest && (hash == "" || !seen[hash]) {
			seen[hash] = true
			others = append(others, aws.ToString(v.Version))
		}
	}
	if len(others) >= codesKept {
		return fmt.Errorf("cannot keep the code of %s: its versions have more than %d different ones", name, codesKept)
	}
	for _, version := range others {
		out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name, Qualifier: &version})
		if err != nil {
			return fmt.Errorf("cannot read version %s of %s: %w", version, name, err) // also when it went meanwhile
		}
		if err := keepCode(ctx, api, "code-"+version, out, put); err != nil {
			return err
		}
	}
	return nil
}

// keepCode keeps the package of one version. An image stays where it is, in a
// repository, and its name is what there is to keep.
func keepCode(ctx context.Context, api archiveGetter, file string, out *lambda.GetFunctionOutput, put func(string, []byte) error) error {
	code := out.Code
	if code != nil && aws.ToString(code.ImageUri) != "" || out.Configuration != nil && out.Configuration.PackageType == types.PackageTypeImage {
		if code == nil {
			code = &types.FunctionCodeLocation{}
		}
		return put(file+"-not-kept.txt", []byte("the code is a container image: "+aws.ToString(code.ImageUri)+"\n"))
	}
	if code == nil || aws.ToString(code.Location) == "" {
		return notKept(errors.New("cannot download the code: Lambda named no place of it"), file, put)
	}
	return keepArchive(ctx, api, file, *code.Location, put)
}

func keepLayer(ctx context.Context, api layerReader, r fact.Resource, put func(string, []byte) error) error {
	name, version, err := layerVersion(r.ID)
	if err != nil {
		return err
	}
	out, err := api.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: &name, VersionNumber: &version})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "layer.json", out); err != nil {
		return err
	}
	policy, err := layerPolicy(ctx, api, r.ID)
	if err != nil {
		return fmt.Errorf("cannot read the policy of %s: %w", r.ID, err)
	}
	if policy != "" {
		if err := put("policy.json", []byte(policy)); err != nil {
			return err
		}
	}
	if out.Content == nil || aws.ToString(out.Content.Location) == "" {
		return notKept(errors.New("cannot download the code: Lambda named no archive"), "code", put)
	}
	return keepArchive(ctx, api, "code", *out.Content.Location, put)
}

// keepArchive keeps the archive at a location that Lambda gave.
func keepArchive(ctx context.Context, api archiveGetter, file, location string, put func(string, []byte) error) error {
	b, err := api.GetArchive(ctx, location)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return notKept(err, file, put)
	}
	return put(file+".zip", b)
}

// notKept keeps the reason why a package could not be had, and returns it: what
// else was read is evidence all the same, and nothing is deleted on it.
func notKept(why error, file string, put func(string, []byte) error) error {
	return errors.Join(why, put(file+"-not-kept.txt", []byte(why.Error()+"\n")))
}
