package seed

// TypeCodeTable is the code table of the demonstration. It is made up, as the
// district is, in the way in which a city's 12345 numbers what it passes on: a real
// installation imports its own city's table, or GB/T 35561, with the types that
// the codes stand for there.
const TypeCodeTable = "示范12345"

// TypeCode is a code of that table.
type TypeCode struct {
	Code   string
	Name   string
	Parent string
	Type   string // ours that it stands for
}

// TypeCodes gives the codes of the demonstration's table.
func TypeCodes() []TypeCode {
	return []TypeCode{
		{"0101", "暴露垃圾、积存渣土", "01", "urban.garbage"},
		{"0102", "路灯不亮", "01", "urban.street_light"},
		{"0103", "道路坑洼破损", "01", "urban.road_damage"},
		{"0104", "井盖缺失损坏", "01", "urban.manhole"},
		{"0105", "噪声扰民", "01", "urban.noise"},
		{"0106", "占道经营", "01", "urban.street_vending"},
		{"0107", "违法建设", "01", "urban.illegal_building"},
		{"0201", "老年人求助", "02", "service.elderly_help"},
		{"0202", "残疾人求助", "02", "service.disability_help"},
	}
}
