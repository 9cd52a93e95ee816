package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// consented says that a person ($1) agreed to a purpose ($3), to a version that
// holds at a time ($2).
const consented = `exists (select 1 from consent c where c.responder_id = $1 and c.purpose = $3 and c.ended_at is null
	and c.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = $3 and x.binding_from <= $2))`

const selectConsent = `select id, responder_id, purpose, version, way, given_at, ended_at, ending from consent`

const selectConsentText = `select purpose, version, zh, en, since, binding_from from consent_text`

func (t *tx) AskedConsent(ctx context.Context, purpose string, at time.Time) (dispatch.ConsentText, error) {
	return askedConsent(ctx, t, purpose, at)
}

func askedConsent(ctx context.Context, q querier, purpose string, at time.Time) (dispatch.ConsentText, error) {
	return one[dispatch.ConsentText](ctx, q, selectConsentText+` where purpose = $1 and since <= $2 order by version desc limit 1`, purpose, at)
}

func (t *tx) StandingConsent(ctx context.Context, responderID int64, purpose string) (*dispatch.Consent, error) {
	c, err := one[dispatch.Consent](ctx, t, selectConsent+` where responder_id = $1 and purpose = $2 and ended_at is null`, responderID, purpose)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &c, err
}

func (t *tx) InsertConsent(ctx context.Context, c *dispatch.Consent) error {
	err := t.QueryRow(ctx, `insert into consent (responder_id, purpose, version, way, given_at) values ($1, $2, $3, $4, $5) returning id`,
		c.ResponderID, c.Purpose, c.Version, c.Way, c.GivenAt).Scan(&c.ID)
	return translate(err)
}

func (t *tx) EndConsent(ctx context.Context, id int64, at time.Time, ending string) error {
	_, err := t.Exec(ctx, `update consent set ended_at = $2, ending = $3 where id = $1 and ended_at is null`, id, at, ending)
	return translate(err)
}

func (t *tx) AddConsentText(ctx context.Context, text dispatch.ConsentText) (int, error) {
	if _, err := t.Exec(ctx, `lock table consent_text in share row exclusive mode`); err != nil { // one version at a time
		return 0, translate(err)
	}
	var version int
	err := t.QueryRow(ctx, `insert into consent_text (purpose, version, zh, en, since, binding_from)
		select $1, coalesce(max(version), 0) + 1, $2, $3, greatest($4, max(since)), greatest($5, max(binding_from)) from consent_text where purpose = $1
		returning version`, text.Purpose, text.Zh, text.En, text.Since, text.BindingFrom).Scan(&version)
	return version, translate(err)
}

// ConsentTexts gives all versions of all texts, the newest first.
func (s *Store) ConsentTexts(ctx context.Context) ([]dispatch.ConsentText, error) {
	return many[dispatch.ConsentText](ctx, s.read(ctx), selectConsentText+` order by purpose, version desc`)
}

// ConsentState gives how a person stands to a purpose now.
func (s *Store) ConsentState(ctx context.Context, responderID int64, purpose string) (dispatch.ConsentState, error) {
	out := dispatch.ConsentState{Purpose: purpose, Past: []dispatch.Consent{}}
	q, now := s.read(ctx), s.now()
	var err error
	if out.Text, err = askedConsent(ctx, q, purpose, now); err != nil {
		return out, err
	}
	all, err := many[dispatch.Consent](ctx, q, selectConsent+` where responder_id = $1 and purpose = $2 order by id desc`, responderID, purpose)
	if err != nil {
		return out, err
	}
	for _, c := range all {
		if c.EndedAt == nil {
			out.Given = &c
		} else {
			out.Past = append(out.Past, c)
		}
	}
	out.Asks = out.Given == nil || out.Given.Version < out.Text.Version
	err = q.QueryRow(ctx, `select `+consented, responderID, now, purpose).Scan(&out.Holds)
	return out, translate(err)
}
