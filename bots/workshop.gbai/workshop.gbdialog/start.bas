' Greets, and tells the model what it has to know about the workshop.

SET CONTEXT "workshop" AS "Open Monday to Friday 9:00 to 18:00, Saturday 9:00 to 13:00, closed on Sunday. Address: ${address}. Telephone: ${phone}. Repairs that are brought before 10:00 are ready the same day."

CLEAR SUGGESTIONS
ADD SUGGESTION TOOL "book-repair" AS "Book a repair"
ADD SUGGESTION TOOL "price-list" AS "What does it cost?"
ADD SUGGESTION TOOL "repair-status" AS "Is my bicycle ready?"
ADD SUGGESTION TOOL "opening-hours" AS "When are you open?"

TALK "Hello, this is **Spoke & Chain**. What is wrong with your bicycle?"
