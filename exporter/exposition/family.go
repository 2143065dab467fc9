package exposition

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Families returns the names of all families, in the order of the page, as they are
// switched on in the configuration.
func Families() []string {
	out := make([]string, 0, len(families))
	for _, f := range families {
		out = append(out, f.short)
	}
	return out
}

// familyList names all families for an error message.
func familyList() string {
	names := Families()
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// metric describes a family.
type metric struct {
	short string
	// name is that of the samples.
	name    string
	counter bool
	help    string
	// value returns what is exposed of a repository, a negative number if it has
	// no series. It is nil for the family of organizations, the last one.
	value func(*history.Counts) int64
}

const fromStore = "; read from stored data, a scrape does not call the Hub."

// families are the families of the page in its order: the only list of them. The help
// texts hold no quote, backslash or line feed: they need no escaping in either format.
var families = []metric{
	{
		short: "downloads", name: "huggingface_repo_downloads_total", counter: true,
		help: "All-time downloads of the repository as counted by the Hugging Face Hub," +
			" kept from falling when the Hub takes some back" + fromStore,
		value: func(c *history.Counts) int64 { return c.Downloads },
	},
	{
		short: "corrected", name: "huggingface_repo_downloads_corrected_total", counter: true,
		help: "Downloads of the repository that the Hugging Face Hub had counted and later took back" + fromStore,
		value: func(c *history.Counts) int64 {
			if c.Corrected == 0 {
				return history.Unknown
			}
			return c.Corrected
		},
	},
	{
		short: "last_month", name: "huggingface_repo_downloads_last_month",
		help: "Downloads of the repository in the last 30 days as counted by the Hugging Face Hub," +
			" or summed from its daily records where the Hub told no count" + fromStore,
		value: func(c *history.Counts) int64 { return c.LastMonth },
	},
	{
		short: "likes", name: "huggingface_repo_likes",
		help:  "Likes of the repository in the latest listing of the Hugging Face Hub" + fromStore,
		value: func(c *history.Counts) int64 { return c.Likes },
	},
	{
		short: "org_repos", name: "huggingface_org_repos",
		help: "Repositories of the organization that metrics.include and metrics.exclude let through," +
			" those over metrics.max_repos too" + fromStore,
	},
}

var orgFamily = &families[len(families)-1]
