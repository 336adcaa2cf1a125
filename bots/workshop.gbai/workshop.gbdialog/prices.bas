' The one place where prices stand. It has no DESCRIPTION, so it is no tool: other scripts CALL it.

RETURN [
  { name: "Puncture", price: 15, minutes: 20 },
  { name: "Brakes", price: 25, minutes: 40 },
  { name: "Gears", price: 30, minutes: 45 },
  { name: "Wheel truing", price: 20, minutes: 30 },
  { name: "Full service", price: 75, minutes: 120 }
]
