package seed

// The four families of 突发事件: natural disasters, accidents, public health,
// public security.

func naturalTypes() []leaf {
	return []leaf{
		{"waterlogging", "城市内涝积水", "Urban waterlogging", "urgent", 4, true, []string{"flood", "electrical", "evacuation"}, []Step{
			{"核对积水深度、范围和是否仍在上涨", "Check depth, extent and whether the water is still rising"},
			{"通知供电单位评估带电风险，必要时断电", "Ask the power company to assess live risk; cut the supply if needed"},
			{"封控下穿通道、地下车库入口，专人值守", "Close underpasses and underground garages, and post someone there"},
			{"转移地下室、一层低洼住户，优先老人儿童", "Move people out of basements and low ground floors, the old and the young first"},
			{"联系排水抢险队架泵，井盖处设警示标志", "Call in pumps; mark every open manhole"},
			{"退水后清淤消杀，逐户回访登记损失", "After the water falls: clear silt, disinfect, visit homes and record losses"},
		}},
		{"river_danger", "河道水库险情", "River or reservoir danger", "critical", 6, true, []string{"flood", "evacuation"}, []Step{
			{"报防汛值班室，确认水位、警戒线和出险部位", "Tell the flood duty room: level, warning line and where it is failing"},
			{"划定危险区，堤顶坝顶禁止无关人员和车辆", "Mark the danger zone; keep people and vehicles off the embankment"},
			{"按转移清单通知下游村居，逐户敲门确认", "Notify the villages downstream by the evacuation list, door by door"},
			{"开放避难场所，登记转移人数和缺人户", "Open shelters; register who came and which homes are missing people"},
			{"巡堤每 30 分钟一次，两人一组，穿救生衣", "Walk the embankment every 30 minutes, in pairs, in life jackets"},
		}},
		{"gale", "大风倒伏坠落", "Wind damage and falling objects", "urgent", 2, true, []string{"electrical", "fire_rescue", "patrol"}, []Step{
			{"确认有无人员被困、受伤和电线触地", "Check for people trapped or hurt and for wires on the ground"},
			{"设置警戒线，倒伏物一倍半高度内不得站人", "Cordon off; nobody within one and a half times the height"},
			{"联系园林、城管或产权单位现场处置", "Call parks, urban management or the owner to the scene"},
			{"疏导交通，恢复通行后拍照留存", "Direct traffic; photograph once the way is clear"},
		}},
		{"snow_ice", "道路积雪结冰", "Snow and ice on roads", "normal", 4, false, []string{"driving", "patrol"}, []Step{
			{"先清桥面、坡道、医院学校门口和公交站", "Clear bridges, slopes, hospital and school gates and bus stops first"},
			{"撒布融雪剂，绿地和水源附近改用沙土", "Spread de-icer; use sand near green and water sources"},
			{"提醒高层住户清理外挂冰凌", "Ask high-rise homes to deal with hanging icicles"},
			{"组织商户落实门前清雪责任", "Have shops clear the front of their premises"},
		}},
		{"landslide", "滑坡崩塌地陷", "Landslide or ground collapse", "critical", 5, true, []string{"evacuation", "fire_rescue"}, []Step{
			{"立即撤离影响范围内人员，禁止返回取物", "Clear everyone out of the affected range; nobody goes back for belongings"},
			{"报自然资源部门派地质人员研判", "Have the natural resources office send a geologist"},
			{"断开危险区水、电、气", "Cut water, power and gas in the danger area"},
			{"设专人观测裂缝和位移，有变化即鸣哨", "Watch cracks and movement; whistle on any change"},
			{"核对住户名单，确认失联人员", "Check the list of residents; establish who is missing"},
		}},
		{"earthquake", "地震灾情", "Earthquake damage", "critical", 10, true, []string{"evacuation", "first_aid", "fire_rescue"}, []Step{
			{"10 分钟内上报震感、房屋受损和人员伤亡初报", "Within 10 minutes report shaking, damage and casualties so far"},
			{"引导居民到应急避难场所，避开高楼和电线", "Lead residents to shelters, away from tall buildings and wires"},
			{"逐栋排查被困人员，标注已查、待查、危险", "Search building by building; mark done, to do, dangerous"},
			{"关闭燃气总阀，检查次生火灾", "Close main gas valves; look for secondary fires"},
			{"清点重点关爱对象，落实一对一看护", "Account for vulnerable residents; give each a companion"},
			{"余震期间不进入受损建筑", "Nobody enters a damaged building while aftershocks go on"},
		}},
		{"wildfire", "山林火情", "Forest fire", "critical", 8, true, []string{"fire_rescue", "driving", "drone"}, []Step{
			{"拨打 119 并通知森林防火值班室，说明风向和火势", "Call 119 and the forest fire duty room: wind and size of the fire"},
			{"无人机侦察火线，标出道路和水源", "Scout the fire line by drone; mark roads and water"},
			{"未经训练人员不得上山扑火", "Nobody untrained goes up to fight the fire"},
			{"疏散下风向村庄，关闭进山道路", "Evacuate villages downwind; close roads into the hills"},
			{"扑灭后留守看护不少于 24 小时", "Keep watch for at least 24 hours after it is out"},
		}},
		{"heat", "高温热害", "Extreme heat", "normal", 2, false, []string{"elderly_care", "first_aid"}, []Step{
			{"开放纳凉点，公示开放时间和位置", "Open cooling rooms; publish where and when"},
			{"电话或上门询问独居老人，连续未接即上门", "Ring or visit old people living alone; visit if two calls go unanswered"},
			{"提醒户外作业单位错峰施工", "Remind outdoor work sites to avoid the hottest hours"},
			{"疑似热射病立即降温并拨打 120", "Suspected heat stroke: cool at once and call 120"},
		}},
	}
}

