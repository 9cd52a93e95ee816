// Package geo is geometry on the earth: H3 cells, datums, distance, views of
// cameras, and who is nearest. It knows no database and imports nothing of ours.
//
// Points are WGS-84, longitude before latitude, in degrees; lengths are metres;
// bearings are degrees clockwise from north.
package geo
