package seed

import "fmt"

// summaries are what a resident or dispatcher wrote, by type.
var summaries = map[string][]string{
	"natural.waterlogging":       {"路口积水约30厘米，车辆绕行", "地下车库入口进水，物业正在堵漏"},
	"natural.river_danger":       {"河堤背水坡有渗水点", "水位超过警戒线，岸边有人围观"},
	"natural.gale":               {"行道树倒伏，压住非机动车道", "楼顶广告牌松动，有坠落危险"},
	"natural.snow_ice":           {"桥面结冰，已有电动车滑倒", "校门口积雪未清"},
	"natural.landslide":          {"坡脚落石，堵住半幅路", "院墙外土坡出现裂缝"},
	"natural.wildfire":           {"林场边冒烟，风向偏南", "坟地旁荒草起火"},
	"natural.earthquake":         {"有明显震感，墙面出现裂缝"},
	"natural.heat":               {"老人反映家中空调故障，室温较高", "工地仍在午间作业"},
	"accident.building_fire":     {"三楼厨房冒烟，有明火", "沿街商铺后厨起火，人员已撤出"},
	"accident.ebike_fire":        {"充电棚内电动车冒烟", "楼道内电动车电池起火"},
	"accident.gas_leak":          {"楼道闻到燃气味", "施工挖到燃气支管，有嘶嘶声"},
	"accident.lift_trapped":      {"电梯停在6层，困1人，情绪稳定", "电梯突然停运，内有老人和孩子"},
	"accident.traffic_accident":  {"两车追尾，一人擦伤", "电动车与轿车碰撞，占用一条车道"},
	"accident.power_outage":      {"整栋楼停电，电表箱有烧焦味", "片区停电，路灯全灭"},
	"accident.water_burst":       {"路面往外冒水，水量较大", "小区主管爆裂，三栋楼无水"},
	"accident.heating_failure":   {"暖气不热两天，家中有婴儿", "换热站停运，多栋楼反映"},
	"accident.unsafe_building":   {"外墙瓷砖脱落，砸到停放车辆", "老房屋檐下沉，住户已搬出"},
	"accident.chemical_leak":     {"货车漏液，气味刺鼻"},
	"accident.road_collapse":     {"路面塌陷约一米见方", "井边路面下沉，车辆绕行"},
	"accident.drowning":          {"河边有人落水，已抛救生圈"},
	"accident.work_accident":     {"车间工人手部受伤", "脚手架有人滑落，意识清楚"},
	"health.cardiac_arrest":      {"广场有人倒地无反应"},
	"health.sudden_illness":      {"老人在菜市场晕倒", "居民胸闷出汗，家属求助"},
	"health.food_poisoning":      {"聚餐后多人腹泻"},
	"health.infection_cluster":   {"班级多名学生发热请假"},
	"health.water_quality":       {"自来水发黄有异味", "二次供水水箱疑似进了污水"},
	"health.animal_injury":       {"流浪狗咬伤一名儿童", "居民被马蜂蜇伤"},
	"security.missing_person":    {"78岁老人外出未归，有健忘", "6岁男孩在集市走散"},
	"security.self_harm_risk":    {"有人坐在楼顶边缘，情绪激动"},
	"security.fight":             {"烧烤店门口有人推搡打斗", "停车纠纷升级，双方动手"},
	"security.gathering":         {"约二十名业主在物业门前聚集", "工人聚集反映工资问题"},
	"security.dispute":           {"楼上楼下因漏水争吵", "邻居因公共空间堆物起争执", "家庭成员争执，请求调解"},
	"security.theft":             {"电动车电瓶被盗", "快递柜旁包裹丢失"},
	"security.fraud":             {"老人要去银行汇款，疑似被骗", "居民接到冒充客服电话，正在转账"},
	"urban.manhole":              {"人行道井盖缺失", "井盖破损，夜间看不清"},
	"urban.fire_lane_blocked":    {"消防通道停了两辆车", "单元门前通道被杂物占用", "消防车道被地锁占用"},
	"urban.cable_down":           {"通信线垂到路面", "电线被树枝拉断垂下"},
	"urban.garbage":              {"垃圾桶满溢，地面散落", "路边倾倒建筑垃圾", "绿地里有暴露垃圾"},
	"urban.street_light":         {"连续三盏路灯不亮", "小区内路灯闪烁"},
	"urban.road_damage":          {"人行道砖松动", "路面坑槽，雨天积水"},
	"urban.noise":                {"工地夜间施工噪声大", "广场音响音量过大"},
	"urban.street_vending":       {"摊贩占用盲道", "学校门口占道摆摊"},
	"urban.illegal_building":     {"一楼住户圈占绿地", "楼顶加盖彩钢房"},
	"urban.dogs":                 {"大型犬未牵绳", "小区有多只流浪狗"},
	"service.elderly_no_contact": {"独居老人两天未接电话", "邻居反映老人家中无动静"},
	"service.elderly_help":       {"老人行动不便，需代买药", "老人需陪同就医", "老人家中灯具损坏"},
	"service.disability_help":    {"轮椅用户需要出行协助", "坡道损坏，轮椅无法通行"},
	"service.repair":             {"单元门禁失灵", "健身器材螺丝松动", "楼道声控灯不亮", "快件箱屏幕损坏"},
	"service.drain_blocked":      {"一楼卫生间返水", "雨水口堵塞"},
	"service.stair_clutter":      {"楼道堆放纸箱旧家具", "消防栓前堆放杂物"},
	"service.counselling":        {"居民近期情绪低落，希望有人谈谈"},
	"service.errand":             {"咨询老年证办理", "请求帮办医保手续", "咨询入学材料"},
}

