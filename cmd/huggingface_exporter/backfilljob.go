package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/backfill"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// backfillJob is one run of backfill.
type backfillJob struct {
	p       *program
	source  history.Reader // of one state
	options backfill.Options
	mark    *mark // nil if nothing is noted
	stats   backfill.Stats
}

// all streams the series, with a bar that counts them on a terminal.
func (j *backfillJob) all(ctx context.Context) (all iter.Seq2[*backfill.Series, error], bar *steps, err error) {
	n, err := backfill.Count(ctx, j.source, j.options)
	if err != nil {
		return nil, nil, err
	}
	return backfill.All(ctx, j.source, j.options, &j.stats), newSteps(j.p.stderr, "series", n), nil
}

// write writes an OpenMetrics file.
func (j *backfillJob) write(ctx context.Context, output string) error {
	all, bar, err := j.all(ctx)
	if err != nil {
		return err
	}
	defer bar.done()
	write := func(w *os.File) error { return backfill.WriteOpenMetrics(w, all, bar.step) }
	name := output
	if output == "" || output == "-" {
		name = "standard output"
		err = write(j.p.stdout)
	} else {
		err = replaceFile(output, write)
	}
	if err != nil {
		return err
	}
	bar.done()
	j.report("written to " + name)
	return nil
}

// send sends the samples to a receiver.
func (j *backfillJob) send(ctx context.Context, to *pushclient.Receiver, protocol backfill.Protocol) error {
	if j.mark != nil {
		if err := j.goOn(); err != nil {
			return err
		}
	}
	all, bar, err := j.all(ctx)
	if err != nil {
		return err
	}
	defer bar.done()
	sender := backfill.NewSender(to, protocol, j.p.log, func(r history.Repo) error {
		if j.mark == nil {
			return nil
		}
		return j.mark.reached(r)
	})
	err = sender.Send(ctx, all, bar.step)
	bar.done()
	if j.mark == nil {
		if err == nil {
			j.report("sent to " + to.String())
		}
		return err
	}
	if err != nil {
		if saveErr := j.mark.save(); saveErr != nil {
			return fmt.Errorf("%w\nand how far it came could not be noted: %w", err, saveErr)
		}
		fmt.Fprintf(j.p.stderr, "%s\nThe same command goes on from there.\n", j.mark)
		return err
	}
	j.report("sent to " + to.String())
	return j.mark.remove()
}

// goOn lets the run go on from where the one before came to.
func (j *backfillJob) goOn() error {
	if !j.mark.found {
		j.mark.Until = j.options.Until
		return j.mark.save() // a name that cannot be written to ends the run at once
	}
	j.options.Until = j.mark.Until
	j.options.After = j.mark.Last
	fmt.Fprintln(j.p.stderr, j.mark)
	return nil
}

// report says what was made. Standard output may be the file itself.
func (j *backfillJob) report(done string) {
	st := j.stats
	w := j.p.stderr
	fmt.Fprintf(w, "%s series, %s samples %s\n", grouped(st.Series), grouped(st.Samples), done)
	if st.Unshown > 0 {
		fmt.Fprintf(w, "%s repositories are not on the Hub any more and so not on /metrics: left out\n", grouped(st.Unshown))
	}
	if st.Summed > 0 {
		fmt.Fprintf(w, "%s repositories have no total: their counter is the sum of their records\n", grouped(st.Summed))
	}
	if st.Clamped > 0 {
		fmt.Fprintf(w, "%s repositories have more downloads in their records than in their counter: it stays at 0 until those left fit\n",
			grouped(st.Clamped))
	}
}
