package importer

import (
	"slices"
	"strings"
)

// Kind says how a column's cells are read.
type Kind string

// The kinds of columns.
const (
	Text       Kind = "text"
	Integer    Kind = "integer"
	Number     Kind = "number"
	Moment     Kind = "moment"  // date and time
	Choice     Kind = "choice"  // one of a list
	Choices    Kind = "choices" // several of a list
	List       Kind = "list"    // several texts
	Phone      Kind = "phone"
	Reference  Kind = "reference" // another noun, by its id or name
	Shape      Kind = "shape"     // a polygon as WKT
	Degrees    Kind = "degrees"   // longitude or latitude, or easting and northing
	Pair       Kind = "pair"      // both in one cell
	Attributes Kind = "attributes"
)

// Column is a column of a noun's table.
type Column struct {
	Field    string
	Kind     Kind
	Required bool     // of every row
	Names    []string // titles it is known by, beside those of the message files
	Choices  string   // the list it is chosen from
	Of       string   // what it refers to: compound, unit, camera, responder, organisation or area
	Min, Max float64  // of numbers; of texts Max is the number of characters, 0 for 200
	Hidden   bool     // taken in, but neither in templates nor written out
	Fixed    bool     // not to be changed in bulk
}

// Noun describes a table of a district.
type Noun struct {
	Name     string // as in a command: facilities
	Singular string // as in the event log: facility
	Columns  []Column
	Keys     []string // the fields that tell a row from others where it has no id of its own
	Point    bool     // every row needs a point
	Located  bool     // it has a point, if only sometimes
	People   bool     // its cells are of the resolution for people
	Searched []string // the fields it is found by, the name apart
	Roots    bool     // a row may stand above all areas (the district)
	Whole    bool     // its rows belong to the district as a whole
}

// Column gives a column by its field; attributes.x is one of the attributes.
func (n *Noun) Column(field string) (Column, bool) {
	name, key, dotted := strings.Cut(field, ".")
	for _, c := range n.Columns {
		if c.Field == field && c.Kind != Attributes {
			return c, true
		}
		if c.Field == name && c.Kind == Attributes && dotted && key != "" {
			return Column{Field: field, Kind: Text}, true
		}
	}
	return Column{}, false
}

// ByName gives a noun by its name.
func ByName(name string) (*Noun, bool) {
	i := slices.IndexFunc(nouns, func(n *Noun) bool { return n.Name == name })
	if i < 0 {
		return nil, false
	}
	return nouns[i], true
}

// Nouns gives all of them.
func Nouns() []*Noun { return nouns }

// Names gives the names of all nouns.
func Names() []string {
	out := make([]string, len(nouns))
	for i, n := range nouns {
		out[i] = n.Name
	}
	return out
}