func accidentTypes() []leaf {
	return []leaf{
		{"building_fire", "建筑火灾", "Building fire", "critical", 6, true, []string{"fire_rescue", "evacuation", "first_aid"}, []Step{
			{"确认 119 已接警，报清楼栋、楼层、有无被困", "Make sure 119 knows: building, floor, anyone trapped"},
			{"微型消防站 3 分钟到场，先疏散后扑救", "Micro fire station there in 3 minutes: evacuate before extinguishing"},
			{"打通消防通道，挪移占道车辆", "Clear the fire lane; move vehicles"},
			{"关闭着火层燃气和电源，禁止乘坐电梯", "Cut gas and power on the floor; nobody uses lifts"},
			{"派人引导消防车，指明最近消火栓", "Meet the fire engines; show the nearest hydrant"},
			{"清点住户，安置受灾群众", "Account for residents; shelter those who lost their home"},
		}},
		{"ebike_fire", "电动自行车火情", "E-bike fire", "critical", 4, true, []string{"fire_rescue", "evacuation"}, []Step{
			{"切断充电电源，电池冒烟爆响时不得靠近", "Cut the charger; keep away from a smoking or popping battery"},
			{"拨打 119，楼道起火时住户闭门待援", "Call 119; if the stairwell burns, residents stay in and close doors"},
			{"持续喷水降温，防止复燃", "Cool with water for long: the battery may reignite"},
			{"排查同棚同楼道其余车辆", "Check the other vehicles in the shed or stairwell"},
			{"登记火因线索，移交消防部门", "Note what is known of the cause for the fire service"},
		}},
		{"gas_leak", "燃气泄漏", "Gas leak", "critical", 4, true, []string{"gas", "evacuation", "fire_rescue"}, []Step{
			{"现场禁火、禁开关电器、禁打手机", "No flame, no switches, no phone calls at the spot"},
			{"通知燃气公司抢修，关闭楼前阀门", "Call the gas company; close the valve before the building"},
			{"疏散上下三层和相邻单元，开窗通风", "Evacuate three floors up and down and the next stairs; open windows"},
			{"在上风向 50 米外设警戒线", "Cordon 50 m off, upwind"},
			{"检测合格后方可恢复，逐户通知", "Restore only after a clean reading; tell each home"},
		}},
		{"lift_trapped", "电梯困人", "People trapped in a lift", "urgent", 2, false, []string{"first_aid", "psychology"}, []Step{
			{"通过对讲安抚被困人员，劝阻扒门", "Talk to those inside; keep them from forcing the doors"},
			{"通知维保单位，要求 30 分钟内到场", "Call the maintenance company: there within 30 minutes"},
			{"询问人数、年龄、有无基础病和不适", "Ask how many, how old, illnesses, how they feel"},
			{"超过 30 分钟或有人不适，请求 119、120", "After 30 minutes, or if unwell, ask 119 and 120"},
			{"停梯挂牌，故障排除前不得投用", "Take the lift out of service until repaired"},
		}},
		{"traffic_accident", "道路交通事故", "Road traffic accident", "urgent", 2, true, []string{"first_aid", "driving"}, []Step{
			{"确认伤情，拨打 122、120", "Establish injuries; call 122 and 120"},
			{"来车方向 50 至 100 米外放警示标志", "Warning triangle 50 to 100 m back"},
			{"不随意搬动伤者，先止血、保暖", "Do not move the injured; stop bleeding, keep warm"},
			{"查看有无燃油、危化品泄漏", "Look for leaking fuel or chemicals"},
			{"协助疏导，清理后恢复通行", "Help direct traffic; clear and reopen"},
		}},
		{"power_outage", "大面积停电", "Power outage", "urgent", 2, false, []string{"electrical", "elderly_care"}, []Step{
			{"向供电单位核实范围和预计恢复时间", "Ask the power company the extent and when it will be back"},
			{"排查电梯困人", "Check every lift for trapped people"},
			{"联系居家使用呼吸机、制氧机的住户", "Call homes that use ventilators or oxygen machines"},
			{"发布通知，每小时更新一次", "Post a notice; update it every hour"},
		}},
		{"water_burst", "供水管道爆裂", "Burst water main", "urgent", 2, false, []string{"plumbing", "patrol"}, []Step{
			{"通知供水公司关阀，核对影响范围", "Have the water company close valves; check who is affected"},
			{"围挡积水坑，防止车辆行人陷入", "Fence the hole off from vehicles and people"},
			{"公布停水时间和临时取水点", "Publish how long, and where to fetch water"},
			{"为行动不便住户送水", "Carry water to those who cannot fetch it"},
		}},
		{"heating_failure", "供热中断", "Heating failure", "urgent", 2, false, []string{"plumbing", "elderly_care"}, []Step{
			{"核实影响楼栋和室温", "Establish which buildings and how cold"},
			{"通知供热单位抢修，问清恢复时间", "Call the heating company; ask when it will be back"},
			{"上门探访老人、婴幼儿和病人家庭", "Visit homes with the old, infants and the ill"},
			{"提醒取暖用电、用气安全，防一氧化碳中毒", "Warn about heaters and carbon monoxide"},
		}},
		{"unsafe_building", "房屋险情", "Unsafe building", "urgent", 3, true, []string{"evacuation", "fire_rescue"}, []Step{
			{"撤离户内和相邻人员，断水断电断气", "Move people out, next door too; cut water, power and gas"},
			{"拉警戒线，外墙脱落按高度一半以上划定", "Cordon off, at least half the height for falling cladding"},
			{"请住建部门组织鉴定", "Have the housing bureau assess it"},
			{"安置住户，未经鉴定不得返回", "House the residents; nobody returns before the assessment"},
		}},
		{"chemical_leak", "危险化学品泄漏", "Hazardous chemical leak", "critical", 5, true, []string{"evacuation", "fire_rescue"}, []Step{
			{"问清品名、数量，报 119 和生态环境部门", "Find out what and how much; tell 119 and the environment bureau"},
			{"从上风向接近，疏散下风向人员", "Approach from upwind; evacuate downwind"},
			{"禁止明火和机动车进入警戒区", "No flames and no engines inside the cordon"},
			{"封堵雨水口，防止流入河道", "Block storm drains so that nothing reaches the river"},
			{"接触人员就地冲洗并送医观察", "Rinse those exposed on the spot and send them for observation"},
		}},
		{"road_collapse", "路面塌陷", "Road collapse", "urgent", 2, true, []string{"patrol", "driving"}, []Step{
			{"双向设置警戒，夜间加警示灯", "Cordon off both ways, with lamps at night"},
			{"查看坑内有无人车，观察是否扩大", "Look for people or vehicles in it; watch whether it grows"},
			{"通知市政、燃气、供水、电力核查地下管线", "Have roads, gas, water and power check the lines beneath"},
			{"设置绕行指引", "Sign a detour"},
		}},
		{"drowning", "溺水", "Drowning", "critical", 3, true, []string{"first_aid", "flood"}, []Step{
			{"拨打 119、120，确认落水点和最后位置", "Call 119 and 120; establish where they went in and were last seen"},
			{"就近使用救生圈、竹竿、绳索，不盲目下水", "Use ring, pole or rope; do not jump in"},
			{"上岸后判断呼吸脉搏，立即心肺复苏", "Once out: check breathing and pulse, start CPR"},
			{"维持秩序，保留岸边物品待查", "Keep order; leave belongings on the bank as found"},
		}},
		{"work_accident", "生产安全事故", "Workplace accident", "critical", 4, true, []string{"first_aid", "fire_rescue"}, []Step{
			{"要求企业立即停产，切断动力和危险源", "Have the works stop; cut power and the source of danger"},
			{"受限空间内禁止盲目施救", "Nobody enters a confined space unprotected"},
			{"报应急管理部门，说明企业、部位、人数", "Tell emergency management: which works, where, how many"},
			{"保护现场，封存记录", "Protect the scene; secure the records"},
		}},
	}
}

