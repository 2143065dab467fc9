package history

// ForgetQuery selects what is to be forgotten. The zero value selects all.
type ForgetQuery struct {
	Filter Filter
	// Period selects the days of records and readings: AllTime, or a Range.
	Period Period
	// Origin selects what one kind of answer said, 0 for any: the records and readings of
	// exports; the readings of listings, and the days that earlier versions stored of them;
	// or the readings of archives.
	Origin Origin
}

// IsWhole reports whether q selects all that is known of its repositories.
func (q ForgetQuery) IsWhole() bool { return q.Period.Kind == AllTime && q.Origin == 0 }

func (q ForgetQuery) day(d Day) bool {
	p := q.Period
	return p.Kind == AllTime || (p.From == NoDay || d >= p.From) && (p.To == NoDay || d <= p.To)
}

// Record reports whether q selects a stored record of its repositories.
func (q ForgetQuery) Record(d Day, s Source) bool {
	from := Listing
	if s == Published {
		from = Export
	}
	return q.day(d) && (q.Origin == 0 || q.Origin&from != 0)
}

// Reading reports whether q selects a reading of its repositories.
func (q ForgetQuery) Reading(r *Reading) bool {
	return q.day(r.Day()) && (q.Origin == 0 || q.Origin&r.Origin != 0)
}

// Forgotten says what is forgotten: Repos are repositories of which nothing is left, Records
// the days that no answer has any more.
type Forgotten struct {
	Repos, Records, Readings int64
}

// IsZero reports whether nothing is.
func (f Forgotten) IsZero() bool { return f == Forgotten{} }
