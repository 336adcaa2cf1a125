' Runs when the stage manager presses "curtain down".
PARAM show_id AS STRING LIKE "sh-31"
PARAM ended AS DATETIME LIKE "2026-03-09T22:12:00"

show = FIND "shows", "id", show_id
IF show IS EMPTY THEN THROW "no show " + show_id

report = CREATE OBJECT
SET report.title = show.title
SET report.minutes = DATEDIFF("minute", show.began, ended)
SET report.by_door = CREATE OBJECT
SET report.late = 0

scans = FIND "scans" WHERE show = show_id AND kind <> "staff" ORDER BY at
FOR EACH scan IN scans DO
    door = scan.door
    report.by_door[door] = (report.by_door[door] OR 0) + 1
    IF SECONDS_BETWEEN(show.began, scan.at) > 0 THEN
        report.late = report.late + 1
        IF report.late = 1 THEN first_late = scan.at
    END IF
NEXT

' A small bar for each door
bars = ""
FOR EACH name IN ["north", "south", "stage"]
    n = report.by_door[name] ?? 0
    bar = ""
    FOR k = 1 TO n
        bar = bar + "#"
    NEXT k
    IF n > 0 THEN
        bars = bars + UCASE(LEFT(name, 1)) + MID(name, 2) + " " + bar + " (" + n + ")\n"
    END IF
NEXT name

share = COUNT(scans) / show.seats
report.sold = FORMAT(share, "0%")
BEGIN TALK
${show.title}: ${report.minutes} minutes, ${report.sold} of the seats.

${bars}
END TALK
IF first_late THEN TALK "First late guest at " + FORMAT first_late AS "HH:mm"

pdf = GENERATE PDF "night.html", report, "reports/" + show_id + ".pdf"
SEND FILE pdf, "Report of the night"
photos = LIST "photos/" + show_id + "/"
IF UBOUND(photos) > 1 THEN
    zip = COMPRESS photos, show_id + ".zip"
    UPLOAD zip TO "archive/" + YEAR(ended) + "/"
END IF
PUBLISH EVENT "show-reported", { id: show_id, report: report }
