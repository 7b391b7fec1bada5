package shop

import "slices"

// A Tea is a product of the shop.
type Tea struct {
	ID, Name, Origin, Notes string
	Price                   int // of 100 g, in cents
	Celsius, Minutes        int // how to brew it
	Colour, Leaf            string
	SoldOut                 bool
}

var teas = []Tea{
	{ID: "assam", Name: "Assam", Origin: "India", Notes: "Malty and strong. It takes milk well, and mornings too.", Price: 750, Celsius: 95, Minutes: 4, Colour: "#9c3f12", Leaf: "#5b3a29"},
	{ID: "dragon-well", Name: "Dragon Well", Origin: "China", Notes: "Pan-fired green tea with the sweetness of chestnuts.", Price: 1800, Celsius: 80, Minutes: 3, Colour: "#cdbb4e", Leaf: "#6f8a3c"},
	{ID: "earl-grey", Name: "Earl Grey & Bergamot", Origin: "Sri Lanka", Notes: "Bright black tea, scented with oil of bergamot.", Price: 825, Celsius: 95, Minutes: 3, Colour: "#b8651b", Leaf: "#4a4038"},
	{ID: "gyokuro", Name: "Gyokuro", Origin: "Japan", Notes: "Shaded for three weeks. Deep, savoury and very green.", Price: 3200, Celsius: 60, Minutes: 2, Colour: "#8fae43", Leaf: "#3d6b3a", SoldOut: true},
	{ID: "maté", Name: "Yerba maté", Origin: "Paraguay", Notes: "Smoky leaves of holly, for long evenings with friends.", Price: 500, Celsius: 75, Minutes: 5, Colour: "#a59a3b", Leaf: "#7c8b4f"},
	{ID: "rooibos", Name: "Rooibos", Origin: "South Africa", Notes: "Red, round and a little sweet. No caffeine at all.", Price: 600, Celsius: 95, Minutes: 6, Colour: "#b5341c", Leaf: "#a0522d"},
}

func find(id string) (Tea, bool) {
	i := slices.IndexFunc(teas, func(t Tea) bool { return t.ID == id })
	if i < 0 {
		return Tea{}, false
	}
	return teas[i], true
}