func (h *historian) summary(t IncidentType) string {
	if words := summaries[t.Code]; len(words) > 0 {
		return pick(h.random, words)
	}
	return t.NameZh
}

// placeWords says where it is, as a dispatcher would.
func (h *historian) placeWords(place, compound int) string {
	p := h.places[place]
	switch {
	case compound != None:
		return h.doorWords(compound)
	case p.kind == village || p.kind == suburb:
		return p.name + "村" + pick(h.random, []string{"中心街", "村委会旁", "东头", "西头", "小广场", "卫生室门前"})
	}
	return h.Areas[p.area].Name + pick(h.random, []string{"主干道路口", "沿街商铺前", "公交站旁", "便民服务点附近", "人行道"})
}

// doorWords names a house of a compound, and its entrance where it has several.
func (h *historian) doorWords(compound int) string {
	name := h.Compounds[compound].Name
	if len(h.houses[compound]) == 0 {
		return name
	}
	house := pick(h.random, h.houses[compound])
	if house.Entrances < 2 {
		return name + house.Name
	}
	return fmt.Sprintf("%s%s%d单元", name, house.Name, h.within(1, house.Entrances))
}

// addLogins proposes the accounts of a demonstration: one for each face, and a
// few phones whose holders are on duty now in the old town.
func (b *builder) addLogins() {
	old := 1
	b.Logins = []Login{
		{"system_administrator", "admin", "系统管理员", 0, None},
		{"commander", "commander", "值班指挥长", 0, None},
		{"wall", "wall", "指挥大屏", 0, None},
		{"dispatcher", "dispatcher", b.Areas[old].Name + "调度员", old, None},
		{"dispatcher", "dispatcher2", b.Areas[len(streetNames)+1].Name + "调度员", len(streetNames) + 1, None},
	}
	now := b.options.Now
	n := 0
	for _, d := range b.Duties {
		if n == 6 || d.Kind != "on_duty" || d.Start.After(now) || !d.End.After(now) {
			continue
		}
		p := b.Responders[d.Responder]
		if b.Areas[p.Area].Parent != old || b.occupied(d.Responder) {
			continue
		}
		n++
		b.Logins = append(b.Logins, Login{"responder", fmt.Sprintf("responder%d", n), p.Name, p.Area, d.Responder})
	}
}

// occupied says whether a responder has a task or an open offer now.
func (b *builder) occupied(responder int) bool {
	for _, n := range b.Incidents {
		for _, o := range n.Offers {
			if o.Responder == responder && (o.Settled.IsZero() || o.Task != nil && o.Task.Done.IsZero()) {
				return true
			}
		}
	}
	return false
}
