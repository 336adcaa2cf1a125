' The bot's own tables. Change a line and save: the database follows.
TABLE bookings
  id number key
  day date
  guests integer
END TABLE
