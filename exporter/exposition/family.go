package exposition

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Family is the short name of a metric family of the page, as it is switched on
// in the configuration.
type Family string

// The families of the page, in its order.
const (
	// Downloads is huggingface_repo_downloads_total.
	Downloads Family = "downloads"
	// Corrected is huggingface_repo_downloads_corrected_total. Only repositories
	// that had a correction are in it.
	Corrected Family = "corrected"
	// LastMonth is huggingface_repo_downloads_last_month.
	LastMonth Family = "last_month"
	// Likes is huggingface_repo_likes.
	Likes Family = "likes"
	// OrgRepos is huggingface_org_repos.
	OrgRepos Family = "org_repos"
)

// Families returns the names of all families, in the order of the page.
func Families() []Family {
	out := make([]Family, 0, len(repoFamilies)+1)
	for _, f := range repoFamilies {
		out = append(out, f.short)
	}
	return append(out, orgFamily.short)
}

// familyList names all families for an error message.
func familyList() string {
	var names []string
	for _, f := range Families() {
		names = append(names, string(f))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// metric describes a family.
type metric struct {
	short Family
	// name is that of the samples.
	name    string
	counter bool
	help    string
	// value returns what is exposed of a repository, a negative number if it has
	// no series.
	value func(*history.Counts) int64
}

const fromStore = "; read from stored data, a scrape does not call the Hub."

// The help texts hold no quote, backslash or line feed: they need no escaping
// in either format.
var repoFamilies = []metric{
	{
		short: Downloads, name: "huggingface_repo_downloads_total", counter: true,
		help: "All-time downloads of the repository as counted by the Hugging Face Hub," +
			" kept from falling when the Hub takes some back" + fromStore,
		value: func(c *history.Counts) int64 { return c.Downloads },
	},
	{
		short: Corrected, name: "huggingface_repo_downloads_corrected_total", counter: true,
		help: "Downloads of the repository that the Hugging Face Hub had counted and later took back" + fromStore,
		value: func(c *history.Counts) int64 {
			if c.Corrected == 0 {
				return history.Unknown
			}
			return c.Corrected
		},
	},
	{
		short: LastMonth, name: "huggingface_repo_downloads_last_month",
		help: "Downloads of the repository in the last 30 days as counted by the Hugging Face Hub," +
			" or summed from its daily records where the Hub told no count" + fromStore,
		value: func(c *history.Counts) int64 { return c.LastMonth },
	},
	{
		short: Likes, name: "huggingface_repo_likes",
		help:  "Likes of the repository in the latest listing of the Hugging Face Hub" + fromStore,
		value: func(c *history.Counts) int64 { return c.Likes },
	},
}

var orgFamily = metric{
	short: OrgRepos, name: "huggingface_org_repos",
	help: "Repositories of the organisation that metrics.include and metrics.exclude let through," +
		" those over metrics.max_repos too" + fromStore,
}
