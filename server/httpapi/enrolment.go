package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"

	"yiping/server/dispatch"
)

type createEnrolmentInput struct {
	CommandInput
	Body struct {
		ResponderID int64  `json:"responder_id" minimum:"1"`
		Device      string `json:"device,omitempty" maxLength:"32" doc:"What the phone is called in the list of sessions."`
	}
}

type createdEnrolmentView struct {
	Enrolment dispatch.Enrolment `json:"enrolment"`
	Code      string             `json:"code,omitempty" doc:"Shown this once."`
	Path      string             `json:"path,omitempty" doc:"What the phone opens on this server, as a picture (QR code). The code is behind #, which no server is sent."`
}

type enrolmentsInput struct {
	ResponderID int64 `query:"responder_id" required:"true" minimum:"1"`
}

type enrolmentsView struct {
	Enrolments []dispatch.Enrolment `json:"enrolments" nullable:"false"`
}

func (a *api) enrolments() {
	operation(a, "POST", "/api/v1/enrolments", "create-enrolment", "A code that lets one phone in as a person's, within ten minutes", InPerson, 201, a.createEnrolment)
	operation(a, "GET", "/api/v1/enrolments", "list-enrolments", "Codes made for a person's phones, the newest first", InPerson, 200,
		func(ctx context.Context, in *enrolmentsInput) (*body[enrolmentsView], error) {
			r, err := a.person(ctx, in.ResponderID)
			if err == nil {
				err = a.Service.MayEnrol(actorOf(ctx), r.AreaID)
			}
			if err != nil {
				return nil, err
			}
			list, err := a.Accounts.Enrolments(ctx, in.ResponderID)
			return answer(enrolmentsView{list}, err)
		})
	operation(a, "GET", "/api/v1/enrolments/{id}", "get-enrolment", "Whether a code was used, or tried again after that", InPerson, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Enrolment], error) {
		e, err := a.Accounts.Enrolment(ctx, in.ID)
		if err == nil && a.Service.MayEnrol(actorOf(ctx), e.AreaID) != nil {
			err = dispatch.Refuse(dispatch.CodeNotFound, "")
		}
		return answer(e, err)
	})
	operation(a, "POST", "/api/v1/enrolments/{id}/withdraw", "withdraw-enrolment", "Make a code useless", InPerson, 200, func(ctx context.Context, in *accountCommandInput) (*body[dispatch.Enrolment], error) {
		out, err := a.Service.WithdrawEnrolment(ctx, a.command(ctx, in.Key, "enrolment.withdraw", in.ID), in.ID)
		if err != nil {
			return nil, err
		}
		return answer(a.Accounts.Enrolment(ctx, out.ID))
	})
}

func (a *api) createEnrolment(ctx context.Context, in *createEnrolmentInput) (*body[createdEnrolmentView], error) {
	code := rand.Text() + rand.Text()
	hash := sha256.Sum256([]byte(code))
	out, err := a.Service.CreateEnrolment(ctx, a.command(ctx, in.Key, "enrolment.create", in.Body), in.Body.ResponderID, in.Body.Device, hash[:])
	if err != nil {
		return nil, err
	}
	e, err := a.Accounts.Enrolment(ctx, out.ID)
	view := createdEnrolmentView{Enrolment: e}
	if !out.Replayed {
		view.Code, view.Path = code, "/m#enrol="+code
	}
	return answer(view, err)
}
