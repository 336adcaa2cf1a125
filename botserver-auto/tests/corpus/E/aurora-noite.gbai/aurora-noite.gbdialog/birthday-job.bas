PARAM job_name AS STRING
IF job_name = "setup" THEN
   SET SCHEDULE "0 8 * * *" "birthday-job.bas" "daily"
   SET SCHEDULE DATEADD(NOW(), 1, "hour"), "birthday-job.bas"
   RETURN "scheduled"
ELSE IF job_name = "daily" THEN
   people = FIND "employees", "hired IS NOT NULL"
   FOR EACH p IN people
      years = DATEDIFF("year", p.hired, TODAY())
      IF years > 0 AND FORMAT(p.hired, "MM-dd") = FORMAT(TODAY(), "MM-dd") THEN
         TALK p.name + ": " + years + " years"
      END IF
   NEXT
ELSE
   TALK "Unknown job: " + job_name
END IF
