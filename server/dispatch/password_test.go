package dispatch

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestWeakPasswords(t *testing.T) {
	long := strings.Repeat("x-7Qm ", 22)[:129]
	tests := []struct {
		name, password string
		mlps3, asvs    string // the reason each refuses it for, "" for none
	}{
		{"too short for both", "Tz7-kw", "shorter_than_10", "shorter_than_12"},
		{"ten characters", "Tz7-kwpmxu", "", "shorter_than_12"},
		{"one less than ten", "Tz7-kwpmx", "shorter_than_10", "shorter_than_12"},
		{"twelve of one class", "tzukwpmxuvrg", "fewer_than_3_classes", ""},
		{"two classes", "tzukwpmxuvrg47", "fewer_than_3_classes", ""},
		{"three classes", "tzukwpMxuvrg47", "", ""},
		{"a sentence", "四川路的桂花今年开得很早啊", "fewer_than_3_classes", ""},
		{"the longest", long[:128], "", ""},
		{"longer than the longest", long, "longer_than_128", "longer_than_128"},
		{"the user's name in it", "zz-Wang.Fang-77", "holds_name", "holds_name"},
		{"a common word disguised", "P@ssw0rd2026!", "common", "common"},
		{"common with digits", "Admin@12345678", "common", "common"},
		{"a walk on the keyboard", "1qaz2wsx#EDC", "common", "common"},
		{"digits in a row", "Aa1234567890!", "common", "common"},
		{"one character", "aaaaaaaaaaaaaaA1", "common", "common"},
		{"a common word among others", "Love-Tzukwpmx-47", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, want := range map[string]string{"mlps3": tt.mlps3, "asvs": tt.asvs} {
				err := PasswordProfiles[name].Weak(tt.password, "wang.fang")
				got := ""
				var refused *Error
				if errors.As(err, &refused) {
					got = refused.Values["reason"]
				}
				if got != want || (err != nil) != (want != "") {
					t.Errorf("%s: refused for %q (%v), want %q", name, got, err, want)
				}
			}
		})
	}
}

func TestPasswordsRunOut(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		name        string
		age         time.Duration
		given       bool
		mlps3, asvs bool
	}{
		{"chosen today", 0, false, false, false},
		{"given today", 0, true, true, false},
		{"90 days old", 90 * day, false, false, false},
		{"a second older", 90*day + time.Second, false, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, want := range map[string]bool{"mlps3": tt.mlps3, "asvs": tt.asvs} {
				if got := PasswordProfiles[name].Over(now.Add(-tt.age), tt.given, now); got != want {
					t.Errorf("%s: over %v, want %v", name, got, want)
				}
			}
		})
	}
}
