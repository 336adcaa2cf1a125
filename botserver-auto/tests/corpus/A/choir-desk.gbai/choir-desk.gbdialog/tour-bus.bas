' Splits the choir over the buses of a concert tour, the old way.
PARAM concert AS STRING LIKE "Brno" DESCRIPTION "Town of the concert"
PARAM seats AS INTEGER LIKE 18 DEFAULT 18 DESCRIPTION "Seats of one bus"
DESCRIPTION "Makes the lists for the buses of a concert tour"
 
LET riders = FIND "riders" WHERE concert = concert AND cancelled = FALSE ORDER BY voice
LET total = riders.count
LET buses = CEIL(total / seats)
IF total = 0 THEN THROW "nobody goes to " + concert

LET n = 1
DIM lists(3)
LET voices = []
next_bus:
LET names = ""
LET taken = 0
FOR EACH rider IN SLICE(riders, (n - 1) * seats, n * seats)
    taken = taken + 1
    APPEND voices, rider.voice
    names = names + taken + ". " + UCASE(LEFT(rider.voice, 1)) + " " + rider.name + IF(rider.instrument, " (" + rider.instrument + ")", "") + "\n"
NEXT
LET lists[n - 1] = names
WRITE "tours/" + LCASE(concert) + "-bus" + n + ".txt", names
LET n = n + 1
IF n <= buses THEN GOTO next_bus

MERGE "tours", [{ concert: concert, buses: buses, riders: total }], "concert"
FOR i = 1 TO buses
    TALK "Bus " & i & ":\n" & lists[i - 1]
NEXT i
LET free = buses * seats - total
TALK "${free} " + (free = 1 ? "seat is" : "seats are") + " free."
RETURN { buses: buses, free: free, voices: UNIQUE(voices) }
