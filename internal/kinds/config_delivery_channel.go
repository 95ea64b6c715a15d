package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type channelReader interface {
	DescribeDeliveryChannels(context.Context, *configservice.DescribeDeliveryChannelsInput, ...func(*configservice.Options)) (*configservice.DescribeDeliveryChannelsOutput, error)
}

type channelWriter interface {
	PutDeliveryChannel(context.Context, *configservice.PutDeliveryChannelInput, ...func(*configservice.Options)) (*configservice.PutDeliveryChannelOutput, error)
}

type channelVerb = kind.Verb[channelReader, channelWriter]

var deliveryChannel = kind.Of(deliveryChannelSpec)

// deliveryChannelSpec is about where AWS Config delivers what it recorded.
var deliveryChannelSpec = kind.Spec[channelReader, channelWriter]{
	Name:   "config.delivery-channel",
	Reader: func(c aws.Config) channelReader { return configservice.NewFromConfig(c) },
	Writer: func(c aws.Config) channelWriter { return configservice.NewFromConfig(c) },
	Needs:  []string{"configservice:DescribeDeliveryChannels"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"D3"},
	Named:  true,
	List: func(ctx context.Context, api channelReader, at fact.Place, put func(fact.Resource)) error {
		out, err := api.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
		if err != nil {
			return fmt.Errorf("cannot list delivery channels: %w", err)
		}
		for _, c := range out.DeliveryChannels {
			r := fact.Resource{Ref: fact.Ref{Kind: "config.delivery-channel", Place: at, ID: aws.ToString(c.Name)}}
			fact.Bucket.Set(&r, aws.ToString(c.S3BucketName))
			text, err := channelText(c)
			if err != nil {
				return err
			}
			setAspect(&r, "delivery", text)
			put(r)
		}
		return nil
	},
	Keep: func(ctx context.Context, api channelReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findChannel(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "delivery-channel.json", c)
	},
	Verbs: []channelVerb{
		restore(channelVerb{
			Name: "restore-delivery", Class: kind.Reversible, Of: "delivery", Mends: []string{"PutDeliveryChannel"},
			Needs: []string{"configservice:PutDeliveryChannel"},
			Recall: func(_ string, request, _ json.RawMessage) (string, bool) {
				var asked struct {
					DeliveryChannel types.DeliveryChannel `json:"deliveryChannel"` // its fields are found in any case
				}
				if json.Unmarshal(request, &asked) != nil || asked.DeliveryChannel.S3BucketName == nil {
					return "", false
				}
				text, err := channelText(asked.DeliveryChannel)
				return text, err == nil
			},
		}, func(ctx context.Context, api channelReader, r fact.Resource) (string, error) {
			c, err := findChannel(ctx, api, r)
			if err != nil {
				return "", err
			}
			return channelText(c)
		}, func(ctx context.Context, api channelWriter, j kind.Job, text string) error {
			c := types.DeliveryChannel{}
			if err := json.Unmarshal([]byte(text), &c); err != nil {
				return fmt.Errorf("cannot read the delivery channel to put back: %w", err)
			}
			c.Name = &j.ID
			_, err := api.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{DeliveryChannel: &c})
			return err
		}),
	},
}

func findChannel(ctx context.Context, api channelReader, r fact.Resource) (types.DeliveryChannel, error) {
	out, err := api.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{DeliveryChannelNames: []string{r.ID}})
	var all []types.DeliveryChannel
	if err == nil {
		all = out.DeliveryChannels
	}
	return only(all, err)
}

// channelText is where it delivers, and how often, without its name.
func channelText(c types.DeliveryChannel) (string, error) {
	c.Name = nil
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cannot encode a delivery channel: %w", err)
	}
	return string(b), nil
}
