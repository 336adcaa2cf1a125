' old style sync, GB v2
PAGE_MODE = "none"
SET HEADER "Authorization" AS "Bearer " + GET "config", "erp-token"
page = 1
more = true
updated = 0
DO WHILE more
    res = GET "https://erp.example/api/stock?page=" + page
    list = res.data
    IF list?.length = 0 OR list IS NULL THEN
        more = false
    ELSE
        k = 0
        DO WHILE k < UBOUND(list)
            item = list[k]
            MERGE "Products" WITH [{ Id: item.id, Sku: item.codigo.trim(), Stock: item?.estoque?.saldo ?? 0 }] BY "Id"
            updated = updated + 1
            k = k + 1
        LOOP
        page = page + 1
        IF UBOUND(list) < 2 THEN more = false
    END IF
    WAIT 0.1
LOOP
TALK "Updated ${updated} products."
