package exposition

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// DefaultMaxRepos is how many repositories the page shows if Options do not say.
const DefaultMaxRepos = 100_000

// Options say what the page shows. The zero value shows every family of the
// DefaultMaxRepos largest repositories.
type Options struct {
	// Include and Exclude select repositories by full name, "org/name": shown is
	// what Include matches and Exclude does not. Nil includes all and excludes
	// none. As in Prometheus's relabelling, an expression has to match the whole
	// name, whether or not it is anchored itself: "google/.*", not "google".
	Include, Exclude *regexp.Regexp
	// Families are the families to show, nil for all of them. An empty list that
	// is not nil shows none.
	Families []string
	// MaxRepos is how many repositories have series of their own: those with the
	// most downloads, ties in the order of Repo.Compare. 0 stands for
	// DefaultMaxRepos, a negative number for no limit.
	MaxRepos int
}

// settings are Options checked and made ready.
type settings struct {
	include, exclude *regexp.Regexp
	repoFamilies     []metric
	groupFamilies    []metric
	orgRepos         bool
	maxRepos         int // negative for no limit
}

// Stored is what the page shows of organizations and groups.
type Stored struct {
	Orgs   []StoredOrg
	Groups []Group
}

// Group is what is known of a group of repositories.
type Group struct {
	Name string
	// Downloads is a counter, AllTime a sum of totals.
	Downloads, AllTime, Repos int64
}

// StoredOrg is how much is stored of an organization.
type StoredOrg struct {
	Org            string
	Repos, Records int64
}

func (o Options) settings() (*settings, error) {
	s := &settings{maxRepos: o.MaxRepos}
	if s.maxRepos == 0 {
		s.maxRepos = DefaultMaxRepos
	}
	for _, f := range o.Families {
		if !slices.Contains(Families(), f) {
			return nil, fmt.Errorf("metric family: expected %s, got %q", textenc.Alternatives(Families()), f)
		}
	}
	on := func(f string) bool { return o.Families == nil || slices.Contains(o.Families, f) }
	for _, m := range families {
		switch {
		case !on(m.short):
		case m.value != nil:
			s.repoFamilies = append(s.repoFamilies, m)
		case m.group != nil:
			s.groupFamilies = append(s.groupFamilies, m)
		}
	}
	s.orgRepos = on(orgFamily.short)
	var err error
	if s.include, err = anchored(o.Include); err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	if s.exclude, err = anchored(o.Exclude); err != nil {
		return nil, fmt.Errorf("exclude: %w", err)
	}
	return s, nil
}

// anchored returns the expression that matches where re matches the whole text.
func anchored(re *regexp.Regexp) (*regexp.Regexp, error) {
	if re == nil {
		return nil, nil
	}
	// (?s:) lets a dot match a line feed too, as relabelling does.
	return regexp.Compile("^(?s:" + re.String() + ")$")
}

func (s *settings) shows(r *history.Repo) bool {
	return (s.include == nil || s.include.MatchString(r.Name)) &&
		(s.exclude == nil || !s.exclude.MatchString(r.Name))
}

// Families returns the names of all families, in the order of the page, as they are
// switched on in the configuration.
func Families() []string {
	out := make([]string, 0, len(families))
	for _, f := range families {
		out = append(out, f.short)
	}
	return out
}

// Family is a family of repositories or organizations.
type Family struct {
	Name, Help string
	Counter    bool
	// Value returns what is exposed of a repository, a negative number if it has no series.
	// It is nil for a family of organizations.
	Value func(*history.Counts) int64
}

// Metadata returns all families of repositories and organizations, whatever the settings, in
// the order of the page.
func Metadata() []Family {
	out := make([]Family, 0, len(families))
	for i := range families {
		f := &families[i]
		out = append(out, Family{f.name, f.help, f.counter, f.value})
	}
	return out
}

