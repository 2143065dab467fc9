// Package victoria is a history.Reader over VictoriaMetrics, a single node or a
// cluster. It keeps no days of the history itself: every answer is read from the
// engine, and columns works it out. Who asks for a Snapshot, as serve does, has what is
// known of the repositories besides days kept as well, so that the thousands of samples
// of each are not read again and again.
//
// # How a history is written down
//
// Every series has the label history, so that an engine may keep several. An
// append takes sequence numbers, one for each version that its records are of.
// Numbers only grow.
//
//   - A day's downloads are a sample of huggingface_history_downloads at the first
//     instant of the day plus the sequence number in milliseconds. What replaces it
//     is a later sample of the same day. Since an append reads what is known and
//     writes only what beats it, the last sample of a day is the one that counts:
//     published over observed over estimated, then the newer, whatever order they
//     came in. last_over_time(m[1d]) at the end of the day gives it.
//   - An export that tells a long history again is not written again: series of
//     huggingface_history_state say that it confirms the published numbers of a run
//     of days, which then have its age.
//   - The source and the exact age of a sequence number are samples of
//     huggingface_history_version, at the number in milliseconds since 1970.
//   - What is known of a repository besides its days are series of
//     huggingface_history_state and huggingface_history_text, at that time as well.
//     Every series costs the engine an entry in its index, so that what follows from
//     others is not told: see toldOf, knownField and writeState.
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
// An append writes its numbers as begun, then all samples, then its numbers as
// committed, and each can be read before the next is written. Readers take the
// journal of what is committed first and leave out the rest, so that an append is seen
// whole or not at all, and a stream shows the state in which it began.
//
// # Several processes
//
// Any number of processes may answer, and append. An append says which organisations
// it is of; those of different organisations go on side by side. Where one finds that
// another is at one of its organisations, it waits; one that was worked out on what is
// no longer so, or that began at the same moment as another, is worked out anew, some
// times, and fails with ErrConcurrent after that. An append that is not heard of for
// Options.Patience is taken for broken off and ended; should its process go on after
// all, it sees that before it commits.
//
// That rests on each write being seen after Options.Visible. Where the engine shows one
// later than that, two appends may commit side by side; the sums of groups may then lack
// one of them.
package victoria
