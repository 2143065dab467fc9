package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// addShardFlags declares the flags that say which share of the organizations is
// collected.
func addShardFlags(cmd *kingpin.CmdClause) *hubsync.Shard {
	s := new(hubsync.Shard)
	cmd.Flag("shard.index", "The share of the organizations to collect, starting from 0.").Default("0").IntVar(&s.Index)
	cmd.Flag("shard.count", "The number of processes that share the organizations, each with a different index.").Default("1").IntVar(&s.Count)
	return s
}

// addLimitFlags declares flags that stand before fields of the configuration, and returns
// what sets the fields of those that were given.
func addLimitFlags(cmd *kingpin.CmdClause) (override func(*config.Config) error) {
	d := config.Default()
	flag := func(name, help string, byDefault any, given *bool) *kingpin.FlagClause {
		return cmd.Flag(name, fmt.Sprintf("%s Overrides %s in the configuration. Default: the configured value, or %v.",
			help, strings.ReplaceAll(name, "-", "_"), byDefault)).IsSetByUser(given)
	}
	type limit struct {
		name, help string
		field      func(*config.Config) *int
		n          int
		given      bool
	}
	limits := []*limit{
		{name: "web.max-requests", help: "Maximum number of concurrent scrapes, and of other concurrent requests; 0 is no limit.", field: func(c *config.Config) *int { return &c.Web.MaxRequests }},
		{name: "web.max-exports", help: "Maximum number of concurrent exports; 0 is no limit.", field: func(c *config.Config) *int { return &c.Web.MaxExports }},
		{name: "query.max-rows", help: "Maximum number of rows in a response; 0 is no limit.", field: func(c *config.Config) *int { return &c.Query.MaxRows }},
	}
	for _, l := range limits {
		flag(l.name, l.help, *l.field(d), &l.given).PlaceHolder("N").IntVar(&l.n)
	}
	var hasTimeout bool
	timeout := flag("query.timeout", "Timeout of a query; for an export, until it starts.", d.Query.Timeout, &hasTimeout).
		PlaceHolder("DURATION").Duration()
	return func(c *config.Config) error {
		for _, l := range limits {
			if l.n < 0 {
				return fmt.Errorf("--%s: expected a whole number from 0 (no limit), got %d", l.name, l.n)
			}
			if l.given {
				*l.field(c) = l.n
			}
		}
		if !hasTimeout {
			return nil
		}
		if *timeout <= 0 {
			return fmt.Errorf("--query.timeout: expected a duration like 30s or 2m, got %s", *timeout)
		}
		c.Query.Timeout = config.Duration(*timeout)
		return nil
	}
}
