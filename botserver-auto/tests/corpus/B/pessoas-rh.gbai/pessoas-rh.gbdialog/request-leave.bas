PARAM email AS EMAIL LIKE "ann@corp.example"
PARAM first_day AS DATE
PARAM last_day AS DATE
DESCRIPTION "Requests vacation"

emp = FIND "employees", "email = '" + email + "'"
IF NOT emp THEN
    RETURN { success: false, message: "unknown employee" }
END IF
wanted = DATEDIFF("day", first_day, last_day) + 1
IF wanted <= 0 THEN RETURN { success: false, message: "the last day is before the first" }

used = SELECT SUM(days) AS n FROM leave_requests WHERE employee_email = email AND status = 'approved'
left_days = emp.vacation_days - (used.n OR 0)
IF wanted > left_days THEN
    TALK "You have " + left_days + " days left, you asked for " + wanted + "."
    RETURN { success: false, message: "not enough days", left: left_days }
END IF
overlap = FIND "leave_requests" WHERE employee_email = email AND first_day <= last_day AND last_day >= first_day AND status <> "rejected"
id = INSERT INTO "leave_requests" WITH employee_email = email, first_day = first_day, last_day = last_day
TALK "Request sent to " + emp.manager + "."
RETURN { success: true, days: wanted, left: left_days - wanted }
