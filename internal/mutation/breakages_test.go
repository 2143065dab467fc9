package mutation

// breakage is a small change of the product that would be wrong, and the tests that
// have to notice it.
type breakage struct {
	// what goes wrong for a user.
	what string
	// file is below the root of the module. old is in it exactly once, and new takes
	// its place.
	file, old, new string
	// pkg and run are the tests that have to notice: a package below the root, and a
	// regular expression of go test -run.
	pkg, run string
}

// The packages whose tests notice, and the parts of the conformance suite that are
// about merging and about counting.
const (
	historyTests = "exporter/history"
	columnsTests = "exporter/memtable"
	recordTests  = "exporter/hubcsv"
	collectTests = "exporter/hubsync"
	segmentTests = "exporter/localstore/segment"

	mergeCases = "^TestStoreConforms$/^(published_beats|newer_beats|an_older|of_equal_versions|a_number_told_again|several_versions|one_append|the_order_of_arrival|a_replay)"
	stateCases = "^TestStoreConforms$/^(the_total_is|totals_of_rows|the_counter|a_total_that|corrections_of|a_fall_of|when_a_repository|what_was_observed|an_older_export|a_repository_that)"
	sumCases   = "^TestStoreConforms$/^(sums_follow|groups|series|periods$)"
)

// breakages are at least twenty. A change of the product that moves one of them
// fails the test, and this list has to follow.
var breakages = []breakage{
	// The merge rules: what is known of a day.
	{"an older number of a day replaces a newer one", "exporter/history/version.go",
		"return c > 0", "return c < 0", historyTests, "^TestBeats"},
	{"an estimate replaces a published number, if it is newer", "exporter/history/version.go",
		"cmp.Compare(v.Source, w.Source)", "cmp.Compare(v.AsOf, w.AsOf)", historyTests, "^Test(Beats|VersionCompare)"},
	{"of two exports of one moment the number depends on which was read last", "exporter/history/version.go",
		"return downloads > than", "return true", historyTests, "^TestBeats"},
	{"what loses by the rules is stored all the same", "exporter/memtable/merge.go",
		"if !wins {", "if false {", columnsTests, mergeCases},
	{"a number that is told again keeps its old age, so that an export of in between undoes it", "exporter/memtable/merge.go",
		"if w.version().Compare(v.version()) > 0 {", "if false {", columnsTests, mergeCases},
	{"reading an export again stores all of it again", "exporter/memtable/merge.go",
		"if w.version().Compare(v.version()) > 0 {", "if true {", columnsTests, mergeCases + "|^TestAppendDelta$"},
	{"a corrected day is in the sums with both numbers", "exporter/memtable/merge.go",
		"sums.sub(bit, was)", "_ = was", columnsTests, sumCases},
	{"days between those that are known are lost in a merge", "exporter/memtable/merge.go",
		"m.merged.copy(&new.days, j)\n\tm.gained.copy(&new.days, j)\n\tw :=", "m.gained.copy(&new.days, j)\n\tw :=", columnsTests, "^TestUnion|^TestAppend"},
	{"the newest day of a period is left out", "exporter/memtable/window.go",
		"(63 - hi)", "(64 - hi)", columnsTests, "^TestStoreConforms$/^periods"},

	// The counter, and what the Hub took back.
	{"the counter falls with the Hub's total", "exporter/history/state.go",
		"m.Highest = max(s.Highest, t.Highest, s.Total, t.Total)", "m.Highest = m.Total", historyTests, "^TestMerge"},
	{"the counter falls with a merge of files", "exporter/history/state.go",
		"m.Highest = max(s.Highest, t.Highest, s.Total, t.Total)", "m.Highest = max(s.Highest, s.Total, t.Total)", historyTests, "^TestMerge"},
	{"the page shows the Hub's total in place of the counter", "exporter/memtable/table.go",
		"Downloads: c.state.Highest,", "Downloads: c.state.Total,", columnsTests, stateCases},
	{"the counter falls with a restart", "exporter/localstore/segment/statewriter.go",
		"w.cols[stHighest].number(s.Highest, total && s.Highest != history.Unknown)", "w.cols[stHighest].number(s.Total, total && s.Highest != history.Unknown)",
		segmentTests, "^TestStatesComeBack$"},
	{"the counter falls with a rename", "exporter/hubsync/listings.go",
		"max(s.Highest, from.Highest)", "s.Highest", collectTests, "^TestListingsFollowRepositories$"},
	{"a merge of files counts twice what was taken back", "exporter/history/state.go",
		"m.Corrected = max(s.Corrected, t.Corrected)", "m.Corrected = s.Corrected + t.Corrected", historyTests, "^TestMerge"},
	{"an answer without a total wipes the total out", "exporter/history/state.go",
		"known != other {", "false && known != other {", historyTests, "^TestMerge"},
	{"a fall that shows in the total and in the days is counted twice", "exporter/memtable/merge.go",
		"fall = max(fall, less)", "fall += less", columnsTests, stateCases},
	{"days that were only moved count as taken back", "exporter/memtable/merge.go",
		"fall = m.lowered - m.raised", "fall = m.lowered", columnsTests, stateCases},
	{"an older export takes downloads back", "exporter/memtable/merge.go",
		"|| now.TotalAsOf <= was.TotalAsOf {", "{", columnsTests, stateCases},
	{"a repository that came back stays away from the page", "exporter/history/state.go",
		"return s.GoneAsOf > s.TotalAsOf && s.GoneAsOf > s.ListedAsOf", "return s.GoneAsOf > s.TotalAsOf || s.GoneAsOf > s.ListedAsOf",
		historyTests, "^TestGoneAndMoved$"},

	{"a killed collection leaves a renamed repository under both names", "exporter/memtable/build.go",
		"b.tell(more)", "_ = more", columnsTests, "^TestStoreConforms$/^states_that_follow"},

	// The CSV record format, read and written.
	{"a number too large becomes another one", "exporter/hubcsv/number.go",
		"if v > (math.MaxInt64-d)/10 {", "if v > math.MaxInt64/10 {", recordTests, "^TestDigits|^TestReadRefusesRows$"},
	{"30 February is taken for 1 March", "exporter/hubcsv/timestamp.go",
		"if day >= month.days {", "if day >= month.days+1 {", recordTests, "^TestReadRefusesRows$"},
	{"every day is written as the one before it", "exporter/hubcsv/write.go",
		"\t\tday++\n", "", recordTests, "^TestWrite$"},
	{"a doubled quote comes out doubled", "exporter/hubcsv/fields.go",
		"s.text = append(s.text, b[i:n+1]...)", "s.text = append(s.text, b[i:n+2]...)", recordTests, "^TestReadAccepts$|^TestWriteKeepsBytes$"},
	{"two totals of one repository in one export are not noticed", "exporter/hubcsv/row.go",
		"} else if d.repos[i].Total != total {", "} else if false {", recordTests, "^TestReadRefusesRows$"},
	{"line ends of Windows are refused", "exporter/hubcsv/fields.go",
		`rec[n-1] == '\r'`, `rec[n-1] == '\v'`, recordTests, "^TestReadAccepts$"},
	{"names with a comma are written without quotes", "exporter/hubcsv/prefixcache.go",
		`ContainsAny(s, ",\"\r\n")`, `ContainsAny(s, "\"\r\n")`, recordTests, "^TestWrite$"},
}