func healthTypes() []leaf {
	return []leaf{
		{"cardiac_arrest", "心脏骤停", "Cardiac arrest", "critical", 3, false, []string{"first_aid"}, []Step{
			{"确认 120 已派车，保持通话听指导", "Make sure 120 is coming; stay on the line"},
			{"无反应无正常呼吸，立即胸外按压，每分钟 100 至 120 次", "No response, no normal breathing: compress at 100 to 120 a minute"},
			{"派人取最近的 AED，到后即贴片", "Send someone for the nearest AED; attach it at once"},
			{"每 2 分钟换人按压，不停顿", "Change every 2 minutes, without a break"},
			{"派人在路口引导救护车", "Post someone to lead the ambulance in"},
		}},
		{"sudden_illness", "突发疾病受伤", "Sudden illness or injury", "urgent", 2, false, []string{"first_aid"}, []Step{
			{"拨打 120，说明症状、年龄和准确位置", "Call 120: symptoms, age, exact place"},
			{"就地安置，注意呼吸，不喂食水", "Keep them where they are; watch breathing; give nothing by mouth"},
			{"询问病史、用药和家属电话", "Ask for illnesses, medicine and a relative to call"},
			{"引导救护车，交接情况", "Lead the ambulance in and hand over"},
		}},
		{"food_poisoning", "聚集性食物中毒", "Food poisoning", "urgent", 3, false, []string{"first_aid", "evacuation"}, []Step{
			{"统计发病人数、症状和共同就餐时间", "Count the ill, symptoms and the meal they shared"},
			{"报疾控和市场监管部门", "Tell disease control and market supervision"},
			{"封存剩余食品、原料和餐具", "Seal leftovers, ingredients and dishes"},
			{"重症优先送医，记录去向", "Send the worst first; record where to"},
		}},
		{"infection_cluster", "传染病聚集疫情", "Cluster of infectious disease", "urgent", 3, true, []string{"first_aid", "psychology"}, []Step{
			{"2 小时内向疾控机构报告", "Report to disease control within 2 hours"},
			{"做好个人防护后方可入户", "Enter homes only with protection on"},
			{"配合流调，只收集必要信息", "Support tracing; collect only what is needed"},
			{"落实消毒、通风和生活物资保障", "See to disinfection, air and supplies"},
		}},
		{"water_quality", "饮用水污染", "Drinking water contamination", "urgent", 2, false, []string{"plumbing", "patrol"}, []Step{
			{"通知停止饮用，停用二次供水水箱", "Tell residents not to drink; shut the roof tank"},
			{"请卫健和供水单位取样检测", "Have health and the water company take samples"},
			{"安排送水车和临时取水点", "Arrange tankers and water points"},
			{"检测合格并冲洗后恢复，公示结果", "Restore after a clean test and flushing; publish the result"},
		}},
		{"animal_injury", "动物伤人", "Animal attack", "urgent", 2, false, []string{"first_aid", "patrol"}, []Step{
			{"伤口用肥皂水冲洗 15 分钟，尽快接种", "Wash the wound with soap for 15 minutes; vaccinate soon"},
			{"隔离动物，通知公安或城管捕控", "Isolate the animal; call police or urban management"},
			{"记录饲养人和免疫情况", "Record the keeper and the vaccinations"},
		}},
	}
}

