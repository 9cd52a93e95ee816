package dispatch

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// TypeTree is all incident types, retired ones too, in any order.
type TypeTree []IncidentType

// deepestType is how far down the tree goes: a family, and what standards have
// below it.
const deepestType = 6

// typeWord is what a type's code adds to that of its family.
var typeWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Find gives a type by its code.
func (t TypeTree) Find(code string) (IncidentType, bool) {
	k := slices.IndexFunc(t, func(x IncidentType) bool { return x.Code == code })
	if k < 0 {
		return IncidentType{}, false
	}
	return t[k], true
}

// Children gives the types in use that stand under one.
func (t TypeTree) Children(code string) []IncidentType {
	var list []IncidentType
	for _, x := range t {
		if x.ParentCode != nil && *x.ParentCode == code && x.RetiredAt == nil {
			list = append(list, x)
		}
	}
	return list
}

// Below gives the codes of a type and of all under it, retired ones too.
func (t TypeTree) Below(code string) []string {
	list := []string{code}
	for k := 0; k < len(list) && k < len(t); k++ {
		for _, x := range t {
			if x.ParentCode != nil && *x.ParentCode == list[k] {
				list = append(list, x.Code)
			}
		}
	}
	return list
}

// depth gives how many types stand above one.
func (t TypeTree) depth(code string) int {
	for d := 0; ; d++ {
		x, ok := t.Find(code)
		if !ok || x.ParentCode == nil || d > len(t) {
			return d
		}
		code = *x.ParentCode
	}
}

// height gives how many levels stand under one.
func (t TypeTree) height(code string) int {
	below := t.Below(code)
	most := 0
	for _, c := range below {
		most = max(most, t.depth(c)-t.depth(code))
	}
	return most
}

// parent gives the type under which another may stand: in use, without a plan of
// its own, and not too far down for so many levels more.
func (t TypeTree) parent(code string, levels int) (IncidentType, error) {
	p, ok := t.Find(code)
	switch {
	case !ok:
		return p, Refuse(CodeUnknownType, "parent_code")
	case p.RetiredAt != nil:
		return p, Refuse(CodeTypeRetired, "parent_code")
	case p.Plan != nil:
		return p, Refuse(CodeTypePlanned, "parent_code")
	case t.depth(code)+1+levels >= deepestType:
		return p, &Error{Code: CodeInvalid, Field: "parent_code"}
	}
	return p, nil
}

// NewType is a type as it is added. Its code is its family's with the word behind
// it; where none is given, with the next number.
type NewType struct {
	Word       string
	ParentCode string
	NameZh     string
	NameEn     string
}

// Add gives the type that is added.
func (t TypeTree) Add(n NewType) (IncidentType, error) {
	p, err := t.parent(n.ParentCode, 0)
	if err != nil {
		return IncidentType{}, err
	}
	if strings.TrimSpace(n.NameZh) == "" {
		return IncidentType{}, Refuse(CodeRequired, "name_zh")
	}
	word := n.Word
	for k := 1; word == ""; k++ {
		if _, there := t.Find(fmt.Sprintf("%s.t%d", p.Family, k)); !there {
			word = fmt.Sprintf("t%d", k)
		}
	}
	if !typeWord.MatchString(word) {
		return IncidentType{}, Refuse(CodeInvalid, "word")
	}
	x := IncidentType{Code: p.Family + "." + word, ParentCode: &p.Code, Family: p.Family, Version: 1,
		NameZh: strings.TrimSpace(n.NameZh), NameEn: strings.TrimSpace(n.NameEn)}
	if x.NameEn == "" {
		x.NameEn = x.NameZh
	}
	if _, there := t.Find(x.Code); there {
		return IncidentType{}, Refuse(CodeTaken, "word")
	}
	return x, nil
}

// TypeEdit is a change of a type; nil leaves a thing as it is.
type TypeEdit struct {
	NameZh     *string
	NameEn     *string
	ParentCode *string
	Retired    *bool
}