// Columns that many nouns have.
var (
	colID     = Column{Field: "external_id", Kind: Text, Max: 128, Fixed: true, Names: []string{"唯一编号", "唯一标识", "序号ID", "设施编号", "设备编号", "点位编号", "人员编号", "小区编号", "楼栋编号", "单位编号", "uid", "key", "code_id", "external id"}}
	colSource = Column{Field: "source", Kind: Text, Max: 64, Fixed: true, Names: []string{"来源", "来源系统"}}
	colName   = Column{Field: "name", Kind: Text, Required: true, Max: 200, Names: []string{"名字", "title", "place", "description"}}
	colArea   = Column{Field: "area", Kind: Reference, Of: "area", Names: []string{"社区", "村居", "村（居）", "村社区", "所在社区", "所属村居", "所属社区（村）", "所属村（社区）", "村（社区）", "所在村居", "辖区", "所属辖区", "所属街道", "所在街道", "所属镇街", "镇街", "街道", "area_code", "community", "grid", "street"}}
	colAdr    = Column{Field: "address", Kind: Text, Max: 300, Names: []string{"详细地址", "地点", "位置", "具体位置", "安装地址", "安装位置", "所在地址", "设置位置", "坐落位置", "坐落", "所在位置", "通讯地址", "addr", "location"}}
	colLon    = Column{Field: "lon", Kind: Degrees, Fixed: true, Names: []string{"经度坐标", "东经", "x", "x坐标", "坐标x", "point_x", "lng", "long", "easting", "e", "横坐标", "经度（°）", "经度(度)", "经度(°)"}}
	colLat    = Column{Field: "lat", Kind: Degrees, Fixed: true, Names: []string{"纬度坐标", "北纬", "y", "y坐标", "坐标y", "point_y", "northing", "n", "纵坐标", "纬度（°）", "纬度(度)", "纬度(°)"}}
	colPair   = Column{Field: "coordinates", Kind: Pair, Fixed: true, Hidden: true, Names: []string{"坐标", "地理坐标", "位置坐标", "经度纬度", "经纬坐标", "中心点经纬度", "中心点坐标", "点位坐标", "gps坐标", "lnglat", "lonlat", "point"}}
	colWhole  = Column{Field: "compound", Kind: Reference, Of: "compound", Names: []string{"小区", "所在小区", "小区名称", "住宅小区"}}
	colShape  = Column{Field: "boundary", Kind: Shape, Fixed: true, Names: []string{"范围", "边界wkt", "wkt", "geometry", "geom"}}
	colAlias  = Column{Field: "aliases", Kind: List, Names: []string{"又名", "俗称", "曾用名", "alias"}}
)

