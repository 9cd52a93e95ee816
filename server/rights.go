package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"yiping/server/dispatch"
)

// rightsCmd prints what each role sees and may do: the tables that every request
// is held against.
type rightsCmd struct {
	languageFlag
	JSON bool `help:"Print JSON."`
}

// rightsWords are the titles, fields, actions, reasons, levels and roles in Chinese.
var rightsWords = map[string]string{
	"field or action": "信息或操作", "by": "依据",
	"any": "不限区域", "area": "管辖区域", "party": "参与处置", "task": "本人任务", "home": "本人社区", "self": "本人",
	"-": "-", "counted": "计数", "masked": "脱敏", "whole": "完整", "yes": "可",

	"commander": "指挥员", "dispatcher": "调度员", "community": "社区值守", "partner": "协同单位", "responder": "处置人员", "wall": "大屏", "integration": "系统对接",
	"system_administrator": "系统管理员", "security_administrator": "安全管理员", "audit_administrator": "审计管理员",

	"area.state": "区划", "place.state": "小区、楼栋", "facility.state": "公共设施", "camera.state": "摄像机位置与状态", "camera.record": "摄像机档案", "site.state": "应设点位",
	"device.state": "感知设备", "unit.state": "责任单位", "roster.state": "值班表", "plan.state": "类型与预案", "figure.state": "统计数字",
	"responder.state": "人员状态", "responder.name": "人员姓名", "responder.phone": "人员电话", "responder.call": "人员电话（说明理由查看）", "responder.point": "人员位置", "responder.post": "人员档案",
	"incident.state": "事件状态", "incident.words": "事件内容", "incident.point": "事件位置", "report.words": "上报内容", "report.phone": "上报人电话",
	"offer.state": "派单状态", "offer.name": "派单对象", "offer.words": "派单理由", "assignment.state": "任务状态", "assignment.name": "任务人员", "assignment.words": "退出任务原因",
	"unit_order.state": "责任单位派单", "unit_order.words": "派单要求与说明",
	"timeline.words": "处置记录", "photo.picture": "现场照片", "event.state": "事件日志", "event.account": "日志操作人",

	"dispatch": "受理、派单、跟进", "check": "核查", "note": "补充记录与照片", "respond": "值守、接单、上报位置", "roster": "排班", "report_health": "上报摄像机状态",
	"administer": "区划、台账、导入、配置", "grant": "账户与授权", "audit": "查阅审计记录", "privacy": "个人信息事务", "records": "查阅处理目的与处置记录", "retain": "设定留存期限",
	"hold": "延长事件资料留存", "tracks": "查看任务轨迹", "care": "查看重点关爱对象", "care_counts": "查看重点关爱计数", "care_register": "维护重点关爱档案",
}

// Run prints the tables. They belong to the program: no database is read.
func (c rightsCmd) Run(a *app) error {
	rows := dispatch.RightsRows()
	if c.JSON {
		return json.NewEncoder(a.out).Encode(rows)
	}
	say := func(word string) string {
		if c.language() == "zh" {
			return rightsWords[word]
		}
		return word
	}
	table := [][]string{{say("field or action"), say("by")}}
	for _, role := range dispatch.Roles {
		table[0] = append(table[0], say(string(role)))
	}
	for _, row := range rows {
		line := []string{say(string(row.Field) + string(row.Action)), say(string(row.Part))} // one of the two is empty
		for _, role := range dispatch.Roles {
			line = append(line, say(row.Levels[role]))
		}
		table = append(table, line)
	}
	return printAligned(a.out, table)
}

// printAligned prints a table whose columns stand below one another where a
// Chinese character is as wide as two Latin ones, as in every terminal.
func printAligned(w io.Writer, table [][]string) error {
	var widest []int
	for _, line := range table {
		for k, cell := range line {
			if k == len(widest) {
				widest = append(widest, 0)
			}
			widest[k] = max(widest[k], cellWidth(cell))
		}
	}
	var b strings.Builder
	for _, line := range table {
		for k, cell := range line {
			b.WriteString(cell)
			if k < len(line)-1 {
				b.WriteString(strings.Repeat(" ", widest[k]-cellWidth(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(w, b.String())
	return err
}

// cellWidth gives how many Latin characters wide a text is.
func cellWidth(text string) (width int) {
	for _, r := range text {
		width++
		if unicode.Is(unicode.Han, r) || r >= 0x3000 && r < 0x3040 || r >= 0xff00 && r < 0xff61 { // and the signs that go with them
			width++
		}
	}
	return width
}
