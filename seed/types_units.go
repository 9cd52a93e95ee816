package seed

import "strings"

// wantedUnits says by kind who leads, supports and checks.
type wantedUnits struct{ lead, support, check []string }

// planUnits says for each type which kinds of unit its work is given to. Which
// unit of the kind it is follows from the place: the compound's own property
// company, else the community's, the street's or the district's.
var planUnits = map[string]wantedUnits{
	"natural.waterlogging":   units("hydrology", "power roads property", "street_office"),
	"natural.river_danger":   units("hydrology", "emergency police", ""),
	"natural.gale":           units("urban_management", "parks power", "street_office"),
	"natural.snow_ice":       units("sanitation", "roads transport", "street_office"),
	"natural.landslide":      units("emergency", "fire police", ""),
	"natural.earthquake":     units("emergency", "fire ambulance", ""),
	"natural.wildfire":       units("fire", "emergency", ""),
	"natural.heat":           units("civil_affairs", "health", ""),
	"accident.building_fire": units("fire", "police ambulance power gas", ""),
	"accident.ebike_fire":    units("fire", "property power", ""),
	"accident.gas_leak":      units("gas", "fire property", "street_office"),
	"accident.lift_trapped":  units("property", "fire", "street_office"),

	"accident.traffic_accident": units("police", "ambulance", ""),
	"accident.power_outage":     units("power", "property", "street_office"),
	"accident.water_burst":      units("water", "roads property", "street_office"),
	"accident.heating_failure":  units("heat", "property", "street_office"),
	"accident.unsafe_building":  units("housing", "property", "street_office"),
	"accident.chemical_leak":    units("fire", "environment emergency", ""),
	"accident.road_collapse":    units("roads", "water gas police", "urban_management"),
	"accident.drowning":         units("fire", "ambulance police", ""),
	"accident.work_accident":    units("emergency", "fire ambulance", ""),

	"health.cardiac_arrest":    units("ambulance", "", ""),
	"health.sudden_illness":    units("ambulance", "", ""),
	"health.food_poisoning":    units("disease_control", "health ambulance", ""),
	"health.infection_cluster": units("disease_control", "health", ""),
	"health.water_quality":     units("water", "disease_control property", "health"),
	"health.animal_injury":     units("ambulance", "police", ""),

	"security.missing_person": units("police", "street_office", ""),
	"security.self_harm_risk": units("police", "fire ambulance", ""),
	"security.fight":          units("police", "", ""),
	"security.gathering":      units("police", "street_office", ""),
	"security.dispute":        units("street_office", "police", ""),
	"security.theft":          units("police", "property", ""),
	"security.fraud":          units("police", "", ""),

	"urban.manhole":           units("roads", "water telecom power", "urban_management"),
	"urban.fire_lane_blocked": units("property", "police fire", "street_office"),
	"urban.cable_down":        units("power", "telecom", "urban_management"),
	"urban.garbage":           units("sanitation", "property", "urban_management"),
	"urban.street_light":      units("roads", "power", "urban_management"),
	"urban.road_damage":       units("roads", "", "urban_management"),
	"urban.noise":             units("urban_management", "property environment police", "street_office"),
	"urban.street_vending":    units("urban_management", "", "street_office"),
	"urban.illegal_building":  units("urban_management", "housing property", "street_office"),
	"urban.dogs":              units("urban_management", "police", "street_office"),

	"service.elderly_no_contact": units("street_office", "property police", ""),
	"service.elderly_help":       units("civil_affairs", "street_office", ""),
	"service.disability_help":    units("civil_affairs", "street_office", ""),
	"service.repair":             units("property", "housing", "street_office"),
	"service.drain_blocked":      units("property", "roads", "street_office"),
	"service.stair_clutter":      units("property", "urban_management", "street_office"),
	"service.counselling":        units("street_office", "health", ""),
	"service.errand":             units("street_office", "", ""),
}

func units(lead, support, check string) wantedUnits {
	return wantedUnits{strings.Fields(lead), strings.Fields(support), strings.Fields(check)}
}
