REM Takes the jobs out of the spool folder, converts the names, packs what is old.
REM v2.3 - K. Osei
SET SCHEDULE "0 0/30 6-22 * * *"

files = DIR "spool/in"
IF NOT files || files.length == 0 THEN
  PRINT "spool is empty"
  EXIT
END IF

printed = 0
pages = 0
old = []
index = 0
DO
  job = files[index]
  index = index + 1
  ext$ = LCASE(RIGHT(job.name, 4))
  age = DAYS_BETWEEN(job.modified, TODAY())
  IF ext$ <> ".pdf" && ext$ != ".eps" THEN
    COPY job.path, "spool/odd/" + job.name
    DELETE job
    CONTINUE
  END IF
  if age > 90 then
    old.PUSH(job.path)
  else
    stem = SPLIT(job.name, ".")[0]
    parts = SPLIT(stem, "-")
    copies = 1
    IF parts.length > 1 && IS_NUMERIC(parts[1]) THEN copies = INT(VAL(parts[1]))
    size = ROUND(job.size / 1024 / 1024, 1)
    target$ = "press/" + FORMAT(NOW(), "YYYYMMDD") + "_" + REPLACE(UCASE(parts[0]), " ", "-") + ext$
    COPY job.path TO target$
    POST "http://press.local/print", { "file": target$, "copies": copies, "slow": size > 50 }
    printed = printed + 1
    pages = pages + copies
  end if
LOOP WHILE index < files.length

IF UBOUND(old) > 0 THEN
  name = "spool/old_" + FORMAT NOW() AS "YYYYMMDDHHmmss" + ".zip"
  COMPRESS old, name
  up = UPLOAD name TO "cellar/" + YEAR(TODAY())
  IF up?.url THEN
    FOR EACH path IN old DO
      DELETE path
    END FOR
    SEND FILE up.url, "Old jobs, ${UBOUND(old)} of them"
  END IF
END IF
PRINT "printed " & printed & ", copies " & pages & ", of " & COUNT(files)
