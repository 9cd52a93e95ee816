package dispatch

import "strings"

// MaskName keeps the first character: 王*.
func MaskName(name string) string {
	for _, first := range name {
		return string(first) + "*"
	}
	return ""
}

// MaskPhone hides the middle of a phone number: 138****1234. A short one is
// hidden whole; one that is masked stays as it is.
func MaskPhone(phone string) string {
	if phone == "" {
		return ""
	}
	if len(phone) < 8 {
		return "****"
	}
	return phone[:3] + "****" + phone[len(phone)-4:]
}

// IsPhone says whether a text is a whole telephone number, and no name.
func IsPhone(text string) bool {
	return len(PhoneDigits(text)) >= LeastPhoneDigits && strings.Trim(text, "0123456789+- ") == ""
}

// LeastPhoneDigits is how many digits a number must have to be looked for.
const LeastPhoneDigits = 7

// PhoneDigits gives what two ways of writing a number have in common: its last
// eleven digits, without country code, spaces and dashes.
func PhoneDigits(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	return digits[max(0, len(digits)-11):]
}
