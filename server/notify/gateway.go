package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// Template is what a gateway is asked to say: its own code for it, where it has
// one, and the text for those that take a text. Words in braces are filled in.
type Template struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Templates are the texts by name; those not given are the program's own.
type Templates map[string]Template

// defaultTemplates name a place only to whom has accepted.
var defaultTemplates = Templates{
	"sms.offer":              {Text: "{area}有{priority}事件（{type}），请您前往{distance}。回复1接单，回复2谢绝，{minutes}分钟内有效。"},
	"sms.accepted":           {Text: "您已接单：{area}{type}，地点：{place}。请尽快出发，注意安全。"},
	"sms.offer.perimeter":    {Text: "{area}有{priority}事件（{type}），请您前往外围协助疏散引导、物资、登记{distance}，不进入危险区域。回复1接单，回复2谢绝，{minutes}分钟内有效。"},
	"sms.accepted.perimeter": {Text: "您已接单（外围任务）：{area}{type}，地点：{place}。请在外围协助，不进入危险区域，听从现场指挥。"},
	"sms.standby":            {Text: "感谢响应！{area}{type}人手已满，您已列为替补，需要时再联系您。"},
	"sms.declined":           {Text: "已记录您的答复，感谢。"},
	"sms.over":               {Text: "{area}{type}的派单已结束，您无需前往，感谢响应。"},
	"voice.offer":            {Text: "{area}发生{priority}事件，{type}，请您前往。接单请按1，谢绝请按2。"},
	"voice.offer.perimeter":  {Text: "{area}发生{priority}事件，{type}，请您前往外围协助，不进入危险区域。接单请按1，谢绝请按2。"},
}

// NewTemplates completes those that an installation has of its own.
func NewTemplates(own Templates) (Templates, error) {
	all := maps.Clone(defaultTemplates)
	for name, t := range own {
		if _, ok := defaultTemplates[name]; !ok {
			return nil, fmt.Errorf("%q is no template; there are %s", name, strings.Join(slices.Sorted(maps.Keys(defaultTemplates)), ", "))
		}
		if t.Code == "" && t.Text == "" {
			return nil, fmt.Errorf("the template %q has neither code nor text", name)
		}
		all[name] = t
	}
	return all, nil
}

var priorityWords = map[dispatch.Priority]string{dispatch.PriorityCritical: "特急", dispatch.PriorityUrgent: "紧急", dispatch.PriorityNormal: "一般", dispatch.PriorityLow: "缓办"}

// forTask names the template of what somebody is asked to do: at the perimeter of
// a danger they are told to stay out of it.
func forTask(name string, m dispatch.Outgoing) string {
	if m.Task == dispatch.TaskPerimeter {
		return name + ".perimeter"
	}
	return name
}

// parameters are the words for a template.
func parameters(m dispatch.Outgoing, now time.Time) map[string]string {
	p := map[string]string{"type": m.TypeName, "area": m.AreaName, "priority": priorityWords[m.Priority], "distance": "",
		"minutes": fmt.Sprint(max(1, int(math.Ceil(m.ExpiresAt.Sub(now).Minutes()))))}
	if m.Distance != nil {
		p["distance"] = fmt.Sprintf("（约%.1f公里）", max(0.1, *m.Distance/1000))
	}
	if m.Purpose == dispatch.PurposeAnswered && m.OfferState == dispatch.OfferAccepted {
		p["place"] = m.Place
	}
	return p
}

func fill(text string, p map[string]string) string {
	pairs := make([]string, 0, 2*len(p))
	for name, value := range p {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Gateway is the one HTTP gateway behind text messages and calls.
type Gateway struct {
	URL       string // messages go to <URL>/sms and <URL>/voice
	Name      string // for the register of what goes outside
	Signer    Signer
	Templates Templates
	Client    *http.Client
	Now       func() time.Time
}

// outgoing is what a gateway is sent. The id is the same however often.
type outgoing struct {
	ID       string            `json:"id"`
	To       string            `json:"to"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
	Text     string            `json:"text"`
	Keys     map[string]string `json:"keys,omitempty"` // of a call: what may be pressed
}

// send hands one message over and gives the gateway's own id for it. A gateway
// that says 409 has it already.
func (g *Gateway) send(ctx context.Context, path, template string, m dispatch.Outgoing, keys map[string]string) (string, error) {
	now := g.Now()
	p, t := parameters(m, now), g.Templates[template]
	body := encode(outgoing{ID: m.Key, To: m.Phone, Template: t.Code, Params: p, Text: fill(t.Text, p), Keys: keys})
	header := http.Header{}
	g.Signer.Sign(header, m.Key, now, body)
	status, said, err := post(ctx, g.Client, strings.TrimSuffix(g.URL, "/")+path, header, body)
	if err != nil {
		return "", err
	}
	if status == http.StatusConflict {
		status = http.StatusOK
	}
	var answer struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(said, &answer) // without an id of theirs, receipts name ours
	return answer.ID, judge(status)
}

// Recipient names the gateway in the register.
func (g *Gateway) Recipient() string { return g.Name }

// Verify says whether a request comes from the gateway, and is of now.
func (g *Gateway) Verify(id, timestamp, signature string, body []byte) error {
	return g.Signer.Verify(id, timestamp, signature, body, g.Now())
}
