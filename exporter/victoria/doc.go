// Package victoria is a history.Store over VictoriaMetrics, a single node or a
// cluster. It keeps nothing of the history itself: every answer is read from the
// engine, and columns works it out.
//
// # How a history is written down
//
// Every series has the label history, so that an engine may keep several. An
// append is given a number of its own, one for each version that its records are
// of: its sequence number. Numbers only grow.
//
//   - A day's downloads are a sample of huggingface_history_downloads at the first
//     instant of the day plus the sequence number in milliseconds. What replaces it
//     is a later sample of the same day. Since an append reads what is known and
//     writes only what beats it, the last sample of a day is the one that counts:
//     published over observed over estimated, then the newer, whatever order they
//     came in. last_over_time(m[1d]) at the end of the day gives it.
//   - The source and the exact age of a sequence number are samples of
//     huggingface_history_version, at the number in milliseconds since 1970.
//   - What is known of a repository besides its days are series of
//     huggingface_history_state and huggingface_history_text, at that time as well.
//   - Sums by repo type and organisation are written by the append that changes
//     them, day by day (huggingface_history_org_downloads, _org_records, _org_state),
//     so that an overview reads days and not repositories.
//
// Values are floating point numbers, which are exact up to 2^53. A larger number
// has its upper bits in a series of its own. An engine takes no sample of the far
// future; a day that lies there is kept with the label era, each of them 16384 days.
//
// # What is seen
//
// An append writes its number as begun, then all samples, then its number as
// committed, and each can be read before the next is written. Readers take the last committed number first and leave out what is
// of later ones, so that an append is seen whole or not at all, and a stream shows
// the state in which it began. What an append left behind that did not come to its
// end is marked as such by the next one and never counted.
//
// Appends of one Store take turns. Of two processes that append to one history at the
// same time, one or both fail with ErrConcurrent, before they write or before they
// commit, and are to be repeated. Only if the engine shows a write later than
// Options.Visible says can two commit side by side; the sums of groups may then lack
// one of them. Processes that only answer may be any number.
package victoria
