package importer

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// choices are the lists that columns choose from; further words that people
// write for a value stand behind it. The words shown are in the message files,
// as choice.LIST.VALUE.
var choices = map[string][][]string{
	"level": {{"district", "区", "县", "县级", "区县"}, {"street", "街道", "镇", "乡", "乡镇", "town", "乡级"}, {"community", "社区", "村", "居委会", "村委会", "village", "村级"}, {"grid", "网格"}},
	"unit_kind": {{"fire", "消防", "消防大队", "消防救援大队", "119"}, {"police", "公安", "公安局", "公安分局", "交警", "交警大队", "派出所"}, {"emergency", "应急", "应急局", "应急管理局"}, {"health", "卫健", "卫健局", "卫健委", "卫生健康局"}, {"disease_control", "疾控", "疾控中心"}, {"ambulance", "急救", "急救站", "120"}, {"gas", "燃气", "燃气公司"},
		{"power", "供电", "电力", "供电公司", "电力公司", "国家电网"}, {"water", "供水", "自来水", "供水公司", "自来水公司", "水务公司"}, {"heat", "供热", "供热公司", "热力公司", "热力"}, {"telecom", "通信", "电信", "移动", "联通", "铁塔"}, {"urban_management", "城管", "城管局", "城市管理", "综合行政执法局"}, {"sanitation", "环卫", "环卫中心", "环卫公司"}, {"parks", "园林", "园林局"},
		{"roads", "市政", "市政公司", "市政处"}, {"housing", "住建", "住建局", "住房和城乡建设局"}, {"transport", "交通", "交通局", "交通运输局"}, {"hydrology", "水利", "防汛", "水利局", "水务局", "防汛办"}, {"environment", "环保", "环保局", "生态环境局"}, {"civil_affairs", "民政", "民政局"},
		{"street_office", "街道", "镇政府", "街道办", "街道办事处", "镇街"}, {"dispatch_desk", "值班室", "指挥中心", "值班中心", "总值班室"}, {"property", "物业", "物业公司"}, {"other", "其它"}},
	"building_kind": {{"residential", "住宅", "居住"}, {"commercial", "商业", "商铺"}, {"public", "公共建筑", "公建"}, {"industrial", "厂房"}, {"mixed", "综合", "商住"}},
	"facility_kind": {{"community_office", "居委会", "村委会", "社区办公用房"}, {"party_centre", "党群中心", "党群服务站"}, {"service_hall", "便民大厅", "政务服务中心"},
		{"police_station", "警察局", "分局", "警务站"}, {"fire_station", "消防站", "消防救援站"}, {"fire_post", "微型站"}, {"hydrant", "消防栓", "消火栓（市政）", "室外消火栓", "市政消火栓", "地上式消火栓", "地下式消火栓"},
		{"aed", "自动体外除颤器", "除颤仪"}, {"clinic", "医院", "诊所", "卫生室", "卫生院", "hospital", "社区卫生服务中心", "卫生服务站"}, {"shelter", "避难场所", "避難收容處所", "安置点", "应急避难所", "避难所"},
		{"supply_point", "物资点", "物资库", "应急物资库", "物资储备点", "应急物资储备库"}, {"charging_shed", "充电棚", "充电桩"}, {"parcel_locker", "快递柜"}, {"drinking_water", "饮水机"},
		{"vending", "售货机"}, {"elderly_service", "养老院", "养老机构", "日间照料中心"}, {"school", "幼儿园", "小学", "中学"}, {"park", "广场"}, {"other", "其它"}},
	"place_category": {{"compound_gate", "小区大门", "小区门口"}, {"parking_gate", "车库出入口", "停车场出入口"}, {"main_road", "主要道路", "主干道", "道路"},
		{"fire_lane", "消防车通道"}, {"other", "其它"}},
	"device_kind": {{"smoke_detector", "烟感", "烟雾报警器", "感烟探测器"}, {"gas_detector", "燃气报警器", "可燃气体探测器"}, {"water_level", "水位", "水位站", "水位计", "水位传感器"}, {"flood_sensor", "积水", "积水监测", "电子水尺"},
		{"manhole_sensor", "井盖", "智能井盖"}, {"lift_monitor", "电梯", "电梯监测"}, {"electric_fire", "电气火灾"}, {"air_quality", "空气站"}, {"weather", "气象站", "雨量站", "雨量计"},
		{"slope_monitor", "边坡", "地质灾害监测"}, {"loudspeaker", "应急广播", "大喇叭", "广播"}, {"display", "电子屏"}, {"other", "其它"}},
	"affiliation": {{"party_member", "中共党员", "在职党员", "党员志愿者"}, {"community_worker", "社工", "社区工作人员", "社区干部"}, {"grid_member", "专职网格员", "兼职网格员", "网格长", "网格管理员"},
		{"volunteer", "志愿者队员", "楼长", "楼栋长", "楼门长"}, {"property_staff", "物业"}, {"unit_staff", "单位人员", "责任单位"}},
	"skill": {{"first_aid", "急救员", "救护", "医生", "护士", "医护"}, {"fire_rescue", "消防"}, {"evacuation", "疏散"}, {"flood", "抗洪"}, {"electrical", "电工"}, {"gas", "燃气维修"},
		{"plumbing", "水暖"}, {"mediation", "人民调解"}, {"psychology", "心理", "心理咨询"}, {"elderly_care", "护理"}, {"driving", "司机", "驾驶员", "开车"}, {"drone", "无人机驾驶"},
		{"translation", "手语", "外语"}, {"patrol", "巡防", "巡查"}},
	"vehicle":   {{"foot", "无", "徒步"}, {"bicycle", "单车"}, {"ebike", "电动车", "电瓶车"}, {"car", "小汽车", "私家车"}},
	"answer":    {{"yes", "y", "true", "1", "√"}, {"no", "n", "false", "0", "×"}},
	"duty_kind": {{"on_duty", "在岗", "白班", "夜班"}, {"on_call", "待命", "备班", "听班"}},
}

