// Runs before the first paint, so that a page of the chosen scheme never flashes in the other one.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("gb_theme");
  } catch {
    // Storage may be closed to a framed page; the system's scheme applies then.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  if (new URLSearchParams(location.search).has("embed")) document.documentElement.classList.add("embedded");
})();
