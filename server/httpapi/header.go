package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pagePolicy is the content security policy of the pages: nothing from
// elsewhere, nothing inline, and nobody is told.
const pagePolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// dataPolicy is that of everything else: opened by itself, it is shown and does
// nothing, whatever is in it.
const dataPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

// permissions are what the pages need of a device: where it is, and its camera.
const permissions = "geolocation=(self), camera=(self), microphone=(), accelerometer=(), gyroscope=(), magnetometer=(), " +
	"payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=()"

// fixedHeaders go with every answer.
var fixedHeaders = [][2]string{
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"}, // addresses hold tracking numbers
	{"Permissions-Policy", permissions},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"X-Frame-Options", "DENY"}, // for browsers that do not know frame-ancestors
	{"X-Permitted-Cross-Domain-Policies", "none"},
	{"Cache-Control", "no-store"}, // built files and base tiles say otherwise
}

// setHeaders sets what goes with every answer, before it is known which it is.
func setHeaders(h http.Header, secure, data bool) {
	for _, f := range fixedHeaders {
		h.Set(f[0], f[1])
	}
	h.Set("Content-Security-Policy", pagePolicy)
	if data {
		h.Set("Content-Security-Policy", dataPolicy)
	}
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// attachment names a file that is handed over (RFC 6266): plainly for old
// programs, and as it is for the others. A name leads nowhere and ends nothing.
func attachment(h http.Header, plain, name string) {
	h.Set("Content-Disposition", `attachment; filename="`+safeName(plain, true)+`"; filename*=UTF-8''`+encoded(safeName(name, false)))
}

// mostName bounds a file's name, in bytes; file systems take 255.
const mostName = 180

// safeName drops from a name what has a meaning to a file system, a shell, a
// header or a reader's eyes (marks that turn the direction of writing).
func safeName(name string, ascii bool) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r == '\uFFFD' || strings.ContainsRune(`/\:*?"<>|%;`, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r):
			return '_'
		case ascii && r > '~':
			return '_'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, ". ")
	for len(name) > mostName {
		_, size := utf8.DecodeRuneInString(name)
		name = name[size:]
	}
	if name == "" {
		return "file"
	}
	return name
}

// encoded writes a name as RFC 8187 has it.
func encoded(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c < 0x80 && (c == '-' || c == '.' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
