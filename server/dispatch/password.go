package dispatch

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PasswordProfile is what is asked of passwords. There are two schools, and an
// installation takes one.
type PasswordProfile struct {
	Name     string
	Least    int           // characters
	Most     int           // characters
	Classes  int           // of lower case, upper case, digits and others that must occur, 0 for any
	Life     time.Duration // after which it is changed, 0 for never
	Remember int           // earlier ones that are refused
	// ChangeGiven: one that was generated and told by somebody is changed before
	// anything else.
	ChangeGiven bool
}

// PasswordProfiles are the two, by name.
//
// mlps3 is what assessors of level 3 (GB/T 22239-2019, 8.1.4.1) look for:
// complexity, regular change, and that only its owner knows it. asvs is OWASP's
// (ASVS 5.0, 6.2): length instead of complexity, and no regular change, which
// makes people choose worse ones. Both refuse what is guessed first.
var PasswordProfiles = map[string]PasswordProfile{
	"mlps3": {Name: "mlps3", Least: 10, Most: 128, Classes: 3, Life: 90 * day, Remember: 5, ChangeGiven: true},
	"asvs":  {Name: "asvs", Least: 12, Most: 128},
}

// Weak refuses a password that the profile does not take, with the reason:
// CodeWeakPassword.
func (p PasswordProfile) Weak(password, username string) error {
	weak := func(reason string) error {
		return &Error{Code: CodeWeakPassword, Field: "new_password", Values: map[string]string{"reason": reason}}
	}
	switch n := utf8.RuneCountInString(password); {
	case n < p.Least:
		return weak("shorter_than_" + itoa(int64(p.Least)))
	case n > p.Most:
		return weak("longer_than_" + itoa(int64(p.Most)))
	case classes(password) < p.Classes:
		return weak("fewer_than_" + itoa(int64(p.Classes)) + "_classes")
	case utf8.RuneCountInString(username) >= 3 && strings.Contains(strings.ToLower(password), strings.ToLower(username)):
		return weak("holds_name")
	case isCommon(password):
		return weak("common")
	}
	return nil
}

// Over says whether a password has to be changed before anything else: one that
// was set at a time, and given to its owner or chosen by them.
func (p PasswordProfile) Over(setAt time.Time, given bool, now time.Time) bool {
	return given && p.ChangeGiven || p.Life > 0 && now.Sub(setAt) > p.Life
}

// classes counts how many of lower case, upper case, digits and others occur.
func classes(password string) int {
	var seen [4]int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			seen[0] = 1
		case unicode.IsUpper(r):
			seen[1] = 1
		case unicode.IsDigit(r):
			seen[2] = 1
		default:
			seen[3] = 1
		}
	}
	return seen[0] + seen[1] + seen[2] + seen[3]
}

//go:embed common_passwords.txt
var commonPasswords string

// commonWords are the words of the list, longest first.
var commonWords = func() []string {
	words := strings.Fields(commonPasswords)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}()

// unleet undoes the usual disguises of letters.
var unleet = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// isCommon says whether a password is guessed first: where words of the list,
// digits in a row and years are taken out, hardly anything is left. So
// Admin@123456 is, and so is P@ssw0rd2026!
func isCommon(password string) bool {
	plain := strings.ToLower(password)
	return left(plain) < leastOwn || left(unleet.Replace(withoutRuns(plain))) < leastOwn
}

// leastOwn is how many characters somebody must have thought of themselves.
const leastOwn = 4

// left counts the characters that are neither words of the list nor runs.
func left(text string) int {
	for _, word := range commonWords {
		text = strings.ReplaceAll(text, word, taken)
	}
	return utf8.RuneCountInString(strings.ReplaceAll(withoutRuns(text), taken, ""))
}

// taken stands where something was taken out, so that what was apart stays apart.
const taken = "\x00"

// year is what people append to a word when they have to change it.
var year = regexp.MustCompile(`(19|20)\d\d`)

// withoutRuns takes out years and runs: aaaa, 1234, 4321.
func withoutRuns(text string) string {
	all := []rune(year.ReplaceAllString(text, taken))
	var b strings.Builder
	for k := 0; k < len(all); {
		run := 1
		for k+run < len(all) && all[k] != 0 && goesOn(all[k:k+run+1]) {
			run++
		}
		if run < 3 {
			b.WriteString(string(all[k : k+run]))
		} else {
			b.WriteString(taken)
		}
		k += run
	}
	return b.String()
}

// goesOn says whether the last of some characters follows as the second does:
// the same again, one up or one down.
func goesOn(run []rune) bool {
	step := run[1] - run[0]
	return step >= -1 && step <= 1 && run[len(run)-1]-run[len(run)-2] == step
}