func securityTypes() []leaf {
	return []leaf{
		{"missing_person", "人员走失", "Missing person", "urgent", 6, false, []string{"patrol", "driving", "drone"}, []Step{
			{"登记体貌、衣着、走失时间地点，取近照", "Note looks, clothes, when and where; get a recent photo"},
			{"报 110，核实常去地点和病史", "Call 110; ask for usual places and illnesses"},
			{"按走失点向外分片寻找，先查水边和工地", "Search outward in sectors; water and building sites first"},
			{"照片只发参与人员，找到后即撤回", "Send the photo to searchers only; withdraw it when found"},
			{"找到后检查身体，交接家属", "Check their condition; hand over to the family"},
		}},
		{"self_harm_risk", "轻生危机", "Person at risk of self-harm", "critical", 3, true, []string{"psychology", "first_aid"}, []Step{
			{"拨打 110、119，不围观、不拍摄", "Call 110 and 119; no onlookers, no filming"},
			{"一人沟通，其余人员退后保持安静", "One person talks; the others stand back, quiet"},
			{"不刺激、不许诺做不到的事", "Do not provoke; promise nothing that cannot be kept"},
			{"联系家属和心理援助人员", "Reach the family and a counsellor"},
			{"后续 72 小时持续关注", "Keep in touch for the next 72 hours"},
		}},
		{"fight", "打架斗殴", "Fight", "urgent", 2, true, []string{"patrol", "mediation"}, []Step{
			{"报 110，观察人数和有无器械", "Call 110: how many, any weapons"},
			{"保持距离，疏散围观群众", "Keep a distance; move onlookers away"},
			{"有伤者时先救治", "Care for the injured first"},
			{"配合民警取证，提示调取公共视频须走程序", "Support the police; public video only by due process"},
		}},
		{"gathering", "群体聚集", "Crowd gathering", "urgent", 4, false, []string{"mediation", "evacuation", "patrol"}, []Step{
			{"了解诉求、人数和牵头人", "Find out what they ask, how many, who speaks"},
			{"报派出所和街道值班领导", "Tell the police station and the street's duty leader"},
			{"请责任部门到场当面答复", "Bring the responsible department to answer in person"},
			{"预留疏散通道，防止拥挤踩踏", "Keep ways out open; prevent crushing"},
		}},
		{"dispute", "矛盾纠纷", "Dispute", "normal", 2, false, []string{"mediation", "psychology"}, []Step{
			{"先分开双方，分别听清诉求", "Separate the parties; hear each"},
			{"有家暴或伤害苗头即报 110", "Any sign of violence: call 110"},
			{"邀请调解员、网格员共同调解", "Bring in a mediator and the grid member"},
			{"达成一致后书面确认，一周内回访", "Put the agreement in writing; call back within a week"},
		}},
		{"theft", "盗窃警情", "Theft", "normal", 1, false, []string{"patrol"}, []Step{
			{"提醒报 110，保护现场", "Have them call 110; protect the scene"},
			{"了解损失和发现经过", "Ask what is gone and how it was noticed"},
			{"协助民警联系物业调取视频", "Help the police ask the property company for video"},
			{"在楼栋提醒邻里防范", "Warn the neighbours"},
		}},
		{"fraud", "诈骗劝阻", "Fraud in progress", "urgent", 1, false, []string{"mediation", "elderly_care"}, []Step{
			{"立即联系当事人，劝其停止转账", "Reach the person at once; ask them to stop paying"},
			{"拨打 96110 或 110，尝试止付", "Call 96110 or 110; try to stop the payment"},
			{"联系不上时上门见面", "If no answer, go there"},
			{"联系家属，保留聊天和转账记录", "Tell the family; keep chats and receipts"},
		}},
	}
}
