package seed

// The two everyday families: urban management and residents' requests.

func urbanTypes() []leaf {
	return []leaf{
		{"manhole", "井盖缺损", "Missing or broken manhole cover", "urgent", 1, false, []string{"patrol"}, []Step{
			{"现场设围挡和警示标志，专人看护", "Fence and mark it; someone stays"},
			{"辨认井盖权属（雨污水、通信、电力、燃气）", "Tell whose it is: drains, telecom, power, gas"},
			{"通知权属单位 3 小时内补装", "Have the owner replace it within 3 hours"},
			{"补装后拍照核查，车压无响动", "Photograph it; it must not rattle under a car"},
		}},
		{"fire_lane_blocked", "占用消防通道", "Fire lane blocked", "urgent", 1, false, []string{"patrol", "mediation"}, []Step{
			{"联系车主或占用人立即挪移", "Have the owner move it at once"},
			{"劝导无效报消防或交警处理", "If refused, tell the fire service or traffic police"},
			{"检查标线标识是否清晰", "Check that lines and signs are clear"},
			{"通知物业落实每日巡查", "Have the property company check daily"},
		}},
		{"cable_down", "线缆垂落", "Hanging cable", "urgent", 1, true, []string{"electrical", "patrol"}, []Step{
			{"一律按带电处置，8 米内不得靠近", "Treat it as live; nobody within 8 m"},
			{"通知供电和通信单位辨认", "Have power and telecom identify it"},
			{"临时改道，警戒至处置完毕", "Divert traffic; guard it until done"},
		}},
		{"garbage", "暴露垃圾", "Exposed rubbish", "normal", 1, false, nil, []Step{
			{"判断生活、建筑或大件垃圾", "Tell household, building or bulky waste apart"},
			{"通知环卫或物业 1 个工作日内清运", "Have sanitation or the property company remove it within a working day"},
			{"清运后冲洗，核查无残留", "Wash down; check that nothing is left"},
		}},
		{"street_light", "路灯损坏", "Street light out", "low", 1, false, []string{"electrical"}, []Step{
			{"记录灯杆编号和不亮范围", "Note the pole numbers and the dark stretch"},
			{"通知路灯管理单位维修", "Tell the street lighting unit"},
			{"夜间复查亮灯情况", "Check again after dark"},
		}},
		{"road_damage", "道路破损", "Road damage", "normal", 1, false, []string{"patrol"}, []Step{
			{"测量面积深度，有危险先围挡", "Measure it; fence it if dangerous"},
			{"通知市政养护单位修补", "Tell road maintenance"},
			{"修补后核查平整", "Check that it is level"},
		}},
		{"noise", "噪声扰民", "Noise", "low", 1, false, []string{"mediation"}, []Step{
			{"到现场辨认声源，确认时段", "Find the source on the spot and the hours"},
			{"劝导降噪，施工噪声核查夜间许可", "Ask for quiet; check the night permit of a site"},
			{"屡劝不改移交城管、环境或公安", "Repeated: hand over to urban management, environment or police"},
			{"一周内回访反映人", "Call the reporter back within a week"},
		}},
		{"street_vending", "占道经营", "Vending on the road", "low", 1, false, []string{"mediation"}, []Step{
			{"劝导到疏导点经营", "Direct them to the vending area"},
			{"确认盲道、出入口恢复畅通", "See that tactile paving and entrances are clear"},
			{"不听劝导移交城管", "Otherwise hand over to urban management"},
		}},
		{"illegal_building", "违规搭建", "Unauthorised building", "low", 1, false, []string{"mediation", "patrol"}, []Step{
			{"拍照并记录位置、面积和进度", "Photograph; note place, size and progress"},
			{"要求立即停工，告知后果", "Have work stopped; explain the consequences"},
			{"移交综合执法，跟踪拆除", "Hand over to enforcement; follow its removal"},
		}},
		{"dogs", "犬只散养扰民", "Stray or unleashed dogs", "low", 1, false, []string{"patrol"}, []Step{
			{"确认有无主人，提醒牵绳", "Find the owner; ask for a leash"},
			{"流浪犬通知捕收单位", "Strays: call the shelter"},
			{"有伤人情形转动物伤人处置", "If someone was bitten, handle as an animal attack"},
		}},
	}
}

