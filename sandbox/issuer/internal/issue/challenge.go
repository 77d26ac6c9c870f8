package issue

import (
	"context"
	"time"

	"github.com/go-acme/lego/v5/challenge"
)

// cleanUpTime is reserved before the deadline, and granted after a cancellation, for removing a challenge's record
// or server.
const cleanUpTime = 15 * time.Second

// solver is a provider of lego that records its use, and cleans up when the issuer has to stop.
type solver struct {
	challenge.Provider
	used func()
}

// Present records the use, whether or not it succeeds.
func (s solver) Present(ctx context.Context, domain, token, keyAuth string) error {
	s.used()
	return s.Provider.Present(ctx, domain, token, keyAuth)
}

// CleanUp runs even after the deadline: the next challenge would find a leftover TXT record.
func (s solver) CleanUp(ctx context.Context, domain, token, keyAuth string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	return s.Provider.CleanUp(ctx, domain, token, keyAuth)
}

// dnsSolver is a solver for dns-01, which waits for the propagation of the record.
type dnsSolver struct {
	solver
	timeout  func() (timeout, interval time.Duration)
	deadline time.Time
}

// Timeout is the provider's own, limited to the time before the deadline.
func (s dnsSolver) Timeout() (timeout, interval time.Duration) {
	timeout, interval = s.timeout()
	if left := time.Until(s.deadline) - cleanUpTime; !s.deadline.IsZero() && left < timeout {
		timeout = max(left, interval)
	}
	return timeout, interval
}
