package dispatch

import (
	"testing"
	"time"
)

func TestReadReply(t *testing.T) {
	tests := []struct {
		text, want string
	}{
		{"1", "accept"}, {" 1。", "accept"}, {"１", "accept"}, {"“1”", "accept"}, {"接单", "accept"}, {"2", "decline"}, {"【2】", "decline"}, {"谢绝！", "decline"},
		{"", ""}, {"3", ""}, {"12", ""}, {"1还是2", ""}, {"好的", ""}, {"11", ""}, {"我在1号楼", ""},
	}
	for _, tt := range tests {
		if got, ok := ReadReply(tt.text); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q is %q, %v; want %q", tt.text, got, ok, tt.want)
		}
	}
}

// TestRetries: a text is tried while an offer lasts, a system of others for some
// 75 hours, and each wait is longer than the one before.
func TestRetries(t *testing.T) {
	for way, most := range map[Way]time.Duration{WaySMS: 2 * time.Minute, WayVoice: 2 * time.Minute, WayGroup: 25 * time.Minute, WayWebhook: 76 * time.Hour} {
		now, last, total := time.Unix(0, 0), time.Duration(0), time.Duration(0)
		for attempts := 1; ; attempts++ {
			at, ok := RetryAt(way, attempts, now)
			if !ok {
				break
			}
			wait := at.Sub(now)
			if wait <= last {
				t.Errorf("%s waits %s after %s", way, wait, last)
			}
			last, total = wait, total+wait
		}
		if total > most || total < most*3/4 {
			t.Errorf("%s is tried for %s, want up to %s", way, total, most)
		}
	}
	if _, ok := RetryAt(WaySMS, 0, time.Now()); ok {
		t.Error("tried again before it was tried")
	}
}

// TestReceiptsGoOneWay: no receipt turns a message back, whatever comes after
// whatever.
func TestReceiptsGoOneWay(t *testing.T) {
	order := []MessageState{MessageQueued, MessageSent, MessageFailed, MessageDelivered, MessageRead}
	for k, from := range order {
		for n, to := range order {
			if from.After(to) != (n > k) {
				t.Errorf("%s to %s: %v", from, to, from.After(to))
			}
		}
		if from.After(MessageGivenUp) || MessageGivenUp.After(from) != (k > 0) {
			t.Errorf("given up and %s", from)
		}
	}
}
