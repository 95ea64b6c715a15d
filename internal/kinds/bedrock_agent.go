package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagent"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagent/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type agentReader interface {
	ListAgents(context.Context, *bedrockagent.ListAgentsInput, ...func(*bedrockagent.Options)) (*bedrockagent.ListAgentsOutput, error)
	GetAgent(context.Context, *bedrockagent.GetAgentInput, ...func(*bedrockagent.Options)) (*bedrockagent.GetAgentOutput, error)
	ListAgentActionGroups(context.Context, *bedrockagent.ListAgentActionGroupsInput, ...func(*bedrockagent.Options)) (*bedrockagent.ListAgentActionGroupsOutput, error)
	GetAgentActionGroup(context.Context, *bedrockagent.GetAgentActionGroupInput, ...func(*bedrockagent.Options)) (*bedrockagent.GetAgentActionGroupOutput, error)
}

type agentWriter interface {
	DeleteAgent(context.Context, *bedrockagent.DeleteAgentInput, ...func(*bedrockagent.Options)) (*bedrockagent.DeleteAgentOutput, error)
}

var agent = kind.Of(agentSpec)

var agentSpec = kind.Spec[agentReader, agentWriter]{
	Name:   "bedrock.agent",
	Reader: func(c aws.Config) agentReader { return bedrockagent.NewFromConfig(c) },
	Writer: func(c aws.Config) agentWriter { return bedrockagent.NewFromConfig(c) },
	Needs: []string{
		"bedrockagent:ListAgents=bedrock:ListAgents", "bedrockagent:GetAgent=bedrock:GetAgent",
		"bedrockagent:ListAgentActionGroups=bedrock:ListAgentActionGroups", "bedrockagent:GetAgentActionGroup=bedrock:GetAgentActionGroup",
	},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"B8"},
	List:   listAgents,
	Keep:   keepAgent,
	Verbs: []kind.Verb[agentReader, agentWriter]{
		// AWS refuses it while an alias of the agent is in use.
		remove(kind.Verb[agentReader, agentWriter]{
			Name: "delete", Needs: []string{"bedrockagent:DeleteAgent=bedrock:DeleteAgent"}, Takes: 5 * time.Minute,
		}, func(ctx context.Context, api agentReader, r fact.Resource) (any, error) {
			a, err := findAgent(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			return uniquely(a.AgentArn, a.CreatedAt), nil
		}, func(ctx context.Context, api agentWriter, j kind.Job) error {
			_, err := api.DeleteAgent(ctx, &bedrockagent.DeleteAgentInput{AgentId: &j.ID})
			return err
		}),
	},
}

func listAgents(ctx context.Context, api agentReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, bedrockagent.NewListAgentsPaginator(api, &bedrockagent.ListAgentsInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list agents: %w", err)
		}
		for _, a := range page.AgentSummaries {
			r := named("bedrock.agent", at, a.AgentId, nil, nil)
			fact.Name.Set(&r, aws.ToString(a.AgentName))
			fact.Status.Set(&r, string(a.AgentStatus))
			fact.Modified.Set(&r, aws.ToTime(a.UpdatedAt).UTC())
			drafts = append(drafts, r)
		}
	}
	// The listing tells neither when it was made nor the role it works with.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		a, err := findAgent(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.ARN, r.Created = aws.ToString(a.AgentArn), aws.ToTime(a.CreatedAt).UTC()
		fact.Role.Set(r, aws.ToString(a.AgentResourceRoleArn))
		fact.Detail.Set(r, aws.ToString(a.FoundationModel))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list agents: %w", err)
	}
	return nil
}

func findAgent(ctx context.Context, api agentReader, id string) (*types.Agent, error) {
	out, err := api.GetAgent(ctx, &bedrockagent.GetAgentInput{AgentId: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.Agent, nil
}

// keepAgent keeps what the agent was told, and what it could call.
func keepAgent(ctx context.Context, api agentReader, r fact.Resource, put func(string, []byte) error) error {
	a, err := findAgent(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "agent.json", a); err != nil {
		return err
	}
	draft := aws.String("DRAFT")
	for page, err := range pages(ctx, bedrockagent.NewListAgentActionGroupsPaginator(api, &bedrockagent.ListAgentActionGroupsInput{AgentId: &r.ID, AgentVersion: draft})) {
		if err != nil {
			return gone(err)
		}
		for _, g := range page.ActionGroupSummaries {
			out, err := api.GetAgentActionGroup(ctx, &bedrockagent.GetAgentActionGroupInput{AgentId: &r.ID, AgentVersion: draft, ActionGroupId: g.ActionGroupId})
			if err != nil {
				return gone(err)
			}
			if err := putJSON(put, "action-group-"+aws.ToString(g.ActionGroupId)+".json", out.AgentActionGroup); err != nil {
				return err
			}
		}
	}
	return nil
}
