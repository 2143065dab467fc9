package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/backfill"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// toOpenMetrics is the target of backfill that is a file and no receiver.
const toOpenMetrics = "openmetrics"

// headAge is how old samples have to be for promtool: what is newer may be in the
// part of its storage that Prometheus still writes.
const headAge = 3 * time.Hour

// backfillFlags are the flags of backfill.
type backfillFlags struct {
	storage                     storageFlags
	to, output, url, httpConfig *string
	from, toDay, until, resume  *string
	labels                      *[]string
	selectURL                   *string
	verify                      *bool
	timeout                     *time.Duration
	filter                      filterFlags
}

// backfillCommand brings the history as counters to where else it is kept.
func backfillCommand(app *kingpin.Application) command {
	cmd := app.Command("backfill", "Write the stored history to Prometheus or VictoriaMetrics, as samples of the counter on /metrics.")
	cmd.HelpLong("Each recorded day has a sample at its first and last midnight (UTC). The last sample is the current value of the counter, so " +
		"the scraped samples continue without a step. Scraped series have the labels job and instance. Set both with --label to " +
		"write to the same series. For promtool, run: promtool tsdb create-blocks-from --max-block-duration=8784h openmetrics FILE DIR. " +
		"This flag is not in promtool's help and makes it a hundred times faster. See docs/backfill.md.")
	f := &backfillFlags{
		storage: addStorageFlags(cmd),
		to: cmd.Flag("to", "Output: openmetrics (a file for promtool), victoriametrics (its /api/v1/import), or remote-write "+
			"(Prometheus remote write 1.0).").Required().
			Enum(toOpenMetrics, string(backfill.VictoriaMetrics), string(backfill.RemoteWrite)),
		output: cmd.Flag("output", "Output file for --to=openmetrics. It is replaced when it is complete. Default: -, standard output.").
			Short('o').PlaceHolder("FILE").String(),
		url: cmd.Flag("url", "URL to send to for the other two, such as http://localhost:8428. Default path: /api/v1/import or /api/v1/write.").
			PlaceHolder("URL").String(),
		httpConfig: cmd.Flag("http.config.file", "File with credentials, TLS, and proxy settings for --url, in the http_config format of Prometheus.").
			PlaceHolder("FILE").String(),
		selectURL: cmd.Flag("select-url", "Where VictoriaMetrics can be read, to compare what arrived: what /api/v1/export is below. "+
			"Default: as --url, with /select/ in the place of /insert/.").PlaceHolder("URL").String(),
		verify:  cmd.Flag("verify", "Compare what arrived in VictoriaMetrics with what was sent; --no-verify does not.").Default("true").Bool(),
		timeout: cmd.Flag("timeout", "Timeout of a request to --url.").Default("1m").Duration(),
		labels:  cmd.Flag("label", "Label to add to all series, such as --label=job=huggingface. Repeatable.").PlaceHolder("NAME=VALUE").Strings(),
		until: cmd.Flag("until", "Write no samples after this time, such as 2024-05-01T12:00:00Z. Default: now; three hours ago for openmetrics.").
			PlaceHolder("TIME").String(),
		resume: cmd.Flag("resume", "File that records the progress with --url. If it exists, continue from there. It is deleted on completion.").
			PlaceHolder("FILE").String(),
		from:   cmd.Flag("from", "First day, such as 2021-01-22. Default: the first recorded day.").PlaceHolder("DAY").String(),
		toDay:  cmd.Flag("to-day", "Last day, such as 2021-01-22. Default: the last recorded day.").PlaceHolder("DAY").String(),
		filter: addFilterFlags(cmd),
	}
	return command{cmd.FullCommand(), f.run}
}

func (f *backfillFlags) run(ctx context.Context, p *program) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	to, err := f.receiver()
	if err != nil {
		return err
	}
	store, groups, err := f.storage.openGroups(ctx, p, true)
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := store.Refresh(ctx); err != nil {
		return err
	}
	revision := store.Revision()
	table, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	var resume *outfile.Resume
	if to != nil {
		defer to.Close()
		resume, err = outfile.OpenResume(p.stderr, *f.resume, "backfill", f.settings(to), revision, o.Until)
		if err != nil {
			return err
		}
		if resume != nil {
			o.Until, o.After = resume.Until, resume.Last
		}
	}
	source := groups.Reader(memtable.NewStoreOf(table))
	n, err := backfill.Count(ctx, source, o)
	if err != nil {
		return err
	}
	bar := terminal.NewBar(p.stderr, "series", n)
	defer bar.Done()
	var stats backfill.Stats
	all := backfill.All(ctx, source, o, &stats)
	done := ""
	if to == nil {
		done, err = writeSamples(p, *f.output, func(w *os.File) error { return backfill.WriteOpenMetrics(w, all, bar.Step) })
	} else {
		done = "sent to " + to.String()
		sender := backfill.NewSender(to, backfill.Protocol(*f.to), p.log, resume.Reached)
		if err = sender.Send(ctx, all, bar.Step); err == nil {
			err = f.compare(ctx, sender, o.Labels)
		}
	}
	bar.Done()
	if err != nil {
		return resume.Interrupted(p.stderr, err)
	}
	reportBackfill(p.stderr, &stats, done)
	return resume.Done()
}

