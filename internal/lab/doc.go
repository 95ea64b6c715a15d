// Package lab runs an emulated AWS account: moto in one Python process, with a
// plug-in of this project around it (the directory cordonlab, embedded in the
// binary) that records CloudTrail from each real call, refuses credentials as
// AWS does, injects faults and forks its whole state.
//
// The lab listens on the loopback interface only. Its control interface runs
// code and shows secrets of the emulated account, so it needs a token; and the
// lab answers only for its own address and for the host names of AWS.
//
//	l, err := lab.Start(ctx, lab.Options{})
//	defer l.Stop()
//	truth, err := l.Seed(ctx, "night", now)
//	cfg := aws.Config{HTTPClient: &http.Client{Transport: lab.Transport(l.URL())}, ...}
//
// With Transport no endpoint is overridden: the SDK resolves AWS's real host
// names, signs for real regions and addresses S3 as ever, and the transport
// takes every request to the lab and none to the Internet.
package lab