// Change gives the types that an edit changes, the one it is about first: those
// below it follow into another family. The families themselves are renamed and no
// more.
func (t TypeTree) Change(code string, e TypeEdit, at time.Time) ([]IncidentType, error) {
	x, ok := t.Find(code)
	if !ok {
		return nil, Refuse(CodeNotFound, "code")
	}
	before := x
	if x.ParentCode == nil && (e.ParentCode != nil || e.Retired != nil && *e.Retired) {
		return nil, Refuse(CodeTypeFamily, "")
	}
	for name, to := range map[*string]*string{e.NameZh: &x.NameZh, e.NameEn: &x.NameEn} {
		if name != nil {
			*to = strings.TrimSpace(*name)
		}
	}
	if x.NameZh == "" {
		return nil, Refuse(CodeRequired, "name_zh")
	}
	if x.NameEn == "" {
		x.NameEn = x.NameZh
	}
	if err := t.move(&x, e.ParentCode); err != nil {
		return nil, err
	}
	if err := t.retire(&x, e.Retired, at); err != nil {
		return nil, err
	}
	if x.NameZh == before.NameZh && x.NameEn == before.NameEn && x.Family == before.Family && x.RetiredAt == before.RetiredAt &&
		(x.ParentCode == before.ParentCode || *x.ParentCode == *before.ParentCode) {
		return nil, Refuse(CodeUnchanged, "")
	}
	x.Version++
	changed := []IncidentType{x}
	if x.Family != before.Family {
		for _, below := range t.Below(code)[1:] {
			y, _ := t.Find(below)
			y.Family = x.Family
			y.Version++
			changed = append(changed, y)
		}
	}
	return changed, nil
}

func (t TypeTree) move(x *IncidentType, parentCode *string) error {
	if parentCode == nil || *parentCode == *x.ParentCode {
		return nil
	}
	if slices.Contains(t.Below(x.Code), *parentCode) {
		return Refuse(CodeTypeLoop, "parent_code")
	}
	p, err := t.parent(*parentCode, t.height(x.Code))
	if err != nil {
		return err
	}
	x.ParentCode, x.Family = &p.Code, p.Family
	return nil
}

func (t TypeTree) retire(x *IncidentType, retired *bool, at time.Time) error {
	switch {
	case retired == nil || *retired == (x.RetiredAt != nil):
	case *retired:
		if len(t.Children(x.Code)) > 0 {
			return Refuse(CodeTypeParent, "")
		}
		x.RetiredAt = &at
	default:
		if _, err := t.parent(*x.ParentCode, 0); err != nil {
			return err
		}
		x.RetiredAt = nil
	}
	return nil
}

// Plannable refuses a plan for a type that cannot have one: a family, one that is
// out of use, and one with others under it.
func (t TypeTree) Plannable(code string) (IncidentType, error) {
	x, ok := t.Find(code)
	switch {
	case !ok:
		return x, Refuse(CodeNotFound, "code")
	case x.ParentCode == nil, len(t.Children(code)) > 0:
		return x, Refuse(CodeTypeParent, "")
	case x.RetiredAt != nil:
		return x, Refuse(CodeTypeRetired, "")
	}
	return x, nil
}

// TypeCode is a code of another table, such as GB/T 35561 or a city's 12345, with
// the type that it stands for.
type TypeCode struct {
	Standard   string `json:"standard"`
	Code       string `json:"code"`
	Name       string `json:"name"`
	ParentCode string `json:"parent_code" doc:"In its own table; empty at the top."`
	TypeCode   string `json:"type_code"`
}

// TypeTx is what the commands of types, plans and the calendar need of a
// transaction.
type TypeTx interface {
	// LockTypes keeps other changes of types and plans off until the transaction
	// ends, and gives all types, each with its newest plan.
	LockTypes(ctx context.Context) (TypeTree, error)
	InsertType(ctx context.Context, x *IncidentType) error
	SaveType(ctx context.Context, x IncidentType) error
	// InsertPlan adds a version and sets its id.
	InsertPlan(ctx context.Context, typeCode string, p *Plan, note string, a Actor) error
	// PlanVersions gives all versions of a type's plan, the newest first.
	PlanVersions(ctx context.Context, typeCode string) ([]PlanVersion, error)
	// Calendar gives the working hours, with the days that differ.
	Calendar(ctx context.Context) (Calendar, error)
	SaveWorkingHours(ctx context.Context, week []Hours) error
}
