' ==================================================
' Public data about Porto for the Crumb and Crust bot
' ==================================================

' Weather now
PARAM place AS STRING LIKE "Porto" DESCRIPTION "The town"
DESCRIPTION "Says the weather of a town"

data = GET "https://api.weather.example/v1/now?q=" + place
IF data.error THEN
  TALK "The weather service does not know ${place}."
  RETURN NULL
END IF
TALK "${place}: ${data.temperature} degrees, " + LCASE(data.sky)
RETURN data

' Holidays of a year
PARAM year AS INTEGER LIKE 2026 DESCRIPTION "The year"
DESCRIPTION "Lists public holidays"

days = GET "https://holidays.example/" + year + "/all"
FOR EACH day IN days LAST 3
  TALK day.date + " " + day.name
NEXT
RETURN UBOUND(days)

' Exchange rate
PARAM amount AS MONEY LIKE 10
PARAM to AS STRING LIKE "NOK" DESCRIPTION "The currency"
DESCRIPTION "Converts euros"

rate = GET "https://rates.example/latest?from=EUR&to=" + UCASE(to)
converted = ROUND(amount * rate.value, 2)
RETURN #{ amount: converted, currency: to }