// compare compares what arrived with what was sent, where the receiver can be asked.
func (f *backfillFlags) compare(ctx context.Context, sent *backfill.Sender, labels []backfill.Label) error {
	if !*f.verify || *f.to != string(backfill.VictoriaMetrics) {
		return nil
	}
	text := *f.selectURL
	if text == "" {
		text = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(*f.url, "/"), backfill.VictoriaMetrics.Route()), "/insert/", "/select/", 1)
	}
	u, err := httpx.ParseURL(text, "http://localhost:8428", "/")
	if err != nil {
		return fmt.Errorf("--select-url: %w", err)
	}
	http, err := f.http()
	if err != nil {
		return err
	}
	c, err := vmapi.NewClient(vmapi.Options{
		InsertURL: u, SelectURL: u, HTTP: http, Timeout: *f.timeout, UserAgent: progName + "/" + version.Version,
	})
	if err != nil {
		return err
	}
	defer c.Close()
	return sent.Verify(ctx, c, labels)
}

// writeSamples writes to a file or standard output, and says which.
func writeSamples(p *program, output string, write func(*os.File) error) (done string, err error) {
	if output == "" || output == "-" {
		return "written to standard output", write(p.stdout)
	}
	return "written to " + output, outfile.Replace(output, write)
}

// reportBackfill says what was made. Standard output may be the file itself.
func reportBackfill(w io.Writer, st *backfill.Stats, done string) {
	fmt.Fprintf(w, "%s series, %s %s\n", textenc.Grouped(st.Series), textenc.Plural(st.Samples, "sample", "samples"), done)
	for _, c := range []struct {
		n    int64
		what string
	}{
		{st.Unshown, "left out because they are no longer on the Hub or /metrics"},
		{st.Summed, "without a total, so that the counter is the sum of the records"},
		{st.Clamped, "with more downloads in the records than in the counter, so that the samples start at 0"},
	} {
		if c.n > 0 {
			fmt.Fprintf(w, "%s %s\n", textenc.Repositories(c.n), c.what)
		}
	}
}

// options says which samples to make.
func (f *backfillFlags) options(now time.Time) (o backfill.Options, err error) {
	o = backfill.Options{Filter: f.filter.filter(), Until: now}
	if *f.to == toOpenMetrics {
		o.Until = now.Add(-headAge)
	}
	period, err := parseDays("--from", *f.from, "--to-day", *f.toDay)
	if err != nil {
		return o, err
	}
	o.From, o.To = period.From, period.To
	if *f.until != "" {
		if o.Until, err = parsePast("--until", *f.until, now); err != nil {
			return o, err
		}
	}
	if o.Labels, err = backfill.ParseLabels(*f.labels); err != nil {
		return o, fmt.Errorf("--label: %w", err)
	}
	return o, nil
}

// receiver returns where to send it, nil if it goes to a file.
func (f *backfillFlags) receiver() (*pushclient.Receiver, error) {
	protocol := backfill.Protocol(*f.to)
	if *f.to == toOpenMetrics {
		if *f.url != "" || *f.httpConfig != "" || *f.resume != "" {
			return nil, errors.New("expected neither --url nor --http.config.file nor --resume with --to=openmetrics:" +
				" it always writes a new file")
		}
		return nil, nil
	}
	if *f.output != "" {
		return nil, fmt.Errorf("expected no --output with --to=%s, which sends to --url", protocol)
	}
	if *f.url == "" {
		return nil, fmt.Errorf("expected --url with --to=%s, got none", protocol)
	}
	if *f.timeout <= 0 {
		return nil, fmt.Errorf("--timeout: expected a duration above zero, got %q", *f.timeout)
	}
	u, err := httpx.ParseURL(*f.url, "http://localhost:8428", protocol.Route())
	if err != nil {
		return nil, fmt.Errorf("--url: %w", err)
	}
	http, err := f.http()
	if err != nil {
		return nil, err
	}
	return pushclient.New(pushclient.Options{
		URL: u, HTTP: http, Timeout: *f.timeout, UserAgent: progName + "/" + version.Version,
	})
}

// http returns how requests are made.
func (f *backfillFlags) http() (config.HTTPClientConfig, error) {
	if *f.httpConfig == "" {
		return config.DefaultHTTPClientConfig, nil
	}
	http, err := pushclient.LoadHTTPConfig(*f.httpConfig)
	if err != nil {
		return http, fmt.Errorf("--http.config.file: %w", err)
	}
	return http, nil
}

// settings are what a run has to have in common with the one that it goes on from.
func (f *backfillFlags) settings(to *pushclient.Receiver) map[string][]string {
	sorted := func(v []string) []string { return slices.Sorted(slices.Values(v)) }
	one := func(v string) []string { return []string{v} }
	return map[string][]string{
		"to": one(*f.to), "url": one(to.String()), "label": sorted(*f.labels), "until": one(*f.until),
		"from": one(*f.from), "to-day": one(*f.toDay),
		"repo-type": sorted(*f.filter.repoTypes), "org": sorted(*f.filter.orgs), "repo": sorted(*f.filter.repos),
		"search": one(*f.filter.search),
	}
}
