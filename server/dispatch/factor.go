package dispatch

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// Time-based one-time passwords (RFC 6238) as every authenticator app knows
// them: SHA-1, six digits, steps of 30 seconds.
const (
	factorStep   = 30 // seconds
	factorSecret = 20 // bytes, the size of a SHA-1 block's key (RFC 4226, 4)
	factorSkew   = 1  // steps that a clock may be off
)

// RecoveryCodes is how many are given with a second factor.
const RecoveryCodes = 10

// NewFactorSecret gives the secret of a new second factor, and the address that
// an authenticator app reads from a picture: whose it is, and where.
func NewFactorSecret(issuer, username string) (secret []byte, uri string, err error) {
	secret = make([]byte, factorSecret)
	if _, err := rand.Read(secret); err != nil {
		return nil, "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: username, Period: factorStep, Secret: secret,
		Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return nil, "", err
	}
	return secret, key.URL(), nil
}

// FactorSecretText gives a secret as people type it into an app.
func FactorSecretText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// FactorStep gives the time step whose code this is: now or one step to either
// side, and after the last one used, since a code works once. ok is false for
// none.
func FactorStep(secret []byte, code string, now time.Time, usedStep int64) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	text := FactorSecretText(secret)
	current := now.Unix() / factorStep
	for s := current - factorSkew; s <= current+factorSkew; s++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(s), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		// Every step is compared, so that the time taken tells nothing.
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > usedStep && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// NewRecoveryCode gives a code of 60 random bits that stands for the second
// factor once: ABCD-EFGH-JKLM.
func NewRecoveryCode() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// RecoveryCodeText gives a code as it is compared, however it was typed.
func RecoveryCodeText(typed string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(typed))
}