// metric describes a family.
type metric struct {
	short string
	// name is that of the samples.
	name    string
	counter bool
	help    string
	// value returns what is exposed of a repository, a negative number if it has
	// no series. It is nil for the families of organizations.
	value func(*history.Counts) int64
	// group returns what is exposed of a group of repositories.
	group func(Group) int64
	// stored returns what is exposed of a stored organization.
	stored func(StoredOrg) int64
}

const fromStore = ". Read from stored data; a scrape does not call the Hub."

// unlessZero returns v, or no series for 0: few repositories are ever corrected.
func unlessZero(v int64) int64 {
	if v == 0 {
		return history.Unknown
	}
	return v
}

// families are the families of the page in its order: the only list of them. The help
// texts hold no quote, backslash or line feed: they need no escaping in either format.
var families = []metric{
	{
		short: "downloads", name: "huggingface_repo_downloads_total", counter: true,
		help: "Downloads of the repository: the first known total plus each later rise that is not" +
			" a correction of the Hugging Face Hub" + fromStore,
		value: func(c *history.Counts) int64 { return c.Downloads },
	},
	{
		short: "removed", name: "huggingface_repo_downloads_removed_total", counter: true,
		help:  "Downloads of the repository that the Hugging Face Hub counted and later removed" + fromStore,
		value: func(c *history.Counts) int64 { return unlessZero(c.Removed) },
	},
	{
		short: "backdated", name: "huggingface_repo_downloads_backdated_total", counter: true,
		help:  "Downloads of the repository that the Hugging Face Hub added for days in the distant past" + fromStore,
		value: func(c *history.Counts) int64 { return unlessZero(c.Backdated) },
	},
	{
		short: "all_time", name: "huggingface_repo_downloads_all_time",
		help:  "All-time downloads of the repository as last reported by the Hugging Face Hub, including corrections" + fromStore,
		value: func(c *history.Counts) int64 { return c.AllTime },
	},
	{
		short: "last_month", name: "huggingface_repo_downloads_last_month",
		help: "Downloads of the repository in the last 30 days as counted by the Hugging Face Hub," +
			" or the sum of its daily records if the Hub reported no count" + fromStore,
		value: func(c *history.Counts) int64 { return c.LastMonth },
	},
	{
		short: "likes", name: "huggingface_repo_likes",
		help:  "Likes of the repository in the latest listing of the Hugging Face Hub" + fromStore,
		value: func(c *history.Counts) int64 { return c.Likes },
	},
	{
		short: "org_repos", name: "huggingface_org_repos",
		help: "Repositories of the organization that metrics.include and metrics.exclude select," +
			" including those over metrics.max_repos" + fromStore,
	},
	{
		short: "group_downloads", name: "huggingface_group_downloads_total", counter: true,
		help:  "Downloads of the repositories of the group while they were in it, since the exporter knows the group" + fromStore,
		group: func(g Group) int64 { return g.Downloads },
	},
	{
		short: "group_all_time", name: "huggingface_group_downloads_all_time",
		help:  "Sum of the all-time downloads of the repositories that are in the group, including corrections" + fromStore,
		group: func(g Group) int64 { return g.AllTime },
	},
	{
		short: "group_repos", name: "huggingface_group_repos",
		help:  "Repositories in the store that are in the group, including those that are no longer on the Hub" + fromStore,
		group: func(g Group) int64 { return g.Repos },
	},
}

var orgFamily = &families[slices.IndexFunc(families, func(m metric) bool { return m.short == "org_repos" })]

// storedFamilies follow the others and are always shown. They belong to the page, and not to
// the exporter's own metrics, which are gathered at each scrape: they have as many samples as
// there are organizations.
var storedFamilies = []metric{
	{
		name:   "huggingface_exporter_store_org_repos",
		help:   "Repositories in the store by organization, including those that are no longer on the Hub.",
		stored: func(o StoredOrg) int64 { return o.Repos },
	},
	{
		name:   "huggingface_exporter_store_org_records",
		help:   "Daily records in the store by organization.",
		stored: func(o StoredOrg) int64 { return o.Records },
	},
}
