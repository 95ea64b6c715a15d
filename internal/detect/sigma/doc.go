// Package sigma runs Sigma rules over CloudTrail records: the whole detection
// language, compiled so that a thousand rules cost little more than one, and
// correlations over what they hit. Pure.
//
// # What a field is
//
// A field is CloudTrail's dotted path, as userIdentity.arn or
// requestParameters.x.y. Names are matched exactly or, where an object has no
// such member, in any case; of two such members the first counts. A member
// whose own name has a dot cannot be addressed, nor can what lies more than 32
// lists and members deep. Lists are looked through at any
// place of the path: a field has the values of all their items, and a test is
// true when it is true of one value. Of an object the value is its JSON without
// insignificant space, once as delivered and once with the escapes in its
// strings undone, so that requestParameters|contains finds a policy document's
// text; a body delivered as JSON inside a string counts as the object. Numbers
// and booleans are their text. Keywords search the record in the same way.
//
// # Where the specification leaves room, or this differs from it
//
//   - Null is absent: CloudTrail writes null for "there was none". So
//     field: null, field|exists: false and the absence of the field are one and
//     the same, where the specification has exists see a null. An empty string,
//     object or list is there. What is an object in one event and a string in
//     another is compared by its text.
//   - A test of an absent field is false, so that not and neq of it are true.
//     neq is the negation of the whole item: none of the values.
//   - Comparing without case folds each character to lower case (Kelvin's K is
//     a k); ß and SS are not the same. "?" is one character, not one byte.
//   - re is RE2, unanchored and case-sensitive: look-around and back-references
//     are refused. re with contains is re; with startswith or endswith refused.
//   - A number in a rule equals the same text, and any text that is the same
//     number; lt, lte, gt and gte take numbers only.
//   - cidr reads addresses as 075.050.255.67 in decimal, and an IPv4 address
//     mapped into IPv6 as IPv4. What is no address is in no network.
//   - Time modifiers read RFC 3339 and answer in UTC; week is the ISO week.
//   - all with a single value is allowed, as rules in use have it. x of takes
//     any number, and any of is 1 of. Identifiers with a leading underscore are
//     left out of "them" and of patterns that do not begin with one.
//   - base64, base64offset and the UTF-16 modifiers refuse wildcards.
//   - fieldref takes contains, startswith, endswith, cased and neq.
//   - expand takes the values of placeholders from placeholders.yml at the top
//     of the folder (name: value, or a list of values, with wildcards), and
//     refuses a rule whose placeholder nobody gave.
//   - windash changes a - or / that begins a word, and no other.
//   - The old "| count() by x > n" is a correlation of its rule, and needs a
//     timeframe.
//   - Of the old actions, global is put over every document of its file that
//     follows, several one over the other, until reset; repeat is put over the
//     rule before it, as that became. Maps are put into maps, and anything else
//     takes the place of what was there. Rules that have one id from an action
//     keep it, and cannot be referred to by it.
//
// # Filters
//
// A filter (filter:) names rules of single events by id or name, or any for all
// of them; their condition becomes (theirs) and (the filter's), so that what is
// to be left out is said with not. Its logsource may leave out the service. A
// rule that is not there is a problem, and the others are filtered all the
// same; of rules whose events are counted the events are filtered, and of a
// correlation its rules can be named.
//
// # Correlations
//
// A rule that a correlation refers to does not stand alone, unless a
// correlation says generate: Rule.Part. Windows slide: a correlation is met at
// the event that completes it, and then, for the same group, not again until
// timespan has passed. Where the condition bounds the count from above (lt,
// lte, eq, neq) the end of the window has to be awaited: it begins with the
// group's first event and is judged when it is over; a group without any event
// is never seen. An event that lacks a field of group-by is not counted; one
// that has several values there counts in each group, of 16 at most. An event
// that several rules hit counts once in event_count. Events of one second have
// no order: temporal_ordered takes them in the order that fits.
//
// A condition may count to 1,000,000,000 events, or to 100,000 values (of
// several fields, their combinations). Where it counts further than 10,000
// events, the latest 256 are named, and a window may reach back too far by
// 1/4096 of its timespan. When in all more than a million hits are held, some
// have to be given up: Correlator.Lost.
//
// The condition of temporal and temporal_ordered (or, by that name, of
// temporal_extended) may be text over the names of rules: each has to be named,
// and where rules are not listed those of the text are meant. With not the end
// of the window is awaited. In temporal_ordered, any of the sets of rules that
// meet the text has to hit in the order of the list; not is refused there, and
// so is what can be met in more than 64 ways, or a bound from above.
//
// value_sum, value_avg, value_median and value_percentile (its condition has a
// percentile, from 0 to 100; between two values it is in between) measure the
// decimal numbers in a field, with limits that may be fractions. What is no
// number is not counted, and a window without any is not judged. Of one event
// up to 16 different numbers count, and they count for the first rule only that
// hits it. The same holds of their windows as of high counts; of more than
// 10,000 values in one, a percentile is of the latest.
package sigma