func serviceTypes() []leaf {
	return []leaf{
		{"elderly_no_contact", "独居老人失联", "Old person out of contact", "urgent", 2, false, []string{"elderly_care", "first_aid"}, []Step{
			{"再拨两次电话，联系紧急联系人", "Ring twice more; call the emergency contact"},
			{"10 分钟内上门，听声、看灯、问邻居", "Be at the door in 10 minutes: listen, look for light, ask neighbours"},
			{"仍无应答，会同民警和家属开门", "No answer: open the door with police and family"},
			{"见到本人后登记状况，安排探访", "Having seen them: note how they are, plan visits"},
		}},
		{"elderly_help", "老年人上门帮扶", "Help for an old person", "normal", 1, false, []string{"elderly_care", "driving"}, []Step{
			{"问清需要：就医、买药、送餐、维修", "Ask what is needed: doctor, medicine, meals, repairs"},
			{"两人同行，主动出示证件", "Go in pairs; show your card"},
			{"不代收现金，不经手存折银行卡", "Take no cash, hold no bank book or card"},
			{"记录办理结果，约定下次联系", "Record the outcome; agree on the next contact"},
		}},
		{"disability_help", "助残服务", "Help for a disabled person", "normal", 1, false, []string{"elderly_care", "driving"}, []Step{
			{"问清出行、就医、无障碍等具体需要", "Ask: travel, doctor, access"},
			{"按需配轮椅或无障碍车辆", "Bring a wheelchair or accessible car"},
			{"尊重本人意愿，办结回访", "Respect their wishes; call back when done"},
		}},
		{"repair", "公共设施报修", "Repair of a shared facility", "normal", 1, false, []string{"plumbing", "electrical"}, []Step{
			{"拍照定位，判断是否影响安全", "Photograph and locate; is it a danger?"},
			{"通知物业或产权单位派修", "Have the property company or owner repair it"},
			{"告知居民预计完成时间", "Tell residents when it will be done"},
			{"修复后由报修人确认", "The reporter confirms the repair"},
		}},
		{"drain_blocked", "下水堵塞返水", "Blocked drain", "normal", 1, false, []string{"plumbing"}, []Step{
			{"提醒同一立管住户暂停用水", "Ask homes on the same stack to stop using water"},
			{"通知物业或疏通单位到场", "Call the property company or a drain service"},
			{"疏通后消毒，查明堵点原因", "Disinfect; find the cause"},
		}},
		{"stair_clutter", "楼道堆物", "Clutter in a stairwell", "low", 1, false, []string{"mediation", "patrol"}, []Step{
			{"查看是否堵塞疏散通道、有无电池充电", "Is the way out blocked? any batteries charging?"},
			{"入户告知，限期 3 日清理", "Tell the owner: three days"},
			{"逾期组织集中清理，提前公示", "Then clear it together, announced beforehand"},
		}},
		{"counselling", "心理疏导", "Psychological support", "normal", 1, false, []string{"psychology"}, []Step{
			{"在安静、私密处倾听，不评判", "Listen in a quiet, private place; do not judge"},
			{"评估有无自伤伤人风险，有则转危机处置", "Assess risk of harm; if any, handle as a crisis"},
			{"征得同意后转介专业机构", "With consent, refer to professionals"},
			{"内容保密，不写入公开记录", "Keep it confidential, out of open records"},
		}},
		{"errand", "政务代办咨询", "Help with official business", "low", 1, false, nil, []Step{
			{"问清事项，一次性告知材料", "Ask what it is; list all papers at once"},
			{"可帮办代办的登记受理", "Take it on where it can be done for them"},
			{"办结送达，请居民评价", "Deliver the result; ask how it went"},
		}},
	}
}
