// Command fakehub serves a stand-in for the Hugging Face Hub with synthetic
// organizations, to point the exporter at without a network and without a token:
//
//	go run ./internal/fakehub/cmd/fakehub --tick=1m
//
// It prints what to set. With --tick a day passes every so often.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

type flags struct {
	listen      string
	orgs        []string
	repos, days int
	seed        uint64
	token       string
	tick        time.Duration
	free        bool
	freeOrgs    []string
}

func main() {
	var f flags
	app := kingpin.New("fakehub", "A stand-in for the Hugging Face Hub, with synthetic organizations.")
	app.HelpFlag.Short('h')
	app.Flag("listen-address", "Address to listen on.").Default("127.0.0.1:8765").StringVar(&f.listen)
	app.Flag("org", "Synthetic organization. Repeatable.").Default("acme").StringsVar(&f.orgs)
	app.Flag("repos", "Models and datasets of each organization.").Default("40").IntVar(&f.repos)
	app.Flag("days", "Days of history, up to yesterday.").Default("365").IntVar(&f.days)
	app.Flag("seed", "Seed of the random numbers.").Default("1").Uint64Var(&f.seed)
	app.Flag("token", "Token that the analytics route accepts.").Default("hf_fake").StringVar(&f.token)
	app.Flag("free", "Organizations have no plan with publisher analytics: only listings work.").BoolVar(&f.free)
	app.Flag("free-org", "Additional synthetic organization without such a plan. Repeatable.").StringsVar(&f.freeOrgs)
	app.Flag("tick", "Length of a simulated day; 0 stops time.").Default("0s").DurationVar(&f.tick)
	kingpin.MustParse(app.Parse(os.Args[1:]))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fakehub:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and writes to out what happens.
func run(ctx context.Context, f flags, out io.Writer) error {
	log := log.New(out, "", log.Ltime)
	hub := fakehub.New(fakehub.Options{Validators: fakehub.ETag, Done: func(q fakehub.Request) {
		log.Printf("%d %s %s", q.Status, q.Method, q.URL)
	}})
	all := append(slices.Clone(f.orgs), f.freeOrgs...)
	for i, org := range all {
		err := hub.Populate(synthetic.Options{
			Org: org, Repos: f.repos, Days: f.days, Seed: f.seed + uint64(i), Last: history.DayOf(time.Now()) - 1,
		})
		if err != nil {
			return err
		}
		if f.free || i >= len(f.orgs) {
			hub.AddOrg(org, fakehub.Free)
		}
	}
	hub.AddToken(f.token, all...)

	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Hub with %s, %d repositories each, up to %s. To use it:\n\n"+
		"  export HF_ENDPOINT=http://%[4]s HF_TOKEN=%[5]s\n"+
		"  curl -H \"Authorization: Bearer $HF_TOKEN\" $HF_ENDPOINT/organizations/%[6]s/settings/publisher-analytics/download-breakdown\n"+
		"  curl \"$HF_ENDPOINT/api/models?author=%[6]s&expand=downloadsAllTime\"\n\n",
		strings.Join(f.orgs, ", "), f.repos, hub.Today(), l.Addr(), f.token, f.orgs[0])

	if f.tick > 0 {
		go advance(ctx, hub, f, log)
	}
	server := &http.Server{Handler: hub, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// advance lets a day pass at every tick.
func advance(ctx context.Context, hub *fakehub.Hub, f flags, log *log.Logger) {
	downloads := fakehub.Steady(f.seed)
	ticker := time.NewTicker(f.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			hub.Advance(downloads)
			log.Println("It is", hub.Today())
		}
	}
}
