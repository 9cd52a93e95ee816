package postgres

import (
	"encoding/json"
	"fmt"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

// What is sealed, by its place.
const (
	sealedResponderPhone seal.Purpose = "responder.phone"
	sealedReportPhone    seal.Purpose = "report.phone"
	sealedImportFile     seal.Purpose = "import_file.content"
	sealedImportResult   seal.Purpose = "import.result"
	sealedImportProblem  seal.Purpose = "import_problem.said"
	sealedAuditWords     seal.Purpose = "audit_text.words"
)

// What is named by a pseudonym.
const (
	namedRequest   seal.Purpose = "idempotency_key.request_hash"
	namedResponder seal.Purpose = "responder.external_id"
)

// sealedPlace says where sealed values stand, for what goes over all of them:
// the turning of keys. Expressions speak of t, the row.
type sealedPlace struct {
	purpose seal.Purpose
	table   string
	value   string // expression of the sealed value, null where there is none
	set     string // assignments of x.sealed, the value sealed anew, and of x.digest
	digest  bool   // the value is found by a digest, that of a telephone number
	row     string // expression of the id that the value is bound to, "" for none
}

// sealedPlaces lists all of them. A new sealed column is a line here and one in
// classification.csv; a test holds the two together.
var sealedPlaces = []sealedPlace{
	{purpose: sealedResponderPhone, table: "responder", value: "t.phone", set: "phone = x.sealed, phone_digest = x.digest", digest: true},
	{purpose: sealedReportPhone, table: "report", value: "t.phone", set: "phone = x.sealed, phone_digest = x.digest", digest: true},
	{purpose: sealedImportFile, table: "import_file", value: "t.content", set: "content = x.sealed", row: "t.import_id"},
	{purpose: sealedImportResult, table: "import", value: "t.result", set: "result = x.sealed"},
	{purpose: sealedAuditWords, table: "audit_text", value: "t.words", set: "words = x.sealed"},
	{purpose: sealedImportProblem, table: "import_problem", value: "t.said", set: "said = x.sealed"},
	{purpose: sealedCareDetails, table: "care_record", value: "t.details", set: "details = x.sealed"},
	{purpose: factorPurpose, table: "account_factor", value: "t.secret", set: "secret = x.sealed", row: "t.account_id"},
	// A responder as it was before an import.
	{purpose: sealedResponderPhone, table: "import_change", value: "decode(substr(t.before->>'phone', 3), 'hex')", digest: true,
		set: "before = t.before || jsonb_build_object('phone', x.sealed, 'phone_digest', x.digest)"},
}

// sealPhone gives a telephone number as it is stored, and what it is found by;
// nil for none.
func (s *Store) sealPhone(p seal.Purpose, phone string) (sealed, digest []byte, err error) {
	if phone == "" {
		return nil, nil, nil
	}
	sealed, err = s.keys.Seal(p, []byte(phone))
	return sealed, s.keys.Digest(p, []byte(dispatch.PhoneDigits(phone))), err
}

// phoneDigests gives what a number may be found by, nil for what is no number.
func (s *Store) phoneDigests(p seal.Purpose, phone string) [][]byte {
	digits := dispatch.PhoneDigits(phone)
	if len(digits) < dispatch.LeastPhoneDigits {
		return nil
	}
	return s.keys.Digests(p, []byte(digits))
}

// openPhone gives a stored number in full.
func (s *Store) openPhone(p seal.Purpose, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := s.keys.Open(p, sealed)
	return string(plain), err
}

// maskedPhone gives a stored number as lists show it. One that cannot be opened
// is hidden whole: a list does not fail for one row of it.
func (s *Store) maskedPhone(p seal.Purpose, sealed []byte) string {
	phone, err := s.openPhone(p, sealed)
	if err != nil {
		s.sealLog.Error().Err(err).Msg("a sealed value cannot be opened")
		return dispatch.MaskPhone("?")
	}
	return dispatch.MaskPhone(phone)
}

// sealJSON gives a value as it is stored sealed.
func (s *Store) sealJSON(p seal.Purpose, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", p, err)
	}
	return s.keys.Seal(p, raw)
}

func (s *Store) openJSON(p seal.Purpose, sealed []byte, v any) error {
	raw, err := s.keys.Open(p, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}
