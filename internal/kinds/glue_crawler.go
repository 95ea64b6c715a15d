package kinds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type glueCrawlerGetter interface {
	GetCrawler(context.Context, *glue.GetCrawlerInput, ...func(*glue.Options)) (*glue.GetCrawlerOutput, error)
}

type glueCrawlerReader interface {
	glueCrawlerGetter
	GetCrawlers(context.Context, *glue.GetCrawlersInput, ...func(*glue.Options)) (*glue.GetCrawlersOutput, error)
}

type glueCrawlerWriter interface {
	glueCrawlerGetter
	StopCrawlerSchedule(context.Context, *glue.StopCrawlerScheduleInput, ...func(*glue.Options)) (*glue.StopCrawlerScheduleOutput, error)
	StartCrawlerSchedule(context.Context, *glue.StartCrawlerScheduleInput, ...func(*glue.Options)) (*glue.StartCrawlerScheduleOutput, error)
	StopCrawler(context.Context, *glue.StopCrawlerInput, ...func(*glue.Options)) (*glue.StopCrawlerOutput, error)
	DeleteCrawler(context.Context, *glue.DeleteCrawlerInput, ...func(*glue.Options)) (*glue.DeleteCrawlerOutput, error)
}

var glueCrawler = kind.Of(glueCrawlerSpec)

var glueCrawlerSpec = kind.Spec[glueCrawlerReader, glueCrawlerWriter]{
	Name:   "glue.crawler",
	Reader: func(c aws.Config) glueCrawlerReader { return glue.NewFromConfig(c) },
	Writer: func(c aws.Config) glueCrawlerWriter { return glue.NewFromConfig(c) },
	Needs:  []string{"glue:GetCrawlers", "glue:GetCrawler"},
	List:   listGlueCrawlers,
	Cost:   kind.Cost{Fixed: 1, Page: 200},
	Covers: []string{"B6"},
	Named:  true,
	Holds:  holdsItsRole,
	Keep: func(ctx context.Context, api glueCrawlerReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := findGlueCrawler(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "crawler.json", c)
	},
	Verbs: []kind.Verb[glueCrawlerReader, glueCrawlerWriter]{
		flip(kind.Verb[glueCrawlerReader, glueCrawlerWriter]{
			Name: "stop-schedule", Class: kind.Disruptive, For: kind.Disable, Takes: time.Minute,
			Needs: []string{"glue:StopCrawlerSchedule", "glue:StartCrawlerSchedule"},
		}, false, func(ctx context.Context, api glueCrawlerReader, r fact.Resource) (bool, error) {
			c, err := findGlueCrawler(ctx, api, r.ID)
			return scheduled(c), err
		}, scheduleGlueCrawler),
		remove(kind.Verb[glueCrawlerReader, glueCrawlerWriter]{Name: "delete", Needs: []string{"glue:StopCrawler", "glue:DeleteCrawler"}},
			func(ctx context.Context, api glueCrawlerReader, r fact.Resource) (any, error) {
				c, err := findGlueCrawler(ctx, api, r.ID)
				return made(aws.ToString(c.Name), c.CreationTime), err
			}, deleteGlueCrawler),
	},
}

func listGlueCrawlers(ctx context.Context, api glueCrawlerReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, glue.NewGetCrawlersPaginator(api, &glue.GetCrawlersInput{MaxResults: aws.Int32(200)})) {
		if err != nil {
			return fmt.Errorf("cannot list Glue crawlers: %w", err)
		}
		for _, c := range page.Crawlers {
			name := aws.ToString(c.Name)
			r := fact.Resource{
				Ref: fact.Ref{Kind: "glue.crawler", Place: at, ID: name}, ARN: arn(at, "glue", "crawler/"+name), Created: aws.ToTime(c.CreationTime),
			}
			fact.Status.Set(&r, string(c.State))
			fact.Role.Set(&r, aws.ToString(c.Role))
			fact.Active.Set(&r, scheduled(c))
			if c.Schedule != nil {
				fact.Detail.Set(&r, aws.ToString(c.Schedule.ScheduleExpression))
			}
			if c.LastUpdated != nil {
				fact.Modified.Set(&r, *c.LastUpdated)
			}
			put(r)
		}
	}
	return nil
}

func scheduled(c types.Crawler) bool {
	return c.Schedule != nil && c.Schedule.State == types.ScheduleStateScheduled
}

func findGlueCrawler(ctx context.Context, api glueCrawlerGetter, name string) (types.Crawler, error) {
	out, err := api.GetCrawler(ctx, &glue.GetCrawlerInput{Name: &name})
	if err != nil {
		return types.Crawler{}, gone(err)
	}
	if out.Crawler == nil {
		return types.Crawler{}, kind.ErrGone
	}
	return *out.Crawler, nil
}

// scheduleGlueCrawler takes "it is so already" for success.
func scheduleGlueCrawler(ctx context.Context, api glueCrawlerWriter, j kind.Job, on bool) error {
	var err error
	if on {
		_, err = api.StartCrawlerSchedule(ctx, &glue.StartCrawlerScheduleInput{CrawlerName: &j.ID})
	} else {
		_, err = api.StopCrawlerSchedule(ctx, &glue.StopCrawlerScheduleInput{CrawlerName: &j.ID})
	}
	switch awsapi.Code(err) {
	case "SchedulerRunningException", "SchedulerNotRunningException":
		return nil
	}
	return err
}

// deleteGlueCrawler waits for a crawl to stop: Glue deletes no running crawler.
func deleteGlueCrawler(ctx context.Context, api glueCrawlerWriter, j kind.Job) error {
	c, err := findGlueCrawler(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if c.State == types.CrawlerStateRunning {
		_, err := api.StopCrawler(ctx, &glue.StopCrawlerInput{Name: &j.ID})
		if code := awsapi.Code(err); err != nil && code != "CrawlerNotRunningException" && code != "CrawlerStoppingException" {
			return fmt.Errorf("cannot stop the crawler: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	err = awaited(ctx, 5*time.Second, func() (bool, error) {
		c, err := findGlueCrawler(ctx, api, j.ID)
		return c.State == types.CrawlerStateReady, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("cannot delete the crawler: it does not stop: %w", err)
	}
	if err != nil {
		return err
	}
	_, err = api.DeleteCrawler(ctx, &glue.DeleteCrawlerInput{Name: &j.ID})
	return err
}
