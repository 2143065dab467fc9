// Package victoria keeps a history in VictoriaMetrics, a single node or a cluster. It
// holds no days itself: every answer is read from the engine, and memtable works it out.
//
// # One owner writes, everyone reads
//
// Each organization is appended to by one process at a time: that is what the shards of
// an exporter are. There are no claims and no transactions. An append
//
//  1. reads all that is known of its repositories, and merges with memtable, so that it writes
//     only what beats what is there: published over observed over estimated, then the newer.
//     A process that runs on keeps what is known for the next append;
//  2. takes the next numbers of its organizations, one for each version of its records and
//     each time of its readings;
//  3. writes the versions, records, readings and metadata, the days that follow from readings
//     where they are shown, and the sums, all under those numbers;
//  4. writes, once that can be read, that the numbers count.
//
// Forget is such an append, of samples that stand for none.
//
// Readers leave out numbers that do not count, which makes an append atomic and a stream of
// one state. A number is never used again, and what is written twice is the same: an engine
// that had to be asked twice may have lost what it took before, so all is written again.
//
// # Layout
//
// Every series has the label history, so that an engine may keep several.
//
//   - huggingface_history_downloads: a day's number is a sample of that day; its offset in
//     milliseconds is its number. What replaces it is a later sample of the same day, so
//     that the last one of the day is right: last_over_time(m[1d]) at its end, and -1 stands
//     for none. Some numbers are of days that follow from readings; the last sample under
//     another one is the record that is stored.
//
//   - huggingface_history_readings: what a reading says is a sample of its day for each field,
//     under the number of its time. A field that is implied has none. The Hub's id is a label
//     of the likes.
//
//   - huggingface_history_appends, _version: the numbers that count, by organization, and
//     the exact source and age of each.
//
//   - huggingface_history_meta, _text: what is known of a repository besides days; the last
//     sample is right. An export that repeats a long history is not written again: fields
//     of _meta say that it confirms the published numbers of a run of days.
//
//   - huggingface_history_org_downloads, _org_downloads_high, _org_records, _org_meta, _org_text:
//     sums by repo type and organization, so that an overview reads no repositories, and an
//     export notices that it is not complete.
//
//   - huggingface_history_probe: a sample that shows whether the engine keeps old ones.
//
// Samples of no day lie at 1970-01-11 plus their number in milliseconds. Samples are floating
// point numbers, exact up to 2^53, and no engine takes one of the far future: larger numbers
// and later days are labels of _text and _org_text.
//
// # What goes wrong
//
// A Store remembers what it appended last until that is on the engine's disk for certain.
// The next append to the organization that finds it gone writes it again, and sums up all of
// the organization.
//
// Two processes that append to one organization are a mistake, which is noticed: who finds
// that the other came first works its append out again, and where both could not see each
// other the later one sums up all of the organization. What either stored stays.
package victoria
