DESCRIPTION "Tells the opening hours, the address and the telephone number"

BEGIN TALK
**Monday to Friday** 9:00 to 18:00
**Saturday** 9:00 to 13:00
**Sunday** closed

${address} · ${phone}
END TALK
