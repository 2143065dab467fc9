package fakehub

import (
	"fmt"
	"math/rand/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// Populate adds an organization of plan Team with a synthetic history: see
// synthetic.Options. Its repositories have likes, and for every ten of them there
// is a space.
func (h *Hub) Populate(o synthetic.Options) error {
	if o.Org == "" {
		o.Org = synthetic.DefaultOrg
	}
	o.Order = history.OrderRepo
	if err := h.Load(synthetic.Rows(o)); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(o.Seed, 1))
	for i, r := range h.Repos(o.Org) {
		r.SetLikes(r.Total() / int64(500+random.IntN(1000)))
		if i%10 == 0 {
			h.AddRepo(history.Space, fmt.Sprintf("%s/space-%d", o.Org, i/10+1)).SetLikes(random.Int64N(300))
		}
	}
	return nil
}

// Steady gives, for Advance, downloads like those of the week before: a tenth
// more or less than the mean of its days.
func Steady(seed uint64) func(*Repo, history.Day) int64 {
	random := rand.New(rand.NewPCG(seed, 2))
	return func(r *Repo, d history.Day) int64 {
		week := r.sumOf(d-7, d-1)
		return max(week/7+(random.Int64N(week/35+2)-week/70), 0)
	}
}
