package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type consentsView struct {
	Consents []dispatch.ConsentState `json:"consents" nullable:"false"`
}

type giveConsentInput struct {
	CommandInput
	Body struct {
		Purpose string `json:"purpose" enum:"position,track"`
		Version int    `json:"version" minimum:"1" doc:"Of the text that was shown."`
	}
}

type withdrawConsentInput struct {
	CommandInput
	Purpose string `path:"purpose" enum:"position,track"`
}

type consentTextsView struct {
	Texts []dispatch.ConsentText `json:"texts" nullable:"false"`
}

type addConsentTextInput struct {
	CommandInput
	Body struct {
		Purpose     string     `json:"purpose" enum:"position,track"`
		Zh          string     `json:"zh" minLength:"1" maxLength:"10000"`
		En          string     `json:"en" minLength:"1" maxLength:"10000"`
		Since       *time.Time `json:"since,omitempty" doc:"From when on it is asked for; now where it is missing."`
		BindingFrom *time.Time `json:"binding_from,omitempty" doc:"From when on the earlier version holds no more; the same where it is missing."`
	}
}

func (a *api) consents() {
	can := Access(dispatch.ActionRespond)
	operation(a, "GET", "/api/v1/me/consents", "my-consents", "What the own phone's user has agreed to, and what is asked", can, 200, func(ctx context.Context, _ *none) (*body[consentsView], error) {
		return a.myConsents(ctx)
	})
	operation(a, "POST", "/api/v1/me/consents", "give-consent", "Agree to a text, separately from everything else", can, 200, func(ctx context.Context, in *giveConsentInput) (*body[consentsView], error) {
		if _, err := a.Service.GiveConsent(ctx, a.command(ctx, in.Key, "consent.give", in.Body), in.Body.Purpose, in.Body.Version); err != nil {
			return nil, err
		}
		return a.myConsents(ctx)
	})
	operation(a, "POST", "/api/v1/me/consents/{purpose}/withdraw", "withdraw-consent", "Withdraw a consent at once; what was kept by it is deleted with it", can, 200, func(ctx context.Context, in *withdrawConsentInput) (*body[consentsView], error) {
		if _, err := a.Service.WithdrawConsent(ctx, a.command(ctx, in.Key, "consent.withdraw", in.Purpose), in.Purpose); err != nil {
			return nil, err
		}
		return a.myConsents(ctx)
	})
	operation(a, "GET", "/api/v1/consent-texts", "list-consent-texts", "All versions of what people are asked to agree to", Access(dispatch.ActionRecords), 200, func(ctx context.Context, _ *none) (*body[consentTextsView], error) {
		list, err := a.Personal.ConsentTexts(ctx)
		return answer(consentTextsView{list}, err)
	})
	operation(a, "POST", "/api/v1/consent-texts", "add-consent-text", "Add the next version of a text; whoever agreed to an earlier one is asked again", Access(dispatch.ActionPrivacy), 201, a.addConsentText)
}

func (a *api) myConsents(ctx context.Context) (*body[consentsView], error) {
	view := consentsView{make([]dispatch.ConsentState, len(dispatch.Purposes))}
	for k, purpose := range dispatch.Purposes {
		var err error
		if view.Consents[k], err = a.Personal.ConsentState(ctx, actorOf(ctx).ResponderID, purpose); err != nil {
			return nil, err
		}
	}
	return answer(view, nil)
}

func (a *api) addConsentText(ctx context.Context, in *addConsentTextInput) (*body[consentTextsView], error) {
	text := dispatch.ConsentText{Purpose: in.Body.Purpose, Zh: in.Body.Zh, En: in.Body.En}
	if in.Body.Since != nil {
		text.Since = *in.Body.Since
	}
	if in.Body.BindingFrom != nil {
		text.BindingFrom = *in.Body.BindingFrom
	}
	if _, err := a.Service.AddConsentText(ctx, a.command(ctx, in.Key, "consent_text.add", in.Body), text); err != nil {
		return nil, err
	}
	list, err := a.Personal.ConsentTexts(ctx)
	return answer(consentTextsView{list}, err)
}
