# screening of a candidate
candidate_id = GET "session.candidate_id"
info = CALL "/hr/candidates/get", candidate_id
if info.score > 80 and info.tags contains "senior" then
   verdict = "invite"
else if info.score > 50 or info.referred = true then
   verdict = "phone"
else
   verdict = "reject"
end if
letter = REWRITE "Write a kind letter to ${info.name}: ${verdict}"
TALK letter
CALL "/hr/candidates/update", { id: candidate_id, verdict: verdict }
LOG ACTIVITY candidate_id, "candidate", "screened", verdict, user
