package dispatch

import "yiping/geo"

// MaskIncident leaves out what a wall does not show: words, the place in words,
// and the point, which becomes the cell's centre.
func MaskIncident(i Incident) Incident {
	i.Summary, i.Place, i.Reason, i.Masked = "", "", "", true
	i.OpenedBy, i.VerifiedBy, i.ResolvedBy, i.CheckedBy = nil, nil, nil, nil
	if c, err := geo.ParseCell(i.Cell); err == nil {
		if p, err := c.Center(); err == nil {
			i.Lon, i.Lat = p.Lon(), p.Lat()
		}
	}
	return i
}

// MaskName keeps the first character: 王*.
func MaskName(name string) string {
	for _, first := range name {
		return string(first) + "*"
	}
	return ""
}

// MaskResponder leaves out the name, the phone and the exact place.
func MaskResponder(r Responder) Responder {
	r.Name, r.Phone, r.PartyOrganisation, r.HomeAreaID = MaskName(r.Name), "", nil, nil
	r.AccuracyMeters, r.HeadingDegrees = nil, nil
	if r.Lon == nil {
		return r
	}
	if c, err := geo.ParseCell(r.Cell); err == nil {
		if p, err := c.Center(); err == nil {
			lon, lat := p.Lon(), p.Lat()
			r.Lon, r.Lat = &lon, &lat
		}
	}
	return r
}
