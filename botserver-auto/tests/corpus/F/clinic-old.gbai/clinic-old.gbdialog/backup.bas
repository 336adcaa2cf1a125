' Packs the folder of letters and keeps it elsewhere.
SET SCHEDULE "0 0 3 * * *"

list = DIR "letters"
packed = 0
kept = []
FOR EACH file IN list DO
  age = DATEDIFF("day", file.modified, TODAY())
  IF age > 30 THEN
    name = REPLACE(file.name, " ", "_")
    IF INSTR(name, ".tmp") > 0 THEN
      DELETE file
    ELSE
      APPEND kept, file.path
      packed = packed + file.size
    END IF
  END IF
END FOR

IF UBOUND(kept) = 0 THEN
  TALK "There is nothing to pack."
  EXIT
END IF

zip$ = "backup/clinic_" + FORMAT NOW(), "YYYYMMDD_HHmmss" + ".zip"
COMPRESS kept, zip$
up = UPLOAD zip$
IF up.md5 THEN
  TALK UBOUND(kept) & " files, " & INT(packed / 1024) & " KB, at " & up.url
ELSE
  TALK TO "Nurse Okafor", "The backup could not be stored."
END IF
