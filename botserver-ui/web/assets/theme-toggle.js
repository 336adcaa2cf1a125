// The switch between light and dark. Without a choice the system's scheme applies, and goes on to be followed.

import { icon } from "./dom.js";
import { t } from "./text.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "icon-button";
    this.button.addEventListener("click", () => this.choose(isDark() ? "light" : "dark"));
    this.append(this.button);
    system.addEventListener("change", () => this.show());
    this.show();
  }

  choose(theme) {
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("gb_theme", theme);
    } catch {
      // The choice then lasts as long as the page.
    }
    this.show();
  }

  show() {
    const label = isDark() ? t("to_light") : t("to_dark");
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
    this.button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    document.dispatchEvent(new CustomEvent("themechange"));
  }
}

customElements.define("theme-toggle", ThemeToggle);
