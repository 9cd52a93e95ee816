package postgres

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"

	"yiping/server/dispatch"
)

// passwordSize is how many random bytes a generated password is made of.
const passwordSize = 12

// hashesWaiting is how many may wait for a hash to be computed; who comes after
// them is told to come back, so that a flood of sign-ins neither takes the
// machine's memory nor makes everybody wait for minutes.
const hashesWaiting = 100

// hasher computes and compares password hashes, as many at a time as there are
// cores: each takes 19 MiB and a core for a while.
type hasher struct {
	params *argon2id.Params
	decoy  string        // a hash of nothing, compared where there is no other, so that both take as long
	places chan struct{} // of those that compute
	queue  chan struct{} // of those that compute or wait
}

// newHasher makes it; params nil means OWASP's argon2id figures (19 MiB, 2 passes).
func newHasher(params *argon2id.Params) (*hasher, error) {
	if params == nil {
		params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	decoy, err := argon2id.CreateHash(rand.Text(), params)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	places := runtime.GOMAXPROCS(0)
	return &hasher{params: params, decoy: decoy, places: make(chan struct{}, places), queue: make(chan struct{}, places+hashesWaiting)}, nil
}

// enter waits for a place; leave must be called. CodeTooMany where too many wait.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, dispatch.Refuse(dispatch.CodeTooMany, "")
	}
	select {
	case h.places <- struct{}{}:
		return func() { <-h.places; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// hash computes a password's hash.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	text, err := argon2id.CreateHash(password, h.params)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return text, nil
}

// matches compares a password with a hash; the caller has a place. With no hash
// it takes as long and does not match.
func (h *hasher) matches(password, hash string) (bool, error) {
	if hash == "" {
		_, _ = argon2id.ComparePasswordAndHash(password, h.decoy)
		return false, nil
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match, nil
}

// NewPassword generates a password of 96 random bits and gives it with its hash.
func (c *Accounts) NewPassword(ctx context.Context) (password, hash string, err error) {
	raw := make([]byte, passwordSize)
	if _, err := rand.Read(raw); err != nil {
		return "", "", errors.New("no randomness")
	}
	password = base64.RawURLEncoding.EncodeToString(raw)
	hash, err = c.hasher.hash(ctx, password)
	return password, hash, err
}
