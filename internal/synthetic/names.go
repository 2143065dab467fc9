package synthetic

import (
	"math/rand/v2"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The words that names are put together from. All are invented or plain words.
var (
	families = []string{
		"amber", "aurora", "basalt", "birch", "cedar", "cobalt", "condor", "coral",
		"delta", "ember", "fjord", "garnet", "granite", "harbor", "heron", "indigo",
		"juniper", "kestrel", "lantern", "larch", "lynx", "marble", "meadow", "nimbus",
		"onyx", "osprey", "pebble", "quartz", "raven", "saffron", "tundra", "willow",
	}
	sizes = []string{
		"tiny", "small", "base", "large", "xl", "350m", "1b", "3b", "7b", "13b", "34b", "70b",
	}
	modelTasks = []string{
		"asr", "chat", "classify", "code", "embed", "forecast", "instruct", "math",
		"ner", "ocr", "qa", "rerank", "segment", "summarize", "translate", "vision",
	}
	topics = []string{
		"biology", "books", "chemistry", "court-rulings", "encyclopedia", "finance", "forum",
		"geography", "handwriting", "lectures", "medical", "news", "parliament", "patents",
		"podcasts", "recipes", "satellite", "source-code", "street-signs", "subtitles",
		"support", "telephone", "travel", "weather",
	}
	kinds = []string{
		"annotated", "captions", "corpus", "dialogues", "documents", "instructions",
		"pairs", "preferences", "questions", "ratings", "summaries", "transcripts",
	}
	languages = []string{
		"ar", "cs", "de", "el", "en", "es", "fi", "fr", "hi", "it", "ja", "ko",
		"multi", "nl", "pl", "pt", "sv", "tr", "uk", "zh",
	}
)

// newRepos returns n different repositories of org, in no order.
func newRepos(n int, org string, seed uint64) []history.Repo {
	rng := rand.New(rand.NewPCG(seed, 1))
	pick := func(words []string) string { return words[rng.IntN(len(words))] }
	repos := make([]history.Repo, n)
	seen := make(map[string]int, n)
	for i := range repos {
		t, name := history.Model, org+"/"
		if rng.IntN(4) == 0 {
			t = history.Dataset
			name += pick(topics) + "-" + pick(kinds) + "-" + pick(languages)
		} else {
			name += pick(families) + "-" + pick(sizes) + "-" + pick(modelTasks)
			if rng.IntN(2) == 0 {
				name += "-" + pick(languages)
			}
		}
		// No word is like a version, so that a versioned name is new as well.
		seen[name]++
		if v := seen[name]; v > 1 {
			name += "-v" + strconv.Itoa(v)
		}
		repos[i] = history.Repo{Type: t, Name: name}
	}
	return repos
}
