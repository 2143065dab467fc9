package dashboards

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// choice is what a user has chosen: the values of each variable.
type choice map[string][]string

// all is the value of a variable of which everything is chosen.
const all = "$__all"

// choices returns the choices that a dashboard is tried with: everything, one of
// each, and several of each. Between them, all options of fixed lists are there.
func (d *dashboard) choices() []choice {
	const ways = 5
	var list []choice
	for way := range ways {
		// What is typed to search the values of a variable.
		c := choice{"__searchFilter": {""}}
		for _, v := range d.Templating.List {
			c[v.Name] = v.values(way)
		}
		list = append(list, c)
	}
	return list
}

// sample are values that variables can have besides those that are listed in the
// dashboard. A name may hold what regular expressions and URLs give a meaning.
var sample = map[string][]string{
	"repo":       {"acme/heron-1.5b+chat", "acme/osprey"},
	"org":        {"acme", "globex"},
	"repo_type":  {"model", "dataset"},
	"search":     {"heron-1.5", ""},
	"job":        {"huggingface_exporter", "hub"},
	"instance":   {"127.0.0.1:10061", "[::1]:10061"},
	"datasource": {"default"},
	"period":     {"last_month", "all_time", "time_range"},
	"source":     {"publisher-analytics"},
	"offset":     {"0", "100"},
	"last_day":   {"2026-05-28"},
}

func (v variable) values(way int) []string {
	switch {
	case v.Type == "custom":
		s, _ := v.Options[way%len(v.Options)].Value.(string)
		return []string{s}
	case v.Multi && way == 0:
		return []string{all}
	case v.Multi && way == 2:
		return sample[v.Name]
	default:
		return sample[v.Name][way%len(sample[v.Name]):][:1]
	}
}

// inList replaces variables in a member of a query that is a list, or one value,
// as the frontend of the data source does.
func (c choice) inList(items []any) []any {
	var out []any
	for _, item := range items {
		s, _ := item.(string)
		if name, ok := strings.CutPrefix(s, "$"); ok && c[name] != nil {
			for _, value := range c[name] {
				out = append(out, value)
			}
			continue
		}
		out = append(out, item)
	}
	return out
}

// inQuery replaces variables in all members of a query of ours.
func (c choice) inQuery(q object) object {
	out := object{}
	for name, value := range q {
		switch value := value.(type) {
		case string:
			out[name] = c.inText(value)
		case []any:
			out[name] = c.inList(value)
		default:
			out[name] = value
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`\$\{([a-zA-Z_.]+)(?::([a-z]+))?\}|\$([a-zA-Z_]+)`)

// inText replaces variables in a text as Grafana does, by their formats. What is
// no variable stays.
func (c choice) inText(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		parts := placeholder.FindStringSubmatch(m)
		name, format := parts[1]+parts[3], parts[2]
		values, ok := c[name]
		if !ok {
			return m
		}
		return formatted(name, values, format)
	})
}

func formatted(name string, values []string, format string) string {
	switch format {
	case "queryparam":
		var pairs []string
		for _, v := range values {
			pairs = append(pairs, "var-"+name+"="+url.QueryEscape(v))
		}
		return strings.Join(pairs, "&")
	case "percentencode":
		return url.QueryEscape(strings.Join(values, ","))
	case "regex":
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = regexp.QuoteMeta(v)
		}
		return strings.Join(quoted, "|")
	}
	return strings.Join(values, ",")
}

// chosen returns the values of a variable that filter: what a user typed or picked.
func (c choice) chosen(name string) []string {
	return slices.DeleteFunc(slices.Clone(c[name]), func(v string) bool { return v == all || v == "" })
}

func TestChoices(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		c := choice{"org": {"a/b", "c"}, "period": {"all_time"}, "search": {"1.5"}, "repo_type": {all}}
		if got := c.inText(text); got != want {
			t.Errorf("%s: expected %q, got %q", text, want, got)
		}
	}
	f("x=${org:queryparam}&${period:queryparam}", "x=var-org=a%2Fb&var-org=c&var-period=all_time")
	f("${repo_type:queryparam}", "var-repo_type=%24__all")
	f("${search:regex} $period ${period}", `1\.5 all_time all_time`)
	f("${__from} $other", "${__from} $other")
}