// valuesOf gives the values of a list with what is written for each. A site is
// of one of the categories in which a camera should be: any but the last.
func valuesOf(list string) [][]string {
	if list == "site_category" {
		all := choices["place_category"]
		return all[:len(all)-1]
	}
	return choices[list]
}

// ChoiceValues gives the values of a list, in their order.
func ChoiceValues(list string) []string {
	var out []string
	for _, c := range valuesOf(list) {
		out = append(out, c[0])
	}
	return out
}

// meanings gives, by list, the value that each word stands for.
var meanings = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, list := range append(slices.Collect(maps.Keys(choices)), "site_category") {
		all[list] = map[string]string{}
		put := func(word, value string) {
			if _, taken := all[list][plain(word)]; !taken {
				all[list][plain(word)] = value
			}
		}
		for _, c := range valuesOf(list) { // what is shown goes before what is also understood
			put(c[0], c[0])
			for _, language := range Languages {
				put(ChoiceTitle(language, list, c[0]), c[0])
			}
		}
		for _, c := range valuesOf(list) {
			for _, word := range c[1:] {
				put(word, c[0])
			}
		}
	}
	return all
})

// choose gives the value that a cell means.
func choose(list, cell string) (string, bool) {
	value, ok := meanings()[list][plain(cell)]
	return value, ok
}

// guess gives the value whose word a cell contains, as 独立式烟感 contains 烟感:
// the longest such word decides; a cell that denies something is not guessed at.
func guess(list, cell string) (string, bool) {
	text := plain(cell)
	if strings.ContainsAny(text, "非无不未") {
		return "", false
	}
	best, value, several := 1, "", false
	for word, v := range meanings()[list] {
		length := len([]rune(word))
		if v == "other" || length < best || length < 2 || word[0] < utf8.RuneSelf || !strings.Contains(text, word) {
			continue
		}
		several = length == best && v != value && value != ""
		best, value = length, v
	}
	return value, value != "" && !several
}

// ChoiceTitle gives the word shown for a value of a list.
func ChoiceTitle(language, list, value string) string {
	return word(language, "choice."+listOf(list)+"."+value)
}

// listOf gives the list under which the words of another stand.
func listOf(list string) string {
	if list == "site_category" {
		return "place_category"
	}
	return list
}
