package seed

import "strconv"

// Invented names. None is a street, town, community or river of a real
// district that this program's first users might know; the tests hold the list
// of words that must not appear.
var (
	streetNames = []string{"澄云街道", "锦澜街道", "望川街道", "和畅街道", "启新街道"}
	townNames   = []string{"青禾镇", "云岫镇", "芦湾镇", "金穗镇", "望湖镇"}

	urbanNames = []string{
		"晨曦", "锦澜", "春晖里", "听澜", "云锦", "望江台", "翠屏", "朗月", "清和", "书香",
		"观澜", "同心", "百合园", "槐香", "文澜", "鼓楼前", "钟秀", "古槐", "儒林里", "砚池",
		"映月", "枫林", "桃源里", "银杏园", "海棠", "曲水", "莲心", "丹桂", "和风", "知春",
		"安澜", "启新", "智谷", "星河", "明远",
	}

	villageFirst = []string{
		"芦", "槐", "榆", "柿", "桑", "杏", "枣", "荷", "苇", "鹤", "雁", "鹭", "麦", "稻", "葛",
		"竹", "松", "柏", "梨", "菱", "艾", "兰", "菊", "蒲", "苔", "溪", "渚", "汀", "岚", "霞",
		"栗", "椿", "梧", "萱", "茅", "藕", "莲", "桂", "枫", "檀", "蓼", "荻", "莺", "鸥", "鲤", "鹿",
	}
	villageLast = []string{
		"家湾", "家坡", "家营", "家屯", "树岭", "花坞", "塘", "溪铺", "家墩", "林寨", "家圩",
		"香园", "叶渡", "家洼", "根台", "影潭", "家堰", "枝沟", "家疃", "鸣滩",
	}
	villageSides = []string{"东", "西", "南", "北", "前", "后", "大", "小"}

	compoundFirst = []string{
		"云澜", "锦绣", "翠湖", "朗诗", "听雨", "观棠", "清荷", "悦来", "映山", "望舒", "静安", "瑞景",
		"安和", "碧桐", "晴川", "嘉禾", "澄园", "怡景", "枫丹", "玉兰", "紫藤", "青藤", "明德", "百川",
		"春熙", "秋韵", "梧桐", "银河", "星汇", "海晏", "尚品", "书苑", "泊云", "和苑", "金桂", "丹枫",
		"临溪", "半山", "凤鸣", "龙吟", "松涛", "竹韵", "兰亭", "芳庭", "蓝湾", "新禾", "安澜", "知园",
	}
	compoundNew = []string{"府", "花园", "名苑", "雅居", "华庭", "公馆", "新城", "家园"}
	compoundOld = []string{"小区", "新村", "里", "南里", "北里", "宿舍"}
	worksNames  = []string{"机修厂", "棉织厂", "水泵厂", "农机站", "邮电局", "粮食局", "供销社", "运输队"}

	roadsEast  = []string{"环城南路", "云澜路", "", "启新路", "文澜路", "环城北路"}
	roadsNorth = []string{"环城西街", "望川街", "和畅大街", "槐香街", "示范大道", "书院街", "锦澜大街", "环城东街"}
	ringNames  = [4]string{"环城南路", "环城东街", "环城北路", "环城西街"}
	lanesEast  = []string{"清和路", "听涛路", "晨曦路", "朗月路", "星河路"}
	lanesNorth = []string{"翠屏街", "丹桂街", "砚池街", "鼓楼街", "曲水街", "知春街", "银杏街"}

	brookNames = [4]string{"芦溪", "白鹭溪", "云岫溪", "金穗渠"}
	lakeNames  = [2]string{"芦花湖", "半月湖"}
)

const (
	riverName     = "澜河"
	reservoirName = "望湖水库"
	expresswayRef = "云澜高速"
	trunkName     = "示范北线"
	railwayName   = "示云铁路"
)

// once gives a name that was not given before, with a number where the same one
// comes again.
func (b *builder) once(name string) string {
	b.names[name]++
	if n := b.names[name]; n > 1 {
		return b.once(name + numeral(n))
	}
	return name
}

var numerals = []string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// numeral gives a small number as it stands in a Chinese name.
func numeral(n int) string {
	if n < len(numerals) {
		return numerals[n]
	}
	return strconv.Itoa(n)
}

// villageName invents a village that has no namesake.
func (b *builder) villageName(r *random) string {
	for {
		name := pick(r, villageFirst) + pick(r, villageLast)
		if r.chance(0.18) {
			name = pick(r, villageSides) + name
		}
		if b.names[name] == 0 {
			b.names[name]++
			return name
		}
	}
}
