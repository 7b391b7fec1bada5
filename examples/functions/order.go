package main

// orderQuery is the event of the functions about an order. The parameters of a
// GET request reach a function as strings.
type orderQuery struct {
	ID int64 `json:"id,string"`
}

type order struct {
	ID     int64       `json:"id"`
	Status string      `json:"status"`
	Lines  []orderLine `json:"lines"`
}

type orderLine struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Price    price  `json:"price"`
}

type price struct {
	Cents    int64  `json:"cents"`
	Currency string `json:"currency"`
}

type customer struct {
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Address address `json:"address"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
}

// getOrder looks an order up. Ask for 9007199254740993: it is 2^53+1, the first
// integer that a float64 cannot hold.
func getOrder(q orderQuery) (order, error) {
	return order{
		ID:     q.ID,
		Status: "shipped",
		Lines: []orderLine{
			{SKU: "mug", Quantity: 2, Price: price{Cents: 1250, Currency: "EUR"}},
			{SKU: "teapot", Quantity: 1, Price: price{Cents: 4900, Currency: "EUR"}},
		},
	}, nil
}

// getCustomer looks up who placed an order.
func getCustomer(orderQuery) (customer, error) {
	return customer{
		Name:    "Ada Lovelace",
		Email:   "ada@example.com",
		Address: address{Street: "12 St James's Square", City: "London"},
	}, nil
}
