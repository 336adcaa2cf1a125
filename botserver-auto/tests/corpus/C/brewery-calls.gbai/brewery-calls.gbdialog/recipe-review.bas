# Looks at a recipe that a home brewer sent and answers as the master brewer would
PARAM recipe_id AS STRING LIKE "r-12"

resp = GRAPHQL "https://recipes.hopfenau.example/graphql", "query One($id: ID!) { recipe(id: $id) { name malts { kind kg } hops } }", { id: recipe_id }
recipe = resp?.data?.recipe
IF !recipe || recipe.name.trim().length = 0 THEN
    TALK "I cannot find the recipe " + recipe_id
    RETURN NULL
END IF

malt = 0
heavy = ""
FOR EACH m IN recipe.malts
    malt = malt + m.kg
    if (m.kg > 3 && NOT (heavy CONTAINS m.kind)) THEN
        heavy = heavy + IIF(heavy = "", "", ", ") + m.kind
    end if
NEXT

# Keep the two first hops, the letter gets too long otherwise
hops = recipe.hops
IF hops.length > 2 THEN hops.splice(2, hops.length - 2)

prompt = "You are a master brewer. Comment on a beer with ${malt} kg of malt"
prompt = prompt + (heavy <> "" ? " (mostly ${heavy})" : "") + " and " + JOIN(hops, " and ") + "."
opinion = LLM prompt
  WITH OPTIMIZE FOR "quality"
  WITH MAX_COST 0.05

stars = RECALL "stars_" + recipe_id
IF stars IS NULL THEN
    stars = 3
    IF malt BETWEEN 4 AND 7 THEN stars = stars + 1
    IF "Saphir" IN hops THEN stars = stars + 1
    REMEMBER "stars_" + recipe_id, stars, "30 days"
END IF

TALK recipe.name + ": " + opinion
TALK LEFT("★★★★★", stars)
RETURN #{ id: recipe_id, stars: stars, hops: hops }
