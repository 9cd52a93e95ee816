package dispatch

import (
	"strings"

	"yiping/geo"
)

// MaskIncident leaves out what a wall does not show: words, the place in words,
// and the point, which becomes the cell's centre.
func MaskIncident(i Incident) Incident {
	i.Summary, i.Place, i.Reason, i.Masked = "", "", "", true
	i.OpenedBy, i.VerifiedBy, i.ResolvedBy, i.CheckedBy = nil, nil, nil, nil
	if c, err := geo.ParseCell(i.Cell); err == nil {
		if p, err := c.Center(); err == nil {
			i.Lon, i.Lat = p.Lon(), p.Lat()
		}
	}
	return i
}

// MaskName keeps the first character: 王*.
func MaskName(name string) string {
	for _, first := range name {
		return string(first) + "*"
	}
	return ""
}

// MaskResponder leaves out the name, the phone and the exact place.
func MaskResponder(r Responder) Responder {
	r.Name, r.Phone, r.PartyOrganisation, r.HomeAreaID = MaskName(r.Name), "", nil, nil
	r.AccuracyMeters, r.HeadingDegrees = nil, nil
	if r.Lon == nil {
		return r
	}
	if c, err := geo.ParseCell(r.Cell); err == nil {
		if p, err := c.Center(); err == nil {
			lon, lat := p.Lon(), p.Lat()
			r.Lon, r.Lat = &lon, &lat
		}
	}
	return r
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
