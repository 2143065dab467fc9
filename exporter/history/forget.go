package history

// ForgetQuery selects what is to be forgotten. The zero value selects all.
type ForgetQuery struct {
	Filter Filter
	// Days are the days of records and readings; empty selects all of them.
	Days Days
	// Origin selects what one kind of answer said, 0 for any: the records and readings of
	// exports; the readings of listings, and the days that earlier versions stored of them;
	// or the readings of archives.
	Origin Origin
}

// IsWhole reports whether q selects all that is known of its repositories.
func (q ForgetQuery) IsWhole() bool { return q.Days.Len() == 0 && q.Origin == 0 }

// Record reports whether q selects a stored record of its repositories.
func (q ForgetQuery) Record(d Day, s Source) bool {
	from := Listing
	if s == Published {
		from = Export
	}
	return (q.Days.Len() == 0 || q.Days.Contains(d)) && (q.Origin == 0 || q.Origin&from != 0)
}

// Reading reports whether q selects a reading of its repositories.
func (q ForgetQuery) Reading(r *Reading) bool {
	return (q.Days.Len() == 0 || q.Days.Contains(r.Day())) && (q.Origin == 0 || q.Origin&r.Origin != 0)
}

// Forgotten says what is forgotten: Repos are repositories of which nothing is left, Records
// the days that no answer has any more.
type Forgotten struct {
	Repos, Records, Readings int64
}

// IsZero reports whether nothing is.
func (f Forgotten) IsZero() bool { return f == Forgotten{} }