// nouns are all that can be imported, in the order in which a district does it.
var nouns = []*Noun{
	{Name: "areas", Singular: "area", Located: true, People: true, Roots: true, Keys: []string{"level", "parent_code", "name"}, Searched: []string{"aliases", "code"}, Columns: []Column{
		{Field: "level", Kind: Choice, Choices: "level", Required: true, Names: []string{"区划级别", "类型"}, Fixed: true},
		{Field: "code", Kind: Text, Max: 32, Names: []string{"编码", "区划代码", "行政区划代码", "统计代码", "统计用区划代码", "adcode"}, Fixed: true},
		{Field: "name", Kind: Text, Required: true, Max: 100, Names: []string{"区划名称", "名字", "社区名称", "街道名称"}},
		{Field: "parent_code", Kind: Text, Max: 100, Names: []string{"上级编码", "所属街道代码", "所属街道", "父级代码", "parent"}, Fixed: true},
		{Field: "minimum_strength", Kind: Integer, Min: 1, Max: 1000, Names: []string{"最低值班人数", "最低在岗人数"}},
		colAlias, colShape, colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "units", Singular: "unit", Located: true, Keys: []string{"kind", "name"}, Columns: []Column{
		{Field: "name", Kind: Text, Required: true, Max: 100, Names: []string{"单位", "部门名称", "机构名称"}},
		{Field: "kind", Kind: Choice, Choices: "unit_kind", Required: true, Names: []string{"类别", "单位类别", "单位性质", "行业类别", "所属行业", "type", "category"}},
		{Field: "duty_phone", Kind: Phone, Names: []string{"联系电话", "电话", "24小时电话", "24小时值班电话", "值班室电话", "应急电话", "办公电话", "phone", "tel"}},
		colArea, colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "compounds", Singular: "compound", Located: true, Point: true, Keys: []string{"name", "address"}, Searched: []string{"aliases", "address"}, Columns: []Column{
		{Field: "name", Kind: Text, Required: true, Max: 100, Names: []string{"小区", "名字"}},
		colAlias, colAdr, colArea,
		{Field: "property_unit", Kind: Reference, Of: "unit", Names: []string{"物业", "物业公司", "物业服务企业", "property"}},
		colShape, colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "buildings", Singular: "building", Located: true, Point: true, Keys: []string{"compound", "name", "address"}, Searched: []string{"address"}, Columns: []Column{
		{Field: "name", Kind: Text, Required: true, Max: 100, Names: []string{"楼号", "栋号", "楼栋", "楼栋号", "building"}},
		colWhole, colAdr,
		{Field: "kind", Kind: Choice, Choices: "building_kind", Names: []string{"用途", "类型", "建筑类型", "楼栋类型", "建筑用途", "房屋用途", "use"}},
		{Field: "floors", Kind: Integer, Max: 300, Names: []string{"层数", "地上层数", "总层数", "levels"}},
		{Field: "entrances", Kind: Integer, Max: 500, Names: []string{"单元", "单元个数"}},
		{Field: "households", Kind: Integer, Max: 20000, Names: []string{"户数", "总户数", "住户数"}},
		colArea, colShape, colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "facilities", Singular: "facility", Located: true, Point: true, Keys: []string{"kind", "name", "address", "attributes.placement"}, Searched: []string{"address"}, Columns: []Column{
		{Field: "kind", Kind: Choice, Choices: "facility_kind", Required: true, Names: []string{"类别", "设施类别", "设施种类", "种类", "场所类型", "场所类别", "type"}},
		withNames(colName, "避難收容處所名稱", "避难场所名称", "场所名称", "设施", "中文單位名稱"),
		withNames(colAdr, "避難收容處所地址"), colArea, colWhole,
		withNames(colLon, "經度"), withNames(colLat, "緯度"), colPair,
		{Field: "attributes", Kind: Attributes},
		colID, colSource,
	}},
	{Name: "cameras", Singular: "camera", Located: true, Point: true, Keys: []string{"filing_number", "name"}, Searched: []string{"filing_number"}, Columns: []Column{
		withNames(colName, "点位名称", "监控点名称", "设备名称", "通道名称"),
		{Field: "place_category", Kind: Choice, Choices: "place_category", Names: []string{"点位类别", "监控点位类型", "点位类型", "采集区域类型"}},
		{Field: "filing_number", Kind: Text, Max: 64, Names: []string{"备案号", "设备编码", "国标编码"}},
		{Field: "owner_unit", Kind: Reference, Of: "unit", Names: []string{"建设单位", "权属单位", "产权单位", "所属单位", "管理单位", "owner"}},
		{Field: "bearing_degrees", Kind: Number, Max: 360, Names: []string{"朝向", "方位", "监控方位", "监控方向", "bearing", "heading", "direction"}},
		{Field: "view_degrees", Kind: Number, Min: 1, Max: 360, Names: []string{"视场角", "视角", "fov"}},
		{Field: "range_meters", Kind: Number, Min: 1, Max: 20000, Names: []string{"可视距离", "有效距离", "range"}},
		colArea, colWhole, withNames(colLon, "經度"), withNames(colLat, "緯度"), colPair, colID, colSource,
	}},
	{Name: "sites", Singular: "site", Located: true, Point: true, Keys: []string{"place_category", "name"}, Columns: []Column{
		withNames(colName, "点位名称", "应建点位"),
		{Field: "place_category", Kind: Choice, Choices: "site_category", Required: true, Names: []string{"点位类别", "点位类型"}},
		{Field: "camera", Kind: Reference, Of: "camera", Names: []string{"摄像机", "摄像机编号", "已建摄像机"}},
		colArea, colWhole, colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "devices", Singular: "device", Located: true, Point: true, Keys: []string{"kind", "name", "address"}, Searched: []string{"address"}, Columns: []Column{
		{Field: "kind", Kind: Choice, Choices: "device_kind", Required: true, Names: []string{"类别", "设备类别", "设备种类", "种类", "传感器类型", "type"}},
		withNames(colName, "设备"),
		colAdr,
		{Field: "owner_unit", Kind: Reference, Of: "unit", Names: []string{"权属单位", "产权单位", "所属单位", "管理单位", "owner"}},
		colArea, colWhole, colLon, colLat, colPair,
		{Field: "attributes", Kind: Attributes},
		colID, colSource,
	}},
	{Name: "responders", Singular: "responder", Located: true, People: true, Keys: []string{"name", "phone"}, Columns: []Column{
		{Field: "name", Kind: Text, Required: true, Max: 64, Names: []string{"人员姓名", "名字"}},
		{Field: "phone", Kind: Phone, Names: []string{"手机", "手机号码", "联系电话", "电话", "联系方式", "mobile", "tel"}, Fixed: true},
		{Field: "affiliations", Kind: Choices, Choices: "affiliation", Required: true, Names: []string{"人员类别", "人员类型", "类别", "身份类别", "类型", "职务", "岗位", "role"}},
		{Field: "skills", Kind: Choices, Choices: "skill", Names: []string{"特长", "专长", "技能特长", "专业技能"}},
		{Field: "adult", Kind: Choice, Choices: "answer", Names: []string{"成年", "是否成年", "是否已成年", "已满18周岁"}},
		{Field: "insured_until", Kind: Moment, Names: []string{"保险到期日", "保险有效期", "保险截止日期", "意外险到期日"}},
		{Field: "vehicle", Kind: Choice, Choices: "vehicle", Names: []string{"出行方式", "交通工具"}},
		withNames(colArea, "报到社区", "双报到社区", "服务社区"),
		{Field: "home_area", Kind: Reference, Of: "area", Names: []string{"居住地", "居住地社区", "现居社区"}},
		{Field: "party_organisation", Kind: Reference, Of: "organisation", Names: []string{"党组织", "党支部", "所在党支部", "组织关系"}},
		colLon, colLat, colPair, colID, colSource,
	}},
	{Name: "roster", Singular: "duty", People: true, Keys: []string{"responder", "kind", "starts_at"}, Columns: []Column{
		{Field: "responder", Kind: Reference, Of: "responder", Required: true, Names: []string{"姓名", "人员", "值班员", "值班人", "人员编号", "name"}},
		{Field: "phone", Kind: Phone, Hidden: true, Names: []string{"手机号", "手机", "手机号码", "联系电话", "电话"}},
		{Field: "kind", Kind: Choice, Choices: "duty_kind", Names: []string{"类型", "值班类别"}},
		{Field: "date", Kind: Moment, Hidden: true, Names: []string{"值班日期", "排班日期"}},
		{Field: "hours", Kind: Text, Max: 64, Hidden: true, Names: []string{"时段", "值班时段", "值班时间", "班次", "shift"}},
		{Field: "starts_at", Kind: Moment, Names: []string{"开始", "起始时间", "上班时间", "start", "from"}},
		{Field: "ends_at", Kind: Moment, Names: []string{"结束", "截止时间", "下班时间", "end", "to"}},
		colID, colSource,
	}},
	{Name: "type_codes", Singular: "type_code", Whole: true, Keys: []string{"source", "external_id"}, Columns: []Column{
		{Field: "external_id", Kind: Text, Required: true, Max: 64, Fixed: true, Names: []string{"代码", "编码", "分类代码", "类型代码", "事项代码", "事项编码", "code"}},
		{Field: "name", Kind: Text, Required: true, Max: 200, Names: []string{"名字", "类型名称", "分类名称", "事项名称", "title"}},
		{Field: "parent_code", Kind: Text, Max: 64, Names: []string{"上级编码", "父级代码", "父代码", "parent"}},
		{Field: "type_code", Kind: Text, Required: true, Max: 64, Fixed: true, Names: []string{"对应事件类型", "本系统类型", "映射类型", "mapped type", "type"}},
		withNames(colSource, "标准", "代码表名称", "table", "standard"),
	}},
}

func withNames(c Column, names ...string) Column {
	c.Names = append(append([]string(nil), c.Names...), names...)
	return c
}
