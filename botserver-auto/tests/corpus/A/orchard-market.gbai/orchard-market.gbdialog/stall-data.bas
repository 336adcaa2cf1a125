' ---------------------------------------------------------------
' What the stall asks the town: three small tools in one file
' ---------------------------------------------------------------

' Market fee
PARAM metres AS NUMBER LIKE 3.5 DESCRIPTION "Length of the stall"
PARAM covered AS BOOLEAN DEFAULT FALSE
DESCRIPTION "Tells what the town takes for a stall of some length"

fees = GET "https://town.example/market/fees.json"
row = fees.rows[0]
FOR EACH fee IN fees.rows
  IF metres >= fee.from THEN row = fee
END FOR
price = row.per_metre * metres + (covered ? row.roof : 0)
TALK "That is " + FORMAT price AS "#,##0.00" + " for ${metres} m."
RETURN #{ price: price, per_metre: row.per_metre }

' Parking
PARAM hour AS "text"
DESCRIPTION "Says where a van can be parked at that hour"
places = GET "https://town.example/parking?at=" + hour
FOR EACH place IN places LAST 2 DO
  TALK place.name + ": " + place.free
NEXT place
RETURN COUNT(places)

' Waste
PARAM kind AS STRING ENUM ["cardboard", "fruit"]
DESCRIPTION "Says where waste goes after the market"
RETURN kind = 'fruit' ? "the pigs of Lower Farm" : "the container behind the hall"
